//! The view of tenants, kept up to date with the change feed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use crate::actors::News;
use crate::boot::bootstrap;
use crate::engine::Engine;
use crate::model::change::Change;
use crate::protocol::ids::TenantId;
use crate::store::StoreError;

/// How long to wait before reading the tenants again when they could not be read.
const RELOAD_PAUSE: Duration = Duration::from_secs(1);

/// How many changed tenants are taken over at once.
const TOGETHER: usize = 64;

/// What changed.
#[derive(Debug, PartialEq, Eq)]
enum Changed {
    /// These tenants.
    Some(HashSet<TenantId>),
    /// Any of them.
    Any,
}

/// Follows the change feed, beginning with what is there now: a tenant made between the engine's start and this
/// one would be missed otherwise.
///
/// # Errors
/// [`StoreError`] when the tenants cannot be read at first.
pub(super) async fn follow(engine: Arc<Engine>) -> Result<JoinHandle<()>, StoreError> {
    let mut changes = engine.actors().changes.subscribe();
    engine.resume_demolitions().await?;
    Ok(tokio::spawn(async move {
        while let Some(changed) = hear(&mut changes).await {
            take_over(&engine, &changed).await;
        }
    }))
}

/// The next tenants that changed: what piled up is taken together, so that an import of many tenants swaps the view,
/// which takes longer the more there are, less often than it makes tenants.
async fn hear(changes: &mut Receiver<News>) -> Option<Changed> {
    let mut named = HashSet::new();
    while named.len() < TOGETHER {
        let next = changes.recv();
        let news = if named.is_empty() { Some(next.await) } else { next.now_or_never() };
        match news {
            Some(Ok(News::Changed(Change::Tenant { tenant }))) => drop(named.insert(tenant)),
            Some(Ok(News::Changed(_))) => {}
            Some(Ok(News::Everything) | Err(RecvError::Lagged(_))) => return Some(Changed::Any),
            Some(Err(RecvError::Closed)) if named.is_empty() => return None,
            Some(Err(RecvError::Closed)) | None => break,
        }
    }
    Some(Changed::Some(named))
}

async fn take_over(engine: &Engine, changed: &Changed) {
    // Until it succeeds: a tenant that was disabled must not be served until something else changes.
    while let Err(error) = reload(engine, changed).await {
        tracing::warn!(%error, "tenants were not reloaded; trying again");
        tokio::time::sleep(RELOAD_PAUSE).await;
    }
    let tenants = match changed {
        Changed::Any => engine.tenancy().all(),
        Changed::Some(named) => named.iter().filter_map(|tenant| engine.tenancy().by_id(tenant)).collect(),
    };
    for tenant in tenants {
        if let Err(error) = bootstrap::furnish(engine, &tenant).await {
            tracing::warn!(tenant = %tenant.tenant.id, %error, "a tenant was not furnished; the next change tries again");
        }
    }
}

async fn reload(engine: &Engine, changed: &Changed) -> Result<(), StoreError> {
    match changed {
        Changed::Any => engine.reload_all_tenants().await.map(drop),
        Changed::Some(named) => engine.reload_tenants(named).await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::Sender;

    use super::*;

    fn named(names: &[&str]) -> Changed {
        Changed::Some(names.iter().map(|name| TenantId::from(*name)).collect())
    }

    fn say(news: &Sender<News>, tenant: &str) {
        news.send(News::Changed(Change::Tenant { tenant: TenantId::from(tenant) })).unwrap();
    }

    #[tokio::test]
    async fn what_piled_up_is_taken_together_and_the_rest_is_not_lost() {
        let news = Sender::new(1_024);
        let mut changes = news.subscribe();
        for tenant in ["a", "b", "a"] {
            say(&news, tenant);
            news.send(News::Changed(Change::Keys { tenant: TenantId::from("other") })).unwrap();
        }
        assert_eq!(hear(&mut changes).await, Some(named(&["a", "b"])));
        let many: Vec<String> = (0..=TOGETHER).map(|nth| nth.to_string()).collect();
        for tenant in &many {
            say(&news, tenant);
        }
        let (first, last) = many.split_at(TOGETHER);
        let first: Vec<&str> = first.iter().map(String::as_str).collect();
        assert_eq!(hear(&mut changes).await, Some(named(&first)));
        assert_eq!(hear(&mut changes).await, Some(named(&[&last[0]])));
        say(&news, "z");
        drop(news);
        assert_eq!(hear(&mut changes).await, Some(named(&["z"])));
        assert_eq!(hear(&mut changes).await, None);
    }

    #[tokio::test]
    async fn in_doubt_all_tenants_are_read() {
        let news = Sender::new(2);
        let mut changes = news.subscribe();
        say(&news, "a");
        news.send(News::Everything).unwrap();
        assert_eq!(hear(&mut changes).await, Some(Changed::Any));
        for tenant in ["a", "b", "c"] {
            say(&news, tenant);
        }
        assert_eq!(hear(&mut changes).await, Some(Changed::Any), "the oldest was dropped unheard");
        assert_eq!(hear(&mut changes).await, Some(named(&["b", "c"])));
    }
}
