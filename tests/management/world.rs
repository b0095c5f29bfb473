//! A world to test in: a server over an embedded store, and an administrator with every scope.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton::boot::{Server, Surroundings};
use jeton::clock::{Clock, Entropy, UnixMs};
use jeton::config::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::answer::Answer;

const SECRET: &str = "mgmt-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHI";

/// The world; stop it at the end of each test.
pub(crate) struct World {
    server: Server,
    http: reqwest::Client,
    token: String,
    pub(crate) clock: Clock,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
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
        let clock = Clock::fixed(UnixMs(1_800_000_000_000));
        let surroundings = Surroundings { clock: clock.clone(), entropy: Entropy::System, store: None };
        let server = Server::start(&config, surroundings).await.unwrap();
        let address = server.public_address();
        let http =
            reqwest::Client::builder().resolve("localhost", address).resolve("other.localhost", address);
        let http = http.build().unwrap();
        let mut world = Self { server, http, token: String::new(), clock, folder };
        world.token = world.admin_token(&[]).await.text("access_token");
        world
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

    pub(crate) fn engine(&self) -> &jeton::engine::Engine {
        self.server.engine()
    }

    pub(crate) fn issuer(&self) -> String {
        self.server.engine().tenancy().by_id(&"default".into()).unwrap().issuer.clone()
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        let url = self.url("localhost", "/oauth/token");
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
        self.http.request(method, self.url("localhost", &format!("/api/v2{path}")))
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
