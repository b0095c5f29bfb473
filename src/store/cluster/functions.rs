//! The function library: loaded on every primary, under a name that tells its version.
//!
//! Function names carry the version too, because Redis wants them unique over all libraries: nodes of different
//! versions can work side by side, and a rolling update needs no order.

use std::sync::LazyLock;
use std::time::Duration;

use fred::bytes_utils::Str;
use fred::interfaces::{ClusterInterface as _, FunctionInterface as _};
use sha2::{Digest as _, Sha256};

use super::Cluster;
use super::connections::patience;
use super::refusal::Refusal;
use crate::store::StoreError;

const SOURCE: &str = concat!(include_str!("jeton.lua"), include_str!("counters.lua"));

macro_rules! verbs {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A function of `jeton.lua` or `counters.lua`.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum Verb { $($variant),+ }

        const NAMES: &[&str] = &[$($name),+];
    };
}

verbs! {
    Claim = "claim",
    Close = "close",
    Confirm = "confirm",
    Count = "count",
    Days = "days",
    Draw = "draw",
    Forget = "forget",
    ForgetMark = "forget_mark",
    IndexAdd = "index_add",
    IndexDrop = "index_drop",
    IndexList = "index_list",
    Join = "join",
    Joined = "joined",
    Keep = "keep",
    Leave = "leave",
    List = "list",
    Listed = "listed",
    Log = "log",
    Open = "open",
    Publish = "publish",
    RecordRemove = "record_remove",
    RecordWrite = "record_write",
    Redeem = "redeem",
    Release = "release",
    Remember = "remember",
    Revoke = "revoke",
    Rotate = "rotate",
    Start = "start",
    Together = "together",
    Uncount = "uncount",
    Unlist = "unlist",
    Update = "update",
    Visitors = "visitors",
}

impl Verb {
    /// The name that `together` knows.
    pub(super) const fn plain_name(self) -> &'static str {
        NAMES[self as usize]
    }

    /// The name under which Redis knows it.
    pub(super) fn name(self) -> Str {
        LIBRARY.names[self as usize].clone()
    }
}

struct Library {
    names: Vec<Str>,
    source: Str,
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let digest = Sha256::digest(SOURCE);
    let version = format!("{:08x}", u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]));
    Library {
        names: NAMES.iter().map(|name| Str::from(format!("{name}_{version}"))).collect(),
        source: Str::from(SOURCE.replace("@VERSION@", &version)),
    }
});

impl Cluster {
    /// Loads the library on every primary, once for all who find it lacking; safe to repeat.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when a primary did not take it.
    pub(super) async fn load_functions(&self) -> Result<(), StoreError> {
        let patience = patience(&self.settings);
        // Boxed: it is rare, and large within whatever may need it.
        let load = Box::pin(self.load());
        let loaded = self.loading.join(Duration::ZERO, patience, load).await;
        loaded.unwrap_or_else(|| Err(StoreError::Unavailable("functions take too long to load".to_owned())))
    }

    async fn load(&self) -> Result<(), StoreError> {
        let client = self.connections.reading.next_connected();
        // A primary that lacks the library may be one that was not a primary a moment ago.
        self.topology.look(client).await;
        let routing = client.cached_cluster_state();
        let primaries = routing.map(|routing| routing.unique_primary_nodes()).unwrap_or_default();
        if primaries.is_empty() {
            return Err(StoreError::Unavailable("no primary is known".to_owned()));
        }
        for primary in primaries {
            let node = client.with_cluster_node(primary.clone());
            let loaded: Result<String, _> = node.function_load(true, LIBRARY.source.clone()).await;
            loaded.map_err(|error| {
                StoreError::Unavailable(format!("{primary} took no functions: {}", Refusal::from(error)))
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_registered_under_its_versioned_name() {
        for name in NAMES {
            assert!(SOURCE.contains(&format!("verb('{name}', {name}")), "{name}");
        }
        assert_eq!(SOURCE.matches("\nverb('").count(), NAMES.len());
        let source: &str = &LIBRARY.source;
        assert!(source.starts_with("#!lua name=jeton_") && !source.contains('@'));
        assert!(Verb::Rotate.name().starts_with("rotate_"));
    }
}
