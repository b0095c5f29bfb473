//! Composition root: config → store → actors → engine → routes → listeners.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::actors::{Actors, Deps, Settings};
use crate::clock::{Clock, Entropy};
use crate::config::Config;
use crate::engine::breaches::Breaches;
use crate::engine::mail::Mailer;
use crate::engine::{Engine, Parts};
use crate::model::record::SYSTEM_TENANT;
use crate::model::tenant::Tenant;
use crate::protocol::ids::TenantId;
use crate::routes::{Operations, Public};
use crate::store::catalog::Catalog;
use crate::store::{SharedStore, StoreError};
use crate::telemetry::metrics::Metrics;
use crate::tenancy::Tenancy;
use crate::transport::outgoing::Outgoing;
use crate::transport::{self, Bound, Drain, Drained};

pub mod bootstrap;
pub mod master_key;
pub mod open_store;
mod start_error;
mod tenants;
mod web;

pub use crate::engine::registrar;

pub use start_error::StartError;

/// What a server is surrounded by: the system in production, fixed things in tests.
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// The dice.
    pub entropy: Entropy,
    /// The store; opened by configuration when absent.
    pub store: Option<SharedStore>,
}

impl Surroundings {
    /// The operating system's clock and dice, and the configured store.
    pub fn system() -> Self {
        Self { clock: Clock::System, entropy: Entropy::System, store: None }
    }
}

/// A running server.
pub struct Server {
    engine: Arc<Engine>,
    public: Running,
    operations: Running,
    tenants: JoinHandle<()>,
}

/// Addresses that are held and not yet served; who connects meanwhile waits.
pub struct Listeners {
    public: Bound,
    operations: Bound,
}

/// A listener at work.
struct Running {
    address: SocketAddr,
    drain: Drain,
    task: JoinHandle<Drained>,
}

impl Listeners {
    /// Takes the configured addresses.
    ///
    /// # Errors
    /// [`StartError::Bind`].
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let (public, operations) =
            (Bound::bind(&config.public).await?, Bound::bind(&config.operations).await?);
        Ok(Self { public, operations })
    }

    /// Where applications and browsers will be answered.
    pub fn public_address(&self) -> SocketAddr {
        self.public.local_addr()
    }
}

impl Server {
    /// Starts everything; when this returns, requests are answered.
    ///
    /// # Errors
    /// [`StartError`] says which part did not start.
    pub async fn start(config: &Config, surroundings: Surroundings) -> Result<Self, StartError> {
        let listeners = Listeners::bind(config).await?;
        let engine = engine(config, surroundings).await?;
        Self::serve(config, listeners, engine).await
    }

    /// Answers requests from here on, with everything that the engine's store holds by now.
    ///
    /// # Errors
    /// [`StartError::Store`] when the tenants cannot be read.
    pub async fn serve(
        config: &Config,
        listeners: Listeners,
        engine: Arc<Engine>,
    ) -> Result<Self, StartError> {
        let tenants = tenants::follow(Arc::clone(&engine)).await?;
        let public = listeners.public.counting(engine.shared_metrics());
        let operations = listeners.operations.counting(engine.shared_metrics());
        let limits = Arc::new(config.limits.clone().on(config.store));
        let drain = Drain::new();
        let service = Public::new(Arc::clone(&engine));
        let public =
            run(public, |bound| transport::serve(bound, service, Arc::clone(&limits), drain.clone()), &drain);
        let service = Operations::new(Arc::clone(&engine), drain);
        let drain = Drain::new();
        let operations =
            run(operations, |bound| transport::serve(bound, service, limits, drain.clone()), &drain);
        Ok(Self { engine, public, operations, tenants })
    }

    /// The engine, for imports and tests.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Where applications and browsers are answered.
    pub fn public_address(&self) -> SocketAddr {
        self.public.address
    }

    /// Where operators are answered.
    pub fn operations_address(&self) -> SocketAddr {
        self.operations.address
    }

    /// Resolves when an actor subtree has failed for good; the process should then end.
    pub async fn failed(&self) {
        self.engine.actors().failed().await;
    }

    /// Stops accepting, finishes what is under way, closes the store.
    pub async fn stop(self) -> Drained {
        self.public.drain.start();
        let drained = self.public.task.await.unwrap_or_default();
        self.operations.drain.start();
        let _operators = self.operations.task.await;
        self.tenants.abort();
        self.engine.actors().stop().await;
        self.engine.store().close().await;
        drained
    }
}

fn run<F>(bound: Bound, serve: impl FnOnce(Bound) -> F, drain: &Drain) -> Running
where
    F: Future<Output = Drained> + Send + 'static,
{
    let address = bound.local_addr();
    Running { address, drain: drain.clone(), task: tokio::spawn(serve(bound)) }
}

/// Store, actors, tenants and the engine over them, without listeners; also for the commands that need no port.
///
/// # Errors
/// [`StartError`] says which part did not start.
pub async fn engine(config: &Config, surroundings: Surroundings) -> Result<Arc<Engine>, StartError> {
    let Surroundings { clock, entropy, store } = surroundings;
    let metrics = Metrics::new();
    let store = match store {
        Some(store) => store,
        None => open_store::open(config, &clock, &metrics).await?,
    };
    let tenants = Catalog::new(Arc::clone(&store));
    let (some, _) = tenants.page::<Tenant>(&TenantId::from(SYSTEM_TENANT), None, 1).await?;
    let sealer = master_key::sealer(config, &entropy, some.is_empty())?;
    bootstrap::default_tenant(config, &store).await?;
    let tenancy = Arc::new(Tenancy::new(config.tenants.clone()));
    reload(&tenancy, &store).await?;
    let deps = Deps {
        store: Arc::clone(&store),
        sealer: sealer.clone(),
        clock: clock.clone(),
        entropy: entropy.clone(),
        metrics: Arc::clone(&metrics),
        settings: Settings {
            audit: config.audit.clone(),
            cache: config.cache.clone(),
            deliveries: config.deliveries.clone(),
            keys: config.keys.clone(),
            passwords: config.passwords.clone(),
            ring: config.ring.clone(),
        },
    };
    let actors = Actors::start(deps).await?;
    let mailer = Mailer::new(&config.mail, actors.deliveries.clone())?;
    let web = Arc::new(web::Road(Outgoing::new(config.outgoing.clone())));
    let parts = Parts {
        actors,
        clock,
        entropy,
        metrics,
        sealer,
        store,
        tenancy,
        attacks: config.attacks.clone(),
        breaches: Breaches::new(&config.breaches),
        custom_domains: config.custom_domains.clone(),
        management: config.management.clone(),
        registration: config.registration.clone(),
        mailer,
        web,
        jobs: config.jobs.clone(),
        access_tokens_known: config.cache.access_tokens,
        documents_max_age_secs: config.keys.publish_lead_secs,
        session_touch_secs: config.sessions.touch_secs,
        families_max: config.sessions.families_max,
        audit: config.audit.clone(),
    };
    let engine = Arc::new(Engine::new(parts)?);
    bootstrap::furnish_all(&engine).await?;
    bootstrap::client(config, &engine).await?;
    Ok(engine)
}

/// Swaps the view of tenants for what the store has now.
async fn reload(tenancy: &Tenancy, store: &SharedStore) -> Result<(), StoreError> {
    let catalog = Catalog::new(Arc::clone(store));
    tenancy.replace(catalog.all::<Tenant>(&TenantId::from(SYSTEM_TENANT)).await?);
    Ok(())
}
