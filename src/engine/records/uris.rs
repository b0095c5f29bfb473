//! Which URIs an application may register.

use url::Url;

use crate::protocol::redirect_uri;

/// Schemes that a browser runs or reads locally instead of going somewhere.
const DANGEROUS: [&str; 6] = ["about", "blob", "data", "file", "javascript", "vbscript"];

/// An absolute URI without a fragment (RFC 6749 §3.1.2), exact: no wildcard, no user information. Custom schemes
/// are those of native applications (RFC 8252 §7.1).
pub fn is_redirect_uri(text: &str) -> bool {
    let Some(uri) = clean(text) else { return false };
    let web = matches!(uri.scheme(), "http" | "https");
    uri.fragment().is_none()
        && !uri.cannot_be_a_base()
        && !DANGEROUS.contains(&uri.scheme())
        && (!web || uri.has_host())
}

/// `scheme://host[:port]` of a web page, as the `Origin` header has it (RFC 6454 §6.2).
pub fn is_origin(text: &str) -> bool {
    clean(text)
        .is_some_and(|uri| is_web(&uri) && uri.origin().ascii_serialization() == text.to_ascii_lowercase())
}

/// An absolute http or https URI.
pub fn is_web_uri(text: &str) -> bool {
    clean(text).is_some_and(|uri| is_web(&uri))
}

/// A picture's address: its host is one that a content security policy can name.
pub fn is_picture(text: &str) -> bool {
    is_web_uri(text) && redirect_uri::source(text).is_some()
}

/// An address that this server may be told to post to: https, or http on this machine, without a fragment.
pub fn is_notice_uri(text: &str) -> bool {
    let local = |uri: &Url| matches!(uri.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    clean(text).is_some_and(|uri| {
        is_web(&uri) && uri.fragment().is_none() && (uri.scheme() == "https" || local(&uri))
    })
}

/// Whether two web pages have scheme, host and port in common.
pub fn are_of_one_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => is_web(&one) && one.origin() == other.origin(),
        _ => false,
    }
}

/// A host name, without scheme, port or path.
pub fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=253).contains(&text.len()) && text.split('.').all(label)
}

/// A mail address: one `@`, a plain local part, a host name after it; international domains as they are written.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let legal = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-.".contains(c);
    let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    let domain_legal = |c: char| c.is_alphanumeric() || c == '-' || c == '.';
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(legal)
        && dots(local)
        && !domain.is_empty()
        && domain.chars().all(domain_legal)
        && dots(domain)
        && domain.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'))
}

/// Reads a URI that is what it looks like: the parser would forgive spaces and line breaks.
fn clean(text: &str) -> Option<Url> {
    let honest = text.len() <= 2048
        && !text.contains(['*', '\\'])
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let uri = honest.then(|| Url::parse(text).ok()).flatten()?;
    (uri.username().is_empty() && uri.password().is_none()).then_some(uri)
}

fn is_web(uri: &Url) -> bool {
    matches!(uri.scheme(), "http" | "https") && uri.has_host()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirect_uris() {
        for good in [
            "https://a.example/cb?x=1",
            "http://localhost:3000/cb",
            "com.example.app:/cb",
            "com.example.app://cb/x",
        ] {
            assert!(is_redirect_uri(good), "{good}");
        }
        for bad in [
            "",
            "/cb",
            "a.example/cb",
            "https://a.example/cb#",
            "https://a.example/#x",
            "https://*.example/cb",
            "https://u:p@a.example/cb",
            "javascript:alert(1)",
            "javascript://%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "mailto:a@b",
            " https://a.example/cb",
            "https://a.exa\nmple/cb",
            "https://a.example\\@b.example/",
        ] {
            assert!(!is_redirect_uri(bad), "{bad}");
        }
    }

    #[test]
    fn origins_and_hosts() {
        assert!(is_origin("https://app.example") && is_origin("http://localhost:3000"));
        for bad in ["https://app.example/", "https://app.example/x", "app.example", "null", "https://a:443"] {
            assert!(!is_origin(bad), "{bad}");
        }
        assert!(is_host("login.acme.example") && !is_host("a:80") && !is_host("-a.b") && !is_host("a..b"));
        assert!(is_web_uri("https://a/logo.png") && !is_web_uri("ftp://a/logo.png"));
        assert!(is_picture("https://a/logo.png") && !is_picture("https://a;script-src/logo.png"));
    }

    #[test]
    fn places_for_notices() {
        for good in
            ["https://a.example/out?x=1", "http://localhost:3000/out", "http://127.0.0.1/", "http://[::1]:1/"]
        {
            assert!(is_notice_uri(good), "{good}");
        }
        for bad in
            ["http://a.example/out", "https://a.example/#x", "com.app:/out", "https://u:p@a.example/", "/out"]
        {
            assert!(!is_notice_uri(bad), "{bad}");
        }
        assert!(are_of_one_origin("https://a.example/out", "https://a.example:443/cb"));
        assert!(!are_of_one_origin("https://a.example/out", "http://a.example/cb"));
        assert!(!are_of_one_origin("com.app:/out", "com.app:/out"));
    }

    #[test]
    fn addresses() {
        assert!(is_email("ada.l+x@example.com") && is_email("j\u{f6}rg@b\u{fc}cher.example"));
        for bad in
            ["", "a", "@b.c", "a@", "a@b@c", "a b@c.d", ".a@b.c", "a@b..c", "a@-b.c", "a@b.c\n", "<a@b.c>"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
