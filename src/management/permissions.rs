//! Permissions as lists of them are given and shown.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::model::role::Permission;

/// A body that lists permissions.
pub(crate) const PERMISSIONS: &[Field] = &[Field::list("permissions").required()];

/// The permissions in the body.
pub(crate) fn given(call: &Call<'_>) -> Result<Vec<Permission>, Problem> {
    #[derive(Deserialize)]
    struct Body {
        permissions: Vec<Permission>,
    }
    Ok(call.draft::<Body>()?.permissions)
}

/// Permissions as they are shown.
pub(crate) fn render(permissions: &[Permission]) -> Vec<Value> {
    permissions.iter().map(|permission| json!(permission)).collect()
}
