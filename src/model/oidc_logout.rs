//! How a client is told that a session has ended, in Auth0's words.

use serde::{Deserialize, Serialize};

/// Auth0's `oidc_logout` object of a client (OpenID Connect Back-Channel Logout 1.0).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcLogout {
    /// Where logout tokens are posted, each of them.
    pub backchannel_logout_urls: Vec<String>,
    /// Which ends of a session are told.
    pub backchannel_logout_initiators: Initiators,
    /// Whether metadata of the session goes along.
    pub backchannel_logout_session_metadata: SessionMetadata,
}

/// Auth0's `backchannel_logout_initiators`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Initiators {
    /// Whether the list below counts.
    pub mode: InitiatorMode,
    /// The ends that are told, in mode `custom`.
    pub selected_initiators: Vec<Initiator>,
}

/// Auth0's `mode` of initiators; every end is told unless the client says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InitiatorMode {
    /// Every end.
    #[default]
    All,
    /// Those that are listed.
    Custom,
}

/// Why a session ended, by Auth0's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initiator {
    /// An application logged the person out.
    RpLogout,
    /// The person logged out here, or somebody else logged in in the same browser.
    IdpLogout,
    /// The password was changed.
    PasswordChanged,
    /// The session was idle for too long, or too old; nobody is told of that yet.
    SessionExpired,
    /// An administrator, the person on the account page, or a replayed refresh token ended it.
    SessionRevoked,
    /// The user was removed.
    AccountDeleted,
    /// The address was changed.
    EmailIdentifierChanged,
    /// A second factor was taken away.
    MfaPhoneUnenrolled,
    /// The user was blocked.
    AccountDeactivated,
}

/// Auth0's `backchannel_logout_session_metadata`; sessions have none here, so there is nothing to include.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionMetadata {
    /// Whether it goes along.
    pub include: bool,
}

impl OidcLogout {
    /// Whether the client is to be told of an end by `initiator`.
    pub fn wants(&self, initiator: Initiator) -> bool {
        let Initiators { mode, selected_initiators } = &self.backchannel_logout_initiators;
        *mode == InitiatorMode::All || selected_initiators.contains(&initiator)
    }
}

impl Initiator {
    /// Whether refresh families that survive a logout survive this.
    pub const fn is_logout(self) -> bool {
        matches!(self, Self::RpLogout | Self::IdpLogout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_says_nothing_wants_to_know_everything() {
        let wants = |json: &str| {
            let settings: OidcLogout = serde_json::from_str(json).unwrap();
            (settings.wants(Initiator::RpLogout), settings.wants(Initiator::PasswordChanged))
        };
        assert_eq!(wants(r#"{"backchannel_logout_urls":["https://a.test/"]}"#), (true, true));
        let custom =
            r#"{"backchannel_logout_initiators":{"mode":"custom","selected_initiators":["rp-logout"]}}"#;
        assert_eq!(wants(custom), (true, false));
        assert!(
            serde_json::from_str::<OidcLogout>(r#"{"backchannel_logout_initiators":{"mode":"some"}}"#)
                .is_err()
        );
    }
}
