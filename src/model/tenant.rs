//! A tenant: one issuer, its settings, and the hosts at which it answers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::attack_protection::AttackProtection;
use crate::model::branding::Branding;
use crate::model::change::Change;
use crate::model::custom_domain::CustomDomain;
use crate::model::record::{Kind, Record};
use crate::protocol::ids::{Audience, ConnectionId, TenantId};

/// A tenant as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// Its id; also its first host label under the base domain.
    pub id: TenantId,
    /// The name that people see.
    #[serde(default)]
    pub friendly_name: String,
    /// What its pages look like.
    #[serde(default)]
    pub branding: Branding,
    /// Hosts besides `{id}.{base domain}` at which it answers, without a port; given by the operator.
    #[serde(default)]
    pub custom_domains: Vec<String>,
    /// Hosts that its administrators claimed; it answers at those that are proved.
    #[serde(default)]
    pub claimed_domains: Vec<CustomDomain>,
    /// The `iss` of its tokens, with a trailing slash; derived from the host when absent.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Whether it may be used at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether it is being removed: it stays disabled until nothing is left of it.
    #[serde(default)]
    pub deleting: bool,
    /// What holds for all its clients and resource servers unless they say otherwise.
    #[serde(default)]
    pub settings: TenantSettings,
    /// How it defends its accounts.
    #[serde(default)]
    pub attack_protection: AttackProtection,
}

/// Tenant-wide defaults; lifetimes in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own, by Auth0's name")]
pub struct TenantSettings {
    /// The audience when a request names none; without it, tokens are for the userinfo endpoint.
    pub default_audience: Option<Audience>,
    /// The connection of the `password` grant.
    pub default_directory: ConnectionId,
    /// Lifetime of access tokens whose resource server sets none.
    pub access_token_lifetime: u64,
    /// Lifetime of ID tokens whose client sets none.
    pub id_token_lifetime: u64,
    /// Absolute lifetime of refresh tokens whose client sets none.
    pub refresh_token_lifetime: u64,
    /// Idle lifetime of refresh tokens whose client sets none.
    pub idle_refresh_token_lifetime: u64,
    /// How long the previous refresh token may be repeated, for clients that set none.
    pub refresh_token_leeway: u64,
    /// Absolute lifetime of sessions.
    pub session_lifetime: u64,
    /// Idle lifetime of sessions.
    pub idle_session_lifetime: u64,
    /// How long a pushed authorization request waits for the browser.
    pub pushed_authorization_request_lifetime: u64,
    /// Switches by Auth0's names.
    pub flags: TenantFlags,
    /// Where people may go after logging out, when no application is named; exact.
    pub allowed_logout_urls: Vec<String>,
    /// Whether nobody can make an account of their own.
    pub disable_signup: bool,
    /// Whether an account is made only once its address is proved: then the signup page tells nobody who has one.
    pub signup_requires_verification: bool,
    /// Whether `org_name` is put into tokens beside `org_id`.
    pub allow_organization_name_in_authentication_api: bool,
    /// Whether refresh failures are answered 403 as Auth0 does, instead of RFC 6749's 400.
    pub auth0_conformant: bool,
    /// Whether a replayed refresh token ends the whole session rather than its family only.
    pub reuse_ends_session: bool,
}

/// Auth0's `flags` of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenantFlags {
    /// Whether anybody may register an application (RFC 7591).
    pub enable_dynamic_client_registration: bool,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            default_audience: None,
            default_directory: ConnectionId::from("Username-Password-Authentication"),
            access_token_lifetime: 86_400,
            id_token_lifetime: 36_000,
            refresh_token_lifetime: 2_592_000,
            idle_refresh_token_lifetime: 1_296_000,
            refresh_token_leeway: 30,
            session_lifetime: 604_800,
            idle_session_lifetime: 259_200,
            pushed_authorization_request_lifetime: 60,
            flags: TenantFlags::default(),
            allowed_logout_urls: Vec::new(),
            disable_signup: false,
            signup_requires_verification: false,
            allow_organization_name_in_authentication_api: false,
            auth0_conformant: false,
            reuse_ends_session: false,
        }
    }
}

const fn yes() -> bool {
    true
}

impl Record for Tenant {
    const KIND: Kind = Kind::Tenant;

    /// Tenants are listed under the system tenant; see [`crate::model::record::SYSTEM_TENANT`].
    fn tenant(&self) -> &TenantId {
        static SYSTEM: std::sync::LazyLock<TenantId> =
            std::sync::LazyLock::new(|| TenantId::from(crate::model::record::SYSTEM_TENANT));
        &SYSTEM
    }

    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.id.as_str())
    }

    fn identifiers(&self) -> Vec<String> {
        let claimed = self.claimed_domains.iter().map(|claimed| &claimed.domain);
        let hosts = self.custom_domains.iter().chain(claimed);
        hosts.map(|host| format!("host:{}", host.to_ascii_lowercase())).collect()
    }

    fn change(&self) -> Change {
        Change::Tenant { tenant: self.id.clone() }
    }
}
