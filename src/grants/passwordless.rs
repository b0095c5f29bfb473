//! Auth0's `passwordless/otp`: a code that was sent by mail, for tokens.

use crate::engine::attempts::Guess;
use crate::engine::letters::DEFAULT_LANGUAGE;
use crate::engine::organizations::check_usage;
use crate::grants::login::{self, Login};
use crate::grants::{Grant, Granted, Request, password};
use crate::model::log_event::EventType;
use crate::model::session::Amr;
use crate::protocol::grant_type::GrantType;
use crate::protocol::oauth_error::{ErrorCode, Fault, OAuthError};
use crate::protocol::scope::Scope;

/// The grant.
pub const GRANT: Grant = Grant {
    name: GrantType::PasswordlessOtp,
    parameters: &["realm", "username", "otp", "audience", "scope"],
    events: (EventType::S, EventType::F),
    redeem: |request| Box::pin(redeem(request)),
};

/// The longest code that is looked at.
const CODE_BYTES_MAX: usize = 64;

async fn redeem(request: Request<'_>) -> Result<Granted, OAuthError> {
    let Request { engine, exchange, caller, form } = request;
    let tenant = exchange.tenant();
    let (login, code) = (form.required("username")?, form.required("otp")?);
    if code.len() > CODE_BYTES_MAX {
        return Err(OAuthError::invalid_request("otp is too long"));
    }
    let connection = engine.mail_connection(tenant, form.required("realm")?).await?;
    let asked = Scope::parse(form.value("scope").unwrap_or_default())
        .map_err(|error| OAuthError::new(ErrorCode::InvalidScope, Fault::Client, error.to_string()))?;
    check_usage(caller.client(), false)?;
    let target = engine.target(tenant, form.value("audience")).await?;
    let guess = Guess {
        tenant,
        connection: &connection.name,
        login,
        address: exchange.peer().address,
        language: DEFAULT_LANGUAGE,
    };
    let redeemed = engine.redeem_code(guess, &connection, code).await;
    let user = redeemed.map_err(|denied| password::report(request, denied))?;
    let grant = GrantType::PasswordlessOtp;
    login::complete(request, Login { user, target, asked, organization: None, amr: Amr::OTP, grant }).await
}
