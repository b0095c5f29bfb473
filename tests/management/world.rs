//! A world to test in: a server over an embedded store, and an administrator with every scope.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton::boot::{Server, Surroundings};
use jeton::clock::{Clock, Entropy, UnixMs};
use jeton::config::Config;
use jeton::engine::Engine;
use jeton::store::SharedStore;
use jeton::store::embedded::{Embedded, Entries};
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;

const SECRET: &str = "mgmt-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHI";

/// The world; stop it at the end of each test.
pub(crate) struct World {
    server: Server,
    store: Arc<Embedded>,
    config: Config,
    http: reqwest::Client,
    token: String,
    pub(crate) clock: Clock,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose configuration is changed first.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.public.address = "127.0.0.1:0".parse().unwrap();
        config.operations.address = "127.0.0.1:0".parse().unwrap();
        config.embedded.path = folder.path().to_path_buf();
        config.mail.folder = folder.path().join("mail");
        config.passwords.memory_kib = 64;
        config.passwords.iterations = 1;
        config.bootstrap.client_id = "admin".into();
        config.bootstrap.client_secret = SECRET.to_owned().into();
        change(&mut config);
        Self::open(config, Clock::fixed(UnixMs(1_800_000_000_000)), folder).await
    }

    async fn open(config: Config, clock: Clock, folder: tempfile::TempDir) -> Self {
        let store = Embedded::open(&config.embedded, clock.clone()).unwrap();
        let shared: SharedStore = store.clone();
        let surroundings =
            Surroundings { clock: clock.clone(), entropy: Entropy::System, store: Some(shared) };
        let server = Server::start(&config, surroundings).await.unwrap();
        let address = server.public_address();
        let hosts = ["localhost", "a1.localhost", "acme.localhost", "b2.localhost", "gone.localhost"];
        let more = ["login.acme.test", "other.localhost"];
        let http = hosts
            .iter()
            .chain(&more)
            .fold(reqwest::Client::builder(), |builder, host| builder.resolve(host, address));
        let (http, token) = (http.build().unwrap(), String::new());
        let mut world = Self { server, store, config, http, token, clock, folder };
        world.renew().await;
        world
    }

    /// The same world after its server was stopped and started again.
    pub(crate) async fn restarted(self) -> Self {
        let Self { server, store, config, clock, folder, .. } = self;
        server.stop().await;
        drop(store);
        Self::open(config, clock, folder).await
    }

    /// The administrator takes a new token.
    pub(crate) async fn renew(&mut self) {
        self.token = self.admin_token(&[]).await.text("access_token");
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.server.engine()
    }

    /// How much the store holds.
    pub(crate) fn entries(&self) -> Entries {
        self.store.entries().unwrap()
    }

    /// Asks until the answer has this status.
    pub(crate) async fn eventually(&self, path: &str, status: u16) {
        for _ in 0..500 {
            if self.get(path).await.status == status {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{path} never answers {status}");
    }

    /// The issuer that the discovery document at a host names.
    pub(crate) async fn issuer_at(&self, host: &str) -> String {
        let url = self.url(host, "/.well-known/openid-configuration");
        Answer::read(self.http.get(url).send().await.unwrap()).await.text("issuer")
    }

    /// The administrator's token, taken at another host of the same tenant.
    pub(crate) async fn admin_token_at(&self, host: &str) -> String {
        let audience = format!("{}api/v2/", self.issuer());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "admin"),
            ("client_secret", SECRET),
            ("audience", &audience),
        ];
        self.token_at(host, &form).await.text("access_token")
    }

    /// A token of the first administrator of a tenant that was just made.
    pub(crate) async fn administrator(&self, made: &Value) -> String {
        let text = |name: &str| made["management_client"][name].as_str().unwrap().to_owned();
        let (id, secret, audience) = (text("client_id"), text("client_secret"), text("audience"));
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &id),
            ("client_secret", &secret),
            ("audience", &audience),
        ];
        self.token_at(made["domain"].as_str().unwrap(), &form).await.text("access_token")
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }

    /// A token of the administrator, with more parameters.
    pub(crate) async fn admin_token(&self, more: &[(&str, &str)]) -> Answer {
        let audience = format!("{}api/v2/", self.issuer());
        let mut form =
            vec![("grant_type", "client_credentials"), ("client_id", "admin"), ("client_secret", SECRET)];
        if !more.iter().any(|(name, _)| *name == "audience") {
            form.push(("audience", &audience));
        }
        form.extend(more);
        self.token(&form).await
    }

    /// The one message that was sent.
    pub(crate) async fn message(&self) -> String {
        for _ in 0..200 {
            let folder = std::fs::read_dir(self.folder.path().join("mail"));
            let paths = folder.into_iter().flatten().map(|entry| entry.unwrap().path());
            let mails: Vec<_> = paths.filter(|path| path.extension() == Some("eml".as_ref())).collect();
            assert!(mails.len() < 2, "{mails:?}");
            let text = mails.first().map(|mail| std::fs::read_to_string(mail).unwrap()).unwrap_or_default();
            if !text.is_empty() {
                // Quoted-printable.
                return text.replace("=\r\n", "").replace("=3D", "=");
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no message was sent within two seconds");
    }

    pub(crate) fn issuer(&self) -> String {
        self.server.engine().tenancy().by_id(&"default".into()).unwrap().issuer.clone()
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.token_at("localhost", form).await
    }

    pub(crate) async fn token_at(&self, host: &str, form: &[(&str, &str)]) -> Answer {
        let url = self.url(host, "/oauth/token");
        Answer::read(self.http.post(url).form(form).send().await.unwrap()).await
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        self.token(&form.iter().chain(more).copied().collect::<Vec<_>>()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::DELETE, path).json(&body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Posts, and gives the id of what was made.
    pub(crate) async fn made(&self, path: &str, body: Value, id: &str) -> String {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.text(id)
    }

    /// An administrator's request, not yet sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.token)
    }

    pub(crate) fn anonymous(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.anonymous_at("localhost", method, path)
    }

    pub(crate) fn anonymous_at(&self, host: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(host, &format!("/api/v2{path}")))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// An administrator's request to another host.
    pub(crate) fn request_at(&self, host: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.url(host, &format!("/api/v2{path}"))).bearer_auth(&self.token)
    }

    /// Imports another tenant with a user, and logs that user in.
    pub(crate) async fn session_of_another_tenant(&self) -> String {
        let import = json!({ "tenants": [{ "id": "other",
            "clients": [{ "client_id": "app", "name": "App", "app_type": "native", "grant_types": ["password"] }],
            "users": [{ "email": "ann@example.test", "password": "Other-Horse-1" }] }] });
        let registrar = jeton::engine::registrar::registrar(self.server.engine());
        let report = jeton::cli::import::import(&import.to_string(), &registrar, &mut |_| {}).await.unwrap();
        assert!(report.refused.is_empty(), "{:?}", report.refused);
        let form = [
            ("grant_type", "password"),
            ("client_id", "app"),
            ("username", "ann@example.test"),
            ("password", "Other-Horse-1"),
            ("scope", "openid"),
        ];
        for _ in 0..200 {
            let request = self.http.post(self.url("other.localhost", "/oauth/token")).form(&form);
            let answer = self.send(request).await;
            if answer.status == 200 {
                return claims(&answer.text("access_token"))["sid"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the imported tenant is not known after two seconds");
    }

    fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.server.public_address().port())
    }

    /// An API, a public client for people, and Ann, who is given back by id.
    pub(crate) async fn with_ann(&self) -> String {
        let api = json!({ "identifier": "https://api.test/", "name": "Things", "allow_offline_access": true,
            "scopes": [{ "value": "read:things" }, { "value": "write:things" }] });
        self.made("/resource-servers", api, "id").await;
        let client = json!({ "client_id": "app", "name": "App", "app_type": "native",
            "grant_types": ["password", "refresh_token"] });
        self.made("/clients", client, "client_id").await;
        self.with_ann_again().await
    }

    /// Ann alone.
    pub(crate) async fn with_ann_again(&self) -> String {
        let ann = json!({ "connection": "Username-Password-Authentication", "email": "Ann@example.test",
            "password": "Correct-Horse-1", "name": "Ann Example" });
        self.made("/users", ann, "user_id").await
    }

    /// Logs Ann in.
    pub(crate) async fn login(&self, more: &[(&str, &str)]) -> Answer {
        let form = [
            ("grant_type", "password"),
            ("client_id", "app"),
            ("username", "ann@example.test"),
            ("scope", "openid offline_access read:things"),
            ("audience", "https://api.test/"),
        ];
        let password = [("password", "Correct-Horse-1")];
        let password: &[_] = if more.iter().any(|(name, _)| *name == "password") { &[] } else { &password };
        self.token(&form.iter().chain(password).chain(more).copied().collect::<Vec<_>>()).await
    }
}

/// A user id, as a part of a path.
pub(crate) fn encoded(id: &str) -> String {
    id.replace('|', "%7C")
}

/// The claims of a JWT, unverified.
pub(crate) fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap_or_else(|| panic!("not a JWT: {token}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}
