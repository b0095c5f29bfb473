//! Messages to people: to a folder of `.eml` files, or by SMTP. Nobody waits for one to leave.

use std::path::PathBuf;
use std::sync::Arc;

use lettre::message::{Mailbox, MultiPart};
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::sync::Semaphore;

use crate::config::mail::Mail as Settings;

/// How many messages may be on their way; one more is dropped and said so in the log.
const ON_THEIR_WAY_MAX: usize = 256;

/// Sends messages.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    road: Road,
    room: Arc<Semaphore>,
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

/// The `mail` section cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("mail: {0}")]
pub struct MailError(String);

impl Mailer {
    /// A mailer as configured; nothing is connected or made yet.
    ///
    /// # Errors
    /// [`MailError`] for a sender or server that does not read.
    pub fn new(settings: &Settings) -> Result<Self, MailError> {
        let from = settings.from.parse().map_err(|error| MailError(format!("from: {error}")))?;
        let url = settings.smtp_url.expose();
        let road = if url.is_empty() {
            Road::Folder(settings.folder.clone())
        } else {
            let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url);
            Road::Smtp(builder.map_err(|error| MailError(format!("smtp_url: {error}")))?.build())
        };
        Ok(Self { from, road, room: Arc::new(Semaphore::new(ON_THEIR_WAY_MAX)) })
    }

    /// Puts a message on its way; a failure is logged, without the address.
    pub fn post(&self, to: &str, outgoing: Outgoing) {
        let Ok(to) = to.parse::<Mailbox>() else { return };
        let from = outgoing.from.as_deref().and_then(|from| from.parse().ok());
        let message = Message::builder()
            .from(from.unwrap_or_else(|| self.from.clone()))
            .to(to)
            .subject(outgoing.subject)
            .multipart(MultiPart::alternative_plain_html(outgoing.text, outgoing.html));
        let message = match message {
            Ok(message) => message,
            Err(error) => return tracing::warn!(%error, "a message could not be written"),
        };
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            return tracing::warn!("too many messages are on their way; one was dropped");
        };
        let road = self.road.clone();
        tokio::spawn(async move {
            if let Err(error) = road.carry(message).await {
                tracing::warn!(error, "a message was not sent");
            }
            drop(permit);
        });
    }
}

impl Road {
    async fn carry(self, message: Message) -> Result<(), String> {
        match self {
            Self::Folder(folder) => {
                tokio::fs::create_dir_all(&folder).await.map_err(|error| error.to_string())?;
                let transport = AsyncFileTransport::<Tokio1Executor>::new(folder);
                transport.send(message).await.map(drop).map_err(|error| error.to_string())
            }
            Self::Smtp(transport) => {
                transport.send(message).await.map(drop).map_err(|error| error.to_string())
            }
        }
    }
}
