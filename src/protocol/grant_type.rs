//! Grant types by their registered names.

use serde::{Deserialize, Serialize};

/// What a token request asks for (`grant_type`, RFC 6749 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GrantType {
    /// RFC 6749 §4.1.
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// RFC 6749 §4.4.
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// RFC 6749 §4.2, for the front-channel response types.
    #[serde(rename = "implicit")]
    Implicit,
    /// RFC 6749 §4.3.
    #[serde(rename = "password")]
    Password,
    /// Auth0's password grant that names the connection in `realm`.
    #[serde(rename = "http://auth0.com/oauth/grant-type/password-realm")]
    PasswordRealm,
    /// Auth0's one-time password by mail.
    #[serde(rename = "http://auth0.com/oauth/grant-type/passwordless/otp")]
    PasswordlessOtp,
    /// RFC 6749 §6.
    #[serde(rename = "refresh_token")]
    RefreshToken,
}

impl GrantType {
    /// Every grant type there is a word for.
    pub const ALL: [Self; 7] = [
        Self::AuthorizationCode,
        Self::ClientCredentials,
        Self::Implicit,
        Self::Password,
        Self::PasswordRealm,
        Self::PasswordlessOtp,
        Self::RefreshToken,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::Implicit => "implicit",
            Self::Password => "password",
            Self::PasswordRealm => "http://auth0.com/oauth/grant-type/password-realm",
            Self::PasswordlessOtp => "http://auth0.com/oauth/grant-type/passwordless/otp",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// The grant type called `name`, if there is one.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.name() == name)
    }

    /// Auth0's `gty` claim.
    pub const fn gty(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client-credentials",
            Self::Implicit => "implicit",
            Self::Password | Self::PasswordRealm => "password",
            Self::PasswordlessOtp => "passwordless",
            Self::RefreshToken => "refresh_token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_serde_agrees() {
        for grant in GrantType::ALL {
            assert_eq!(GrantType::parse(grant.name()), Some(grant));
            assert_eq!(serde_json::to_string(&grant).unwrap(), format!("{:?}", grant.name()));
        }
        assert_eq!(GrantType::parse("Password"), None);
    }
}
