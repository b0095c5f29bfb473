//! What an authorization request must be, as a table that can be read from top to bottom.
//!
//! Until the redirect URI is known to be the client's own, a refusal is shown to the person and goes nowhere
//! (RFC 6749 §4.1.2.1); afterwards it goes back to the application.

use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::authorization::{Authorization, BrowserMark};
use crate::model::client::{Client, OrganizationUsage};
use crate::protocol::authorization::{Prompt, Response, ResponseMode, ResponseType};
use crate::protocol::form::Form;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::TenantId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::pkce::{self, Challenge};
use crate::protocol::redirect_uri;
use crate::protocol::scope::Scope;
use crate::tenancy::TenantView;

/// A request that was refused.
#[derive(Debug)]
pub enum Refused {
    /// The application is told.
    Back(Response),
    /// Only the person may be told.
    Here(OAuthError),
}

/// What a check looks at, and what it fills in.
struct Draft<'a> {
    form: &'a Form<'a>,
    client: &'a Client,
    asked: Authorization,
}

type Check = fn(&mut Draft<'_>) -> Result<(), OAuthError>;

/// Every check once the redirect URI is trusted, in the order in which they are made.
const CHECKS: [Check; 9] =
    [response_type, response_mode, request_objects, grants, proof_key, scope, nonce, prompt, max_age];

impl Engine {
    /// Validates a request that begins in `browser`.
    ///
    /// # Errors
    /// [`Refused`] says who may be told.
    pub async fn authorization(
        &self,
        tenant: &TenantView,
        form: &Form<'_>,
        browser: BrowserMark,
    ) -> Result<(Arc<Client>, Authorization), Refused> {
        let (client, uri) = self.trusted(&tenant.tenant.id, form).await.map_err(Refused::Here)?;
        let mut draft = Draft { form, client: &client, asked: self.blank(&client, uri, form, browser) };
        let mut outcome = CHECKS.iter().try_for_each(|check| check(&mut draft));
        if outcome.is_ok() {
            outcome = self.look_up(tenant, &mut draft).await;
        }
        let asked = draft.asked;
        match outcome {
            Ok(()) => Ok((client, asked)),
            Err(error) => Err(Refused::Back(asked.refusal(tenant, &error))),
        }
    }

    /// The client, and a redirect URI that is its own.
    async fn trusted(&self, tenant: &TenantId, form: &Form<'_>) -> Result<(Arc<Client>, String), OAuthError> {
        let id = form.required("client_id")?;
        let found = self.cached().client(tenant, id).await?;
        let client = found.ok_or_else(|| OAuthError::invalid_request("Unknown client"))?;
        let mode = form.value("response_mode").and_then(ResponseMode::parse);
        let uri = match (form.value("redirect_uri"), client.callbacks.as_slice()) {
            (Some(uri), _) => client.is_answered_at(uri, mode).then(|| uri.to_owned()).ok_or_else(|| {
                OAuthError::invalid_request("The redirect_uri is not registered for this application")
            })?,
            (None, [only]) => only.clone(),
            (None, _) => return Err(OAuthError::invalid_request("Missing required parameter: redirect_uri")),
        };
        Ok((client, uri))
    }

    fn blank(&self, client: &Client, uri: String, form: &Form<'_>, browser: BrowserMark) -> Authorization {
        let text = |name| form.value(name).map(str::to_owned);
        let (response_type, response_mode) = road(form, &uri);
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
            prompt: Prompt::default(),
            max_age_secs: None,
            subject: None,
            login_hint: text("login_hint"),
            ui_locales: text("ui_locales"),
            wants_signup: form.value("screen_hint") == Some("signup"),
            consented_by: None,
            browser,
            started_at: self.now(),
        }
    }

    /// What must be looked up: audience, organization, and whom an ID token of ours names.
    async fn look_up(&self, tenant: &TenantView, draft: &mut Draft<'_>) -> Result<(), OAuthError> {
        let Draft { form, client, asked } = draft;
        if let Some(audience) = form.value("audience") {
            asked.audience = Some(self.target(tenant, Some(audience)).await?.audience.to_string());
        }
        if let Some(reference) = form.value("organization") {
            if client.organization_usage == OrganizationUsage::Deny {
                let description = "parameter organization is not allowed for this client";
                return Err(OAuthError::invalid_request(description));
            }
            let organization = self.organization(&tenant.tenant.id, reference).await?;
            asked.organization = Some(organization.id.to_string());
        }
        if let Some(hint) = form.value("id_token_hint") {
            let hinted = self.hinted(tenant, hint).await?;
            asked.subject = Some(hinted.sub);
        }
        Ok(())
    }
}

/// What is asked for and by which road even a refusal goes back: the one that was asked for, where it can be taken.
fn road(form: &Form<'_>, uri: &str) -> (ResponseType, ResponseMode) {
    let kind = form.value("response_type").and_then(ResponseType::parse).unwrap_or(ResponseType::CODE);
    let mode = form.value("response_mode").and_then(ResponseMode::parse);
    (kind, mode.filter(|mode| suits(*mode, kind, uri)).unwrap_or(kind.default_mode()))
}

fn suits(mode: ResponseMode, kind: ResponseType, uri: &str) -> bool {
    mode.carries(kind) && (mode != ResponseMode::WebMessage || redirect_uri::web_origin(uri).is_some())
}

fn response_type(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let description = "Unsupported response_type";
    match ResponseType::parse(draft.form.required("response_type")?) {
        Some(_) => Ok(()),
        None => Err(OAuthError::new(ErrorCode::UnsupportedResponseType, Fault::Client, description)),
    }
}

fn response_mode(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let Some(name) = draft.form.value("response_mode") else { return Ok(()) };
    let mode = ResponseMode::parse(name);
    let mode = mode.ok_or_else(|| OAuthError::invalid_request("Unknown response_mode"))?;
    if suits(mode, draft.asked.response_type, &draft.asked.redirect_uri) {
        return Ok(());
    }
    Err(OAuthError::invalid_request(match mode {
        ResponseMode::WebMessage => "response_mode web_message needs a redirect_uri with a web origin",
        _ => "response_mode query must not carry tokens",
    }))
}

fn request_objects(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    for (name, code) in
        [("request", ErrorCode::RequestNotSupported), ("request_uri", ErrorCode::RequestUriNotSupported)]
    {
        if draft.form.value(name).is_some() {
            return Err(OAuthError::new(code, Fault::Client, "Request objects are not supported"));
        }
    }
    Ok(())
}

/// A code needs one grant type, whatever comes by way of the browser another (RFC 7591 §2.1).
fn grants(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let kind = draft.asked.response_type;
    let needed = [
        (GrantType::AuthorizationCode, kind.has(ResponseType::CODE)),
        (GrantType::Implicit, kind.brings_tokens()),
    ];
    match needed.into_iter().find(|(grant, is_needed)| *is_needed && !draft.client.allows(*grant)) {
        None => Ok(()),
        Some((grant, _)) => {
            let description = format!("Grant type '{}' not allowed for the client.", grant.name());
            Err(OAuthError::new(ErrorCode::UnauthorizedClient, Fault::Client, description))
        }
    }
}

fn proof_key(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    if !draft.asked.response_type.has(ResponseType::CODE) {
        return Ok(());
    }
    let (challenge, method) = (draft.form.value("code_challenge"), draft.form.value("code_challenge_method"));
    let Some(challenge) = challenge else {
        if method.is_some() || !draft.client.is_confidential() {
            return Err(OAuthError::invalid_request("Missing required parameter: code_challenge"));
        }
        return Ok(());
    };
    if method != Some(pkce::METHOD) {
        return Err(OAuthError::invalid_request("code_challenge_method must be S256"));
    }
    let challenge = Challenge::parse(challenge);
    draft.asked.challenge =
        Some(challenge.ok_or_else(|| OAuthError::invalid_request("Malformed code_challenge"))?);
    Ok(())
}

fn scope(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let scope = Scope::parse(draft.form.value("scope").unwrap_or_default())
        .map_err(|error| OAuthError::new(ErrorCode::InvalidScope, Fault::Client, error.to_string()))?;
    if draft.asked.response_type.has(ResponseType::ID_TOKEN) && !scope.contains("openid") {
        return Err(OAuthError::invalid_request("An ID token needs the scope openid"));
    }
    scope.as_str().clone_into(&mut draft.asked.scope);
    Ok(())
}

/// OpenID Connect Core §3.2.2.1, §3.3.2.11: without a nonce, an ID token from the browser could be anybody's.
fn nonce(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    if draft.asked.response_type.has(ResponseType::ID_TOKEN) && draft.asked.nonce.is_none() {
        return Err(OAuthError::invalid_request("Missing required parameter: nonce"));
    }
    Ok(())
}

fn prompt(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let prompt = Prompt::parse(draft.form.value("prompt").unwrap_or_default());
    draft.asked.prompt =
        prompt.ok_or_else(|| OAuthError::invalid_request("Unknown prompt, or none beside another"))?;
    Ok(())
}

fn max_age(draft: &mut Draft<'_>) -> Result<(), OAuthError> {
    let Some(text) = draft.form.value("max_age") else { return Ok(()) };
    let secs =
        text.parse().map_err(|_| OAuthError::invalid_request("max_age must be a number of seconds"))?;
    draft.asked.max_age_secs = Some(secs);
    Ok(())
}
