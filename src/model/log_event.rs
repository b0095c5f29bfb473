//! A log event: what happened, in Auth0's type codes, for the tenant's administrator.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::protocol::ids::{ClientId, OrganizationId, SessionId, TenantId, UserId};

/// Auth0's log event type codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// One client asks the management API too often.
    ApiLimit,
    /// A code or a link was sent.
    Cls,
    /// Refused call of the management API.
    Fapi,
    /// Failed change of a password.
    Fcp,
    /// Failed exchange of a code for tokens.
    Feacft,
    /// Failed exchange of client credentials for a token.
    Feccft,
    /// Failed exchange of a password for tokens.
    Fepft,
    /// A refresh token was presented a second time.
    Ferrt,
    /// Failed exchange of a refresh token for tokens.
    Fertft,
    /// Failed login.
    F,
    /// Failed login: wrong password.
    Fp,
    /// Failed logout.
    Flo,
    /// Failed signup.
    Fs,
    /// Failed login: no such user.
    Fu,
    /// Too many attempts, or signups, from one address.
    LimitMu,
    /// Too many attempts for one account.
    LimitWc,
    /// A leaked password was used to log in.
    PwdLeak,
    /// A leaked password was chosen for an account that has another.
    ResetPwdLeak,
    /// A client could not be told of a logout behind the scenes.
    OidcBackchannelLogoutFailed,
    /// A client was told of a logout behind the scenes.
    OidcBackchannelLogoutSucceeded,
    /// Successful login.
    S,
    /// Successful change by the management API.
    Sapi,
    /// Password changed.
    Scp,
    /// Code exchanged for tokens.
    Seacft,
    /// Client credentials exchanged for a token.
    Seccft,
    /// Password exchanged for tokens.
    Sepft,
    /// Refresh token exchanged for tokens.
    Sertft,
    /// Logout.
    Slo,
    /// Tokens revoked.
    Srrt,
    /// Successful signup.
    Ss,
    /// A leaked password was chosen for a new account.
    SignupPwdLeak,
}

impl EventType {
    /// Whether anybody can cause it without having proved anything, as often as they like.
    pub const fn is_free_to_cause(self) -> bool {
        matches!(
            self,
            Self::F
                | Self::Feacft
                | Self::Feccft
                | Self::Fepft
                | Self::Fertft
                | Self::Flo
                | Self::Fp
                | Self::Fs
                | Self::Fu
        )
    }

    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cls => "cls",
            Self::ApiLimit => "api_limit",
            Self::Fapi => "fapi",
            Self::Fcp => "fcp",
            Self::Feacft => "feacft",
            Self::Feccft => "feccft",
            Self::Fepft => "fepft",
            Self::Ferrt => "ferrt",
            Self::Fertft => "fertft",
            Self::F => "f",
            Self::Fp => "fp",
            Self::Flo => "flo",
            Self::Fs => "fs",
            Self::Fu => "fu",
            Self::LimitMu => "limit_mu",
            Self::LimitWc => "limit_wc",
            Self::PwdLeak => "pwd_leak",
            Self::ResetPwdLeak => "reset_pwd_leak",
            Self::SignupPwdLeak => "signup_pwd_leak",
            Self::OidcBackchannelLogoutFailed => "oidc_backchannel_logout_failed",
            Self::OidcBackchannelLogoutSucceeded => "oidc_backchannel_logout_succeeded",
            Self::S => "s",
            Self::Sapi => "sapi",
            Self::Scp => "scp",
            Self::Seacft => "seacft",
            Self::Seccft => "seccft",
            Self::Sepft => "sepft",
            Self::Sertft => "sertft",
            Self::Slo => "slo",
            Self::Srrt => "srrt",
            Self::Ss => "ss",
        }
    }
}

/// One thing that happened; never holds a secret, a token or a family id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// The tenant in which it happened.
    pub tenant: TenantId,
    /// What happened.
    #[serde(rename = "type")]
    pub event: EventType,
    /// When.
    pub at: UnixMs,
    /// With which application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// To whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// In which organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<OrganizationId>,
    /// In which session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What was told to the caller.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}
