//! A world to log in to: a server on free ports over a store, a clock that stands still, two tenants.
//!
//! The store is an embedded one; with `JETON_TEST_LOGIN_STORE=cluster`, the cluster of `JETON_TEST_CLUSTER`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton::boot::{Server, Surroundings};
use jeton::clock::{Clock, Entropy, UnixMs};
use jeton::config::Config;
use jeton::engine::Engine;
use jeton::engine::records::Mode;
use jeton::protocol::ids::TenantId;
use jeton::store::SharedStore;
use jeton::store::cluster::Cluster;
use jeton::store::embedded::Embedded;
use serde_json::Value;

use crate::browser::{Answer, Browser};
use crate::contents::{self, Contents};
use crate::watched_store::{Watch, WatchedStore};

const NOW: UnixMs = UnixMs(1_800_000_000_000);

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The world; stop it at the end of each test.
pub(crate) struct World {
    server: Server,
    pub(crate) clock: Clock,
    pub(crate) store: Watch,
    shared: SharedStore,
    config: Config,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) const CALLBACK: &str = "https://app.test/cb";
    pub(crate) const WEB_SECRET: &str = "web-0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ";

    pub(crate) async fn start() -> Self {
        Self::start_with(|_, _| {}).await
    }

    /// Starts with a configuration that is adjusted; the second argument is a folder of the world's own.
    pub(crate) async fn start_with(adjust: impl FnOnce(&mut Config, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.public.address = "127.0.0.1:0".parse().unwrap();
        config.operations.address = "127.0.0.1:0".parse().unwrap();
        config.embedded.path = folder.path().to_path_buf();
        config.mail.folder = folder.path().join("mail");
        config.passwords.memory_kib = 64;
        config.passwords.iterations = 1;
        config.bootstrap.client_id = "admin".into();
        config.bootstrap.client_secret = Self::WEB_SECRET.to_owned().into();
        config.registration.per_address_hourly_max = 40;
        config.registration.clients_max = 60;
        config.outgoing.loopback_http = true;
        config.deliveries.first_pause_ms = 10;
        adjust(&mut config, folder.path());
        let clock = Clock::fixed(NOW);
        let (store, watch) = WatchedStore::over(store(&config, &clock).await);
        let surroundings =
            Surroundings { clock: clock.clone(), entropy: Entropy::System, store: Some(Arc::clone(&store)) };
        let server = Server::start(&config, surroundings).await.unwrap();
        let world = Self { server, clock, store: watch, shared: store, config, folder };
        world
            .load(&include_str!("world.json").replace("@PUBLIC_KEY@", &crate::request_objects::public_key()))
            .await;
        world.until_tenants_are_known().await;
        world
    }

    /// Imports a document, of which nothing may be refused, and waits until tenants know.
    pub(crate) async fn import(&self, document: &Value) {
        self.load(&document.to_string()).await;
        if let Some(name) = document["tenants"][0]["friendly_name"].as_str() {
            self.until_called(name).await;
        }
        for tenant in document["tenants"].as_array().unwrap() {
            let id = TenantId::from(tenant["id"].as_str().unwrap());
            let Some(settings) = tenant["settings"].as_object() else { continue };
            for _ in 0..200 {
                let view = self.engine().tenancy().by_id(&id).unwrap();
                let known = serde_json::to_value(&view.tenant.settings).unwrap();
                if settings.iter().all(|(name, value)| known[name] == *value) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// What is refused of a document.
    pub(crate) async fn refused(&self, document: &Value) -> String {
        let registrar = jeton::engine::registrar::registrar(self.engine());
        let report = jeton::cli::import::import(&document.to_string(), &registrar, &mut |_| {}).await;
        format!("{:?}", report.unwrap().refused)
    }

    async fn load(&self, text: &str) {
        let registrar = jeton::engine::registrar::registrar(self.engine());
        let report = jeton::cli::import::import(text, &registrar, &mut |_| {}).await.unwrap();
        assert!(report.refused.is_empty(), "{:?}", report.refused);
    }

    /// The messages sent so far, which must become `count`, as they are read.
    pub(crate) async fn mails(&self, count: usize) -> Vec<String> {
        for _ in 0..200 {
            if self.files().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
        let mails: Vec<_> =
            self.files().iter().map(|path| read(path).replace("=\r\n", "").replace("=3D", "=")).collect();
        assert_eq!(mails.len(), count);
        mails
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await;
    }

    /// A second node over the same store.
    pub(crate) async fn neighbour(&self) -> Server {
        let store = Some(Arc::clone(&self.shared));
        let surroundings = Surroundings { clock: self.clock.clone(), entropy: Entropy::System, store };
        Server::start(&self.config, surroundings).await.unwrap()
    }

    /// Changes the tenant, and waits until this node has heard of it.
    pub(crate) async fn change(&self, draft: Value) {
        let mut draft = draft;
        draft["id"] = "default".into();
        let registrar = jeton::engine::registrar::registrar(self.engine());
        let put = registrar.put_tenant(serde_json::from_value(draft).unwrap(), Mode::Update).await.unwrap();
        for _ in 0..1000 {
            let view = self.engine().tenancy().by_id(&TenantId::from("default")).unwrap();
            if view.tenant == put.record {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the change of the tenant was not heard of within ten seconds");
    }

    /// Makes or changes a connection.
    pub(crate) async fn connection(&self, draft: Value) {
        let view = self.engine().tenancy().by_id(&TenantId::from("default")).unwrap();
        let registrar = jeton::engine::registrar::registrar(self.engine());
        let draft = serde_json::from_value(draft).unwrap();
        registrar.put_connection(&view.tenant, draft, Mode::Import).await.unwrap();
    }

    /// Changes a client, and waits until this node has heard of it.
    pub(crate) async fn client(&self, draft: Value) {
        let view = self.engine().tenancy().by_id(&TenantId::from("default")).unwrap();
        let registrar = jeton::engine::registrar::registrar(self.engine());
        let draft = serde_json::from_value(draft).unwrap();
        let put = registrar.put_client(&view.tenant, draft, Mode::Import).await.unwrap();
        for _ in 0..1000 {
            let id = put.record.client_id.as_str();
            let known = self.engine().cached().client(&TenantId::from("default"), id).await.unwrap();
            if known.as_deref() == Some(&put.record) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the change of a client was not heard of within ten seconds");
    }

    /// How many password hashes were computed so far.
    pub(crate) fn hashes(&self) -> u64 {
        let text = self.engine().metrics().render();
        let line = text.lines().find(|line| line.starts_with("jeton_hash_computed_total "));
        line.and_then(|line| line.rsplit(' ').next()).unwrap().parse().unwrap()
    }

    /// The messages sent so far, oldest first, once there are `count`; lines are unfolded.
    pub(crate) async fn messages(&self, count: usize) -> Vec<String> {
        for _ in 0..200 {
            let messages = self.letters();
            if messages.len() >= count {
                assert_eq!(messages.len(), count, "more messages than expected: {messages:?}");
                return messages;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} messages did not come within two seconds: {:?}", self.letters());
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        self.server.engine()
    }

    pub(crate) fn browser(&self) -> Browser {
        self.browser_at("localhost")
    }

    pub(crate) fn browser_at(&self, host: &str) -> Browser {
        Browser::new(host, self.server.public_address())
    }

    /// Logs Ann in at a client, in this browser; gives the redirect with the code.
    pub(crate) async fn ann(&self, browser: &Browser, client: &str, more: &[(&str, &str)]) -> Answer {
        let page = browser.follow(&browser.get(&authorize(client, more)).await).await;
        browser.type_in(&page, "ann@example.test", "Correct-Horse-1").await
    }

    /// A token for the management API.
    pub(crate) async fn administrator(&self) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "admin"),
            ("client_secret", Self::WEB_SECRET),
            ("audience", "http://localhost:8080/api/v2/"),
        ];
        let answer = self.browser().post("/oauth/token", &form).await.json();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Exchanges a code as the public client `spa`.
    pub(crate) async fn exchange(&self, browser: &Browser, code: &str) -> Answer {
        browser.post("/oauth/token", &exchange_form(code)).await
    }

    /// The links in the messages sent so far, which must become `count`.
    pub(crate) async fn links(&self, count: usize) -> Vec<String> {
        for _ in 0..200 {
            let links = self.sent();
            if links.len() >= count {
                assert_eq!(links.len(), count, "more messages than expected");
                return links;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} messages did not come within two seconds: {:?}", self.sent());
    }

    fn sent(&self) -> Vec<String> {
        self.letters().iter().filter_map(|letter| link_in(letter)).collect()
    }

    fn letters(&self) -> Vec<String> {
        let letters = self.files().into_iter().map(|path| unfolded(&std::fs::read_to_string(path).unwrap()));
        // A file that is being written is no letter yet.
        letters.filter(|letter| !letter.is_empty()).collect()
    }

    fn files(&self) -> Vec<std::path::PathBuf> {
        let Ok(folder) = std::fs::read_dir(self.folder.path().join("mail")) else { return Vec::new() };
        let paths = folder.map(|entry| entry.unwrap().path());
        // One that is being written is empty at first.
        let is_whole = |path: &std::path::PathBuf| {
            path.extension().is_some_and(|end| end == "eml") && std::fs::metadata(path).unwrap().len() > 0
        };
        let mut paths: Vec<_> = paths.filter(is_whole).collect();
        paths.sort_by_key(|path| std::fs::metadata(path).unwrap().modified().unwrap());
        paths
    }

    /// Everything that the store holds, once what is written behind requests (the log) is written.
    pub(crate) async fn contents_at_rest(&self) -> Contents {
        let mut before = self.contents();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = self.contents();
            if now == before {
                return now;
            }
            before = now;
        }
        panic!("the store does not come to rest");
    }

    fn contents(&self) -> Contents {
        match cluster_under_test() {
            Some(nodes) => contents::keys(&nodes, &prefix(self.folder.path())),
            None => contents::files(self.folder.path()),
        }
    }

    async fn until_tenants_are_known(&self) {
        self.until_called("Acme <script>alert('tenant')</script>").await;
        for _ in 0..200 {
            if self.browser_at("other.localhost").get("/.well-known/jwks.json").await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the imported tenant is not known after two seconds");
    }

    async fn until_called(&self, name: &str) {
        for _ in 0..200 {
            let view = self.engine().tenancy().by_id(&TenantId::from("default"));
            if view.is_some_and(|view| view.tenant.friendly_name == name) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the tenant is not called {name} after two seconds");
    }
}

/// The store under test, which nobody else's keys are in.
async fn store(config: &Config, clock: &Clock) -> SharedStore {
    let Some(nodes) = cluster_under_test() else {
        return Embedded::open(&config.embedded, clock.clone()).unwrap();
    };
    // Patient: a machine that builds and tests at once is slow, and slowness is not what is tested here.
    let settings = jeton::config::cluster::Cluster {
        nodes: nodes.split(',').map(str::to_owned).collect(),
        key_prefix: prefix(&config.embedded.path),
        command_timeout_ms: 5000,
        wait_timeout_ms: 2000,
        ..Default::default()
    };
    Cluster::connect(&settings, clock.clone()).await.unwrap()
}

/// The nodes of the cluster on which the flows are to be tried, if they are.
fn cluster_under_test() -> Option<String> {
    let chosen = std::env::var("JETON_TEST_LOGIN_STORE").is_ok_and(|store| store == "cluster");
    chosen.then(|| std::env::var("JETON_TEST_CLUSTER").unwrap())
}

/// A prefix of keys that no other world has.
fn prefix(folder: &Path) -> String {
    format!("login{}", folder.file_name().unwrap().to_string_lossy())
}

/// A message without the folds of its lines (quoted-printable).
fn unfolded(message: &str) -> String {
    message.replace("=\r\n", "").replace("=3D", "=")
}

/// The path of the first link in a message.
pub(crate) fn link_in(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("http://localhost:8080")?;
    Some(rest.split_whitespace().next()?.to_owned())
}

pub(crate) fn exchange_form(code: &str) -> [(&'static str, &str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", code),
        ("redirect_uri", World::CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

/// The address of an authorization request: everything that is usual, with `more` over it; an empty value takes a
/// parameter away.
pub(crate) fn authorize(client: &str, more: &[(&str, &str)]) -> String {
    let usual = [
        ("client_id", client),
        ("redirect_uri", World::CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email offline_access"),
        ("audience", "https://api.test/"),
        ("state", "st"),
        ("nonce", "no"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let usual = usual.into_iter().filter(|(name, _)| !more.iter().any(|(own, _)| own == name));
    let all = usual.chain(more.iter().copied()).filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
    format!("/authorize?{query}")
}

/// The parameters of an authorization request, as [`authorize`] has them.
pub(crate) fn parameters(client: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let address = authorize(client, more);
    url::form_urlencoded::parse(address.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
}

/// The claims of a JWT, unverified.
pub(crate) fn claims(token: &Value) -> Value {
    let text = token.as_str().and_then(|token| token.split('.').nth(1));
    let text = text.unwrap_or_else(|| panic!("not a JWT: {token}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}
