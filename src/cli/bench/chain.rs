//! What a connection asks: the same form each time, or a refresh chain.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::cli::token::request::Request;

/// Requests of one connection, written into one buffer.
pub(super) struct Asker {
    head: String,
    fields: Zeroizing<String>,
    /// The token to present next; `None` asks without one.
    token: Option<Zeroizing<String>>,
    buffer: Zeroizing<Vec<u8>>,
}

#[derive(Deserialize)]
struct Tokens {
    refresh_token: Option<String>,
}

impl Asker {
    /// Asks `request` again and again at `host` and `path`, presenting `token` where the form has an empty
    /// `refresh_token`.
    pub(super) fn new(request: &Request, host: &str, path: &str, token: Option<Zeroizing<String>>) -> Self {
        let authorization = request.authorization.as_ref();
        let authorization =
            authorization.map(|value| format!("Authorization: {}\r\n", value.as_str())).unwrap_or_default();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n{authorization}Content-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: "
        );
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in request.form.iter().filter(|(name, _)| *name != "refresh_token") {
            form.append_pair(name, value);
        }
        Self { head, fields: Zeroizing::new(form.finish()), token, buffer: Zeroizing::default() }
    }

    /// The bytes of the next request.
    pub(super) fn next(&mut self) -> &[u8] {
        let mut body = Zeroizing::new(self.fields.as_str().to_owned());
        if let Some(token) = &self.token {
            body.push_str("&refresh_token=");
            body.extend(url::form_urlencoded::byte_serialize(token.as_bytes()));
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(self.head.as_bytes());
        self.buffer.extend_from_slice(body.len().to_string().as_bytes());
        self.buffer.extend_from_slice(b"\r\n\r\n");
        self.buffer.extend_from_slice(body.as_bytes());
        &self.buffer
    }

    /// Takes the successor out of a good answer; a server that does not rotate gives none.
    pub(super) fn learn(&mut self, body: &[u8]) {
        if self.token.is_some()
            && let Some(successor) = successor(body)
        {
            self.token = Some(successor);
        }
    }

    /// Whether it presents tokens that can end.
    pub(super) fn is_chain(&self) -> bool {
        self.token.is_some()
    }
}

/// The refresh token in an answer.
pub(super) fn successor(body: &[u8]) -> Option<Zeroizing<String>> {
    serde_json::from_slice::<Tokens>(body).ok()?.refresh_token.map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(token: Option<&str>) -> Asker {
        let form = vec![
            ("grant_type", Zeroizing::new("refresh_token".to_owned())),
            ("refresh_token", Zeroizing::default()),
        ];
        let request = Request { url: String::new(), authorization: None, form };
        let token = token.map(|token| Zeroizing::new(token.to_owned()));
        Asker::new(&request, "h", "/oauth/token", token)
    }

    #[test]
    fn each_request_presents_what_the_last_answer_gave() {
        let mut asker = asker(Some("a b"));
        let text = String::from_utf8(asker.next().to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "grant_type=refresh_token&refresh_token=a+b");
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
        asker.learn(br#"{"access_token":"x","refresh_token":"second"}"#);
        assert!(asker.next().ends_with(b"&refresh_token=second"));
        asker.learn(br#"{"access_token":"x"}"#);
        assert!(asker.next().ends_with(b"&refresh_token=second"));
    }

    #[test]
    fn without_a_token_none_is_presented() {
        let mut asker = asker(None);
        asker.learn(br#"{"refresh_token":"unasked"}"#);
        assert!(asker.next().ends_with(b"grant_type=refresh_token"));
    }
}
