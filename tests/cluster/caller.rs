//! An application that talks to one process.

use serde_json::Value;

/// What a confidential application of the demo tenant sends along.
const WEB: [(&str, &str); 2] =
    [("client_id", "demo-web"), ("client_secret", "demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs")];

/// What its nightly job sends.
const JOB: [(&str, &str); 3] = [
    ("grant_type", "client_credentials"),
    ("client_id", "demo-nightly-report"),
    ("client_secret", "demo_GaR-HnC8yVFa36SA_C-L8zvQBoOXx66lkP8o3EmS9PM"),
];

/// Somebody who asks; cheap to clone.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Caller {
    /// Somebody who asks at `base`.
    pub(crate) fn new(base: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.to_owned() }
    }

    /// Posts a form; `Err` when nobody answers.
    pub(crate) async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> reqwest::Result<Answer> {
        let response = self.http.post(format!("{}{path}", self.base)).form(form).send().await?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").map(|at| at.to_str().unwrap().to_owned());
        let body = serde_json::from_str(&response.text().await?).unwrap_or_default();
        Ok(Answer { status, retry_after, body })
    }

    /// Logs a user of the demo in; the refresh token.
    pub(crate) async fn login(&self, name: &str) -> String {
        self.try_login(name).await.refresh_token()
    }

    pub(crate) async fn try_login(&self, name: &str) -> Answer {
        let (user, password) = (format!("{name}@demo.example"), format!("{name}-demo-password"));
        let form = [
            ("grant_type", "password"),
            ("username", &*user),
            ("password", &*password),
            ("scope", "openid offline_access read:orders"),
            ("audience", "https://orders.demo.example/"),
        ];
        self.try_post("/oauth/token", &[&form[..], &WEB].concat()).await.unwrap()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.try_refresh(token, &[]).await.unwrap()
    }

    pub(crate) async fn try_refresh(&self, token: &str, more: &[(&str, &str)]) -> reqwest::Result<Answer> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.try_post("/oauth/token", &[&form[..], &WEB, more].concat()).await
    }

    pub(crate) async fn revoke(&self, token: &str) -> Answer {
        self.try_post("/oauth/revoke", &[&[("token", token)][..], &WEB].concat()).await.unwrap()
    }

    /// Whether the server calls a token active.
    pub(crate) async fn active(&self, token: &str) -> bool {
        let answer =
            self.try_post("/oauth/introspect", &[&[("token", token)][..], &WEB].concat()).await.unwrap();
        answer.body["active"].as_bool().unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Asks in the name of a machine, for the API of this name.
    pub(crate) async fn machine(&self, api: &str, more: &[(&str, &str)]) -> Answer {
        let audience = format!("https://{api}.demo.example/");
        let form = [&JOB[..], &[("audience", &audience)], more].concat();
        self.try_post("/oauth/token", &form).await.unwrap()
    }

    /// Asks the management API.
    pub(crate) async fn manage(&self, token: &str, (method, path): (&str, &str), body: &Value) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}/api/v2/{path}", self.base)).bearer_auth(token);
        let response = request.json(body).send().await.unwrap();
        let status = response.status().as_u16();
        let body = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
        Answer { status, retry_after: None, body }
    }

    /// Gets a document at another host of the same process.
    pub(crate) async fn get_at(&self, host: &str, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}{path}", self.base)).header("host", host);
        whole(request.send().await.unwrap()).await
    }

    /// Posts a form at another host of the same process.
    pub(crate) async fn post_at(&self, host: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let request = self.http.post(format!("{}{path}", self.base)).header("host", host).form(form);
        whole(request.send().await.unwrap()).await
    }

    /// Whose refresh token it is.
    pub(crate) async fn subject(&self, token: &str) -> String {
        let form = [&[("token", token)][..], &WEB].concat();
        self.try_post("/oauth/introspect", &form).await.unwrap().text("sub")
    }

    /// The published keys.
    pub(crate) async fn keys(&self) -> Value {
        let response = self.http.get(format!("{}/.well-known/jwks.json", self.base)).send().await.unwrap();
        serde_json::from_str(&response.text().await.unwrap()).unwrap()
    }
}

async fn whole(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

impl Answer {
    pub(crate) fn refresh_token(&self) -> String {
        self.text("refresh_token")
    }

    /// A member of a successful answer.
    pub(crate) fn text(&self, name: &str) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.body[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// Holds the answer to a refused refresh.
    pub(crate) fn refused(&self) {
        assert_eq!((self.status, self.body["error"].as_str()), (400, Some("invalid_grant")), "{self:?}");
    }
}
