//! One keep-alive HTTP/1.1 connection, with one request at a time: as little work as a generator can do.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The longest answer that is read, in bytes.
const ANSWER_MAX: usize = 1024 * 1024;

const HEADERS_MAX: usize = 64;

/// A connection; made anew after a fault.
pub(super) struct Wire {
    address: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("the connection failed: {0}")]
    Connection(#[from] std::io::Error),
    #[error("the server closed the connection in the middle of an answer")]
    Cut,
    #[error("the answer is no HTTP/1.1 with a Content-Length below a megabyte")]
    Unreadable,
}

/// Where the head of an answer ends, and what it says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    ends_at: usize,
    length: usize,
    closes: bool,
}

impl Wire {
    pub(super) fn to(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, buffer: Vec::with_capacity(8192) }
    }

    /// Sends a request and waits for the whole answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, WireError> {
        let mut stream = if let Some(stream) = self.stream.take() {
            stream
        } else {
            let stream = TcpStream::connect(&self.address).await?;
            stream.set_nodelay(true)?;
            stream
        };
        stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(WireError::Cut);
            }
            match Head::read(&self.buffer)? {
                Some(head) => break head,
                None if self.buffer.len() > ANSWER_MAX => return Err(WireError::Unreadable),
                None => {}
            }
        };
        let end = head.ends_at + head.length;
        while self.buffer.len() < end {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(WireError::Cut);
            }
        }
        if !head.closes {
            self.stream = Some(stream);
        }
        Ok(Answer { status: head.status, body: &self.buffer[head.ends_at..end] })
    }
}

impl Head {
    /// The head at the start of `bytes`, once it is whole.
    fn read(bytes: &[u8]) -> Result<Option<Self>, WireError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let ends_at = match response.parse(bytes).map_err(|_| WireError::Unreadable)? {
            httparse::Status::Complete(ends_at) => ends_at,
            httparse::Status::Partial => return Ok(None),
        };
        let named = |name: &str| {
            let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        let status = response.code.unwrap_or_default();
        let length = named("content-length").and_then(|text| text.parse().ok());
        let length = length.or((status == 204).then_some(0)).filter(|length| *length <= ANSWER_MAX);
        let closes = named("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Ok(Some(Self { status, ends_at, length: length.ok_or(WireError::Unreadable)?, closes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
        let head = Head { status: 200, ends_at: whole.len() - 2, length: 2, closes: true };
        assert_eq!(Head::read(whole).unwrap(), Some(head));
        assert_eq!(Head::read(&whole[..20]).unwrap(), None);
    }

    #[test]
    fn what_has_no_length_or_too_much_of_it_is_refused() {
        for bad in [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
            "SSH-2.0-OpenSSH\r\n\r\n",
        ] {
            assert!(matches!(Head::read(bad.as_bytes()), Err(WireError::Unreadable)), "{bad}");
        }
    }
}
