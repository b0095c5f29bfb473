//! What an authorization request must be, as a table that can be read from top to bottom: checks down, entry points
//! across.
//!
//! Until the redirect URI is known to be the client's own, a refusal is shown to the person and goes nowhere
//! (RFC 6749 §4.1.2.1); afterwards it goes back to the application. What is pushed is refused to the client itself.

use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::authorization::arrival::{Arrived, Entry};
use crate::engine::authorization::{Authorization, BrowserMark, parameters};
use crate::engine::own_account;
use crate::model::client::Client;
use crate::protocol::authorization::{Prompt, Response, ResponseMode};
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::form::Form;
use crate::protocol::oauth_error::OAuthError;
use crate::tenancy::TenantView;

/// A request that was refused at `/authorize`.
#[derive(Debug)]
pub enum Refused {
    /// The application is told.
    Back(Response),
    /// Only the person may be told.
    Here(OAuthError),
}

/// Why a request is refused, and the request, if its redirect URI can be trusted.
pub(super) struct Refusal {
    pub(super) error: OAuthError,
    asked: Option<Box<Authorization>>,
}

/// What a check looks at, and what it fills in.
pub(super) struct Draft<'a> {
    pub(super) form: &'a Form<'a>,
    pub(super) client: &'a Client,
    pub(super) asked: Authorization,
}

type Check = fn(&mut Draft<'_>) -> Result<(), OAuthError>;

const YES: bool = true;
const NOT: bool = false;

/// Every check once the redirect URI is trusted, in the order in which they are made, and where each is made: a check
/// of how a request must come is made where it came otherwise, a check of what it says is made everywhere.
#[rustfmt::skip]
const CHECKS: [(Check, [bool; 5]); 13] = {
    use parameters as p;
    [   //                     Linked  Signed  Pushing  PushingSigned  Pushed
        (p::must_be_pushed,   [YES,    YES,    NOT,     NOT,           NOT]),
        (p::must_be_signed,   [YES,    NOT,    YES,     NOT,           NOT]),
        (p::response_type,    [YES,    YES,    YES,     YES,           YES]),
        (p::response_mode,    [YES,    YES,    YES,     YES,           YES]),
        (p::grants,           [YES,    YES,    YES,     YES,           YES]),
        (p::proof_key,        [YES,    YES,    YES,     YES,           YES]),
        (p::scope,            [YES,    YES,    YES,     YES,           YES]),
        (p::nonce,            [YES,    YES,    YES,     YES,           YES]),
        (p::prompt,           [YES,    YES,    YES,     YES,           YES]),
        (p::max_age,          [YES,    YES,    YES,     YES,           YES]),
        (p::claims,           [YES,    YES,    YES,     YES,           YES]),
        (p::essential_acr,    [YES,    YES,    YES,     YES,           YES]),
        (p::organization,     [YES,    YES,    YES,     YES,           YES]),
    ]
};

impl Entry {
    /// The column of [`CHECKS`].
    const fn column(self) -> usize {
        self as usize
    }
}

impl Engine {
    /// Validates a request that arrived at `/authorize`, in `browser`.
    ///
    /// # Errors
    /// [`Refused`] says who may be told.
    pub async fn authorization(
        &self,
        tenant: &TenantView,
        form: &Form<'_>,
        browser: BrowserMark,
    ) -> Result<(Arc<Client>, Authorization), Refused> {
        let client = self.asking(&tenant.tenant.id, form).await.map_err(Refused::Here)?;
        let arrived = match self.arrived(tenant, Arc::clone(&client), form) {
            Ok(arrived) => arrived,
            Err(error) => {
                // What stands beside an object or a name says at most where the refusal goes.
                let asked = trusted(&client, form).ok().map(|uri| self.blank(&client, uri, form, browser));
                return Err(told(tenant, Refusal { error, asked: asked.map(Box::new) }));
            }
        };
        let asked =
            self.validated(tenant, &arrived, browser).await.map_err(|refusal| told(tenant, refusal))?;
        Ok((client, asked))
    }

    /// Makes every check that is made at the entry where the request arrived.
    pub(super) async fn validated(
        &self,
        tenant: &TenantView,
        arrived: &Arrived,
        browser: BrowserMark,
    ) -> Result<Authorization, Refusal> {
        let Arrived { client, entry, form, pushed } = arrived;
        let uri = trusted(client, form).map_err(|error| Refusal { error, asked: None })?;
        let asked = Authorization { pushed: *pushed, ..self.blank(client, uri, form, browser) };
        let mut draft = Draft { form, client, asked };
        let made_here = CHECKS.iter().filter(|(_, made)| made[entry.column()]);
        let mut outcome = made_here.map(|(check, _)| check).try_for_each(|check| check(&mut draft));
        if outcome.is_ok() {
            outcome = self.look_up(tenant, &mut draft).await;
        }
        match outcome {
            Ok(()) => Ok(draft.asked),
            Err(error) => Err(Refusal { error, asked: Some(Box::new(draft.asked)) }),
        }
    }

    /// A request by a page of the tenant's own, to which the person comes back once logged in.
    pub fn own_authorization(&self, own: &Client, form: &Form<'_>, browser: BrowserMark) -> Authorization {
        self.blank(own, own.callbacks.first().cloned().unwrap_or_default(), form, browser)
    }

    /// The client that asks: an application, or the tenant's account page.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn asker_of(
        &self,
        tenant: &TenantView,
        asked: &Authorization,
    ) -> Result<Option<Arc<Client>>, OAuthError> {
        if asked.client.is_empty() {
            return Ok(Some(Arc::new(own_account::page(tenant))));
        }
        Ok(self.cached().client(&tenant.tenant.id, &asked.client).await?)
    }

    fn blank(&self, client: &Client, uri: String, form: &Form<'_>, browser: BrowserMark) -> Authorization {
        let text = |name| form.value(name).map(str::to_owned);
        let (response_type, response_mode) = parameters::road(form, &uri);
        Authorization {
            client: client.client_id.to_string(),
            redirect_uri: uri,
            named_redirect_uri: form.value("redirect_uri").is_some(),
            response_type,
            response_mode,
            state: text("state"),
            nonce: text("nonce"),
            challenge: None,
            scope: String::new(),
            audience: None,
            organization: None,
            invitation: None,
            prompt: Prompt::default(),
            max_age_secs: None,
            subject: None,
            claims: ClaimsRequest::default(),
            login_hint: text("login_hint"),
            ui_locales: text("ui_locales"),
            wants_signup: form.value("screen_hint") == Some("signup"),
            consented_by: None,
            pushed: None,
            browser,
            started_at: self.now(),
        }
    }

    /// What must be looked up: audience, organization, and whom an ID token of ours names.
    async fn look_up(&self, tenant: &TenantView, draft: &mut Draft<'_>) -> Result<(), OAuthError> {
        let Draft { form, asked, .. } = draft;
        if let Some(audience) = form.value("audience") {
            asked.audience = Some(self.target(tenant, Some(audience)).await?.audience.to_string());
        }
        if let Some(reference) = form.value("organization") {
            let organization = self.organization(&tenant.tenant.id, reference).await?;
            asked.organization = Some(organization.id.to_string());
        }
        if let Some(ticket) = form.value("invitation") {
            let invitation = self.invited(&tenant.tenant.id, ticket, asked).await?;
            asked.login_hint = Some(invitation.invitee.email);
            asked.invitation = Some(invitation.id);
        }
        if let Some(hint) = form.value("id_token_hint") {
            let hinted = self.hinted(tenant, hint).await?;
            asked.subject = Some(hinted.sub);
        }
        Ok(())
    }
}

/// A redirect URI that is the client's own.
fn trusted(client: &Client, form: &Form<'_>) -> Result<String, OAuthError> {
    let mode = form.value("response_mode").and_then(ResponseMode::parse);
    match (form.value("redirect_uri"), client.callbacks.as_slice()) {
        (Some(uri), _) => client.is_answered_at(uri, mode).then(|| uri.to_owned()).ok_or_else(|| {
            OAuthError::invalid_request("The redirect_uri is not registered for this application")
        }),
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(OAuthError::invalid_request("Missing required parameter: redirect_uri")),
    }
}

fn told(tenant: &TenantView, refusal: Refusal) -> Refused {
    match refusal.asked {
        Some(asked) => Refused::Back(asked.refusal(tenant, &refusal.error)),
        None => Refused::Here(refusal.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pushed request was checked when it was pushed, and everything that it says is checked again.
    #[test]
    fn every_check_is_made_at_some_entry_and_what_a_request_says_is_checked_at_each() {
        let everywhere = CHECKS.iter().filter(|(_, made)| made.iter().all(|made| *made)).count();
        assert_eq!(everywhere, CHECKS.len() - 2);
        assert!(CHECKS.iter().all(|(_, made)| made[Entry::Linked.column()]));
        assert_eq!(Entry::Pushed.column(), 4);
    }
}
