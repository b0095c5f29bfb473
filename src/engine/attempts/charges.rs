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
        if !tenant.tenant.attack_protection.suspicious_ip_throttling.counts(address) {
            return Ok(());
        }
        let name = format!("{}\nsignup\n{}", tenant.tenant.id, origin(address));
        self.charged(name, self.draw(tenant, address, Purpose::Signups, Draw::One)).await
    }

    /// Charges `address` for a guess at the secret of a client.
    ///
    /// # Errors
    /// `too_many_requests` when it has guessed too often; `temporarily_unavailable` when the store cannot say.
    pub(crate) async fn charge_secret(&self, tenant: &TenantView, address: IpAddr) -> Result<(), OAuthError> {
        if !tenant.tenant.attack_protection.suspicious_ip_throttling.counts(address) {
            return Ok(());
        }
        let drawing = self.draw(tenant, address, Purpose::Suspicion, Draw::One);
        self.charged(place(tenant, address), drawing).await.map_err(|denied| denied.error)
    }

    /// Gives back what [`Engine::charge_secret`] charged for a guess that was right or could not be judged.
    ///
    /// # Errors
    /// `temporarily_unavailable`; it stays charged then.
    pub(crate) async fn take_secret_back(
        &self,
        tenant: &TenantView,
        address: IpAddr,
    ) -> Result<(), OAuthError> {
        if tenant.tenant.attack_protection.suspicious_ip_throttling.counts(address) {
            self.draw(tenant, address, Purpose::Suspicion, Draw::Back).await?;
        }
        Ok(())
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

    /// Draws from what an address has for one purpose: signups, or else logins.
    pub(super) async fn draw(
        &self,
        tenant: &TenantView,
        address: IpAddr,
        purpose: Purpose,
        draw: Draw,
    ) -> Result<Drawn, OAuthError> {
        let stage = tenant.tenant.attack_protection.suspicious_ip_throttling.stage;
        let throttle =
            if purpose == Purpose::Signups { stage.pre_user_registration } else { stage.pre_login };
        let (tenant, name) = (&tenant.tenant.id, origin(address));
        let subject = Subject { tenant, purpose, name: name.as_bytes() };
        Ok(self.store().draw(subject, self.now(), rate(throttle), draw).await?)
    }

    /// What came of drawing. A refusal is remembered under `name`, and for a while nothing more is drawn.
    async fn charged(
        &self,
        name: String,
        drawing: impl Future<Output = Result<Drawn, OAuthError>>,
    ) -> Result<(), Denied> {
        if let Some(until) = self.refused_until(&name) {
            return Err(Denied { event: None, ..self.address_closed(until) });
        }
        match drawing.await? {
            Drawn::Had => Ok(()),
            Drawn::Empty { until } => {
                self.attempts().remember(name, until, false);
                Err(self.address_closed(until))
            }
        }
    }

    /// When `name` may try again, if it was refused a moment ago.
    fn refused_until(&self, name: &str) -> Option<UnixMs> {
        let refused = self.attempts().refused.get(name)?;
        (refused.until > self.now()).then_some(refused.until)
    }
}
