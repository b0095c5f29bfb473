//! A browser by hand: a cookie jar, no redirect followed unless asked, forms filled by name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

use reqwest::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap, LOCATION, SET_COOKIE, USER_AGENT};
use serde_json::Value;

/// A browser with its cookies.
pub(crate) struct Browser {
    http: reqwest::Client,
    base: String,
    agent: String,
    jar: Mutex<BTreeMap<String, String>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new(host: &str, address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let http = http.resolve(host, address).build().unwrap();
        let base = format!("http://{host}:{}", address.port());
        Self { http, base, agent: "Test/1.0".to_owned(), jar: Mutex::default() }
    }

    /// The same browser under another `User-Agent`.
    pub(crate) fn calling_itself(self, agent: &str) -> Self {
        Self { agent: agent.to_owned(), ..self }
    }

    /// Somebody else's browser, over the same connections.
    pub(crate) fn another(&self) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            agent: self.agent.clone(),
            jar: Mutex::default(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    pub(crate) async fn get_in(&self, path: &str, language: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base)).header(ACCEPT_LANGUAGE, language)).await
    }

    pub(crate) async fn post_pairs(&self, path: &str, form: &[(String, String)]) -> Answer {
        self.send(self.http.post(format!("{}{path}", self.base)).form(form)).await
    }

    /// Sends JSON (or nothing, for `null`) with a bearer token.
    pub(crate) async fn call(&self, method: &str, path: &str, token: &str, body: Value) -> Answer {
        let request =
            self.http.request(method.parse().unwrap(), format!("{}{path}", self.base)).bearer_auth(token);
        self.send(if body.is_null() { request } else { request.json(&body) }).await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base)).bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.http.post(format!("{}{path}", self.base)).form(form)).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.send(self.http.post(format!("{}{path}", self.base)).json(body)).await
    }

    /// Sends a body as it is, under a content type.
    pub(crate) async fn post_text(&self, path: &str, kind: &str, body: &str) -> Answer {
        let request = self.http.post(format!("{}{path}", self.base)).header("content-type", kind);
        self.send(request.body(body.to_owned())).await
    }

    /// As a page of another origin does it.
    pub(crate) async fn post_from(&self, origin: &str, path: &str, body: &Value) -> Answer {
        self.send(self.http.post(format!("{}{path}", self.base)).header("origin", origin).json(body)).await
    }

    pub(crate) async fn preflight(&self, origin: &str, path: &str) -> Answer {
        let request = self.http.request(reqwest::Method::OPTIONS, format!("{}{path}", self.base));
        self.send(request.header("origin", origin)).await
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Types a name and a password into a login page, and sends it.
    pub(crate) async fn type_in(&self, page: &Answer, name: &str, password: &str) -> Answer {
        let form =
            [("state", page.state()), ("username", name.to_owned()), ("password", password.to_owned())];
        self.post("/u/login", &form.each_ref().map(|(name, value)| (*name, value.as_str()))).await
    }

    /// Goes where a redirect of ours leads.
    pub(crate) async fn follow(&self, answer: &Answer) -> Answer {
        let location = answer.location();
        assert!(location.starts_with('/') && !location.starts_with("//"), "leads away: {location}");
        self.get(&location).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let cookies: Vec<_> = self.jar.lock().unwrap().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = request.header(COOKIE, cookies.join("; ")).header(USER_AGENT, &self.agent);
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.jar.lock().unwrap();
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status, headers, body: response.text().await.unwrap() }
    }
}

impl Answer {
    pub(crate) fn location(&self) -> String {
        assert_eq!(self.status, 303, "{self:?}");
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// A parameter of the redirect back to the application, from its query or its fragment.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(&self.location()).unwrap();
        let fragment = url::form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes());
        let found = url.query_pairs().chain(fragment).find(|(own, _)| own == name);
        found.map(|(_, value)| value.into_owned())
    }

    /// What a page of `response_mode=web_message` tells: to which origin, and what.
    pub(crate) fn message(&self) -> (String, Value) {
        assert_eq!(self.status, 200, "{self:?}");
        let attribute = |name: &str| {
            let rest =
                self.body.split_once(&format!("data-{name}=\"")).unwrap_or_else(|| panic!("{self:?}")).1;
            rest.split('"').next().unwrap().replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">")
        };
        let response = attribute("response").replace("&amp;", "&");
        (attribute("origin"), serde_json::from_str(&response).unwrap())
    }

    /// As [`Answer::parameter`], for an answer that may lead to a page of ours.
    pub(crate) fn parameter_if_any(&self, name: &str) -> Option<String> {
        let location = self.location();
        if location.starts_with('/') { None } else { self.parameter(name) }
    }

    pub(crate) fn code(&self) -> String {
        self.parameter("code").unwrap_or_else(|| panic!("no code: {self:?}"))
    }

    /// The sealed request in a page's form.
    pub(crate) fn state(&self) -> String {
        self.hidden("state").unwrap_or_else(|| panic!("no form: {self:?}"))
    }

    pub(crate) fn hidden(&self, name: &str) -> Option<String> {
        let start = self.body.find(&format!("name=\"{name}\" value=\""))?;
        let rest = &self.body[start..].split_once("value=\"")?.1;
        Some(rest.split('"').next()?.to_owned())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Holds a JSON answer to an OAuth error.
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, &self.json()["error"]), (status, &code.into()), "{self:?}");
    }

    /// Holds the answer to a redirect that tells the application of an error.
    pub(crate) fn sent_back(&self, code: &str) {
        assert_eq!(self.parameter("error").as_deref(), Some(code), "{self:?}");
        assert!(self.parameter("code").is_none() && self.parameter("iss").is_some(), "{self:?}");
    }

    /// Holds the answer to a page that goes nowhere.
    pub(crate) fn shown(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(!self.headers.contains_key(LOCATION), "{self:?}");
        assert!(self.body.contains("role=\"alert\""), "{self:?}");
    }
}
