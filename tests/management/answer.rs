//! What came back, and what a test wants to read of it.

use serde_json::Value;

/// A whole response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body of an answer that must have `status`.
    pub(crate) fn with(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// A member of a good answer that must be a text.
    pub(crate) fn text(&self, name: &str) -> String {
        assert!(self.status < 300, "{self:?}");
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// Holds the answer to Auth0's form of a problem, and gives its message.
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{self:?}");
        let json = self.json();
        assert_eq!(json["statusCode"], status, "{json}");
        assert_eq!(json["errorCode"], code, "{json}");
        assert!(json["error"].as_str().is_some_and(|error| !error.is_empty()), "{json}");
        json["message"].as_str().unwrap().to_owned()
    }

    /// The members called `name` of a list.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let json = self.with(200);
        let items = json.as_array().unwrap_or_else(|| panic!("not a list: {json}"));
        items.iter().map(|item| item[name].as_str().unwrap_or_default().to_owned()).collect()
    }
}
