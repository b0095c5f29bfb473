//! People's own accounts: signing up, confirming an address, choosing a new password.

use crate::engine::Engine;
use crate::engine::authorization::Authorization;
use crate::engine::records::secrets::Secret;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Mode, Refusal};
use crate::engine::registrar::registrar;
use crate::engine::tickets::{Errand, Ticket};
use crate::model::oidc_logout::Initiator;
use crate::model::user::User;
use crate::protocol::ids::{ConnectionId, UserId};
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::tenancy::TenantView;

/// The fewest characters of a password that a person may choose.
const PASSWORD_CHARACTERS_MIN: usize = 8;

/// The most; hashing more would be a gift to an attacker.
const PASSWORD_CHARACTERS_MAX: usize = 256;

/// Somebody new.
#[derive(Clone, Debug)]
pub struct Newcomer<'a> {
    /// Where the account is to be.
    pub connection: &'a ConnectionId,
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// The login name, if one is wanted besides the address.
    pub username: Option<&'a str>,
    /// The name.
    pub name: Option<&'a str>,
    /// The authorization request on whose way the account is made, if there is one.
    pub asked: Option<&'a Authorization>,
}

/// Why an account was not made or changed.
#[derive(Debug)]
pub enum Declined {
    /// In one wording: taken, malformed, or not wanted here.
    Account,
    /// The fault is ours, or the moment's.
    Error(OAuthError),
    /// The password is too easy to guess.
    Password,
}

/// What a message says, in the reader's language.
#[derive(Clone, Copy, Debug)]
pub struct Letter {
    /// Its subject.
    pub subject: &'static str,
    /// What stands before the link.
    pub before: &'static str,
    /// What stands after it.
    pub after: &'static str,
}

/// Whether a person may choose `password`: long enough, and not their own address.
pub fn is_good_password(password: &str, email: &str) -> bool {
    let length = password.chars().count();
    let (lower, email) = (password.to_lowercase(), email.to_lowercase());
    let local = email.split('@').next().unwrap_or_default();
    let mut characters: Vec<char> = lower.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    (PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&length)
        && characters.len() >= 4
        && lower != email
        && (local.chars().count() < 4 || !lower.contains(local))
}

impl Engine {
    /// Makes an account.
    ///
    /// # Errors
    /// [`Declined`]; nothing was made.
    pub async fn sign_up(&self, tenant: &TenantView, newcomer: Newcomer<'_>) -> Result<User, Declined> {
        let offered = self.offers_signup(tenant, newcomer.connection, newcomer.asked).await;
        if !offered.map_err(Declined::Error)? {
            return Err(Declined::Account);
        }
        if !is_good_password(newcomer.password, newcomer.email) {
            return Err(Declined::Password);
        }
        let draft = UserDraft {
            connection: Some(newcomer.connection.clone()),
            email: Some(newcomer.email.to_owned()),
            username: newcomer.username.map(str::to_owned),
            name: newcomer.name.map(str::to_owned).into(),
            password: Some(Secret::from(newcomer.password.to_owned())),
            ..UserDraft::default()
        };
        let put = registrar(self).put_user(&tenant.tenant, draft, Mode::Create).await;
        put.map(|put| put.record).map_err(Declined::from)
    }

    /// Marks the address of `user` as proved.
    ///
    /// # Errors
    /// [`Declined`]; trying again is safe.
    pub async fn confirm_address(&self, tenant: &TenantView, user: &User) -> Result<(), Declined> {
        let draft = UserDraft { email_verified: Some(true), ..draft_of(&user.user_id) };
        registrar(self).put_user(&tenant.tenant, draft, Mode::Update).await.map(drop).map_err(Declined::from)
    }

    /// Gives `user` a new password, once per ticket. Every session and refresh token of theirs ends.
    ///
    /// # Errors
    /// [`Declined`]; [`Declined::Account`] when the ticket was used before.
    pub async fn choose_password(
        &self,
        tenant: &TenantView,
        (ticket, user): (&Ticket, &User),
        password: &str,
    ) -> Result<(), Declined> {
        if !is_good_password(password, user.email.as_deref().unwrap_or_default()) {
            return Err(Declined::Password);
        }
        if !self.consume_ticket(tenant, ticket).await.map_err(Declined::Error)? {
            return Err(Declined::Account);
        }
        let draft = UserDraft {
            password: Some(Secret::from(password.to_owned())),
            password_update: true,
            // The link reached them at this address.
            email_verified: Some(true),
            ..draft_of(&user.user_id)
        };
        registrar(self).put_user(&tenant.tenant, draft, Mode::Update).await.map_err(Declined::from)?;
        let ended =
            self.end_sessions(&tenant.tenant.id, &user.user_id, Initiator::PasswordChanged, None).await;
        ended.map_err(Declined::Error)
    }

    /// Sends a link for `errand` to whoever has `email`, if anybody does; the caller learns nothing.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn send_link(
        &self,
        tenant: &TenantView,
        errand: Errand,
        email: &str,
        letter: Letter,
    ) -> Result<(), OAuthError> {
        let name = User::email_identifier(&tenant.tenant.settings.default_directory, email);
        let found = self.cached().catalog().find_named::<User>(&tenant.tenant.id, &name).await?;
        let Some(user) = found.map(|found| found.record).filter(|user| !user.blocked) else { return Ok(()) };
        let Some(address) = &user.email else { return Ok(()) };
        let link = self.link(tenant, errand, &user).await?;
        let text = format!("{}\r\n\r\n{link}\r\n\r\n{}\r\n", letter.before, letter.after);
        self.mailer().send(address, letter.subject, text);
        Ok(())
    }
}

fn draft_of(user: &UserId) -> UserDraft {
    UserDraft { user_id: Some(user.to_string()), ..UserDraft::default() }
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy { retry_after_secs } => {
                Self::Error(OAuthError::unavailable(refusal.to_string()).retry_after(retry_after_secs))
            }
            Refusal::Store(error) => Self::Error(error.into()),
            Refusal::Ours(cause) => Self::Error(OAuthError::server_error(cause)),
            Refusal::Conflict
            | Refusal::Exists
            | Refusal::Invalid(_)
            | Refusal::Missing
            | Refusal::NameTaken { .. } => Self::Account,
        }
    }
}

impl From<Declined> for OAuthError {
    /// What an application is told.
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Account => Self::invalid_request("Invalid sign up"),
            Declined::Error(error) => error,
            Declined::Password => Self::new(ErrorCode::InvalidRequest, Fault::User, "Password is too weak"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_that_are_easy_to_guess_are_not_good() {
        assert!(is_good_password("Correct-Horse-1", "ann@example.test"));
        let long = "xyz1".repeat(65);
        for bad in
            ["", "short1!", "aaaaaaaaaa", "ababababab", "Annabella@Example.test", "annabella-2027", &long]
        {
            assert!(!is_good_password(bad, "annabella@example.test"), "{bad}");
        }
    }
}
