//! How an authorization request arrives: in a link or a posted form, in a signed object (RFC 9101), pushed beforehand
//! (RFC 9126). Whichever way it came, from here on it is a form of declared parameters.

use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::authorization::pushed::{self, PushedMark};
use crate::model::client::Client;
use crate::protocol::form::Form;
use crate::protocol::ids::TenantId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::tenancy::TenantView;

/// The parameters of an authorization request; what is not declared is not seen. Discovery is derived from them.
pub const PARAMETERS: [&str; 22] = [
    "acr_values",
    "audience",
    "claims",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "id_token_hint",
    "invitation",
    "login_hint",
    "max_age",
    "nonce",
    "organization",
    "prompt",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "screen_hint",
    "state",
    "ui_locales",
];

/// Where a request came in, and in what: the columns of the check matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// At `/authorize`, in the query or a posted form.
    Linked,
    /// At `/authorize`, in a signed object.
    Signed,
    /// At `/oauth/par`.
    Pushing,
    /// At `/oauth/par`, in a signed object.
    PushingSigned,
    /// At `/authorize`, by the name of what was pushed.
    Pushed,
}

/// A request as it arrived, not yet looked at.
pub(super) struct Arrived {
    pub(super) client: Arc<Client>,
    pub(super) entry: Entry,
    pub(super) form: Form<'static>,
    pub(super) pushed: Option<PushedMark>,
}

impl Engine {
    /// The client that a request names.
    ///
    /// # Errors
    /// `invalid_request` when it names none, or none that there is.
    pub(super) async fn asking(&self, tenant: &TenantId, form: &Form<'_>) -> Result<Arc<Client>, OAuthError> {
        let found = self.cached().client(tenant, form.required("client_id")?).await?;
        found.ok_or_else(|| OAuthError::invalid_request("Unknown client"))
    }

    /// What arrived at `/authorize`.
    ///
    /// # Errors
    /// What is wrong with a signed object or with the name of a pushed request.
    pub(super) fn arrived(
        &self,
        tenant: &TenantView,
        client: Arc<Client>,
        form: &Form<'_>,
    ) -> Result<Arrived, OAuthError> {
        match (form.value("request"), form.value("request_uri")) {
            (Some(_), Some(_)) => {
                Err(OAuthError::invalid_request("request and request_uri exclude each other"))
            }
            (Some(object), None) => {
                let form = self.opened_object(tenant, &client, object)?;
                Ok(Arrived { client, entry: Entry::Signed, form, pushed: None })
            }
            (None, Some(name)) if name.starts_with(pushed::URN) => {
                let (form, mark) = self.pushed(tenant, &client, name)?;
                Ok(Arrived { client, entry: Entry::Pushed, form, pushed: Some(mark) })
            }
            (None, Some(_)) => {
                let description =
                    "request_uri must be one that was given at the pushed authorization request endpoint";
                Err(OAuthError::new(ErrorCode::RequestUriNotSupported, Fault::Client, description))
            }
            (None, None) => {
                Ok(Arrived { client, entry: Entry::Linked, form: form.declared(&PARAMETERS), pushed: None })
            }
        }
    }

    /// What arrived at `/oauth/par`, from a client that has proved who it is.
    ///
    /// # Errors
    /// `invalid_request` when it names another pushed request (RFC 9126 §2.1); what is wrong with a signed object.
    pub(super) fn pushing(
        &self,
        tenant: &TenantView,
        client: Arc<Client>,
        form: &Form<'_>,
    ) -> Result<Arrived, OAuthError> {
        if form.value("request_uri").is_some() {
            return Err(OAuthError::invalid_request("request_uri cannot be pushed"));
        }
        let (entry, form) = match form.value("request") {
            Some(object) => (Entry::PushingSigned, self.opened_object(tenant, &client, object)?),
            None => (Entry::Pushing, form.declared(&PARAMETERS)),
        };
        Ok(Arrived { client, entry, form, pushed: None })
    }
}
