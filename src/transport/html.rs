//! Replies to browsers: pages under a strict content security policy, redirects, and the form that posts itself.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{Response as HttpResponse, StatusCode};
use maud::{DOCTYPE, html};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::protocol::authorization::{Response, ResponseMode};
use crate::protocol::redirect_uri;
use crate::transport::reply::Reply;

const POLICY: &str = "content-security-policy";

/// The script of `response_mode=form_post`: it posts the form.
const POST_IT: &str = "document.forms[0].submit()";

/// The script of `response_mode=web_message`: it tells the window that opened or framed ours, if that window shows
/// a page of the one origin. What it tells stands in attributes, so that the script is always the same.
const TELL_IT: &str = "(d=>(window.opener||window.parent).postMessage(\
    {type:'authorization_response',response:JSON.parse(d.response)},d.origin))(document.body.dataset)";

/// What a page may load, and where it may lead; each a list of sources of a content security policy.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The places besides ourselves to which its form may lead, also by redirects (browsers hold `form-action` against
    /// those too).
    pub forms: &'a str,
    /// The places of its pictures.
    pub images: &'a str,
    /// The hashes of its style sheets.
    pub styles: &'a str,
}

/// A page with its own style sheets and no script.
pub fn page(status: StatusCode, body: String, sources: Sources<'_>) -> Reply {
    let Sources { forms, images, styles } = sources;
    let policy = format!(
        "default-src 'none'; style-src {styles}; img-src data: {images}; form-action 'self' {forms}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let mut reply = HttpResponse::new(body.into());
    *reply.status_mut() = status;
    guard(&mut reply, &policy);
    reply
}

/// Lets a page hold frames of exactly the origins of `pages`; until then it may hold none.
pub fn allow_frames(reply: &mut Reply, pages: &[String]) {
    let mut sources: Vec<_> = pages.iter().filter_map(|page| redirect_uri::source(page)).collect();
    sources.sort_unstable();
    sources.dedup();
    let Some(policy) = reply.headers().get(POLICY).and_then(|policy| policy.to_str().ok()) else { return };
    let policy = format!("{policy}; frame-src {}", sources.join(" "));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        reply.headers_mut().insert(POLICY, policy);
    }
}

/// Sends the browser on from a page, with a GET, without a script.
pub fn go_on_by_itself(reply: &mut Reply, after_secs: u64, location: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("{after_secs};url={}", plain(location))) {
        reply.headers_mut().insert(HeaderName::from_static("refresh"), value);
    }
}

/// Sends the browser elsewhere with a GET.
pub fn see_other(location: &str) -> Reply {
    let mut reply = HttpResponse::new(bytes::Bytes::new());
    *reply.status_mut() = StatusCode::SEE_OTHER;
    let headers = reply.headers_mut();
    headers
        .insert(LOCATION, HeaderValue::from_str(&plain(location)).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("referrer-policy"), HeaderValue::from_static("no-referrer"));
    reply
}

/// An address as a header can hold it.
fn plain(location: &str) -> String {
    // A host or path in letters beyond ASCII goes by its ASCII name; without those letters it would be another place.
    let address = if location.is_ascii() { None } else { Url::parse(location).ok() };
    let location = address.as_ref().map_or(location, Url::as_str);
    location.chars().filter(|c| matches!(c, '!'..='~')).collect()
}

/// Carries a response of the authorization endpoint to the application, in the mode that it asked for.
pub fn respond(response: &Response) -> Reply {
    match response.mode {
        ResponseMode::Query => {
            see_other(&redirect_uri::with_query(&response.redirect_uri, &response.parameters))
        }
        ResponseMode::Fragment => {
            see_other(&redirect_uri::with_fragment(&response.redirect_uri, &response.parameters))
        }
        ResponseMode::FormPost => form_post(response),
        ResponseMode::WebMessage => web_message(response),
    }
}

/// What a form may lead to when it ends at `uri`: the place itself, and over https wherever the application sends
/// the browser next.
pub fn form_targets(uri: &str) -> String {
    match redirect_uri::source(uri) {
        Some(source) if source.starts_with("https:") => "https:".to_owned(),
        Some(source) => format!("https: {source}"),
        None => "https:".to_owned(),
    }
}

fn form_post(response: &Response) -> Reply {
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "…" } }
            body {
                form method="post" action=(response.redirect_uri) {
                    @for (name, value) in &response.parameters {
                        input type="hidden" name=(name) value=(value);
                    }
                    noscript { button type="submit" { "Continue" } }
                }
                script { (maud::PreEscaped(POST_IT)) }
            }
        }
    };
    let policy = format!(
        "default-src 'none'; script-src {}; form-action {}; frame-ancestors 'none'; base-uri 'none'",
        hash(POST_IT),
        form_targets(&response.redirect_uri)
    );
    let mut reply = HttpResponse::new(body.into_string().into());
    guard(&mut reply, &policy);
    reply
}

/// Auth0's `web_message`: a page without content, framed or opened by the application, that posts the answer to the
/// application's origin and to no other.
fn web_message(response: &Response) -> Reply {
    let origin = redirect_uri::web_origin(&response.redirect_uri).unwrap_or_default();
    let members: BTreeMap<_, _> = response.parameters.iter().map(|(name, value)| (*name, value)).collect();
    let body = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "…" } }
            body data-origin=(origin) data-response=(serde_json::to_string(&members).unwrap_or_default()) {
                script { (maud::PreEscaped(TELL_IT)) }
            }
        }
    };
    let policy = format!(
        "default-src 'none'; script-src {}; form-action 'none'; frame-ancestors {origin}; base-uri 'none'",
        hash(TELL_IT),
    );
    let mut reply = HttpResponse::new(body.into_string().into());
    guard(&mut reply, &policy);
    // The policy says who may frame it.
    reply.headers_mut().remove("x-frame-options");
    keep_opener(&mut reply);
    reply
}

/// Lets a window remember which one opened it: a page on the way to a [`ResponseMode::WebMessage`] in a window of its
/// own would forget it otherwise, and there would be nobody to tell.
pub fn keep_opener(reply: &mut Reply) {
    reply.headers_mut().remove("cross-origin-opener-policy");
}

fn guard(reply: &mut Reply, policy: &str) {
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut put = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put(POLICY, policy);
    put("referrer-policy", "no-referrer");
    put("x-content-type-options", "nosniff");
    put("x-frame-options", "DENY");
    put("cross-origin-opener-policy", "same-origin");
}

/// The source of a content security policy that admits exactly this style sheet or script.
pub fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(mode: ResponseMode) -> Reply {
        let parameters = vec![("code", "ac_x".to_owned()), ("state", "\"><script>".to_owned())];
        respond(&Response { redirect_uri: "https://a.test/cb".into(), mode, parameters })
    }

    #[test]
    fn each_mode_carries_the_parameters_its_own_way() {
        let query = response(ResponseMode::Query);
        assert_eq!(query.headers()[LOCATION], "https://a.test/cb?code=ac_x&state=%22%3E%3Cscript%3E");
        let fragment = response(ResponseMode::Fragment);
        assert_eq!(fragment.headers()[LOCATION], "https://a.test/cb#code=ac_x&state=%22%3E%3Cscript%3E");
        let form = response(ResponseMode::FormPost);
        let body = String::from_utf8_lossy(form.body()).into_owned();
        assert!(body.contains("value=\"&quot;&gt;&lt;script&gt;\""), "{body}");
        assert!(form.headers()["content-security-policy"].to_str().unwrap().contains("form-action https:"));
    }

    #[test]
    fn a_message_goes_to_one_origin_and_its_page_may_be_framed_by_that_one_only() {
        let reply = response(ResponseMode::WebMessage);
        let body = String::from_utf8_lossy(reply.body()).into_owned();
        assert!(body.contains("data-origin=\"https://a.test\""), "{body}");
        assert!(body.contains("&gt;&lt;script&gt;") && body.matches("<script>").count() == 1, "{body}");
        let policy = reply.headers()["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("frame-ancestors https://a.test;") && policy.contains(&hash(TELL_IT)),
            "{policy}"
        );
        assert!(!reply.headers().contains_key("x-frame-options"));
    }

    #[test]
    fn a_location_cannot_break_out_of_its_header() {
        let reply = see_other("https://a.test/\r\nSet-Cookie: x=1");
        assert_eq!(reply.headers()[LOCATION], "https://a.test/Set-Cookie:x=1");
    }

    #[test]
    fn a_location_beyond_ascii_leads_to_no_other_place() {
        let reply = see_other("https://b\u{fc}cher.test/\u{e4}?code=x&state=y");
        assert_eq!(reply.headers()[LOCATION], "https://xn--bcher-kva.test/%C3%A4?code=x&state=y");
    }
}
