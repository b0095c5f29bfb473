//! The `jobs` section: how much may be ordered to be done in the background.

use serde::{Deserialize, Serialize};

/// Background jobs of the management API.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jobs {
    /// Largest file of users to import, in bytes; a larger one is answered 413.
    pub users_import_bytes_max: usize,
    /// Most imports of one tenant that are not done; one more is answered 429. They run one after another.
    pub per_tenant_max: u64,
    /// Most imports that this node holds, of all tenants; one more is answered 429.
    pub per_node_max: usize,
    /// Most imports that run at once on this node, of all tenants.
    pub running_max: usize,
    /// Most refused records of one import that are remembered with what was wrong.
    pub errors_max: usize,
    /// Records of one import of the management API under way at once: many share the store's commits, few leave room
    /// for requests.
    pub users_import_abreast: usize,
    /// Records that `jeton import` has under way at once.
    pub file_import_abreast: usize,
    /// Seconds for which a job can be asked about.
    pub keep_secs: u64,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            users_import_bytes_max: 500 * 1024,
            per_tenant_max: 2,
            per_node_max: 64,
            running_max: 4,
            errors_max: 1_000,
            users_import_abreast: 64,
            file_import_abreast: 256,
            keep_secs: 86_400,
        }
    }
}
