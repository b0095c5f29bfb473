//! A new password is held to the rules of its connection, whoever sets it: the person, an administrator, a file.

use crate::engine::records::users::UserDraft;
use crate::engine::records::{Mode, Refusal, Registrar};
use crate::model::attack_protection::BreachShield;
use crate::model::connection::{Connection, ConnectionOptions, Strategy};
use crate::model::credential::Credential;
use crate::model::password_policy::{self, Weakness};
use crate::model::tenant::Tenant;
use crate::model::user::User;

/// The most facts about a person that a guesser is thought to know, and the most characters of each.
const FACTS_MAX: usize = 8;
const FACT_CHARACTERS_MAX: usize = 64;

/// On what occasion a password is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// In the place of another.
    Change,
    /// By a file, perhaps the same as before.
    Import,
    /// For somebody new.
    New,
}

impl Occasion {
    pub(crate) const fn of(mode: Mode, is_new: bool) -> Self {
        match (mode, is_new) {
            (Mode::Import, _) => Self::Import,
            (_, true) => Self::New,
            (_, false) => Self::Change,
        }
    }
}

impl Registrar {
    /// Refuses a new password that the connection does not allow; answers how many earlier hashes are to be kept.
    ///
    /// # Errors
    /// [`Refusal::Password`]; [`Refusal::Invalid`] where there are no passwords at all.
    pub(crate) async fn check_policy(
        &self,
        tenant: &Tenant,
        draft: &UserDraft,
        user: &User,
        occasion: Occasion,
    ) -> Result<usize, Refusal> {
        let found = self.catalog.find::<Connection>(&user.tenant, user.connection.as_str()).await?;
        let (strategy, options) =
            found.map_or_else(Default::default, |found| (found.record.strategy, found.record.options));
        if strategy == Strategy::Email && (draft.password.is_some() || draft.password_hash.is_some()) {
            return Err(Refusal::flaw("password", &"this connection has no passwords"));
        }
        let keep = if options.password_history.enable { options.password_history.size.max(1) - 1 } else { 0 };
        let Some(password) = &draft.password else { return Ok(keep) };
        if let Some(weakness) = weakness(password.expose(), &options, (user, occasion)) {
            return Err(Refusal::Password(weakness));
        }
        if options.password_min_score > 0 {
            let facts = facts(user).map(|fact| fact.chars().take(FACT_CHARACTERS_MAX).collect());
            let score = self.hashing.score(password.to_zeroizing(), facts.take(FACTS_MAX).collect()).await?;
            if score < options.password_min_score {
                return Err(Refusal::Password(Weakness::Guessable));
            }
        }
        if refuses_leaked(tenant, occasion) && self.hashing.has_leaked(password.to_zeroizing()).await {
            return Err(Refusal::Password(Weakness::Breached));
        }
        if options.password_history.enable && occasion == Occasion::Change && draft.password_update {
            self.check_history(draft, user, keep).await?;
        }
        Ok(keep)
    }

    /// One hash after the other, each by the gate's turn, so that a long history is nobody else's wait.
    async fn check_history(&self, draft: &UserDraft, user: &User, keep: usize) -> Result<(), Refusal> {
        let found = self.catalog.find::<Credential>(&user.tenant, user.user_id.as_str()).await?;
        let (Some(found), Some(password)) = (found, &draft.password) else { return Ok(()) };
        let Credential { hash, history, .. } = found.record;
        for hash in std::iter::once(hash).chain(history.into_iter().take(keep)) {
            if self.hashing.verify(password.to_zeroizing(), hash).await? {
                return Err(Refusal::Password(Weakness::Used));
            }
        }
        Ok(())
    }
}

fn weakness(
    password: &str,
    options: &ConnectionOptions,
    (user, occasion): (&User, Occasion),
) -> Option<Weakness> {
    let rules = options.password_policy.rules(password, options.password_complexity_options);
    if rules.iter().any(|rule| !rule.verified) {
        return Some(Weakness::Strength(rules));
    }
    if options.password_dictionary.holds(password) {
        return Some(Weakness::Common);
    }
    // What an operator's file gives people to begin with may well tell whose it is.
    let personal = options.password_no_personal_info.enable && occasion != Occasion::Import;
    (personal && password_policy::is_personal(password, facts(user))).then_some(Weakness::Personal)
}

/// What a guesser knows of `user`.
fn facts(user: &User) -> impl Iterator<Item = &str> {
    let User { email, username, profile, .. } = user;
    let known =
        [email, username, &profile.name, &profile.given_name, &profile.family_name, &profile.nickname];
    known.into_iter().flatten().map(String::as_str)
}

fn refuses_leaked(tenant: &Tenant, occasion: Occasion) -> bool {
    let detection = &tenant.attack_protection.breached_password_detection;
    let stage = match occasion {
        Occasion::Change => &detection.stage.pre_change_password,
        Occasion::Import => return false,
        Occasion::New => &detection.stage.pre_user_registration,
    };
    detection.enabled && stage.shields.contains(&BreachShield::Block)
}
