//! What stands: found with its version, shown without what nobody may see.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::management::call::Call;
use crate::management::problem::Problem;
use crate::model::record::Record;
use crate::store::catalog::Versioned;

/// The document called `id`, or 404 for the `thing`.
pub(crate) async fn find<T: Record>(call: &Call<'_>, id: &str, thing: &str) -> Result<Versioned<T>, Problem> {
    let found = call.catalog().find::<T>(call.tenant_id(), id).await?;
    found.ok_or_else(|| Problem::missing(thing))
}

/// As [`find`], for a change: refused when the caller means another version.
pub(crate) async fn find_to_change<T: Record>(
    call: &Call<'_>,
    id: &str,
    thing: &str,
) -> Result<Versioned<T>, Problem> {
    let found = find(call, id, thing).await?;
    call.unless_stale(found.version)?;
    Ok(found)
}

/// A record as JSON, without absent members and those in `hidden`.
pub(crate) fn shown<T: Serialize>(record: &T, hidden: &[&str]) -> Map<String, Value> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(record) else { return Map::new() };
    members.retain(|name, value| !value.is_null() && !hidden.contains(&name.as_str()));
    for value in members.values_mut() {
        if let Value::Object(inner) = value {
            inner.retain(|_, value| !value.is_null());
        }
    }
    members
}

/// Metadata after a change: named keys are set, `null` takes a key away, the others stay.
pub(crate) fn merged<T: Serialize>(standing: &T, change: &Value) -> Value {
    let Some(change) = change.as_object() else { return Value::Object(Map::new()) };
    let mut members = serde_json::to_value(standing).ok().and_then(|value| value.as_object().cloned());
    let members = members.get_or_insert_default();
    for (key, value) in change {
        if value.is_null() {
            members.remove(key);
        } else {
            members.insert(key.clone(), value.clone());
        }
    }
    Value::Object(std::mem::take(members))
}
