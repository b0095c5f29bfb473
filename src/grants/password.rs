//! `password` (RFC 6749 §4.3) and Auth0's `password-realm`: off unless the client allows it.

use zeroize::Zeroizing;

use crate::engine::attempts::{Denied, Guess};
use crate::engine::letters;
use crate::engine::organizations::check_usage;
use crate::grants::login::{self, Login};
use crate::grants::{Grant, Granted, Request};
use crate::model::log_event::{EventType, LogEvent};
use crate::model::session::Amr;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::ConnectionId;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::scope::Scope;

/// The plain grant: the tenant's default directory.
pub const GRANT: Grant = Grant {
    name: GrantType::Password,
    parameters: &["username", "password", "audience", "scope", "organization"],
    events: (EventType::Sepft, EventType::Fepft),
    redeem: |request| Box::pin(redeem(request, GrantType::Password)),
};

/// Auth0's extension: the connection is named in `realm`.
pub const REALM_GRANT: Grant = Grant {
    name: GrantType::PasswordRealm,
    parameters: &["username", "password", "realm", "audience", "scope", "organization"],
    events: (EventType::Sepft, EventType::Fepft),
    redeem: |request| Box::pin(redeem(request, GrantType::PasswordRealm)),
};

/// The longest password that is looked at, in bytes; hashing more would be a gift to an attacker.
const PASSWORD_BYTES_MAX: usize = 1024;

async fn redeem(request: Request<'_>, grant: GrantType) -> Result<Granted, OAuthError> {
    let Request { engine, exchange, caller, form } = request;
    let tenant = exchange.tenant();
    let username = form.required("username")?;
    let password = form.required("password")?;
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(OAuthError::invalid_request("The password is too long"));
    }
    let connection = if grant == GrantType::PasswordRealm {
        ConnectionId::from(form.required("realm")?)
    } else {
        tenant.tenant.settings.default_directory.clone()
    };
    let scope = Scope::parse(form.value("scope").unwrap_or_default())
        .map_err(|error| OAuthError::new(ErrorCode::InvalidScope, Fault::Client, error.to_string()))?;
    check_usage(caller.client(), form.value("organization").is_some())?;
    let target = engine.target(tenant, form.value("audience")).await?;
    if let Some(reference) = form.value("organization") {
        // Refused before the password is looked at, so that an unknown organization costs no hash.
        engine.organization(&tenant.tenant.id, reference).await?;
    }
    let password = Zeroizing::new(password.to_owned());
    let guess = Guess {
        tenant,
        connection: &connection,
        login: username,
        address: exchange.peer().address,
        language: letters::DEFAULT_LANGUAGE,
    };
    let user = engine.check_password(guess, password).await.map_err(|denied| report(request, denied))?;
    let login = Login {
        user,
        target,
        asked: scope,
        organization: form.value("organization"),
        amr: Amr::PASSWORD,
        grant,
    };
    login::complete(request, login).await
}

/// Tells the tenant's log why, beyond the endpoint's own event: who guesses, and who may guess no more.
pub(crate) fn report(request: Request<'_>, denied: Denied) -> OAuthError {
    let Request { engine, exchange, caller, .. } = request;
    let own = |event: &EventType| !matches!(event, EventType::F);
    if let Some(event) = denied.event.filter(own) {
        engine.log(LogEvent {
            tenant: exchange.tenant().tenant.id.clone(),
            event,
            at: engine.now(),
            client: Some(caller.client().client_id.clone()),
            user: None,
            organization: None,
            session: None,
            address: Some(exchange.peer().address.to_string()),
            description: denied.error.description.to_string(),
        });
    }
    denied.error
}
