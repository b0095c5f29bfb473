//! What each parameter of an authorization request must be: the rows of the check matrix, one function each.

use crate::engine::authorization::checks::Draft;
use crate::model::client::OrganizationUsage;
use crate::model::session::Amr;
use crate::protocol::authorization::{Prompt, ResponseMode, ResponseType};
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::form::Form;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::pkce::{self, Challenge};
use crate::protocol::redirect_uri;
use crate::protocol::scope::Scope;

type Outcome = Result<(), OAuthError>;

/// What is asked for and by which road even a refusal goes back: the one that was asked for, where it can be taken.
pub(super) fn road(form: &Form<'_>, uri: &str) -> (ResponseType, ResponseMode) {
    let kind = form.value("response_type").and_then(ResponseType::parse).unwrap_or(ResponseType::CODE);
    let mode = form.value("response_mode").and_then(ResponseMode::parse);
    (kind, mode.filter(|mode| suits(*mode, kind, uri)).unwrap_or(kind.default_mode()))
}

fn suits(mode: ResponseMode, kind: ResponseType, uri: &str) -> bool {
    mode.carries(kind) && (mode != ResponseMode::WebMessage || redirect_uri::web_origin(uri).is_some())
}

/// RFC 9126 §6: a client may be registered to push every request.
pub(super) fn must_be_pushed(draft: &mut Draft<'_>) -> Outcome {
    if draft.client.require_pushed_authorization_requests {
        return Err(OAuthError::invalid_request("This application must push its authorization requests"));
    }
    Ok(())
}

/// RFC 9101 §10.5: a client may be registered to sign every request.
pub(super) fn must_be_signed(draft: &mut Draft<'_>) -> Outcome {
    if draft.client.signed_request_object.required {
        return Err(OAuthError::invalid_request("This application must sign its authorization requests"));
    }
    Ok(())
}

pub(super) fn response_type(draft: &mut Draft<'_>) -> Outcome {
    let description = "Unsupported response_type";
    match ResponseType::parse(draft.form.required("response_type")?) {
        Some(_) => Ok(()),
        None => Err(OAuthError::new(ErrorCode::UnsupportedResponseType, Fault::Client, description)),
    }
}

pub(super) fn response_mode(draft: &mut Draft<'_>) -> Outcome {
    let Some(name) = draft.form.value("response_mode") else { return Ok(()) };
    let mode = ResponseMode::parse(name);
    let mode = mode.ok_or_else(|| OAuthError::invalid_request("Unknown response_mode"))?;
    if suits(mode, draft.asked.response_type, &draft.asked.redirect_uri) {
        return Ok(());
    }
    Err(OAuthError::invalid_request(if mode == ResponseMode::WebMessage {
        "response_mode web_message needs a redirect_uri with a web origin"
    } else {
        "response_mode query must not carry tokens"
    }))
}

/// A code needs one grant type, whatever comes by way of the browser another (RFC 7591 §2.1).
pub(super) fn grants(draft: &mut Draft<'_>) -> Outcome {
    let kind = draft.asked.response_type;
    match kind.grants().find(|grant| !draft.client.allows(*grant)) {
        None => Ok(()),
        Some(grant) => {
            let description = format!("Grant type '{}' not allowed for the client.", grant.name());
            Err(OAuthError::new(ErrorCode::UnauthorizedClient, Fault::Client, description))
        }
    }
}

pub(super) fn proof_key(draft: &mut Draft<'_>) -> Outcome {
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

pub(super) fn scope(draft: &mut Draft<'_>) -> Outcome {
    let scope = Scope::parse(draft.form.value("scope").unwrap_or_default())
        .map_err(|error| OAuthError::new(ErrorCode::InvalidScope, Fault::Client, error.to_string()))?;
    if draft.asked.response_type.has(ResponseType::ID_TOKEN) && !scope.contains("openid") {
        return Err(OAuthError::invalid_request("An ID token needs the scope openid"));
    }
    scope.as_str().clone_into(&mut draft.asked.scope);
    Ok(())
}

/// OpenID Connect Core §3.2.2.1, §3.3.2.11: without a nonce, an ID token from the browser could be anybody's.
pub(super) fn nonce(draft: &mut Draft<'_>) -> Outcome {
    if draft.asked.response_type.has(ResponseType::ID_TOKEN) && draft.asked.nonce.is_none() {
        return Err(OAuthError::invalid_request("Missing required parameter: nonce"));
    }
    Ok(())
}

pub(super) fn prompt(draft: &mut Draft<'_>) -> Outcome {
    let prompt = Prompt::parse(draft.form.value("prompt").unwrap_or_default());
    draft.asked.prompt =
        prompt.ok_or_else(|| OAuthError::invalid_request("Unknown prompt, or none beside another"))?;
    Ok(())
}

pub(super) fn max_age(draft: &mut Draft<'_>) -> Outcome {
    let Some(text) = draft.form.value("max_age") else { return Ok(()) };
    let secs =
        text.parse().map_err(|_| OAuthError::invalid_request("max_age must be a number of seconds"))?;
    draft.asked.max_age_secs = Some(secs);
    Ok(())
}

/// What is wanted by name. `acr_values` is voluntary (OpenID Connect Core §3.1.2.1): the ID token says what was done,
/// whether or not that was asked for.
pub(super) fn claims(draft: &mut Draft<'_>) -> Outcome {
    if let Some(text) = draft.form.value("claims") {
        draft.asked.claims = ClaimsRequest::parse(text)?;
    }
    draft.asked.claims.wanted.acr |= draft.form.value("acr_values").is_some();
    Ok(())
}

/// OpenID Connect Core §5.5.1.1: where no login could be of an essential class, nobody is asked to log in.
pub(super) fn essential_acr(draft: &mut Draft<'_>) -> Outcome {
    let essential = &draft.asked.claims.essential_acrs;
    if essential.is_empty() || essential.iter().any(|acr| Amr::ACRS.contains(&acr.as_str())) {
        return Ok(());
    }
    Err(unmet())
}

pub(super) fn organization(draft: &mut Draft<'_>) -> Outcome {
    let named = draft.form.value("organization").is_some();
    if named && draft.client.organization_usage == OrganizationUsage::Deny {
        return Err(OAuthError::invalid_request("parameter organization is not allowed for this client"));
    }
    Ok(())
}

/// A class of authentication is essential, and none that there is here (OpenID Connect Core Error Code
/// `unmet_authentication_requirements` 1.0).
pub(super) fn unmet() -> OAuthError {
    let description = "None of the essential acr values can be met";
    OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, Fault::Client, description)
}
