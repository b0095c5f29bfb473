//! Guessing: wrong passwords are counted in the store, per account and per address, so that all nodes know of them.
//!
//! A try counts as wrong before it is looked at, so that many at once are counted, and is taken back when it was
//! right. What was refused is remembered here for a moment: a flood of tries is no flood of questions to the store.
//! Accounts that do not exist are counted like others, under the name that was typed.

use std::net::IpAddr;
use std::time::Duration;

use moka::sync::Cache;

use crate::clock::UnixMs;
use crate::config::attacks::Attacks as Settings;
use crate::engine::Engine;
use crate::model::attack_protection::{BruteForceShield, Throttle, origin};
use crate::model::log_event::EventType;
use crate::model::user::User;
use crate::protocol::ids::{ConnectionId, UserId};
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::store::counters::{Counted, Draw, Drawn, Limit, Purpose, Rate, Subject};
use crate::tenancy::TenantView;

mod charges;

/// What is remembered of refusals.
pub struct Attempts {
    settings: Settings,
    refused: Cache<String, Refused>,
}

#[derive(Clone, Copy)]
struct Refused {
    until: UnixMs,
    /// Whether the account was closed, or the address.
    account: bool,
}

/// Somebody who claims to be somebody.
#[derive(Clone, Copy, Debug)]
pub struct Guess<'a> {
    /// Where.
    pub tenant: &'a TenantView,
    /// Of which connection.
    pub connection: &'a ConnectionId,
    /// Under which name.
    pub login: &'a str,
    /// From where.
    pub address: IpAddr,
    /// The language of a message about it.
    pub language: &'static str,
}

/// A login that was refused.
#[derive(Debug)]
pub struct Denied {
    /// What the caller is told.
    pub error: OAuthError,
    /// What the tenant's log says; nothing for what it said a moment ago, or for a fault of ours.
    pub event: Option<EventType>,
}

/// A try that was counted.
pub(crate) struct Try {
    /// Whose account.
    name: String,
    /// What it was counted under, if it was.
    mark: Option<String>,
    /// Whether it is the last one that the account allows.
    pub(crate) is_last: bool,
    /// Whether the address was charged.
    drawn: bool,
}

impl Attempts {
    /// Nothing remembered yet.
    pub fn new(settings: Settings) -> Self {
        let refused = Cache::builder()
            .max_capacity(settings.remembered)
            .time_to_live(Duration::from_millis(settings.remember_ms.max(1)))
            .build();
        Self { settings, refused }
    }

    /// What the configuration says.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Forgets what was refused: somebody was unblocked.
    pub fn forget(&self) {
        self.refused.invalidate_all();
    }

    fn remember(&self, name: String, until: UnixMs, account: bool) {
        if self.settings.remember_ms > 0 {
            self.refused.insert(name, Refused { until, account });
        }
    }
}

impl Engine {
    /// Refuses what was refused a moment ago, without a question to the store.
    pub(crate) fn refused_lately(&self, guess: &Guess<'_>) -> Result<(), Denied> {
        let Some(refused) = [account(guess), place(guess.tenant, guess.address)]
            .iter()
            .find_map(|name| self.attempts().refused.get(name))
        else {
            return Ok(());
        };
        if refused.until <= self.now() {
            return Ok(());
        }
        let denied = if refused.account { account_closed() } else { self.address_closed(refused.until) };
        Err(Denied { event: None, ..denied })
    }

    /// Counts a try for `user`, or for the name that was typed when there is no such user.
    ///
    /// # Errors
    /// [`Denied`] when there were too many before; `temporarily_unavailable` when the store cannot say.
    pub(crate) async fn begin_try(&self, guess: &Guess<'_>, user: Option<&UserId>) -> Result<Try, Denied> {
        let protection = &guess.tenant.tenant.attack_protection;
        let name = subject_name(guess, user);
        let brute_force = &protection.brute_force_protection;
        let counts = brute_force.counts(guess.address) && self.is_protected(guess).await?;
        let mark = counts.then(|| brute_force.mark(guess.address));
        let charged = protection.suspicious_ip_throttling.counts(guess.address);
        let (counted, drawn) = futures_util::future::join(
            self.count_try(guess, &name, mark.as_deref()),
            self.draw_try(guess, charged, Draw::One),
        )
        .await;
        let (counted, drawn) = (counted?, drawn?);
        let attempt = Try {
            name,
            is_last: counted == Some(Counted::Now(brute_force.max_attempts)),
            mark,
            drawn: charged,
        };
        let closed = counted == Some(Counted::Over) && brute_force.has(BruteForceShield::Block);
        if closed {
            if charged && drawn == Drawn::Had {
                self.draw_try(guess, charged, Draw::Back).await?;
            }
            self.attempts().remember(account(guess), UnixMs(u64::MAX), true);
            return Err(account_closed());
        }
        if let Drawn::Empty { until } = drawn {
            self.uncount(guess, &attempt).await?;
            self.attempts().remember(place(guess.tenant, guess.address), until, false);
            return Err(self.address_closed(until));
        }
        Ok(attempt)
    }

    /// Takes a try back that could not be judged.
    ///
    /// # Errors
    /// `temporarily_unavailable`; the try stays counted then.
    pub(crate) async fn take_back(&self, guess: &Guess<'_>, attempt: &Try) -> Result<(), OAuthError> {
        let (uncounted, drawn) = futures_util::future::join(
            self.uncount(guess, attempt),
            self.draw_try(guess, attempt.drawn, Draw::Back),
        )
        .await;
        drawn?;
        uncounted
    }

    /// The right password was given: forgets the account's wrong ones from there, and takes this try back.
    ///
    /// # Errors
    /// `temporarily_unavailable`; the tries stay counted then.
    pub(crate) async fn was_right(&self, guess: &Guess<'_>, attempt: &Try) -> Result<(), OAuthError> {
        let forget = async {
            let Some(mark) = &attempt.mark else { return Ok(()) };
            let subject = guesses(guess.tenant, attempt.name.as_bytes());
            self.store().forget(subject, Some(mark), self.now()).await.map(drop)
        };
        let (forgotten, drawn) =
            futures_util::future::join(forget, self.draw_try(guess, attempt.drawn, Draw::Back)).await;
        drawn?;
        Ok(forgotten?)
    }

    /// Opens the account of `user` again, to every address; whether it was closed to one.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot.
    pub async fn unblock(&self, tenant: &TenantView, user: &UserId) -> Result<bool, OAuthError> {
        let name = user_name(user);
        let forgotten = self.store().forget(guesses(tenant, name.as_bytes()), None, self.now()).await?;
        self.attempts().forget();
        Ok(forgotten)
    }

    /// The addresses to which the account of `user` is closed; an empty text for all of them.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn blocks(&self, tenant: &TenantView, user: &User) -> Result<Vec<String>, OAuthError> {
        let name = user_name(&user.user_id);
        let most = tenant.tenant.attack_protection.brute_force_protection.max_attempts;
        let counts = self.store().counts(guesses(tenant, name.as_bytes()), self.now()).await?;
        let mut marks: Vec<_> =
            counts.into_iter().filter(|count| count.count >= most).map(|count| count.mark).collect();
        marks.sort_unstable();
        Ok(marks)
    }

    /// Whether `address` has no try left, for logins or for signups.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn is_throttled(&self, tenant: &TenantView, address: IpAddr) -> Result<bool, OAuthError> {
        for purpose in [Purpose::Suspicion, Purpose::Signups] {
            let drawn = self.draw(tenant, address, purpose, Draw::Look).await?;
            if matches!(drawn, Drawn::Empty { .. }) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives `address` all its tries back.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot.
    pub async fn unthrottle(&self, tenant: &TenantView, address: IpAddr) -> Result<(), OAuthError> {
        let name = origin(address);
        for purpose in [Purpose::Suspicion, Purpose::Signups] {
            let subject = Subject { tenant: &tenant.tenant.id, purpose, name: name.as_bytes() };
            self.store().forget(subject, None, self.now()).await?;
        }
        self.attempts().forget();
        Ok(())
    }

    /// Whether the connection wants wrong passwords to be counted.
    async fn is_protected(&self, guess: &Guess<'_>) -> Result<bool, OAuthError> {
        let found = self.cached().connection(&guess.tenant.tenant.id, guess.connection.as_str()).await?;
        Ok(found.is_none_or(|connection| connection.options.brute_force_protection))
    }

    async fn count_try(
        &self,
        guess: &Guess<'_>,
        name: &str,
        mark: Option<&str>,
    ) -> Result<Option<Counted>, OAuthError> {
        let Some(mark) = mark else { return Ok(None) };
        let (now, settings) = (self.now(), self.attempts().settings());
        let limit = Limit {
            most: guess.tenant.tenant.attack_protection.brute_force_protection.max_attempts,
            forgotten_at: now.plus_secs(settings.count_secs),
            released_at: now.plus_secs(settings.block_secs),
        };
        Ok(Some(self.store().tally(guesses(guess.tenant, name.as_bytes()), mark, now, limit).await?))
    }

    async fn uncount(&self, guess: &Guess<'_>, attempt: &Try) -> Result<(), OAuthError> {
        let Some(mark) = &attempt.mark else { return Ok(()) };
        let subject = guesses(guess.tenant, attempt.name.as_bytes());
        Ok(self.store().uncount(subject, mark, self.now()).await?)
    }

    async fn draw_try(&self, guess: &Guess<'_>, charged: bool, draw: Draw) -> Result<Drawn, OAuthError> {
        if !charged {
            return Ok(Drawn::Had);
        }
        self.draw(guess.tenant, guess.address, Purpose::Suspicion, draw).await
    }

    fn address_closed(&self, until: UnixMs) -> Denied {
        let description = "Too many attempts from this address";
        let error = OAuthError::new(ErrorCode::TooManyRequests, Fault::User, description);
        let secs = until.ms_since(self.now()).div_ceil(1000).max(1);
        Denied { error: error.retry_after(secs), event: Some(EventType::LimitMu) }
    }
}

fn account_closed() -> Denied {
    let description = "Your account has been blocked after multiple consecutive login attempts. If it has a mail \
                       address, a message with a link that unblocks it was sent there.";
    let error = OAuthError::new(ErrorCode::TooManyAttempts, Fault::User, description);
    Denied { error, event: Some(EventType::LimitWc) }
}

fn guesses<'a>(tenant: &'a TenantView, name: &'a [u8]) -> Subject<'a> {
    Subject { tenant: &tenant.tenant.id, purpose: Purpose::Guesses, name }
}

fn rate(throttle: Throttle) -> Rate {
    Rate { most: throttle.max_attempts, interval_ms: throttle.rate }
}

/// A user by whatever name was typed; a name that nobody has, by itself.
fn subject_name(guess: &Guess<'_>, user: Option<&UserId>) -> String {
    match user {
        Some(user) => user_name(user),
        None => format!("login\n{}\n{}", guess.connection, guess.login.to_lowercase()),
    }
}

fn user_name(user: &UserId) -> String {
    format!("user\n{user}")
}

/// What a closed account is remembered under.
fn account(guess: &Guess<'_>) -> String {
    let Guess { tenant, connection, login, address, .. } = guess;
    format!("{}\n{connection}\n{}\n{}", tenant.tenant.id, login.to_lowercase(), origin(*address))
}

/// What a closed address is remembered under.
fn place(tenant: &TenantView, address: IpAddr) -> String {
    format!("{}\nlogin\n{}", tenant.tenant.id, origin(address))
}

impl From<OAuthError> for Denied {
    fn from(error: OAuthError) -> Self {
        Self { error, event: None }
    }
}

impl From<crate::store::StoreError> for Denied {
    fn from(error: crate::store::StoreError) -> Self {
        OAuthError::from(error).into()
    }
}

impl From<Denied> for OAuthError {
    fn from(denied: Denied) -> Self {
        denied.error
    }
}
