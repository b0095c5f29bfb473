//! Messages to people: to a folder of `.eml` files, or by SMTP. Nobody waits for one to leave; one that cannot leave
//! is tried again.

use std::path::PathBuf;
use std::sync::Arc;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::actors::deliveries::{Deliveries, Failure, Parcel};
use crate::config::mail::Mail as Settings;
use crate::telemetry::labels::DeliveryKind;

/// Sends messages.
#[derive(Clone)]
pub struct Mailer {
    deliveries: Deliveries,
    from: Mailbox,
    road: Road,
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
        Ok(Self { deliveries, from, road })
    }

    /// Puts a message on its way; one that is given up in the end is logged, without the address.
    pub fn send(&self, to: &str, subject: &str, text: String) {
        let Ok(to) = to.parse::<Mailbox>() else { return };
        let message = Message::builder().from(self.from.clone()).to(to).subject(subject);
        match message.header(ContentType::TEXT_PLAIN).body(text) {
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
