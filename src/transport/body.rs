//! Reading a whole body, bounded; one that arrives in one piece is not copied.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use super::refusal::Refusal;

/// The whole of `body`, which must not be longer than `max` bytes. A declared length over `max` is refused unread.
pub(super) async fn read<B>(mut body: B, max: usize) -> Result<Bytes, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let declared = body.size_hint().exact();
    if declared.is_some_and(|length| length > max as u64) {
        return Err(Refusal::BodyTooLong);
    }
    let Some(first) = piece(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() > max {
        return Err(Refusal::BodyTooLong);
    }
    if declared == Some(first.len() as u64) {
        return Ok(first);
    }
    let Some(second) = piece(&mut body).await? else { return Ok(first) };
    let expected = declared.and_then(|length| usize::try_from(length).ok()).unwrap_or(2 * first.len());
    let mut whole = BytesMut::with_capacity(expected.min(max));
    append(&mut whole, &first, max)?;
    append(&mut whole, &second, max)?;
    while let Some(more) = piece(&mut body).await? {
        append(&mut whole, &more, max)?;
    }
    Ok(whole.freeze())
}

fn append(whole: &mut BytesMut, more: &[u8], max: usize) -> Result<(), Refusal> {
    if whole.len() + more.len() > max {
        return Err(Refusal::BodyTooLong);
    }
    whole.extend_from_slice(more);
    Ok(())
}

/// The next piece that is not empty; trailers are passed over.
async fn piece<B>(body: &mut B) -> Result<Option<Bytes>, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::BrokenBody)?;
        if let Ok(data) = frame.into_data()
            && !data.is_empty()
        {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    async fn pieces(parts: &'static [&'static str], max: usize) -> Result<Bytes, Refusal> {
        let frames =
            parts.iter().map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from_static(part.as_bytes()))));
        read(StreamBody::new(stream::iter(frames)), max).await
    }

    #[tokio::test]
    async fn one_piece_is_handed_on_without_a_copy() {
        let sent = Bytes::from(vec![b'x'; 100]);
        let read = read(Full::new(sent.clone()), 100).await.unwrap();
        assert_eq!(read.as_ptr(), sent.as_ptr());
    }

    #[tokio::test]
    async fn pieces_are_joined_in_order() {
        assert_eq!(pieces(&["ab", "", "cd", "e"], 5).await.unwrap(), "abcde");
        assert_eq!(pieces(&["ab"], 5).await.unwrap(), "ab");
        assert_eq!(pieces(&[], 5).await.unwrap(), "");
    }

    #[tokio::test]
    async fn one_byte_too_many_is_refused_wherever_it_comes() {
        assert_eq!(pieces(&["abcdef"], 5).await, Err(Refusal::BodyTooLong));
        assert_eq!(pieces(&["abc", "def"], 5).await, Err(Refusal::BodyTooLong));
        assert_eq!(pieces(&["a", "b", "cdef"], 5).await, Err(Refusal::BodyTooLong));
        assert_eq!(read(Full::new(Bytes::from(vec![0; 6])), 5).await, Err(Refusal::BodyTooLong));
    }
}
