//! People's own accounts: signing up, confirming an address, choosing a new password.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::engine::attempts::{Denied, Guess};
use crate::engine::authorization::Authorization;
use crate::engine::letters::{Occasion, Writing};
use crate::engine::particulars::Particulars;
use crate::engine::records::secrets::Secret;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Mode, Refusal};
use crate::engine::registrar;
use crate::engine::tickets::{Errand, Pending, Ticket};
use crate::model::attack_protection::BruteForceShield;
use crate::model::connection::{Message, Strategy};
use crate::model::log_event::{EventType, LogEvent};
use crate::model::oidc_logout::Initiator;
use crate::model::password_policy::Weakness;
use crate::model::user::User;
use crate::protocol::ids::{ConnectionId, UserId};
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::tenancy::TenantView;

/// Somebody new.
#[derive(Clone)]
pub struct Newcomer<'a> {
    /// Where the account is to be.
    pub connection: &'a ConnectionId,
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// The login name, if one is wanted besides the address.
    pub username: Option<&'a str>,
    /// What they say about themselves.
    pub particulars: &'a Particulars,
    /// The authorization request on whose way the account is made, if there is one.
    pub asked: Option<&'a Authorization>,
    /// From where.
    pub address: IpAddr,
    /// The language of the message.
    pub language: &'static str,
}

impl fmt::Debug for Newcomer<'_> {
    /// Nothing that they said: a password is among it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Newcomer(in {} from {})", self.connection, self.address)
    }
}

/// What signing up came to.
#[derive(Clone, Debug)]
pub enum SignedUp {
    /// There is an account.
    Made(Box<User>),
    /// There will be one under this id, once its address is proved; or there was one before, which is told to
    /// nobody but its owner.
    Pending(UserId),
}

/// Why an account was not made or changed.
#[derive(Debug)]
pub enum Declined {
    /// In one wording: taken, malformed, or not wanted here.
    Account,
    /// The fault is ours, or the moment's.
    Error(OAuthError),
    /// The password is not good enough.
    Password(Weakness),
    /// There were too many from this address.
    TooMany(Denied),
}

impl Engine {
    /// Makes an account; or, where the tenant wants addresses proved first, sends a link that does.
    ///
    /// # Errors
    /// [`Declined`]; nothing was made.
    pub async fn sign_up(&self, tenant: &TenantView, newcomer: Newcomer<'_>) -> Result<SignedUp, Declined> {
        self.check_particulars(tenant, newcomer.particulars).map_err(Declined::Error)?;
        self.charge_signup(tenant, newcomer.address).await.map_err(Declined::TooMany)?;
        let offered = self.offers_signup(tenant, newcomer.connection, newcomer.asked).await;
        if !offered.map_err(Declined::Error)? {
            return Err(Declined::Account);
        }
        let draft = UserDraft {
            connection: Some(newcomer.connection.clone()),
            email: Some(newcomer.email.to_owned()),
            username: newcomer.username.map(str::to_owned),
            password: Some(Secret::from(newcomer.password.to_owned())),
            ..newcomer.particulars.draft()
        };
        if tenant.tenant.settings.signup_requires_verification {
            return self.sign_up_later(tenant, &newcomer, draft).await.map(SignedUp::Pending);
        }
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        let put = registrar.put_user(&tenant.tenant, draft, Mode::Create).await;
        let user = put.map(|put| put.record).map_err(Declined::from)?;
        let of = (newcomer.connection, newcomer.email);
        let sent = self.send_link(tenant, Errand::Verify, of, newcomer.language).await;
        sent.map_err(Declined::Error)?;
        Ok(SignedUp::Made(Box::new(user)))
    }

    /// Makes the account that a link promises, with a proved address.
    ///
    /// # Errors
    /// [`Declined`]; [`Declined::Account`] when the link was used before, or somebody else was faster.
    pub async fn confirm_signup(&self, tenant: &TenantView, ticket: &Ticket) -> Result<(), Declined> {
        let Some(newcomer) = ticket.newcomer() else { return Err(Declined::Account) };
        if !self.consume_ticket(tenant, ticket).await.map_err(Declined::Error)? {
            return Err(Declined::Account);
        }
        let draft = UserDraft {
            user_id: Some(ticket.user().to_string()),
            connection: Some(tenant.tenant.settings.default_directory.clone()),
            email: Some(ticket.email().to_owned()),
            email_verified: Some(true),
            username: newcomer.username.clone(),
            password_hash: Some(Secret::from(newcomer.hash.clone())),
            ..newcomer.particulars.draft()
        };
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        let put = registrar.put_user(&tenant.tenant, draft, Mode::Create).await.map_err(Declined::from)?;
        self.log(LogEvent {
            tenant: tenant.tenant.id.clone(),
            event: EventType::Ss,
            at: self.now(),
            client: None,
            user: Some(put.record.user_id.clone()),
            organization: None,
            session: None,
            address: None,
            description: String::new(),
        });
        self.welcome(tenant, &put.record).await.map_err(Declined::Error)
    }

    /// Marks the address of `user` as proved.
    ///
    /// # Errors
    /// [`Declined`]; trying again is safe.
    pub async fn confirm_address(&self, tenant: &TenantView, user: &User) -> Result<(), Declined> {
        let draft = UserDraft { email_verified: Some(true), ..draft_of(&user.user_id) };
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        registrar.put_user(&tenant.tenant, draft, Mode::Update).await.map_err(Declined::from)?;
        if user.email_verified {
            return Ok(());
        }
        self.welcome(tenant, user).await.map_err(Declined::Error)
    }

    /// Gives `user` a new password, once per ticket. Every session and refresh token of theirs ends, and their
    /// account is open again.
    ///
    /// # Errors
    /// [`Declined`]; [`Declined::Account`] when the ticket was used before.
    pub async fn choose_password(
        &self,
        tenant: &TenantView,
        (ticket, user): (&Ticket, &User),
        password: &str,
    ) -> Result<(), Declined> {
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        let draft = UserDraft {
            password: Some(Secret::from(password.to_owned())),
            password_update: true,
            // The link reached them at this address.
            email_verified: Some(true),
            ..draft_of(&user.user_id)
        };
        // Looked at before the ticket is spent: a weak password leaves the person able to try again.
        registrar.judge_password(&tenant.tenant, &draft, user).await.map_err(Declined::from)?;
        if !self.consume_ticket(tenant, ticket).await.map_err(Declined::Error)? {
            return Err(Declined::Account);
        }
        registrar.put_user(&tenant.tenant, draft, Mode::Update).await.map_err(Declined::from)?;
        let ended =
            self.end_sessions(&tenant.tenant.id, &user.user_id, Initiator::PasswordChanged, None).await;
        ended.map_err(Declined::Error)?;
        self.unblock(tenant, &user.user_id).await.map(drop).map_err(Declined::Error)
    }

    /// As [`Engine::send_link`], in a task of its own: nobody is told by the time that an answer takes who has an
    /// account.
    pub fn send_link_later(
        self: &Arc<Self>,
        tenant: &Arc<TenantView>,
        errand: Errand,
        (connection, email): (&ConnectionId, &str),
        language: &'static str,
    ) {
        let (engine, tenant) = (Arc::clone(self), Arc::clone(tenant));
        let (connection, email) = (connection.clone(), email.to_owned());
        tokio::spawn(async move {
            if let Err(error) = engine.send_link(&tenant, errand, (&connection, &email), language).await {
                tracing::warn!(cause = error.cause, "a link that was asked for was not sent");
            }
        });
    }

    /// Sends a link for `errand` to whoever has `email` in `connection`, if anybody does; the caller learns nothing.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn send_link(
        &self,
        tenant: &TenantView,
        errand: Errand,
        (connection, email): (&ConnectionId, &str),
        language: &'static str,
    ) -> Result<(), OAuthError> {
        let template = self.own_words(tenant, errand.occasion()).await?;
        let owner = self.owner(tenant, connection, email).await?;
        let Some(user) = owner.filter(|user| !user.blocked) else { return Ok(()) };
        let Some(to) = &user.email else { return Ok(()) };
        let lifetime = template.as_ref().and_then(|template| template.url_lifetime_in_seconds);
        let what = self.link(tenant, errand, &user, lifetime).await?;
        let writing = Writing { occasion: errand.occasion(), to, user: Some(&user), language, what: &what };
        self.write_to(tenant, writing, template.map(Message::from).as_ref());
        Ok(())
    }

    /// The tenant's connection called `name`, whose people have passwords.
    ///
    /// # Errors
    /// `invalid_request` when there is none; `temporarily_unavailable` when the store cannot say.
    pub async fn database(&self, tenant: &TenantView, name: &str) -> Result<ConnectionId, OAuthError> {
        let found = self.cached().connection(&tenant.tenant.id, name).await?;
        let is_default = tenant.tenant.settings.default_directory.as_str() == name;
        // A tenant has its default directory also before anybody wrote it down.
        if found.map_or(is_default, |connection| connection.strategy == Strategy::Auth0) {
            return Ok(ConnectionId::from(name));
        }
        Err(OAuthError::invalid_request("There is no database connection of this name"))
    }

    /// Charges whoever asks for a message, and whoever would get it.
    ///
    /// # Errors
    /// [`Denied`] when there were too many.
    pub async fn charge_message(
        &self,
        tenant: &TenantView,
        email: &str,
        address: IpAddr,
    ) -> Result<(), Denied> {
        self.charge_signup(tenant, address).await?;
        self.charge_mail(tenant, email).await
    }

    /// Tells the owner of an account that it was just blocked, and how to unblock it.
    pub(crate) async fn tell_blocked(
        &self,
        guess: &Guess<'_>,
        blocked: Option<(User, UnixMs)>,
    ) -> Result<(), OAuthError> {
        let tenant = guess.tenant;
        if !tenant.tenant.attack_protection.brute_force_protection.has(BruteForceShield::UserNotification) {
            return Ok(());
        }
        // Read for strangers too: they must not be told by the time it takes.
        let template = self.own_words(tenant, Occasion::Blocked).await?;
        let Some((user, set_at)) = blocked.filter(|(user, _)| !user.blocked) else { return Ok(()) };
        let Some(to) = &user.email else { return Ok(()) };
        let lifetime = template.as_ref().and_then(|template| template.url_lifetime_in_seconds);
        let what = self.link_for(tenant, Errand::Unblock, (&user, Some(set_at)), lifetime)?;
        let writing = Writing {
            occasion: Occasion::Blocked,
            to,
            user: Some(&user),
            language: guess.language,
            what: &what,
        };
        self.write_to(tenant, writing, template.map(Message::from).as_ref());
        Ok(())
    }

    /// As much work, and the same answer, for an address that has an account and for one that has none; also for one
    /// that was sent too many messages, which is sent no more.
    async fn sign_up_later(
        &self,
        tenant: &TenantView,
        newcomer: &Newcomer<'_>,
        draft: UserDraft,
    ) -> Result<UserId, Declined> {
        let registrar = registrar::of_tenant(self, &tenant.tenant.id);
        let (user, hash) = registrar.prepare_user(&tenant.tenant, draft).await.map_err(Declined::from)?;
        let may_write = self.may_write(tenant, newcomer.email).await.map_err(Declined::Error)?;
        let owner = self.owner(tenant, newcomer.connection, newcomer.email).await;
        let owner = owner.map_err(Declined::Error)?;
        let template = self.own_words(tenant, Occasion::Signup).await.map_err(Declined::Error)?;
        let lifetime = template.as_ref().and_then(|template| template.url_lifetime_in_seconds);
        let pending = Pending {
            hash,
            username: newcomer.username.map(str::to_owned),
            particulars: newcomer.particulars.clone(),
        };
        let (occasion, what) = match &owner {
            Some(owner) => (Occasion::AlreadyThere, self.link(tenant, Errand::Reset, owner, None).await),
            None => (Occasion::Signup, self.signup_link(tenant, &user, pending, lifetime)),
        };
        let what = what.map_err(Declined::Error)?;
        let template = template.filter(|_| owner.is_none()).map(Message::from);
        if may_write && owner.as_ref().is_none_or(|owner| !owner.blocked) {
            let to = user.email.as_deref().unwrap_or_default();
            let writing =
                Writing { occasion, to, user: owner.as_ref(), language: newcomer.language, what: &what };
            self.write_to(tenant, writing, template.as_ref());
        }
        Ok(user.user_id)
    }

    /// Charges a mail address for one more message; `false` when it was sent too many.
    async fn may_write(&self, tenant: &TenantView, email: &str) -> Result<bool, OAuthError> {
        match self.charge_mail(tenant, email).await {
            Ok(()) => Ok(true),
            Err(denied) if denied.error.code == ErrorCode::TooManyRequests => Ok(false),
            Err(denied) => Err(denied.error),
        }
    }

    async fn owner(
        &self,
        tenant: &TenantView,
        connection: &ConnectionId,
        email: &str,
    ) -> Result<Option<User>, OAuthError> {
        let name = User::email_identifier(connection, email);
        let found = self.cached().catalog().find_named::<User>(&tenant.tenant.id, &name).await?;
        Ok(found.map(|found| found.record))
    }

    async fn welcome(&self, tenant: &TenantView, user: &User) -> Result<(), OAuthError> {
        let Some(template) = self.own_words(tenant, Occasion::Welcome).await? else { return Ok(()) };
        let Some(to) = &user.email else { return Ok(()) };
        let what = template.result_url.clone().unwrap_or_default();
        let language = super::letters::DEFAULT_LANGUAGE;
        let writing = Writing { occasion: Occasion::Welcome, to, user: Some(user), language, what: &what };
        self.write_to(tenant, writing, Some(&Message::from(template)));
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
            Refusal::Password(weakness) => Self::Password(weakness),
            Refusal::Conflict
            | Refusal::Exists
            | Refusal::InUse(_)
            | Refusal::Invalid(_)
            | Refusal::Missing
            | Refusal::NameTaken { .. } => Self::Account,
        }
    }
}

impl Declined {
    /// What the tenant's log calls it.
    pub const fn event(&self) -> EventType {
        match self {
            Self::Password(Weakness::Breached) => EventType::SignupPwdLeak,
            Self::TooMany(_) => EventType::LimitMu,
            Self::Account | Self::Error(_) | Self::Password(_) => EventType::Fs,
        }
    }
}

impl From<Declined> for OAuthError {
    /// What an application is told.
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Account => Self::invalid_request("Invalid sign up"),
            Declined::Error(error) => error,
            Declined::Password(weakness) => {
                Self::new(ErrorCode::InvalidRequest, Fault::User, weakness.message())
            }
            Declined::TooMany(denied) => denied.error,
        }
    }
}
