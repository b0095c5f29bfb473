//! What a grant found out, and tokens will say.

use std::sync::Arc;

use crate::claims::rows::Carrier;
use crate::clock::UnixMs;
use crate::engine::serial::Jti;
use crate::engine::targets::Target;
use crate::model::client::Client;
use crate::model::organization::Organization;
use crate::model::session::Amr;
use crate::model::user::User;
use crate::protocol::claims_request::Wanted;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::SessionId;
use crate::protocol::scope::Scope;
use crate::tenancy::TenantView;

/// Whom tokens are about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The client itself.
    Client,
    /// A person, in a login session.
    User {
        /// Who.
        user: Arc<User>,
        /// Which login.
        session: SessionId,
        /// When the person last proved who they are.
        authenticated_at: UnixMs,
        /// How.
        amr: Amr,
    },
}

/// What an authorization request adds to its tokens.
#[derive(Clone, Debug, Default)]
pub struct Requested {
    /// Its `nonce`.
    pub nonce: Option<String>,
    /// What its `claims` and `acr_values` want.
    pub wanted: Wanted,
    /// What came along with the ID token by way of the browser.
    pub companions: Companions,
}

/// Halves of hashes that bind an ID token to what came along with it (OpenID Connect Core §3.3.2.11).
#[derive(Clone, Debug, Default)]
pub struct Companions {
    /// `at_hash`.
    pub access_token: Option<String>,
    /// `c_hash`.
    pub code: Option<String>,
    /// `s_hash` (Financial-grade API Security Profile 1.0, part 2, §5.1).
    pub state: Option<String>,
}

/// Everything that claims are written from.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Whose tokens.
    pub tenant: Arc<TenantView>,
    /// To whom they are issued.
    pub client: Arc<Client>,
    /// Whom they are about.
    pub subject: Subject,
    /// Whom the access token is for.
    pub target: Target,
    /// What was granted.
    pub scope: Scope,
    /// What the subject may do at the target, where tokens carry it.
    pub permissions: Option<Vec<String>>,
    /// The organization they are for.
    pub organization: Option<Arc<Organization>>,
    /// How they were asked for.
    pub grant: GrantType,
    /// What the authorization request wants to find in the tokens, if there was one that wants anything.
    pub requested: Option<Box<Requested>>,
    /// The present instant.
    pub now: UnixMs,
    /// The id of the access token.
    pub jti: Jti,
}

impl Facts {
    /// How long the access token lives, in seconds.
    pub fn access_lifetime_secs(&self) -> u64 {
        self.target.lifetime_secs(&self.tenant)
    }

    /// How long the ID token lives, in seconds.
    pub fn id_lifetime_secs(&self) -> u64 {
        let own = self.client.jwt_configuration.lifetime_in_seconds;
        own.unwrap_or(self.tenant.tenant.settings.id_token_lifetime)
    }

    /// Whether an ID token is due (OpenID Connect Core §3.1.2.1).
    pub fn wants_id_token(&self) -> bool {
        matches!(self.subject, Subject::User { .. }) && self.scope.contains("openid")
    }

    /// Whether the claim called `name` was asked for by name.
    pub fn wants(&self, carrier: Carrier, name: &str) -> bool {
        self.requested.as_ref().is_some_and(|requested| match carrier {
            Carrier::AccessToken => false,
            Carrier::IdToken => requested.wanted.id_token.contains(name),
            Carrier::UserInfo => requested.wanted.userinfo.contains(name),
        })
    }

    /// The person, if there is one.
    pub fn user(&self) -> Option<&User> {
        match &self.subject {
            Subject::Client => None,
            Subject::User { user, .. } => Some(user),
        }
    }
}
