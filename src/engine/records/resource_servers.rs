//! Resource servers: an identifier that never changes, and the scopes that it knows.

use serde::Deserialize;

use crate::engine::records::clearable::Clearable;
use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Mode, Put, Refusal, Registrar, mint, overlay};
use crate::model::resource_server::{ResourceServer, ScopeEntry, TokenDialect};
use crate::model::signing_key::Algorithm;
use crate::model::tenant::Tenant;
use crate::protocol::ids::Audience;
use crate::protocol::scope::Scope;

/// Auth0's longest life of an access token, in seconds: 30 days.
const LONGEST: u64 = 2_592_000;

/// Scopes that mean something to the server itself (OpenID Connect Core §3.1.2.1, §11).
const RESERVED: [&str; 2] = ["offline_access", "openid"];

/// A resource server to create or change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::resource_server::ResourceServer")]
pub struct ResourceServerDraft {
    pub id: Option<String>,
    pub identifier: String,
    pub name: Option<String>,
    pub scopes: Option<Vec<ScopeEntry>>,
    pub signing_alg: Option<Algorithm>,
    #[serde(default)]
    pub token_lifetime: Clearable<u64>,
    pub allow_offline_access: Option<bool>,
    pub enforce_policies: Option<bool>,
    pub token_dialect: Option<TokenDialect>,
    pub skip_consent_for_verifiable_first_party_clients: Option<bool>,
}

impl Registrar {
    /// Checks and saves a resource server; it is known by its identifier.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_resource_server(
        &self,
        tenant: &Tenant,
        draft: ResourceServerDraft,
        mode: Mode,
    ) -> Result<Put<ResourceServer>, Refusal> {
        let before = self.standing::<ResourceServer>(tenant, mode, Some(&draft.identifier), &[]).await?;
        let base = match &before {
            Some(before) => before.record.clone(),
            None => fresh(tenant, &draft, mint::hex24(&self.entropy, "")?),
        };
        let after = overlaid(draft, base);
        check(&after)?;
        self.settle(before, after).await
    }
}

fn fresh(tenant: &Tenant, draft: &ResourceServerDraft, id: String) -> ResourceServer {
    ResourceServer {
        tenant: tenant.id.clone(),
        id,
        identifier: Audience::from(draft.identifier.as_str()),
        name: draft.identifier.clone(),
        scopes: Vec::new(),
        signing_alg: Algorithm::default(),
        token_lifetime: None,
        allow_offline_access: false,
        enforce_policies: false,
        token_dialect: TokenDialect::default(),
        skip_consent_for_verifiable_first_party_clients: true,
    }
}

fn overlaid(draft: ResourceServerDraft, mut api: ResourceServer) -> ResourceServer {
    overlay!(draft => api; id, name, scopes, signing_alg, allow_offline_access, enforce_policies, token_dialect,
        skip_consent_for_verifiable_first_party_clients);
    api.token_lifetime = draft.token_lifetime.over(api.token_lifetime);
    api
}

fn check(api: &ResourceServer) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    let identifier = api.identifier.as_str();
    let visible = !identifier.chars().any(|c| c.is_whitespace() || c.is_control());
    flaws.require(
        visible && (1..=600).contains(&identifier.len()),
        "identifier",
        "expected 1 to 600 characters without spaces, such as https://api.example.com",
    );
    flaws.require(mint::is_prefixed(&api.id, ""), "id", "expected 1 to 64 letters, digits, _ or -");
    flaws.title("name", &api.name, 600);
    flaws.unique("scopes", api.scopes.iter().map(|scope| &scope.value), 1000);
    for (at, scope) in api.scopes.iter().enumerate() {
        let word = is_scope_token(&scope.value) && (1..=280).contains(&scope.value.len());
        flaws.require(word, format_args!("scopes[{at}].value"), "expected one scope token (RFC 6749 §3.3)");
        let free = !RESERVED.contains(&scope.value.as_str());
        flaws.require(
            free,
            format_args!("scopes[{at}].value"),
            "expected a scope that is not the server's own",
        );
        flaws.text(format_args!("scopes[{at}].description"), &scope.description, 0..=500);
    }
    if let Some(lifetime) = api.token_lifetime {
        flaws.within("token_lifetime", lifetime, 1..=LONGEST);
    }
    flaws.verdict()
}

/// Whether `text` is one scope token.
pub(crate) fn is_scope_token(text: &str) -> bool {
    !text.contains(' ') && Scope::parse(text).is_ok_and(|scope| !scope.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::Outcome;
    use crate::engine::records::world::{World, drafted, paths};

    #[tokio::test]
    async fn an_api_keeps_its_id_and_what_a_change_does_not_name() {
        let world = World::start().await;
        let made = world
            .api(json!({"identifier": "https://a", "name": "A", "scopes": [{"value": "read:a"}], "token_lifetime": 60}))
            .await;
        let changed = world.api(json!({"identifier": "https://a", "signing_alg": "RS256"})).await;
        assert_eq!((made.outcome, changed.outcome), (Outcome::Created, Outcome::Updated));
        assert_eq!(changed.record.id, made.record.id);
        assert!(changed.record.knows("read:a") && changed.record.token_lifetime == Some(60));
    }

    #[tokio::test]
    async fn each_bad_field_is_named() {
        let world = World::start().await;
        for (draft, path) in [
            (json!({"identifier": ""}), "identifier"),
            (json!({"identifier": "a b"}), "identifier"),
            (json!({"identifier": "a", "name": "<b>"}), "name"),
            (json!({"identifier": "a", "id": "a/b"}), "id"),
            (json!({"identifier": "a", "scopes": [{"value": "a b"}]}), "scopes[0].value"),
            (json!({"identifier": "a", "scopes": [{"value": "openid"}]}), "scopes[0].value"),
            (json!({"identifier": "a", "scopes": [{"value": "x"}, {"value": "x"}]}), "scopes[1]"),
            (json!({"identifier": "a", "token_lifetime": 0}), "token_lifetime"),
            (json!({"identifier": "a", "token_lifetime": 2_592_001}), "token_lifetime"),
        ] {
            let put = world.registrar.put_resource_server(&world.tenant, drafted(draft), Mode::Import).await;
            let refusal = put.unwrap_err();
            assert!(paths(&refusal).iter().any(|found| found == path), "{path}: {refusal}");
        }
    }
}
