//! `/keys/signing`: the tenant's signing keys, public halves only.

use serde_json::{Value, json};

use crate::actors::keyring::KeyringError;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome, Shows};
use crate::management::problem::Problem;
use crate::management::standing::find;
use crate::management::users::instant;
use crate::model::signing_key::{Algorithm, KeyState, SigningKeyRecord};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/keys/signing", &["read:signing_keys"], |call| Box::pin(list(call)))
        .about("List signing keys")
        .showing(Shows::Items),
    Operation::post("/keys/signing/rotate", &["create:signing_keys", "update:signing_keys"], |call| {
        Box::pin(rotate(call))
    })
    .about("Rotate the signing keys"),
    Operation::get("/keys/signing/{kid}", &["read:signing_keys"], |call| Box::pin(show(call)))
        .about("Get a signing key"),
    Operation::put("/keys/signing/{kid}/revoke", &["update:signing_keys"], |call| Box::pin(revoke(call)))
        .about("Revoke a signing key"),
];

async fn list(call: &Call<'_>) -> Outcome {
    let mut keys = call.catalog().all::<SigningKeyRecord>(call.tenant_id()).await?;
    keys.sort_by_key(|key| (key.algorithm, order(key.status)));
    Ok(Answer::shown(Value::Array(keys.iter().map(render).collect())))
}

async fn show(call: &Call<'_>) -> Outcome {
    let found = find::<SigningKeyRecord>(call, call.capture(0), "key").await?;
    Ok(Answer::versioned(render(&found.record), found.version))
}

/// Every algorithm in use gets a new active key; Auth0's answer names one, the default's.
async fn rotate(call: &Call<'_>) -> Outcome {
    let keyring = &call.engine.actors().keyring;
    keyring.ensure(call.tenant_id(), Algorithm::default()).await.map_err(failed)?;
    let keys = keyring.rotate(call.tenant_id(), None).await.map_err(failed)?;
    let kid = keys.signer(Algorithm::default()).map(|signer| signer.kid().to_string()).unwrap_or_default();
    let found = find::<SigningKeyRecord>(call, &kid, "key").await?;
    Ok(Answer::shown(render(&found.record)))
}

async fn revoke(call: &Call<'_>) -> Outcome {
    let found = find::<SigningKeyRecord>(call, call.capture(0), "key").await?;
    let known =
        call.engine.actors().keyring.revoke(call.tenant_id(), call.capture(0)).await.map_err(failed)?;
    if !known {
        return Err(Problem::missing("key"));
    }
    let at = instant(call.engine.now());
    Ok(Answer::shown(json!({ "kid": found.record.kid, "revoked": true, "revoked_at": at })))
}

fn failed(error: KeyringError) -> Problem {
    match error {
        KeyringError::Store(error) => error.into(),
        KeyringError::Unsettled => {
            Problem::conflict("The keys were changed by somebody else at the same time.")
        }
        KeyringError::Key(_) | KeyringError::Lost => Problem::ours(&error),
    }
}

const fn order(state: KeyState) -> u8 {
    match state {
        KeyState::Active { .. } => 0,
        KeyState::Next { .. } => 1,
        KeyState::Retiring { .. } => 2,
    }
}

fn render(key: &SigningKeyRecord) -> Value {
    let mut shown = json!({
        "kid": key.kid,
        "alg": key.algorithm,
        "jwk": key.public_jwk,
        "current": order(key.status) == 0,
        "next": order(key.status) == 1,
        "previous": order(key.status) == 2,
        "revoked": false,
    });
    let (name, at) = match key.status {
        KeyState::Active { since } => ("current_since", since),
        KeyState::Next { published_at } => ("published_at", published_at),
        KeyState::Retiring { until } => ("current_until", until),
    };
    shown[name] = json!(instant(at));
    if let Some(certificate) = &key.certificate {
        shown["cert"] = json!(certificate.pem);
        shown["fingerprint"] = json!(paired(&certificate.thumbprint));
        shown["thumbprint"] = json!(certificate.thumbprint);
    }
    shown
}

/// `AABB…` as `AA:BB:…`.
fn paired(digits: &str) -> String {
    let pairs = digits.as_bytes().chunks(2).map(String::from_utf8_lossy);
    pairs.collect::<Vec<_>>().join(":")
}
