//! `/u/account`: a person's own account. Who they are, where they are logged in, and the end of that; a new password.
//! Whoever is not logged in is asked to, and comes back here.

use http::{Method, StatusCode};
use maud::{Markup, html};

use crate::engine::Engine;
use crate::engine::authorization::{BrowserMark, Page};
use crate::engine::logout::Logout;
use crate::engine::mail::Outgoing;
use crate::engine::own_account::{self, PATH, PasswordChange, Unchanged};
use crate::engine::presence::Presence;
use crate::grants::front_channel;
use crate::model::log_event::{EventType, LogEvent};
use crate::model::oidc_logout::Initiator;
use crate::model::session::Session;
use crate::pages::layout::{self, Field, Frame};
use crate::pages::words::{self as languages, Words, security};
use crate::pages::{account, visit};
use crate::protocol::form::Form;
use crate::protocol::ids::SessionId;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::cookies::Cookie;
use crate::transport::exchange::Exchange;
use crate::transport::html as replies;
use crate::transport::reply::Reply;

mod agent;
mod words;

pub use words::{AccountWords, words};

/// The longest password that is looked at, in bytes.
const PASSWORD_BYTES_MAX: usize = 1024;

/// The page, for whoever is logged in.
struct Desk<'a> {
    engine: &'a Engine,
    exchange: &'a Exchange,
    browser: String,
    presence: Presence,
    language: &'static Words,
    words: &'static AccountWords,
}

/// What the page says first.
#[derive(Default)]
struct Said {
    alert: Option<String>,
    status: Option<&'static str>,
}

/// Shows the page, or does what was asked on it.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(engine: &Engine, exchange: &Exchange) -> Result<Reply, OAuthError> {
    let form = visit::parameters(exchange)?;
    let tenant = exchange.tenant();
    let (browser, is_new) = front_channel::browser(engine, exchange)?;
    let cookie = Cookie::Session.read(exchange.headers(), tenant);
    let mut reply = if let Some(mut presence) = engine.presence(tenant, cookie).await? {
        engine.note_use(&mut presence, exchange.device()).await;
        let language = languages::chosen(form.value("ui_locales"), exchange.headers());
        let words = account::words(language);
        let desk = Desk { engine, exchange, browser: browser.clone(), presence, language, words };
        desk.answer(&form).await?
    } else {
        let own = own_account::page(tenant);
        let asked = engine.own_authorization(&own, &form, BrowserMark::of(&browser));
        replies::see_other(&engine.ask(tenant, Page::Login, &asked)?)
    };
    if is_new {
        front_channel::remember(&mut reply, exchange, &browser);
    }
    Ok(reply)
}

impl Desk<'_> {
    async fn answer(mut self, form: &Form<'_>) -> Result<Reply, OAuthError> {
        let mut said = Said::default();
        if self.exchange.method() == Method::POST {
            let (tenant, state) = (self.exchange.tenant(), form.value("state").unwrap_or_default());
            // The cookie as it was sent: a browser that had none cannot have been shown the form.
            let sent = Cookie::Browser.read(self.exchange.headers(), tenant);
            if !self.engine.is_account_form(tenant, state, &self.presence, sent) {
                return Err(visit::stale());
            }
            match form.value("do").unwrap_or_default() {
                "end" => self.end(form).await?,
                "end-others" => self.end_others().await?,
                "log-out" => return self.log_out(form).await,
                "password" => said = self.change_password(form).await?,
                _ => return Err(visit::stale()),
            }
        }
        let status = if said.alert.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let contents = self.contents(said).await?;
        let (tenant, title) = (self.exchange.tenant(), self.words.title);
        let frame = Frame { tenant, words: self.language, title, targets: "" };
        let mut reply = layout::page(frame, status, &contents);
        let cookie = self.engine.session_cookie(tenant, &self.presence.session)?;
        Cookie::Session.set(&mut reply, tenant, &cookie.value, cookie.max_age_secs);
        Ok(reply)
    }

    async fn end(&self, form: &Form<'_>) -> Result<(), OAuthError> {
        let id = form.value("session").and_then(SessionId::parse).ok_or_else(visit::stale)?;
        // This one is left by logging out, which takes the cookie along.
        if id != self.presence.session.id {
            self.engine.end_own_session(&self.presence, id).await?;
            self.log(EventType::Slo, "A session was ended on the account page");
        }
        Ok(())
    }

    async fn end_others(&self) -> Result<(), OAuthError> {
        let (tenant, user, this) =
            (self.exchange.tenant(), &self.presence.user, Some(self.presence.session.id));
        let (id, user) = (&tenant.tenant.id, &user.user_id);
        self.engine.end_sessions(id, user, Initiator::SessionRevoked, this).await?;
        self.log(EventType::Slo, "All other sessions were ended on the account page");
        Ok(())
    }

    async fn log_out(&self, form: &Form<'_>) -> Result<Reply, OAuthError> {
        let (tenant, browser) = (self.exchange.tenant(), BrowserMark::of(&self.browser));
        let logout = Logout::here(browser, form.value("ui_locales"), self.engine.now());
        let (session, address) = (Some(self.presence.session.id), self.exchange.peer().address.to_string());
        let mut reply = replies::see_other(&self.engine.log_out(tenant, session, &logout, address).await?);
        Cookie::Session.set(&mut reply, tenant, "", 0);
        Ok(reply)
    }

    async fn change_password(&mut self, form: &Form<'_>) -> Result<Said, OAuthError> {
        let (current, fresh) =
            (form.value("current").unwrap_or_default(), form.value("password").unwrap_or_default());
        let alert = |alert: &str| Ok(Said { alert: Some(alert.to_owned()), status: None });
        if current.is_empty() || current.len() > PASSWORD_BYTES_MAX || fresh.len() > PASSWORD_BYTES_MAX {
            return alert(self.words.wrong_current);
        }
        let address = self.exchange.peer().address;
        let (device, language) = (self.exchange.device(), self.language.language);
        let change = PasswordChange { current, fresh, address, device, language };
        let before = self.presence.clone();
        match self.engine.change_own_password(self.exchange.tenant(), before, change).await {
            Ok(presence) => self.presence = presence,
            Err(Unchanged::Error(error)) => return Err(error),
            Err(Unchanged::Weak(weakness)) => {
                return alert(&security::of(self.language.language).weakness(&weakness));
            }
            Err(Unchanged::TooMany) => {
                self.log(EventType::LimitWc, "Too many wrong passwords on the account page");
                return alert(self.language.too_many);
            }
            Err(Unchanged::Wrong) => {
                self.log(EventType::Fcp, "A wrong password on the account page");
                return alert(self.words.wrong_current);
            }
        }
        self.log(EventType::Scp, "");
        if let Some(address) = &self.presence.user.email {
            let html = html! {
                (maud::DOCTYPE)
                html lang=(self.language.language) {
                    head { meta charset="utf-8"; title { (self.words.changed) } }
                    body { p { (self.words.mail_changed) } }
                }
            };
            let (subject, text) = (self.words.changed.to_owned(), format!("{}\r\n", self.words.mail_changed));
            self.engine
                .mailer()
                .post(address, Outgoing { from: None, subject, text, html: html.into_string() });
        }
        Ok(Said { alert: None, status: Some(self.words.changed) })
    }

    async fn contents(&self, said: Said) -> Result<Markup, OAuthError> {
        let mark = BrowserMark::of(&self.browser);
        let state = self.engine.seal_account_form(self.exchange.tenant(), &self.presence, mark)?;
        let sessions = self.engine.own_sessions(&self.presence).await?;
        let words = self.words;
        let user = &self.presence.user;
        let name = user.profile.name.as_deref().or(user.username.as_deref());
        Ok(html! {
            (layout::alert(said.alert.as_deref()))
            @if let Some(status) = said.status { p role="status" { (status) } }
            @if let Some(name) = name { p { (name) } }
            @if let Some(email) = &user.email { p.note { (email) } }
            (self.form(&state, &html! {
                button name="do" value="log-out" { (self.language.log_out) }
            }))
            h2 { (words.sessions) }
            ul.sessions { @for session in &sessions { (self.session(session, &state)) } }
            @if sessions.len() > 1 {
                (self.form(&state, &html! {
                    button.plain name="do" value="end-others" { (words.end_others) }
                }))
            }
            h2 { (self.language.change_password) }
            (self.password(&state, said.alert.is_some()))
        })
    }

    fn session(&self, session: &Session, state: &str) -> Markup {
        let is_this = session.id == self.presence.session.id;
        let (device, used_at) = match &session.device {
            Some(device) => (agent::described(&device.user_agent, self.words), device.used_at),
            None => (self.words.application.to_owned(), session.authenticated_at),
        };
        let end = format!("{}: {device}", self.words.end);
        html! {
            li {
                strong { (device) }
                @if is_this { " (" (self.words.this_one) ")" }
                br;
                span.note {
                    @if let Some(device) = &session.device { (device.address) " · " }
                    (self.words.last_used) " "
                    time datetime=(agent::instant(used_at, "%Y-%m-%dT%H:%M:%SZ")) {
                        (agent::instant(used_at, "%Y-%m-%d %H:%M UTC"))
                    }
                }
                @if !is_this {
                    (self.form(state, &html! {
                        input type="hidden" name="session" value=(session.id.to_string());
                        button.plain name="do" value="end" aria-label=(end) { (self.words.end) }
                    }))
                }
            }
        }
    }

    fn password(&self, state: &str, wrong: bool) -> Markup {
        let secret = |name, label, autocomplete| Field {
            name,
            label,
            kind: "password",
            autocomplete,
            value: "",
            focus: false,
        };
        self.form(
            state,
            &html! {
                // For password managers: whose password it is.
                input type="hidden" name="username" autocomplete="username"
                    value=[self.presence.user.email.as_ref().or(self.presence.user.username.as_ref())];
                (layout::field(&secret("current", self.words.current_password, "current-password"), wrong))
                (layout::field(&secret("password", self.language.new_password, "new-password"), wrong))
                button name="do" value="password" { (self.language.change_password) }
            },
        )
    }

    fn form(&self, state: &str, fields: &Markup) -> Markup {
        html! {
            form method="post" action=(PATH) {
                input type="hidden" name="state" value=(state);
                input type="hidden" name="ui_locales" value=(self.language.language);
                (fields)
            }
        }
    }

    fn log(&self, event: EventType, description: &str) {
        self.engine.log(LogEvent {
            tenant: self.exchange.tenant().tenant.id.clone(),
            event,
            at: self.engine.now(),
            client: None,
            user: Some(self.presence.user.user_id.clone()),
            organization: None,
            session: Some(self.presence.session.id),
            address: Some(self.exchange.peer().address.to_string()),
            description: description.to_owned(),
        });
    }
}
