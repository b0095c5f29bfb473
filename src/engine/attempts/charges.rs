//! What is charged to an address or a mail address beside logins: signups, messages, guesses at client secrets.

use std::net::IpAddr;

use super::{Denied, place, rate};
use crate::clock::UnixMs;
use crate::engine::Engine;
use crate::model::attack_protection::origin;
use crate::protocol::oauth_error::OAuthError;
use crate::store::counters::{Draw, Drawn, Purpose, Rate, Subject};
use crate::tenancy::TenantView;

impl Engine {
    /// Charges `address` for a signup, or for a message that it asks for.
    ///
    /// # Errors
    /// [`Denied`] when it has asked for too many; `temporarily_unavailable` when the store cannot say.
    pub async fn charge_signup(&self, tenant: &TenantView, address: IpAddr) -> Result<(), Denied> {
        let throttling = &tenant.tenant.attack_protection.suspicious_ip_throttling;
        if !throttling.counts(address) {
            return Ok(());
        }
        let name = origin(address);
        let remembered = format!("{}\nsignup\n{name}", tenant.tenant.id);
        if let Some(until) = self.refused_until(&remembered) {
            return Err(Denied { event: None, ..self.address_closed(until) });
        }
        let subject = Subject { tenant: &tenant.tenant.id, purpose: Purpose::Signups, name: name.as_bytes() };
        let rate = rate(throttling.stage.pre_user_registration);
        match self.store().draw(subject, self.now(), rate, Draw::One).await? {
            Drawn::Had => Ok(()),
            Drawn::Empty { until } => {
                self.attempts().remember(remembered, until, false);
                Err(self.address_closed(until))
            }
        }
    }

    /// Charges `address` for a guess at the secret of a client; a right one is given back.
    ///
    /// # Errors
    /// `too_many_requests` when it has guessed too often; `temporarily_unavailable` when the store cannot say.
    pub(crate) async fn charge_secret(
        &self,
        tenant: &TenantView,
        address: IpAddr,
        draw: Draw,
    ) -> Result<(), OAuthError> {
        if !tenant.tenant.attack_protection.suspicious_ip_throttling.counts(address) {
            return Ok(());
        }
        let remembered = place(tenant, address);
        if let Some(until) = self.refused_until(&remembered) {
            return Err(self.address_closed(until).error);
        }
        match self.draw_login(tenant, address, draw).await? {
            Drawn::Had => Ok(()),
            Drawn::Empty { until } => {
                self.attempts().remember(remembered, until, false);
                Err(self.address_closed(until).error)
            }
        }
    }

    /// Charges a mail address for one more message, whether it belongs to somebody or not.
    ///
    /// # Errors
    /// [`Denied`] when it was sent too many; `temporarily_unavailable` when the store cannot say.
    pub async fn charge_mail(&self, tenant: &TenantView, email: &str) -> Result<(), Denied> {
        let settings = self.attempts().settings();
        let name = email.to_lowercase();
        let subject = Subject { tenant: &tenant.tenant.id, purpose: Purpose::Mail, name: name.as_bytes() };
        let rate = Rate { most: settings.mails_max, interval_ms: settings.mail_interval_secs * 1000 };
        match self.store().draw(subject, self.now(), rate, Draw::One).await? {
            Drawn::Had => Ok(()),
            Drawn::Empty { until } => Err(Denied { event: None, ..self.address_closed(until) }),
        }
    }

    /// Draws from what an address has for logins.
    pub(super) async fn draw_login(
        &self,
        tenant: &TenantView,
        address: IpAddr,
        draw: Draw,
    ) -> Result<Drawn, OAuthError> {
        let throttle = tenant.tenant.attack_protection.suspicious_ip_throttling.stage.pre_login;
        let (tenant, name) = (&tenant.tenant.id, origin(address));
        let subject = Subject { tenant, purpose: Purpose::Suspicion, name: name.as_bytes() };
        Ok(self.store().draw(subject, self.now(), rate(throttle), draw).await?)
    }

    /// When `name` may try again, if it was refused a moment ago.
    fn refused_until(&self, name: &str) -> Option<UnixMs> {
        let refused = self.attempts().refused.get(name)?;
        (refused.until > self.now()).then_some(refused.until)
    }
}
