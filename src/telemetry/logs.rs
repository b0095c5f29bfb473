//! Structured logs on standard error.
//!
//! No spans: a request's id is a field of the events that belong to it, so that a request without events costs nothing.

use std::io::{self, IsTerminal};
use std::panic::PanicHookInfo;

use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::TryInitError;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::logging::{LogFormat, Logging};

/// Logs cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `logging.level` is not understood.
    #[error("logging.level: {0}")]
    Level(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody else in this process has already started logs.
    #[error("logs have been started already: {0}")]
    Started(#[from] TryInitError),
}

/// Sends events to standard error from here on, and turns a panic into an event.
///
/// # Errors
/// A level that is not understood, or a second call in one process.
pub fn start(config: &Logging) -> Result<(), LogError> {
    let coloured = io::stderr().is_terminal();
    subscriber(config, coloured, io::stderr)?.try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn subscriber<W>(
    config: &Logging,
    coloured: bool,
    writer: W,
) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&config.level)?;
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(coloured);
    // Spans of libraries would be entered each time that one of their tasks is looked at.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method's own lifetime does not fit")]
    let events = filter_fn(|metadata| metadata.is_event());
    let registry = tracing_subscriber::registry().with(filter).with(events);
    Ok(match config.format {
        LogFormat::Json => {
            let layer = layer.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(registry.with(layer.with_ansi(false)))
        }
        LogFormat::Text => Box::new(registry.with(layer)),
    })
}

fn log_panic(panic: &PanicHookInfo<'_>) {
    let text = panic.payload_as_str().unwrap_or("a panic without text");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, panic = text, "a task panicked");
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, level: &str) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let config = Logging { format, level: level.to_owned() };
        let subscriber = subscriber(&config, false, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(request_id = "r-1", "answered");
            tracing::debug!("detail");
        });
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_json_line_has_the_fields_at_its_top() {
        let text = written(LogFormat::Json, "info");
        let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
        assert_eq!(line["request_id"], "r-1");
        assert_eq!(line["message"], "answered");
        assert_eq!(line["level"], "INFO");
    }

    #[test]
    fn text_without_a_terminal_has_no_colours_and_the_level_filters() {
        let text = written(LogFormat::Text, "info");
        assert!(text.contains("answered") && text.contains("request_id"), "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains("detail"), "{text}");
        assert!(written(LogFormat::Text, "debug").contains("detail"));
        assert_eq!(written(LogFormat::Text, "error"), "");
    }
}
