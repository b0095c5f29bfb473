//! Users: unique by address and login name within a connection, with references that exist.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::clock::UnixMs;
use crate::engine::records::clearable::Clearable;
use crate::engine::records::credentials::Change;
use crate::engine::records::password_rules::Occasion;
use crate::engine::records::secrets::Secret;
use crate::engine::records::{Mode, Outcome, Put, Refusal, Registrar, mint, overlay, user_checks};
use crate::model::connection::Connection;
use crate::model::custom_hash::CustomHash;
use crate::model::role::Permission;
use crate::model::tenant::Tenant;
use crate::model::user::{Profile, User};
use crate::protocol::ids::{ConnectionId, UserId};

/// A user to create or change.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields are those of model::user::User and Profile")]
pub struct UserDraft {
    /// Without a connection's prefix (`auth0|…`), that prefix is put before it.
    pub user_id: Option<String>,
    /// The tenant's default directory when absent.
    pub connection: Option<ConnectionId>,
    pub email: Option<String>,
    pub email_verified: Option<bool>,
    pub username: Option<String>,
    /// Hashed here; counts only for a user without a password, unless `password_update` says otherwise.
    pub password: Option<Secret>,
    /// An argon2 PHC or bcrypt string instead of `password`, under the same rule.
    pub password_hash: Option<Secret>,
    /// As `password_hash`, in Auth0's form for hashes that were made elsewhere.
    pub custom_password_hash: Option<CustomHash>,
    /// Whether a password that the user already has is replaced. Then all refresh tokens end.
    pub password_update: bool,
    pub blocked: Option<bool>,
    pub name: Clearable<String>,
    pub given_name: Clearable<String>,
    pub family_name: Clearable<String>,
    pub nickname: Clearable<String>,
    pub picture: Clearable<String>,
    pub locale: Clearable<String>,
    pub zoneinfo: Clearable<String>,
    pub phone_number: Clearable<String>,
    pub phone_verified: Option<bool>,
    /// Ids or names.
    pub roles: Option<Vec<String>>,
    pub permissions: Option<Vec<Permission>>,
    pub user_metadata: Option<Map<String, Value>>,
    pub app_metadata: Option<Map<String, Value>>,
}

impl Registrar {
    /// Checks and saves a user and its password.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn put_user(
        &self,
        tenant: &Tenant,
        draft: UserDraft,
        mode: Mode,
    ) -> Result<Put<User>, Refusal> {
        let draft = normal(draft);
        let names = named(tenant, &draft);
        let before = self.standing::<User>(tenant, mode, draft.user_id.as_deref(), &names).await?;
        let now = self.clock.now();
        let base = match &before {
            Some(before) => before.record.clone(),
            None => fresh(tenant, &draft, self.new_user_id(tenant, &draft).await?, now),
        };
        let mut after = self.overlaid(tenant, &draft, base).await?;
        user_checks::check(&draft, &after, self.hashing.as_ref())?;
        let occasion = Occasion::of(mode, before.is_none());
        let keep = self.check_policy(tenant, &draft, &after, occasion).await?;
        // Permissions that lost their resource server permit nothing and stand in nobody's way.
        if let Some(permissions) = &draft.permissions {
            self.check_permissions(tenant, permissions).await?;
        }
        let mut change = self.credential(&draft, &after, before.is_none(), now).await?;
        if let Some(Change::Replace(credential, _)) = &mut change {
            credential.history.truncate(keep);
            after.not_before = now;
        }
        if before.as_ref().is_some_and(|before| before.record != after) {
            after.updated_at = now;
        }
        let mut put = self.settle(before, after).await?;
        if let Some(change) = change {
            self.save_credential(change, put.outcome).await?;
            put.outcome = if put.outcome == Outcome::Created { put.outcome } else { Outcome::Updated };
        }
        Ok(put)
    }

    /// Everything but saving: a new user as it would be, and the hash of its password.
    ///
    /// # Errors
    /// [`Refusal`], as of [`Registrar::put_user`] but for names that are taken.
    pub async fn prepare_user(&self, tenant: &Tenant, draft: UserDraft) -> Result<(User, String), Refusal> {
        let draft = normal(draft);
        let id = self.new_user_id(tenant, &draft).await?;
        let user = self.overlaid(tenant, &draft, fresh(tenant, &draft, id, self.clock.now())).await?;
        user_checks::check(&draft, &user, self.hashing.as_ref())?;
        self.check_policy(tenant, &draft, &user, Occasion::New).await?;
        let Some(password) = &draft.password else {
            return Err(Refusal::flaw("password", &"expected a password"));
        };
        let hash = self.hashing.hash(password.to_zeroizing()).await?;
        Ok((user, hash))
    }

    /// Refuses the draft's password for `user` as [`Registrar::put_user`] would; nothing is saved.
    ///
    /// # Errors
    /// [`Refusal::Password`].
    pub async fn judge_password(
        &self,
        tenant: &Tenant,
        draft: &UserDraft,
        user: &User,
    ) -> Result<(), Refusal> {
        self.check_policy(tenant, draft, user, Occasion::Change).await.map(drop)
    }

    async fn new_user_id(&self, tenant: &Tenant, draft: &UserDraft) -> Result<UserId, Refusal> {
        if let Some(given) = &draft.user_id {
            return Ok(UserId::from(given.as_str()));
        }
        let connection = draft.connection.as_ref().unwrap_or(&tenant.settings.default_directory);
        let found = self.catalog.find::<Connection>(&tenant.id, connection.as_str()).await?;
        let strategy = found.map(|found| found.record.strategy).unwrap_or_default();
        Ok(UserId::from(mint::hex24(&self.entropy, strategy.prefix())?))
    }

    async fn overlaid(&self, tenant: &Tenant, draft: &UserDraft, mut user: User) -> Result<User, Refusal> {
        if let Some(roles) = &draft.roles {
            user.roles = self.role_ids(tenant, roles).await?;
        }
        Ok(overlaid(draft.clone(), user))
    }
}

/// The draft with ids and names in the form in which they are kept.
pub(super) fn normal(mut draft: UserDraft) -> UserDraft {
    draft.user_id = draft.user_id.map(|id| if id.contains('|') { id } else { format!("auth0|{id}") });
    draft.email = draft.email.map(|email| email.to_lowercase());
    draft.username = draft.username.map(|name| name.to_lowercase());
    let custom = draft.custom_password_hash.as_ref().map(|custom| Secret::from(custom.stored()));
    draft.password_hash = draft.password_hash.or(custom);
    draft
}

pub(super) fn named(tenant: &Tenant, draft: &UserDraft) -> Vec<String> {
    let connection = draft.connection.as_ref().unwrap_or(&tenant.settings.default_directory);
    let email = draft.email.iter().map(|email| User::email_identifier(connection, email));
    let username = draft.username.iter().map(|name| User::username_identifier(connection, name));
    email.chain(username).collect()
}

fn fresh(tenant: &Tenant, draft: &UserDraft, user_id: UserId, now: UnixMs) -> User {
    User {
        tenant: tenant.id.clone(),
        user_id,
        connection: draft.connection.clone().unwrap_or_else(|| tenant.settings.default_directory.clone()),
        email: None,
        email_verified: false,
        username: None,
        profile: Profile::default(),
        blocked: false,
        not_before: UnixMs(0),
        clients_not_before: std::collections::BTreeMap::new(),
        roles: Vec::new(),
        permissions: Vec::new(),
        user_metadata: Map::new(),
        app_metadata: Map::new(),
        created_at: now,
        updated_at: now,
    }
}

/// Lays the draft over a user; the roles are already there, and the connection never changes.
fn overlaid(draft: UserDraft, mut user: User) -> User {
    let moved = draft.email.is_some() && draft.email != user.email;
    if moved && user.email.is_some() {
        // A new address is not proved by the old one.
        user.email_verified = false;
    }
    overlay!(draft => user; email_verified, blocked, permissions, user_metadata, app_metadata);
    user.email = draft.email.or(user.email);
    user.username = draft.username.or(user.username);
    let Profile {
        name,
        given_name,
        family_name,
        nickname,
        picture,
        locale,
        zoneinfo,
        phone_number,
        phone_verified,
    } = std::mem::take(&mut user.profile);
    user.profile = Profile {
        name: draft.name.over(name),
        given_name: draft.given_name.over(given_name),
        family_name: draft.family_name.over(family_name),
        nickname: draft.nickname.over(nickname),
        picture: draft.picture.over(picture),
        locale: draft.locale.over(locale),
        zoneinfo: draft.zoneinfo.over(zoneinfo),
        phone_number: draft.phone_number.over(phone_number),
        phone_verified: draft.phone_verified.or(phone_verified),
    };
    user
}
