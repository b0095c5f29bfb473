//! One admitted call: who asks, of which tenant, with what.

use std::sync::Arc;

use http::header::IF_MATCH;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::engine::access_tokens::AccessClaims;
use crate::engine::records::flaws::read_value;
use crate::engine::records::{Registrar, flaws};
use crate::management::operation::Operation;
use crate::management::problem::Problem;
use crate::model::change::Change;
use crate::model::tenant::Tenant;
use crate::protocol::ids::TenantId;
use crate::store::catalog::Catalog;
use crate::tenancy::TenantView;
use crate::transport::exchange::Exchange;

/// A call that the guard let in, and whose query and body are of the declared form.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) exchange: &'a Exchange,
    pub(crate) operation: &'static Operation,
    pub(crate) claims: Arc<AccessClaims>,
    pub(crate) captures: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Map<String, Value>,
}

impl Call<'_> {
    pub(crate) fn view(&self) -> &TenantView {
        self.exchange.tenant()
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.view().tenant
    }

    pub(crate) fn tenant_id(&self) -> &TenantId {
        &self.tenant().id
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        self.engine.cached().catalog()
    }

    pub(crate) fn registrar(&self) -> Registrar {
        crate::engine::registrar::of_tenant(self.engine, self.tenant_id())
    }

    /// The capture at this place of the path.
    pub(crate) fn capture(&self, at: usize) -> &str {
        self.captures.get(at).map_or("", String::as_str)
    }

    /// A parameter of the query.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may be given several times.
    pub(crate) fn asked_all(&self, name: &str) -> Vec<&str> {
        self.query.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether a flag of the query is set.
    pub(crate) fn asked_flag(&self, name: &str) -> Option<bool> {
        self.asked(name).map(|value| value == "true")
    }

    /// The body as a draft.
    pub(crate) fn draft<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        Ok(read_value(Value::Object(self.body.clone()))?)
    }

    /// The body, with more laid over it, as a draft.
    pub(crate) fn draft_with<T: DeserializeOwned>(&self, more: Value) -> Result<T, Problem> {
        let mut body = self.body.clone();
        if let Value::Object(more) = more {
            body.extend(more);
        }
        Ok(flaws::read_value(Value::Object(body))?)
    }

    /// A list of texts in the body.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.body.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
    }

    /// Refuses when the caller changes another version than the one that stands (RFC 9110 §13.1.1).
    pub(crate) fn unless_stale(&self, version: u64) -> Result<(), Problem> {
        let Some(given) = self.exchange.headers().get(IF_MATCH) else { return Ok(()) };
        let given = given.to_str().unwrap_or_default();
        let own = etag(version);
        if given.split(',').map(str::trim).any(|tag| tag == "*" || tag == own) {
            return Ok(());
        }
        let message = "The resource has another version than If-Match names; read it again.";
        Err(Problem::new(http::StatusCode::PRECONDITION_FAILED, "precondition_failed", message))
    }

    /// This node forgets at once what changed; the others hear it by the feed.
    pub(crate) fn changed(&self, change: &Change) {
        self.engine.cached().apply(change);
        if let Change::Membership { tenant, user, organization } = change {
            self.engine.actors().memberships.forget(tenant, user, organization);
        }
    }

    /// What is shown of a thing: the members that `fields` names, or all but those.
    pub(crate) fn trimmed(&self, mut shown: Value) -> Value {
        let Some(fields) = self.asked("fields").filter(|_| self.operation.trims) else { return shown };
        let named: Vec<&str> = fields.split(',').map(str::trim).collect();
        let include = self.asked_flag("include_fields").unwrap_or(true);
        if let Some(members) = shown.as_object_mut() {
            members.retain(|name, _| named.contains(&name.as_str()) == include);
        }
        shown
    }
}

/// The entity tag of a version.
pub(crate) fn etag(version: u64) -> String {
    format!("\"{version}\"")
}
