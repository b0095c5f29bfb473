//! The page for what only the person may be told.

use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use maud::html;

use crate::pages::layout::{self, Frame};
use crate::pages::words;
use crate::protocol::oauth_error::{Fault, OAuthError};
use crate::transport::exchange::Exchange;
use crate::transport::reply::{self, Manner, Reply};

/// The page that tells of `error`.
pub fn page(exchange: &Exchange, error: &OAuthError) -> Reply {
    let request_id = exchange.request_id();
    match error.fault {
        Fault::Ourselves => {
            tracing::error!(%request_id, code = error.code.name(), cause = error.cause, "page failed");
        }
        Fault::Client | Fault::Tenant | Fault::User => {
            tracing::debug!(%request_id, code = error.code.name(), cause = error.cause, "page refused");
        }
    }
    let words = words::chosen(None, exchange.headers());
    let contents = html! {
        p.alert role="alert" { (error.description) }
        p.note.foot { (error.code.name()) " · " (request_id.to_string()) }
    };
    let frame = Frame { tenant: exchange.tenant(), words, title: words.went_wrong, targets: "" };
    let mut page = layout::page(frame, status(error), &contents);
    if let Some(secs) = error.retry_after_secs {
        page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
    }
    page
}

/// The same status that the error has as JSON.
fn status(error: &OAuthError) -> StatusCode {
    reply::error(error, Manner::default()).status()
}
