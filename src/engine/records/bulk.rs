//! Auth0's bulk format: one user of an uploaded file, and what was wrong with it. `jeton import` reads the same
//! fields of a user; here fewer are allowed, and a user who exists is changed less.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::engine::records::flaws::read_value;
use crate::engine::records::users::{UserDraft, named, normal};
use crate::engine::records::{Mode, Outcome, Refusal, Registrar};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::protocol::ids::ConnectionId;

/// What may be shown again of a record that was refused.
const SHOWN: [&str; 12] = [
    "app_metadata",
    "blocked",
    "email",
    "email_verified",
    "family_name",
    "given_name",
    "name",
    "nickname",
    "picture",
    "user_id",
    "user_metadata",
    "username",
];

/// What else a record may hold.
const HASHES: [&str; 2] = ["custom_password_hash", "password_hash"];

/// One thing that is wrong with a record, as Auth0 tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What kind of thing.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// Where; empty for the record as a whole.
    pub path: String,
}

/// A record that was refused, as Auth0 tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RefusedRecord {
    /// What the record says, without hashes and without what has no meaning here.
    pub user: Map<String, Value>,
    /// What was wrong with it.
    pub errors: Vec<Fault>,
}

/// Reads one record as a user of `connection`.
///
/// # Errors
/// What is wrong with its form; values are checked when it is saved.
pub fn read(raw: &str, connection: &ConnectionId) -> Result<UserDraft, Vec<Fault>> {
    let Ok(Value::Object(record)) = serde_json::from_str(raw) else {
        return Err(vec![fault("INVALID_TYPE", "", "expected an object")]);
    };
    let unknown = record.keys().filter(|name| !SHOWN.contains(&&***name) && !HASHES.contains(&&***name));
    let unknown: Vec<Fault> = unknown.map(|name| unwanted(name)).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let draft: UserDraft = read_value(Value::Object(record)).map_err(|refusal| faults(&refusal))?;
    Ok(UserDraft { connection: Some(connection.clone()), ..draft })
}

/// The record and what was wrong with it, to be shown to whoever sent it.
pub fn refused(raw: &str, errors: Vec<Fault>) -> RefusedRecord {
    let mut user: Map<String, Value> = serde_json::from_str(raw).unwrap_or_default();
    user.retain(|name, _| SHOWN.contains(&name.as_str()));
    RefusedRecord { user, errors }
}

/// What a refusal says of a record.
pub fn faults(refusal: &Refusal) -> Vec<Fault> {
    match refusal {
        Refusal::Invalid(flaws) => {
            flaws.iter().map(|flaw| fault("INVALID_FORMAT", &flaw.path, &flaw.expected)).collect()
        }
        Refusal::NameTaken { field } => vec![fault("DUPLICATED_USER", field, "the user already exists")],
        Refusal::Exists => vec![fault("DUPLICATED_USER", "user_id", "the user already exists")],
        Refusal::Password(_) => vec![fault("INVALID_FORMAT", "password", &refusal.to_string())],
        Refusal::Conflict | Refusal::InUse(_) | Refusal::Missing => {
            vec![fault("CONFLICT", "", "the user was changed by somebody else at the same time")]
        }
        Refusal::Busy { .. } | Refusal::Ours(_) | Refusal::Store(_) => {
            vec![fault("INTERNAL_ERROR", "", "the user could not be saved")]
        }
    }
}

impl Registrar {
    /// Saves a user of a bulk import. With `upsert`, one who exists gets what Auth0 lets an import change: names,
    /// picture, metadata (laid over what stands, `null` takes a key away), and whether the address is proved.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_bulk_user(
        &self,
        tenant: &Tenant,
        draft: UserDraft,
        upsert: bool,
    ) -> Result<Outcome, Refusal> {
        let standing = if upsert { self.meant(tenant, &draft).await? } else { None };
        let put = match standing {
            Some(user) => self.put_user(tenant, laid_over(&user, draft), Mode::Update).await?,
            None => self.put_user(tenant, draft, Mode::Create).await?,
        };
        Ok(put.outcome)
    }

    async fn meant(&self, tenant: &Tenant, draft: &UserDraft) -> Result<Option<User>, Refusal> {
        let draft = normal(draft.clone());
        if let Some(id) = &draft.user_id {
            return Ok(self.catalog.find::<User>(&tenant.id, id).await?.map(|found| found.record));
        }
        for name in named(tenant, &draft) {
            if let Some(found) = self.catalog.find_named::<User>(&tenant.id, &name).await? {
                return Ok(Some(found.record));
            }
        }
        Ok(None)
    }
}

fn laid_over(user: &User, draft: UserDraft) -> UserDraft {
    UserDraft {
        user_id: Some(user.user_id.to_string()),
        user_metadata: draft.user_metadata.map(|change| merged(&user.user_metadata, change)),
        app_metadata: draft.app_metadata.map(|change| merged(&user.app_metadata, change)),
        email: None,
        username: None,
        blocked: None,
        password_hash: None,
        custom_password_hash: None,
        ..draft
    }
}

fn merged(standing: &Map<String, Value>, change: Map<String, Value>) -> Map<String, Value> {
    let mut merged = standing.clone();
    merged.extend(change);
    merged.retain(|_, value| !value.is_null());
    merged
}

fn unwanted(name: &str) -> Fault {
    match name {
        "mfa_factors" => fault("UNSUPPORTED", name, "second factors cannot be imported"),
        "password" => fault(
            "OBJECT_ADDITIONAL_PROPERTIES",
            name,
            "expected password_hash or custom_password_hash: passwords in the clear are not imported",
        ),
        _ => fault("OBJECT_ADDITIONAL_PROPERTIES", name, "expected no property of this name"),
    }
}

fn fault(code: &'static str, path: &str, expected: &str) -> Fault {
    let message = if path.is_empty() {
        format!("Error in user - {expected}")
    } else {
        format!("Error in {path} property - {expected}")
    };
    Fault { code, message, path: path.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::world::World;

    fn paths(raw: &Value) -> Vec<(String, &'static str)> {
        let faults = read(&raw.to_string(), &ConnectionId::from("c")).unwrap_err();
        faults.into_iter().map(|fault| (fault.path, fault.code)).collect()
    }

    #[test]
    fn what_has_no_meaning_here_is_refused_by_name_and_no_hash_is_shown_again() {
        let more = "OBJECT_ADDITIONAL_PROPERTIES";
        for (record, path, code) in [
            (json!({"email": "a@b.example", "mfa_factors": []}), "mfa_factors", "UNSUPPORTED"),
            (json!({"email": "a@b.example", "password": "x"}), "password", more),
            (json!({"email": "a@b.example", "roles": []}), "roles", more),
            (json!({"email": 5}), "email", "INVALID_FORMAT"),
            (
                json!({"custom_password_hash": {"algorithm": "crc32"}}),
                "custom_password_hash.algorithm",
                "INVALID_FORMAT",
            ),
            (json!({"custom_password_hash": "4711"}), "custom_password_hash", "INVALID_FORMAT"),
            (json!([]), "", "INVALID_TYPE"),
        ] {
            assert_eq!(paths(&record), [(path.to_owned(), code)], "{record}");
        }
        let secret =
            json!({"email": "a", "password_hash": "4711", "custom_password_hash": "4711", "x": "4711"});
        let faults = read(&secret.to_string(), &ConnectionId::from("c")).unwrap_err();
        let shown = serde_json::to_string(&refused(&secret.to_string(), faults)).unwrap();
        assert!(!shown.contains("4711") && shown.contains(r#""email":"a""#), "{shown}");
    }

    #[tokio::test]
    async fn an_upsert_changes_what_auth0_lets_it_change() {
        let world = World::start().await;
        let connection = world.tenant.settings.default_directory.clone();
        let put = async |record: Value, upsert| {
            let draft = read(&record.to_string(), &connection).unwrap();
            world.registrar.put_bulk_user(&world.tenant, draft, upsert).await
        };
        let ann = json!({"user_id": "1", "email": "ann@b.example", "blocked": true, "name": "Ann",
            "app_metadata": {"plan": "x", "old": 1}, "password_hash": "$2b$10$x"});
        assert_eq!(put(ann.clone(), true).await.unwrap(), Outcome::Created);
        assert!(matches!(put(ann, false).await, Err(Refusal::Exists)));
        let taken = put(json!({"email": "ann@b.example"}), false).await.unwrap_err();
        assert_eq!(faults(&taken)[0].path, "email");
        let change = json!({"email": "ANN@b.example", "blocked": false, "name": "Anna", "email_verified": true,
            "app_metadata": {"plan": "y", "old": null}, "password_hash": "$2b$10$y"});
        assert_eq!(put(change, true).await.unwrap(), Outcome::Updated);
        let ann = world.registrar.user(&world.tenant, "auth0|1").await.unwrap().unwrap();
        assert!(ann.blocked && ann.email_verified && ann.profile.name.as_deref() == Some("Anna"));
        assert_eq!(Value::Object(ann.app_metadata), json!({"plan": "y"}));
        let moved = json!({"user_id": "1", "email": "other@b.example"});
        assert_eq!(put(moved, true).await.unwrap(), Outcome::Unchanged);
    }
}
