//! What happens next to an authorization request: a page, or an answer to the application. Every page comes back
//! here, so that no page can be skipped by asking for a later one.

use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::authorization::codes::{self, CodeFacts};
use crate::engine::authorization::{Authorization, parameters};
use crate::engine::presence::Presence;
use crate::engine::targets::Target;
use crate::model::client::{Client, OrganizationUsage};
use crate::model::organization::Organization;
use crate::model::user::User;
use crate::protocol::authorization::{Prompt, Response};
use crate::protocol::ids::OrganizationId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::scope::Scope;
use crate::tenancy::TenantView;

/// How many organizations a person is offered.
const ORGANIZATIONS_MAX: usize = 100;

/// What happens next.
#[derive(Clone, Debug)]
pub enum Next {
    /// The person is asked; the address of the page, with the sealed request.
    Ask(String),
    /// Everything is decided: the application gets what it asked for.
    Give(Box<Approved>),
    /// The application is told why it gets nothing.
    Refuse(Response),
}

/// Who approved, and for which organization. Nothing is given without one, and only [`Engine::next`] makes them.
#[derive(Clone, Debug)]
pub struct Approved {
    presence: Presence,
    organization: Option<OrganizationId>,
}

impl Approved {
    /// The person, and the login.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// The organization for which it is.
    pub fn organization(&self) -> Option<&OrganizationId> {
        self.organization.as_ref()
    }
}

/// A page on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Whether the application may have what it asks for.
    Consent,
    /// Who are you?
    Login,
    /// For which organization?
    Organization,
    /// Be somebody new.
    Signup,
}

impl Page {
    /// Its address.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Consent => "/u/consent",
            Self::Login => "/u/login",
            Self::Organization => "/u/organization",
            Self::Signup => "/u/signup",
        }
    }

    /// What `prompt=none` is told when this page would be needed (OpenID Connect Core §3.1.2.6).
    const fn silently(self) -> (ErrorCode, &'static str) {
        match self {
            Self::Consent => (ErrorCode::ConsentRequired, "Consent required"),
            Self::Login | Self::Signup => (ErrorCode::LoginRequired, "Login required"),
            Self::Organization => (ErrorCode::InteractionRequired, "The person must choose an organization"),
        }
    }
}

/// What the walk ends in, before it is put into words.
enum Step {
    Ask(Page),
    Done(Box<Approved>),
}

impl Engine {
    /// What happens next to `asked`, by a browser in which `presence` is logged in.
    ///
    /// # Errors
    /// What only the person may be told; whatever the application may know is a [`Next::Refuse`].
    pub async fn next(
        &self,
        tenant: &TenantView,
        client: &Client,
        asked: &Authorization,
        presence: Option<&Presence>,
    ) -> Result<Next, OAuthError> {
        let error = match self.step(tenant, client, asked, presence).await {
            Ok(Step::Ask(page)) if asked.prompt.has(Prompt::NONE) => {
                let (code, description) = page.silently();
                OAuthError::new(code, Fault::User, description)
            }
            Ok(Step::Ask(page)) => return self.ask(tenant, page, asked).map(Next::Ask),
            Ok(Step::Done(_)) if client.is_own_page() => return Ok(Next::Ask(asked.redirect_uri.clone())),
            Ok(Step::Done(approved)) => {
                // From here on the application takes part in the session, and is told of its end if it wants to be.
                match self.remember_client(&approved.presence.session, client).await {
                    Ok(()) => return Ok(Next::Give(approved)),
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        Ok(Next::Refuse(asked.refusal(tenant, &error)))
    }

    /// The address of `page` for `asked`.
    ///
    /// # Errors
    /// `invalid_request` when the request is too long to be carried.
    pub fn ask(&self, tenant: &TenantView, page: Page, asked: &Authorization) -> Result<String, OAuthError> {
        Ok(format!("{}?state={}", page.path(), self.seal_authorization(&tenant.tenant.id, asked)?))
    }

    /// The organizations that the person can choose from.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn choices(
        &self,
        tenant: &TenantView,
        user: &User,
    ) -> Result<Vec<Arc<Organization>>, OAuthError> {
        let id = &tenant.tenant.id;
        let mine = self.store().organizations_of(id, &user.user_id, None, ORGANIZATIONS_MAX).await?;
        let mut choices = Vec::with_capacity(mine.len());
        for membership in mine {
            let found = self.cached().organization_by_id(id, &membership.organization).await?;
            choices.extend(found.filter(|organization| organization.admits(&user.connection)));
        }
        Ok(choices)
    }

    /// Of whom, and the scope that a person is asked to consent to: what was asked for, and what would release the claims that were.
    ///
    /// # Errors
    /// `access_denied` when the audience is gone.
    pub async fn wanted(
        &self,
        tenant: &TenantView,
        asked: &Authorization,
    ) -> Result<(Target, Scope), OAuthError> {
        let target = self.target(tenant, asked.audience.as_deref()).await?;
        let scope = Scope::parse(&asked.scope).unwrap_or_else(|_| Scope::empty());
        let wanted = asked.claims.wanted.scopes();
        let wanted = target.known(&scope.iter().chain(wanted).collect());
        Ok((target, wanted))
    }

    async fn step(
        &self,
        tenant: &TenantView,
        client: &Client,
        asked: &Authorization,
        presence: Option<&Presence>,
    ) -> Result<Step, OAuthError> {
        let Some(presence) = presence.filter(|presence| self.suffices(asked, presence)) else {
            let first = if asked.wants_signup { Page::Signup } else { Page::Login };
            return Ok(Step::Ask(first));
        };
        let essential = &asked.claims.essential_acrs;
        if !essential.is_empty() && !essential.iter().any(|acr| acr == presence.session.amr.acr()) {
            return Err(parameters::unmet());
        }
        let user = &presence.user;
        let invitation = match self.invitation_of(&tenant.tenant.id, asked, user).await {
            // Somebody else was logged in here before: the invited person may log in.
            Err(error)
                if error.code == ErrorCode::AccessDenied
                    && presence.session.authenticated_at < asked.started_at =>
            {
                return Ok(Step::Ask(Page::Login));
            }
            outcome => outcome?,
        };
        let organization = match (&asked.organization, client.organization_usage) {
            (Some(id), _) if invitation.is_some() => Some(OrganizationId::from(id.as_str())),
            (Some(id), _) => Some(self.standing_at_login(tenant, user, id).await?.organization.id.clone()),
            (None, OrganizationUsage::Allow | OrganizationUsage::Deny) => None,
            (None, OrganizationUsage::Require) => match self.choices(tenant, user).await?.as_slice() {
                [] => {
                    let description = "The user is not a member of any organization";
                    return Err(OAuthError::access_denied(Fault::User, description));
                }
                [only] => Some(only.id.clone()),
                _ => return Ok(Step::Ask(Page::Organization)),
            },
        };
        if !self.is_consented(tenant, client, asked, user).await? {
            return Ok(Step::Ask(Page::Consent));
        }
        if let Some(invitation) = invitation {
            self.accept_invitation(tenant, user, invitation).await?;
        }
        Ok(Step::Done(Box::new(Approved { presence: presence.clone(), organization })))
    }

    /// Whether the person lets the application have what it asks for: said on the way, or said before and remembered;
    /// nobody is asked for an application of the tenant's own, unless it wants that.
    async fn is_consented(
        &self,
        tenant: &TenantView,
        client: &Client,
        asked: &Authorization,
        user: &User,
    ) -> Result<bool, OAuthError> {
        if asked.consented_by.as_deref() == Some(user.user_id.as_str()) {
            return Ok(true);
        }
        if client.is_first_party || asked.prompt.has(Prompt::CONSENT) {
            return Ok(!asked.prompt.has(Prompt::CONSENT));
        }
        let (target, wanted) = self.wanted(tenant, asked).await?;
        self.has_consented(user, client, &target.audience, &wanted).await
    }

    /// Whether the login is by the right person and recent enough.
    fn suffices(&self, asked: &Authorization, presence: &Presence) -> bool {
        let authenticated_at = presence.session.authenticated_at;
        let on_the_way = authenticated_at >= asked.started_at;
        let asked_again = asked.prompt.has(Prompt::LOGIN) || asked.prompt.has(Prompt::SELECT_ACCOUNT);
        let young = asked.max_age_secs.is_none_or(|secs| {
            secs > 0 && self.now().ms_since(authenticated_at) <= secs.saturating_mul(1000)
        });
        let user = presence.user.user_id.as_str();
        let demanded = &asked.claims.subjects;
        let right = asked.subject.as_deref().is_none_or(|subject| subject == user)
            && (demanded.is_empty() || demanded.iter().any(|subject| subject == user));
        right && (on_the_way || (young && !asked_again))
    }

    /// A code for what was approved.
    ///
    /// # Errors
    /// `invalid_request` when the request is too long to be carried.
    pub fn code(
        &self,
        tenant: &TenantView,
        asked: &Authorization,
        approved: &Approved,
    ) -> Result<String, OAuthError> {
        let Approved { presence, organization } = approved;
        let facts = CodeFacts {
            id: self.random()?,
            client: &asked.client,
            redirect_uri: &asked.redirect_uri,
            named_redirect_uri: asked.named_redirect_uri,
            challenge: asked.challenge,
            nonce: asked.nonce.as_deref(),
            wanted: asked.claims.wanted,
            user: presence.user.user_id.as_str(),
            session: presence.session.id,
            scope: &asked.scope,
            audience: asked.audience.as_deref(),
            organization: organization.as_ref().map(OrganizationId::as_str),
            authenticated_at: presence.session.authenticated_at,
            amr: presence.session.amr,
            expires_at: self.now().plus_secs(codes::LIFETIME_SECS),
        };
        self.seal_code(&tenant.tenant.id, &facts)
    }
}
