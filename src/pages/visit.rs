//! A visit to a page: the sealed request opened and looked at again, in the person's language.

use std::sync::Arc;

use http::{Method, StatusCode};
use maud::Markup;

use crate::engine::Engine;
use crate::engine::authorization::Authorization;
use crate::engine::presence::{Login, Presence};
use crate::grants::front_channel::{self, Step};
use crate::model::client::Client;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::organization::Organization;
use crate::model::session::{Amr, Device};
use crate::model::user::User;
use crate::pages::layout::{self, Company, Frame};
use crate::pages::words::{self, Words};
use crate::protocol::authorization::ResponseMode;
use crate::protocol::form::Form;
use crate::protocol::ids::OrganizationId;
use crate::protocol::oauth_error::OAuthError;
use crate::tenancy::TenantView;
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html;
use crate::transport::reply::Reply;

/// A visit to a page on the way of an authorization request.
pub struct Visit<'a> {
    /// The context.
    pub engine: &'a Arc<Engine>,
    /// What arrived.
    pub exchange: &'a Exchange,
    /// What was posted; nothing for a GET.
    pub form: Form<'a>,
    /// The request.
    pub asked: Authorization,
    /// The request as the browser carries it.
    pub state: String,
    /// Who asks.
    pub client: Arc<Client>,
    /// For which organization, if that is known already.
    pub organization: Option<Arc<Organization>>,
    /// How the person is spoken to.
    pub words: &'static Words,
}

impl<'a> Visit<'a> {
    /// Opens the request and checks that its client still is what it was.
    ///
    /// # Errors
    /// `invalid_request` for a request that is forged, stale, of another browser or tenant, or whose client is gone.
    pub async fn of(engine: &'a Arc<Engine>, exchange: &'a Exchange) -> Result<Self, OAuthError> {
        let form = parameters(exchange)?;
        let tenant = exchange.tenant();
        let state = form.value("state").unwrap_or_default().to_owned();
        let browser = Cookie::Browser.read(exchange.headers(), tenant);
        let asked = engine.open_authorization(&tenant.tenant.id, &state, browser).ok_or_else(stale)?;
        let client = engine.asker_of(tenant, &asked).await?.ok_or_else(stale)?;
        if !client.is_answered_at(&asked.redirect_uri, Some(asked.response_mode)) {
            return Err(stale().because("the redirect URI is registered no more"));
        }
        let organization = match asked.organization.as_deref().map(OrganizationId::from) {
            Some(id) => engine.cached().organization_by_id(&tenant.tenant.id, &id).await?,
            None => None,
        };
        let words = words::chosen(asked.ui_locales.as_deref(), exchange.headers());
        Ok(Self { engine, exchange, form, asked, state, client, organization, words })
    }

    /// The tenant.
    pub fn tenant(&self) -> &Arc<TenantView> {
        self.exchange.tenant()
    }

    /// Whether the form was posted.
    pub fn is_posted(&self) -> bool {
        self.exchange.method() == Method::POST
    }

    /// A posted field.
    pub fn field(&self, name: &str) -> &str {
        self.form.value(name).unwrap_or_default()
    }

    /// Where the page's form may lead.
    pub fn targets(&self) -> String {
        html::form_targets(&self.asked.redirect_uri)
    }

    /// A page of this visit, under this heading.
    pub fn page(&self, title: &str, status: StatusCode, contents: &Markup) -> Reply {
        self.page_with(title, None, status, contents)
    }

    /// As [`Visit::page`], with a picture among the contents.
    pub fn page_with(
        &self,
        title: &str,
        picture: Option<&str>,
        status: StatusCode,
        contents: &Markup,
    ) -> Reply {
        let frame = Frame { tenant: self.tenant(), words: self.words, title, targets: &self.targets() };
        let company = Company { organization: self.organization.as_deref(), picture };
        let mut page = layout::page_with(frame, company, status, contents);
        if self.asked.response_mode == ResponseMode::WebMessage {
            html::keep_opener(&mut page);
        }
        page
    }

    /// Who is logged in in this browser.
    ///
    /// # Errors
    /// `temporarily_unavailable` when the store cannot say.
    pub async fn presence(&self) -> Result<Option<Presence>, OAuthError> {
        let cookie = Cookie::Session.read(self.exchange.headers(), self.tenant());
        self.engine.presence(self.tenant(), cookie).await
    }

    /// Goes on: to the next page, or back to the application.
    ///
    /// # Errors
    /// What only the person may be told.
    pub async fn go_on(&self, presence: Option<&Presence>) -> Result<Reply, OAuthError> {
        let tenant = self.tenant();
        let (client, asked) = (&self.client, &self.asked);
        let mut reply = match front_channel::go_on(self.engine, tenant, client, asked, presence).await? {
            Step::Answer(response) => html::respond(&response),
            Step::Ask(address) => html::see_other(&address),
        };
        if let Some(presence) = presence {
            let cookie = self.engine.session_cookie(tenant, &presence.session)?;
            Cookie::Session.set(&mut reply, tenant, &cookie.value, cookie.max_age_secs);
        }
        Ok(reply)
    }

    /// The login of `user`, who just typed in a password.
    pub fn login(&self, user: Arc<User>) -> Login<'_> {
        Login { user, amr: Amr::PASSWORD, device: self.device(), asked: Some((&self.client, &self.asked)) }
    }

    /// Where the person is.
    pub fn device(&self) -> Device {
        self.exchange.device()
    }

    /// Writes to the tenant's log.
    pub fn log(&self, event: EventType, presence: Option<&Presence>, description: &str) {
        self.engine.log(LogEvent {
            tenant: self.tenant().tenant.id.clone(),
            event,
            at: self.engine.now(),
            client: Some(self.client.client_id.clone()),
            user: presence.map(|presence| presence.user.user_id.clone()),
            organization: None,
            session: presence.map(|presence| presence.session.id),
            address: Some(self.exchange.peer().address.to_string()),
            description: description.to_owned(),
        });
    }
}

/// The parameters of a page: of the body when posted, else of the query.
///
/// # Errors
/// `invalid_request` when they do not read.
pub fn parameters(exchange: &Exchange) -> Result<Form<'_>, OAuthError> {
    if exchange.method() == Method::POST {
        return exchange.form();
    }
    Form::urlencoded(exchange.query().as_bytes())
}

/// One wording for every request that is forged, too old, or begun elsewhere.
pub fn stale() -> OAuthError {
    OAuthError::invalid_request(
        "This page has expired, or was opened in another browser. Go back and try again.",
    )
}
