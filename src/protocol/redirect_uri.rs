//! Redirect URIs: compared exactly (RFC 9700 §2.1), but for the port of a native application's loopback address
//! (RFC 8252 §7.3); and the one way in which parameters are put on them.

use url::Url;
use url::form_urlencoded::Serializer;

/// Whether `presented` is one of `registered`. A native application's loopback redirect may name any port.
pub fn is_registered(registered: &[String], presented: &str, native: bool) -> bool {
    registered.iter().any(|own| own == presented)
        || (native
            && without_loopback_port(presented).is_some_and(|presented| {
                registered.iter().any(|own| without_loopback_port(own).is_some_and(|own| own == presented))
            }))
}

/// `uri` with `parameters` added to its query.
pub fn with_query(uri: &str, parameters: &[(&str, String)]) -> String {
    let (base, fragment) = uri.split_once('#').map_or((uri, None), |(base, rest)| (base, Some(rest)));
    let join = if base.contains('?') { if base.ends_with(['?', '&']) { "" } else { "&" } } else { "?" };
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{base}{join}{}{fragment}", encoded(parameters))
}

/// `uri` with `parameters` as its fragment.
pub fn with_fragment(uri: &str, parameters: &[(&str, String)]) -> String {
    let base = uri.split('#').next().unwrap_or_default();
    format!("{base}#{}", encoded(parameters))
}

/// What a content security policy calls the place to which `uri` leads: its origin, or its own scheme.
pub fn source(uri: &str) -> Option<String> {
    let uri = Url::parse(uri).ok()?;
    let legal = |c: char| c.is_ascii_alphanumeric() || "+-.:/[]".contains(c);
    let text = match uri.scheme() {
        "http" | "https" => uri.origin().ascii_serialization(),
        scheme => format!("{scheme}:"),
    };
    text.chars().all(legal).then_some(text)
}

/// The web origin to which `uri` belongs (RFC 6454 §6.2); `None` for a scheme of an application's own.
pub fn web_origin(uri: &str) -> Option<String> {
    let uri = Url::parse(uri).ok()?;
    matches!(uri.scheme(), "http" | "https").then(|| uri.origin().ascii_serialization())
}

/// The URI as read by its honest parts, without the port, if it is `http` on a loopback address.
fn without_loopback_port(uri: &str) -> Option<String> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| rest.starts_with(host))?;
    let rest = &rest[host.len()..];
    let rest = match rest.strip_prefix(':') {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest[..digits].parse::<u16>().ok()?;
            &rest[digits..]
        }
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then(|| format!("http://{host}{rest}"))
}

fn encoded(parameters: &[(&str, String)]) -> String {
    let mut out = Serializer::new(String::new());
    for (name, value) in parameters {
        out.append_pair(name, value);
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(presented: &str, native: bool) -> bool {
        let own =
            ["https://app.example/cb", "http://127.0.0.1/cb", "http://localhost:3000/cb?x=1", "com.app:/cb"];
        is_registered(&own.map(str::to_owned), presented, native)
    }

    #[test]
    fn only_exactly_what_is_registered() {
        assert!(registered("https://app.example/cb", false) && registered("com.app:/cb", true));
        for trick in [
            "https://app.example/cb/",
            "https://app.example/cb?",
            "https://app.example/cb#",
            "https://APP.example/cb",
            "https://app.example:443/cb",
            "https://app.example.evil/cb",
            "https://app.example@evil.test/cb",
            "https://evil.test/https://app.example/cb",
            "//app.example/cb",
            "https:app.example/cb",
            "https://app.example/x/../cb",
            "https://app.example/cb%00",
            "",
        ] {
            assert!(!registered(trick, false) && !registered(trick, true), "{trick}");
        }
    }

    #[test]
    fn a_native_loopback_may_have_any_port() {
        assert!(
            registered("http://127.0.0.1:51004/cb", true) && registered("http://localhost:1/cb?x=1", true)
        );
        assert!(!registered("http://127.0.0.1:51004/cb", false), "not for web applications");
        for trick in [
            "http://127.0.0.1:1@evil.test/cb",
            "http://127.0.0.1.evil.test/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:1/other",
            "https://127.0.0.1:1/cb",
            "http://localhost:1/cb",
            "http://[::1]:1/cb",
        ] {
            assert!(!registered(trick, true), "{trick}");
        }
    }

    #[test]
    fn parameters_are_added_and_escaped() {
        let parameters = [("state", "a b&c#d".to_owned())];
        assert_eq!(with_query("https://a/cb", &parameters), "https://a/cb?state=a+b%26c%23d");
        assert_eq!(with_query("https://a/cb?x=1", &parameters), "https://a/cb?x=1&state=a+b%26c%23d");
        assert_eq!(with_fragment("https://a/cb", &parameters), "https://a/cb#state=a+b%26c%23d");
        assert_eq!(source("https://a.test:8443/cb").as_deref(), Some("https://a.test:8443"));
        assert_eq!(source("com.app:/cb").as_deref(), Some("com.app:"));
        assert_eq!(web_origin("https://a.test:443/cb?x").as_deref(), Some("https://a.test"));
        assert_eq!((web_origin("com.app:/cb"), web_origin("/cb")), (None, None));
    }
}
