//! Messages to people: to a folder of `.eml` files, or by SMTP. Nobody waits for one to leave; one that cannot leave
//! is tried again.

use std::path::PathBuf;
use std::sync::Arc;

use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::actors::deliveries::{Deliveries, Failure, Parcel};
use crate::config::mail::Mail as Settings;
use crate::telemetry::labels::DeliveryKind;

/// Sends messages.
#[derive(Clone)]
pub struct Mailer {
    deliveries: Deliveries,
    from: Mailbox,
    signup_bytes_max: usize,
    road: Road,
}

/// What a message says.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its sender, if it is not the configured one.
    pub from: Option<String>,
    /// Its subject.
    pub subject: String,
    /// What it says, in plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

#[derive(Clone)]
enum Road {
    Folder(PathBuf),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// A message on its way.
struct Posted {
    message: Message,
    road: Road,
}

/// The `mail` section cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("mail: {0}")]
pub struct MailError(String);

impl Mailer {
    /// A mailer as configured; nothing is connected or made yet.
    ///
    /// # Errors
    /// [`MailError`] for a sender or server that does not read.
    pub fn new(settings: &Settings, deliveries: Deliveries) -> Result<Self, MailError> {
        let from = settings.from.parse().map_err(|error| MailError(format!("from: {error}")))?;
        let url = settings.smtp_url.expose();
        let road = if url.is_empty() {
            Road::Folder(settings.folder.clone())
        } else {
            let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
            Road::Smtp(builder.map_err(|error| MailError(format!("smtp_url: {error}")))?.build())
        };
        Ok(Self { deliveries, from, signup_bytes_max: settings.signup_bytes_max, road })
    }

    /// The most bytes of a newcomer's particulars that a link may carry.
    pub(crate) fn signup_bytes_max(&self) -> usize {
        self.signup_bytes_max
    }

    /// Puts a message on its way; one that is given up in the end is logged, without the address.
    pub fn post(&self, to: &str, outgoing: Outgoing) {
        let Ok(to) = to.parse::<Mailbox>() else { return };
        let from = outgoing.from.as_deref().and_then(|from| from.parse().ok());
        let message = Message::builder()
            .from(from.unwrap_or_else(|| self.from.clone()))
            .to(to)
            .subject(outgoing.subject)
            .multipart(MultiPart::alternative_plain_html(outgoing.text, outgoing.html));
        match message {
            Ok(message) => self.deliveries.hand_in(Arc::new(Posted { message, road: self.road.clone() })),
            Err(error) => tracing::warn!(%error, "a message could not be written"),
        }
    }
}

#[async_trait::async_trait]
impl Parcel for Posted {
    fn kind(&self) -> DeliveryKind {
        DeliveryKind::Mail
    }

    async fn carry(&self) -> Result<(), Failure> {
        match &self.road {
            Road::Folder(folder) => {
                let passing = |error: String| Failure::Passing(format!("the folder: {error}"));
                tokio::fs::create_dir_all(folder).await.map_err(|error| passing(error.to_string()))?;
                let transport = AsyncFileTransport::<Tokio1Executor>::new(folder);
                let sent = transport.send(self.message.clone()).await;
                sent.map(drop).map_err(|error| passing(error.to_string()))
            }
            Road::Smtp(transport) => {
                let sent = transport.send(self.message.clone()).await;
                sent.map(drop).map_err(|error| {
                    // A server's own words may repeat the address; the kind of error does not.
                    let code = error.status().map(|code| code.to_string()).unwrap_or_default();
                    if error.is_permanent() {
                        Failure::Lasting(format!("SMTP refused: {code}"))
                    } else {
                        Failure::Passing(format!("SMTP: {code}"))
                    }
                })
            }
        }
    }

    fn ended(&self, outcome: &Result<(), Failure>) {
        if let Err(error) = outcome {
            tracing::warn!(%error, "a message was not sent");
        }
    }
}
