//! `jeton token …`: asks a running server, as an application would, and prints its answer as JSON.

use std::io::Write;
use std::time::Duration;

use crate::cli::arguments::TokenArguments;
use crate::cli::{EXIT_UNAVAILABLE, EXIT_USAGE};

pub mod request;

use request::Request;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// The longest time that an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends the request and writes the answer to `out`, complaints to `err`. The exit status: 0, 1 when the server
/// refused, 64 for a fault in the arguments, 69 when there is no answer.
pub fn run(arguments: &TokenArguments, out: &mut impl Write, err: &mut impl Write) -> u8 {
    let request = match Request::of(&arguments.caller, &arguments.request) {
        Ok(request) => request,
        Err(fault) => return complain(err, &fault, EXIT_USAGE),
    };
    match send(&request) {
        Err(fault) => complain(err, &fault, EXIT_UNAVAILABLE),
        Ok(answer) => {
            // Whoever closed the pipe does not want the answer.
            let _written = writeln!(out, "{}", answer.text);
            u8::from(!answer.good)
        }
    }
}

/// What the server said.
struct Answer {
    good: bool,
    text: String,
}

fn complain(err: &mut impl Write, fault: &dyn std::fmt::Display, status: u8) -> u8 {
    let _written = writeln!(err, "{fault}");
    status
}

fn send(request: &Request) -> Result<Answer, String> {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(PATIENCE))
        .tls_config(
            ureq::tls::TlsConfig::builder().root_certs(ureq::tls::RootCerts::PlatformVerifier).build(),
        )
        .build()
        .new_agent();
    let mut post = agent.post(&request.url).header("accept", "application/json");
    if let Some(authorization) = &request.authorization {
        post = post.header("authorization", authorization.as_str());
    }
    let form = request.form.iter().map(|(name, value)| (*name, value.as_str()));
    let mut answer = post.send_form(form).map_err(|error| format!("{}: {error}", request.url))?;
    let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_string();
    let body = body.map_err(|error| format!("{}: {error}", request.url))?;
    let status = answer.status();
    Ok(Answer { good: status.is_success(), text: shown(status.as_u16(), &body) })
}

/// The answer as indented JSON; what is no JSON, inside an object that says so.
fn shown(status: u16, body: &str) -> String {
    let value = match serde_json::from_str::<serde_json::Value>(body) {
        Ok(value) => value,
        // A revocation is answered with nothing (RFC 7009 §2.2).
        Err(_) if body.trim().is_empty() => serde_json::json!({ "status": status }),
        Err(_) => serde_json::json!({ "status": status, "body": body }),
    };
    format!("{value:#}")
}

#[cfg(test)]
mod tests;
