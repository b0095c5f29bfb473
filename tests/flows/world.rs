//! A world to test in: a server on free ports over an embedded store in a temporary folder, with a clock that
//! stands still and two tenants full of people.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton::boot::{Server, Surroundings};
use jeton::clock::{Clock, Entropy, UnixMs};
use jeton::config::Config;
use jeton::engine::Engine;
use jeton::model::client::Client;
use jeton::model::credential::Credential;
use jeton::model::user::User;
use jeton::protocol::ids::TenantId;
use jeton::store::embedded::Embedded;
use jeton::store::records::Expect;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::watched_store::{Watch, WatchedStore};

/// The seed of the key with which the client `m2m-jwt` signs.
pub(crate) const ASSERTION_SEED: [u8; 32] = [42; 32];

const NOW: UnixMs = UnixMs(1_800_000_000_000);

/// The world; stop it at the end of each test.
pub(crate) struct World {
    server: Server,
    caller: Caller,
    pub(crate) clock: Clock,
    pub(crate) store: Watch,
    _folder: tempfile::TempDir,
}

/// Somebody who talks to one tenant's host.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    base: String,
}

impl World {
    pub(crate) const M2M_SECRET: &str = "m2m-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ";
    pub(crate) const OTHER_M2M_SECRET: &str = "other-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGH";
    pub(crate) const WEB_SECRET: &str = "web-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ";

    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.public.address = "127.0.0.1:0".parse().unwrap();
        config.operations.address = "127.0.0.1:0".parse().unwrap();
        config.embedded.path = folder.path().to_path_buf();
        config.mail.folder = folder.path().join("mail");
        config.passwords.memory_kib = 64;
        config.passwords.iterations = 1;
        let clock = Clock::fixed(NOW);
        let (store, watch) = WatchedStore::over(Embedded::open(&config.embedded, clock.clone()).unwrap());
        let surroundings =
            Surroundings { clock: clock.clone(), entropy: Entropy::System, store: Some(store) };
        let server = Server::start(&config, surroundings).await.unwrap();
        populate(server.engine()).await;
        let caller = Caller::to("localhost", server.public_address());
        let world = Self { server, caller, clock, store: watch, _folder: folder };
        world.until_tenants_are_known().await;
        world
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        self.server.engine()
    }

    pub(crate) fn issuer(&self) -> String {
        self.engine().tenancy().by_id(&TenantId::from("default")).unwrap().issuer.clone()
    }

    /// Somebody at the host of another tenant.
    pub(crate) fn at(&self, tenant: &str) -> Caller {
        Caller::to(&format!("{tenant}.localhost"), self.server.public_address())
    }

    pub(crate) async fn operations(&self, path: &str) -> Answer {
        Caller::to("localhost", self.server.operations_address()).get(path).await
    }

    /// A form that logs Ann in.
    pub(crate) fn login_form<'a>(
        client: &'a str,
        scope: &'a str,
        audience: &'a str,
    ) -> [(&'a str, &'a str); 6] {
        [
            ("grant_type", "password"),
            ("client_id", client),
            ("username", "ann@example.test"),
            ("password", "Correct-Horse-1"),
            ("scope", scope),
            ("audience", audience),
        ]
    }

    /// Logs Ann in for the plain API.
    pub(crate) async fn login(&self, client: &str, scope: &str) -> Answer {
        self.login_in(client, scope, None).await
    }

    pub(crate) async fn login_in(&self, client: &str, scope: &str, organization: Option<&str>) -> Answer {
        let form = Self::login_form(client, scope, "https://api.test/");
        let organization = organization.map(|name| ("organization", name));
        let form: Vec<_> = form.into_iter().chain(organization).collect();
        let answer = self.token(&form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    pub(crate) async fn login_with(&self, client: &[(&str, &str)], scope: &str) -> Answer {
        let form = Self::login_form("", scope, "https://api.test/");
        let form = form.into_iter().filter(|(name, _)| *name != "client_id").chain(client.iter().copied());
        self.token(&form.collect::<Vec<_>>()).await
    }

    pub(crate) async fn machine_token(&self) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "m2m"),
            ("client_secret", Self::M2M_SECRET),
            ("audience", "https://api.test/"),
        ];
        self.token(&form).await.access_token()
    }

    pub(crate) async fn introspect(&self, token: &str) -> Answer {
        let form = [("client_id", "web"), ("client_secret", Self::WEB_SECRET), ("token", token)];
        self.post("/oauth/introspect", &form).await
    }

    pub(crate) async fn refresh_in_parallel(&self, client: &str, token: &str, times: usize) -> Vec<Answer> {
        let ask = |_| {
            let (caller, client, token) = (self.caller.clone(), client.to_owned(), token.to_owned());
            tokio::spawn(async move { caller.refresh(&client, &token).await })
        };
        let tasks: Vec<_> = (0..times).map(ask).collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        answers
    }

    /// Changes Ann's record, and waits until this node has heard of it.
    pub(crate) async fn change_ann(&self, change: impl FnOnce(&mut User)) {
        let tenant = TenantId::from("default");
        let catalog = self.engine().cached().catalog();
        let mut ann = catalog.find::<User>(&tenant, "auth0|ann").await.unwrap().unwrap();
        change(&mut ann.record);
        catalog.save(&ann.record, Expect::Version(ann.version)).await.unwrap();
        for _ in 0..1000 {
            let cached = self.engine().cached().user(&tenant, "auth0|ann").await.unwrap();
            if cached.as_deref() == Some(&ann.record) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the change of a user was not heard of within ten seconds");
    }

    /// Waits until this node has heard of a change of a client.
    pub(crate) async fn until_client_is(&self, id: &str, wanted: &Client) {
        for _ in 0..1000 {
            let cached = self.engine().cached().client(&TenantId::from("default"), id).await.unwrap();
            if cached.as_deref() == Some(wanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the change of a client was not heard of within ten seconds");
    }

    pub(crate) async fn stored_hash(&self, user: &str) -> String {
        let found =
            self.engine().cached().catalog().find::<Credential>(&TenantId::from("default"), user).await;
        found.unwrap().unwrap().record.hash
    }

    /// Refreshes until the answer has `status`; caches may lag a little behind the change feed.
    pub(crate) async fn until_status(&self, client: &str, token: &str, status: u16) {
        for _ in 0..1000 {
            if self.refresh(client, token).await.status == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no {status} within ten seconds");
    }

    pub(crate) async fn until_refused(&self, client: &str, token: &str) {
        self.until_status(client, token, 400).await;
    }

    async fn until_tenants_are_known(&self) {
        for _ in 0..1000 {
            if self.at("other").get("/.well-known/openid-configuration").await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the imported tenant is not known after ten seconds");
    }
}

impl std::ops::Deref for World {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Caller {
    fn to(host: &str, address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().resolve(host, address).build().unwrap();
        Self { http, base: format!("http://{host}:{}", address.port()) }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    pub(crate) async fn get_as(&self, path: &str, token: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.base)).bearer_auth(token)).await
    }

    pub(crate) async fn options(&self, path: &str) -> Answer {
        self.ask(reqwest::Method::OPTIONS, path).await
    }

    pub(crate) async fn ask(&self, method: reqwest::Method, path: &str) -> Answer {
        self.send(self.http.request(method, format!("{}{path}", self.base))).await
    }

    /// What comes back for these very bytes.
    pub(crate) async fn bytes(&self, request: &str) -> String {
        let (_, port) = self.base.rsplit_once(':').unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.http.post(format!("{}{path}", self.base)).form(form)).await
    }

    pub(crate) async fn raw(&self, path: &str, kind: &str, body: String) -> Answer {
        let request = self.http.post(format!("{}{path}", self.base)).body(body);
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        self.send(request).await
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post("/oauth/token", form).await
    }

    pub(crate) async fn token_with_header(&self, form: &[(&str, &str)], authorization: &str) -> Answer {
        let request = self.http.post(format!("{}/oauth/token", self.base)).form(form);
        self.send(request.header("authorization", authorization)).await
    }

    pub(crate) async fn token_with_headers(&self, form: &[(&str, &str)], authorizations: &[&str]) -> Answer {
        let request = self.http.post(format!("{}/oauth/token", self.base)).form(form);
        let add = |request: reqwest::RequestBuilder, value: &&str| request.header("authorization", *value);
        self.send(authorizations.iter().fold(request, add)).await
    }

    pub(crate) async fn refresh(&self, client: &str, token: &str) -> Answer {
        self.refresh_with(client, token, &[]).await
    }

    pub(crate) async fn refresh_with(&self, client: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        self.token(&form.iter().chain(more).copied().collect::<Vec<_>>()).await
    }
}

/// Imports the two tenants of `world.json`.
async fn populate(engine: &Engine) {
    let key = Ed25519KeyPair::from_seed_unchecked(&ASSERTION_SEED).unwrap();
    let public = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    let text = include_str!("world.json").replace("@PUBLIC_KEY@", &public);
    let report = jeton::cli::import::import(&text, &jeton::boot::registrar::registrar(engine), &mut |_| {})
        .await
        .unwrap();
    assert!(report.refused.is_empty(), "{:?}", report.refused);
}
