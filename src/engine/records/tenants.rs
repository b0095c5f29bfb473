//! Tenants: an id that is a DNS label, hosts, an issuer, and settings within bounds.

use serde::Deserialize;
use serde_json::Value;

use crate::engine::records::branding::{self, OF_TENANT};
use crate::engine::records::flaws::{Flaws, read_value};
use crate::engine::records::{Mode, Put, Refusal, Registrar, admit, attack_protection, mint, overlay, uris};
use crate::model::attack_protection::AttackProtection;
use crate::model::branding::Branding;
use crate::model::record::SYSTEM_TENANT;
use crate::model::tenant::{Tenant, TenantSettings};
use crate::protocol::ids::TenantId;

/// A year, in seconds: the longest life of access tokens, ID tokens and sessions.
const YEAR: u64 = 31_557_600;

/// A tenant to create or change.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::tenant::Tenant")]
pub struct TenantDraft {
    pub id: String,
    pub friendly_name: Option<String>,
    /// What is named here is changed, the rest stays.
    pub branding: Option<serde_json::Map<String, serde_json::Value>>,
    pub custom_domains: Option<Vec<String>>,
    pub issuer: Option<String>,
    pub enabled: Option<bool>,
    /// Settings named here are changed, the others stay.
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// Parts named here are replaced, the others stay.
    pub attack_protection: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Registrar {
    /// Checks and saves a tenant.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_tenant(&self, draft: TenantDraft, mode: Mode) -> Result<Put<Tenant>, Refusal> {
        let system = TenantId::from(SYSTEM_TENANT);
        let found = self.catalog.find::<Tenant>(&system, &draft.id).await?;
        let before = self.still(admit(mode, found)?)?;
        if before.as_ref().is_some_and(|before| before.record.deleting) {
            // Once nothing is left of it, the name is free.
            return Err(Refusal::Conflict);
        }
        let base = before.as_ref().map_or_else(|| fresh(&draft.id), |before| before.record.clone());
        let after = overlaid(draft, base)?;
        check(&after)?;
        self.settle(before, after).await
    }

    /// Disables a tenant for good; from here on it can only be removed.
    ///
    /// # Errors
    /// [`Refusal::Missing`]; retiring again is safe.
    pub async fn retire_tenant(&self, id: &TenantId) -> Result<Tenant, Refusal> {
        let found = self.catalog.find::<Tenant>(&TenantId::from(SYSTEM_TENANT), id.as_str()).await?;
        let before = self.still(found)?.ok_or(Refusal::Missing)?;
        let after = Tenant { enabled: false, deleting: true, ..before.record.clone() };
        Ok(self.settle(Some(before), after).await?.record)
    }
}

fn fresh(id: &str) -> Tenant {
    Tenant {
        id: TenantId::from(id),
        friendly_name: String::new(),
        branding: Branding::default(),
        custom_domains: Vec::new(),
        claimed_domains: Vec::new(),
        issuer: None,
        enabled: true,
        deleting: false,
        settings: TenantSettings::default(),
        attack_protection: AttackProtection::default(),
    }
}

fn overlaid(draft: TenantDraft, mut tenant: Tenant) -> Result<Tenant, Refusal> {
    overlay!(draft => tenant; friendly_name, custom_domains, enabled);
    tenant.issuer = draft.issuer.or(tenant.issuer);
    if let Some(named) = &draft.branding {
        tenant.branding = branding::laid_over(tenant.branding, named, OF_TENANT)?;
    }
    if let Some(settings) = draft.settings {
        tenant.settings = merged(&tenant.settings, settings)?;
    }
    if let Some(parts) = draft.attack_protection {
        tenant.attack_protection = attack_protection::merged(&tenant.attack_protection, parts)?;
    }
    for host in &mut tenant.custom_domains {
        host.make_ascii_lowercase();
    }
    Ok(tenant)
}

fn merged(
    standing: &TenantSettings,
    named: serde_json::Map<String, serde_json::Value>,
) -> Result<TenantSettings, Refusal> {
    let mut all = serde_json::to_value(standing).map_err(|error| Refusal::Ours(error.to_string()))?;
    if let Some(all) = all.as_object_mut() {
        for (name, value) in named {
            match (all.get_mut(&name), value) {
                // Of a group of switches, too, those that are not named stay.
                (Some(Value::Object(standing)), Value::Object(value)) => standing.extend(value),
                (_, value) => drop(all.insert(name, value)),
            }
        }
    }
    read_value(serde_json::json!({ "settings": all })).map(|read: SettingsOnly| read.settings)
}

/// Settings inside their field, so that an error's path begins with it.
#[derive(Deserialize)]
struct SettingsOnly {
    settings: TenantSettings,
}

fn check(tenant: &Tenant) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.require(
        mint::is_tenant_id(tenant.id.as_str()),
        "id",
        "expected a DNS label: 1 to 63 of a-z, 0-9 and -, no - at either end",
    );
    flaws.text("friendly_name", &tenant.friendly_name, 0..=128);
    flaws.unique("custom_domains", tenant.custom_domains.iter(), 100);
    for (at, host) in tenant.custom_domains.iter().enumerate() {
        flaws.require(
            uris::is_host(host),
            format_args!("custom_domains[{at}]"),
            "expected a host name without a port",
        );
    }
    if let Some(issuer) = &tenant.issuer {
        let plain = !issuer.contains(['?', '#']) && issuer.ends_with('/') && uris::is_web_uri(issuer);
        flaws.require(plain, "issuer", "expected an http(s) URI that ends in / and has no query or fragment");
    }
    check_settings(&tenant.settings, &mut flaws);
    attack_protection::check(&tenant.attack_protection, &mut flaws);
    flaws.verdict()
}

fn check_settings(settings: &TenantSettings, flaws: &mut Flaws) {
    flaws.text("settings.default_directory", settings.default_directory.as_str(), 1..=128);
    if let Some(audience) = &settings.default_audience {
        flaws.text("settings.default_audience", audience.as_str(), 1..=600);
    }
    flaws.unique("settings.allowed_logout_urls", settings.allowed_logout_urls.iter(), 100);
    for (at, uri) in settings.allowed_logout_urls.iter().enumerate() {
        flaws.require(
            uris::is_redirect_uri(uri),
            format_args!("settings.allowed_logout_urls[{at}]"),
            "expected an absolute URI without fragment, wildcard or user information",
        );
    }
    let lifetimes = [
        ("settings.access_token_lifetime", settings.access_token_lifetime, YEAR),
        ("settings.id_token_lifetime", settings.id_token_lifetime, YEAR),
        ("settings.refresh_token_lifetime", settings.refresh_token_lifetime, 5 * YEAR),
        ("settings.idle_refresh_token_lifetime", settings.idle_refresh_token_lifetime, 5 * YEAR),
        ("settings.session_lifetime", settings.session_lifetime, YEAR),
        ("settings.idle_session_lifetime", settings.idle_session_lifetime, YEAR),
    ];
    for (path, value, most) in lifetimes {
        flaws.within(path, value, 1..=most);
    }
    flaws.within(
        "settings.pushed_authorization_request_lifetime",
        settings.pushed_authorization_request_lifetime,
        5..=600,
    );
    flaws.within("settings.refresh_token_leeway", settings.refresh_token_leeway, 0..=600);
    flaws.require(
        settings.idle_refresh_token_lifetime <= settings.refresh_token_lifetime,
        "settings.idle_refresh_token_lifetime",
        "expected at most refresh_token_lifetime",
    );
    flaws.require(
        settings.idle_session_lifetime <= settings.session_lifetime,
        "settings.idle_session_lifetime",
        "expected at most session_lifetime",
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::records::Outcome;
    use crate::engine::records::world::{World, drafted, paths};

    #[tokio::test]
    async fn a_tenant_is_made_once_and_then_changed_setting_by_setting() {
        let world = World::empty();
        let draft = json!({"id": "acme", "custom_domains": ["Login.Acme.example"],
            "settings": {"refresh_token_leeway": 0}});
        let made = world.registrar.put_tenant(drafted(draft.clone()), Mode::Import).await.unwrap();
        assert_eq!(made.outcome, Outcome::Created);
        assert_eq!(made.record.custom_domains, ["login.acme.example"]);
        let again = world.registrar.put_tenant(drafted(draft), Mode::Import).await.unwrap();
        assert_eq!(again.outcome, Outcome::Unchanged);
        let change = json!({"id": "acme", "settings": {"auth0_conformant": true}});
        let changed = world.registrar.put_tenant(drafted(change), Mode::Update).await.unwrap();
        assert_eq!(changed.record.settings.refresh_token_leeway, 0);
        assert!(changed.record.settings.auth0_conformant && changed.outcome == Outcome::Updated);
    }

    #[tokio::test]
    async fn each_bad_field_is_named() {
        let world = World::empty();
        for (draft, path) in [
            (json!({"id": "@system"}), "id"),
            (json!({"id": "a", "custom_domains": ["a.b:80"]}), "custom_domains[0]"),
            (json!({"id": "a", "custom_domains": ["a.b", "A.b"]}), "custom_domains[1]"),
            (json!({"id": "a", "issuer": "https://a.example"}), "issuer"),
            (json!({"id": "a", "settings": {"refresh_token_leeway": 601}}), "settings.refresh_token_leeway"),
            (json!({"id": "a", "settings": {"session_lifetime": 0}}), "settings.session_lifetime"),
            (
                json!({"id": "a", "settings": {"pushed_authorization_request_lifetime": 601}}),
                "settings.pushed_authorization_request_lifetime",
            ),
            (json!({"id": "a", "settings": {"session_lifetime": "x"}}), "settings.session_lifetime"),
            (json!({"id": "a", "settings": {"nonsense": 1}}), "settings.nonsense"),
        ] {
            let refusal = world.registrar.put_tenant(drafted(draft), Mode::Import).await.unwrap_err();
            assert!(paths(&refusal).iter().any(|found| found == path), "{path}: {refusal}");
        }
    }

    #[tokio::test]
    async fn a_retired_tenant_does_not_come_back() {
        let world = World::start().await;
        let retired = world.registrar.retire_tenant(&"acme".into()).await.unwrap();
        assert!(!retired.enabled && retired.deleting);
        world.registrar.retire_tenant(&"acme".into()).await.unwrap();
        let enable = || drafted(json!({"id": "acme", "enabled": true}));
        for mode in [Mode::Update, Mode::Import] {
            assert!(matches!(world.registrar.put_tenant(enable(), mode).await, Err(Refusal::Conflict)));
        }
        assert!(matches!(world.registrar.put_tenant(enable(), Mode::Create).await, Err(Refusal::Exists)));
    }

    #[tokio::test]
    async fn a_host_belongs_to_one_tenant() {
        let world = World::empty();
        let draft = |id| drafted(json!({"id": id, "custom_domains": ["login.example"]}));
        world.registrar.put_tenant(draft("a"), Mode::Create).await.unwrap();
        let refusal = world.registrar.put_tenant(draft("b"), Mode::Create).await.unwrap_err();
        assert_eq!(paths(&refusal), ["custom_domains"]);
        assert!(matches!(world.registrar.put_tenant(draft("a"), Mode::Create).await, Err(Refusal::Exists)));
        assert!(matches!(world.registrar.put_tenant(draft("c"), Mode::Update).await, Err(Refusal::Missing)));
    }
}
