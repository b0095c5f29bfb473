//! A whole engine in process, with the demo tenant on an embedded store, and requests to give it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use jeton::boot::{Surroundings, engine, registrar};
use jeton::clock::Entropy;
use jeton::config::Config;
use jeton::engine::Engine;
use jeton::model::record::SYSTEM_TENANT;
use jeton::protocol::ids::TenantId;
use jeton::routes::Public;
use jeton::transport::request_id::RequestIds;
use jeton::transport::{Arrival, Peer, Service};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::time::Instant;

const DEMO: &str = include_str!("../../config/demo/demo.json");

const CLIENT: &str =
    "client_id=demo-nightly-report&client_secret=demo_GaR-HnC8yVFa36SA_C-L8zvQBoOXx66lkP8o3EmS9PM";
const WEB: &str = "client_id=demo-web&client_secret=demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs";

/// The engine and what keeps it alive.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) engine: Arc<Engine>,
    ids: RequestIds,
    _folder: TempDir,
}

impl World {
    /// The engine at work on `runtime`.
    pub(crate) fn start(runtime: Runtime) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.embedded.path = folder.path().to_path_buf();
        // Logins only make sessions here, and under callgrind everything takes fifty times as long.
        config.passwords.memory_kib = 64;
        config.passwords.deadline_ms = 60_000;
        let engine = runtime.block_on(async {
            let engine = engine(&config, Surroundings::system()).await.unwrap();
            let report =
                jeton::cli::import::import(DEMO, &registrar::registrar(&engine), &mut |_| {}).await.unwrap();
            assert!(report.refused.is_empty(), "{:?}", report.refused);
            // Without listeners nobody follows the change feed for tenants.
            let tenants = engine.cached().catalog().all(&TenantId::from(SYSTEM_TENANT)).await.unwrap();
            engine.tenancy().replace(tenants);
            engine
        });
        Self { runtime, engine, ids: RequestIds::new(&Entropy::System).unwrap(), _folder: folder }
    }

    pub(crate) fn arrival(&self, form: &str) -> Arrival {
        let request = Request::post("/oauth/token")
            .header("host", "demo.localhost")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::copy_from_slice(form.as_bytes()))
            .unwrap();
        let request_id = self.ids.identify(request.headers());
        let peer = Peer { address: IpAddr::V4(Ipv4Addr::LOCALHOST), secure: false };
        let (head, body) = request.into_parts();
        Arrival { head, body, peer, request_id, deadline: Instant::now() + Duration::from_secs(10) }
    }

    /// The answer's body; anything but 200 stops the benchmark.
    pub(crate) async fn ask(&self, form: &str) -> Bytes {
        let reply = Public::new(Arc::clone(&self.engine)).call(self.arrival(form)).await;
        assert_eq!(reply.status(), 200, "{:?}", reply.body());
        reply.into_body()
    }

    pub(crate) fn client_credentials() -> String {
        format!("grant_type=client_credentials&{CLIENT}&audience=https%3A%2F%2Forders.demo.example%2F")
    }

    /// A login with a refresh token and an ID token.
    pub(crate) fn login() -> String {
        format!(
            "grant_type=password&{WEB}&username=ada%40demo.example&password=ada-demo-password\
             &audience=https%3A%2F%2Forders.demo.example%2F&scope=openid+offline_access+read%3Aorders"
        )
    }

    pub(crate) fn refresh(token: &str, organization: Option<&str>) -> String {
        let organization = organization.map(|name| format!("&organization={name}")).unwrap_or_default();
        format!("grant_type=refresh_token&{WEB}&refresh_token={token}{organization}")
    }

    pub(crate) fn refresh_token(body: &[u8]) -> String {
        let answer: serde_json::Value = serde_json::from_slice(body).unwrap();
        answer["refresh_token"].as_str().unwrap().to_owned()
    }
}
