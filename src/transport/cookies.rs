//! Cookies: read from a request, set on a reply; `__Host-` and `Secure` wherever browsers see HTTPS.

use http::HeaderMap;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};

use crate::tenancy::TenantView;
use crate::transport::reply::Reply;

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Tells this browser from others; what a login form is bound to.
    Browser,
    /// The browser's half of a login on an application's own page, which is of another site.
    CrossOrigin,
    /// The sealed session.
    Session,
}

impl Cookie {
    /// The value that the browser sent; `None` when there is none, or more than one that could be it.
    pub fn read<'a>(self, headers: &'a HeaderMap, tenant: &TenantView) -> Option<&'a str> {
        let name = self.name(is_secure(tenant));
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(own, _)| *own == name).map(|(_, value)| value);
        let value = values.next();
        if values.next().is_some() { None } else { value }
    }

    /// Sets the cookie for `max_age_secs`; 0 takes it away. `value` is base64url.
    pub fn set(self, reply: &mut Reply, tenant: &TenantView, value: &str, max_age_secs: u64) {
        let secure = is_secure(tenant);
        let flags = if secure { "; Secure" } else { "" };
        let name = self.name(secure);
        // `SameSite=None` is for TLS only; without TLS there is one site, one's own machine.
        let same_site = if secure && self == Self::CrossOrigin { "None" } else { "Lax" };
        let line =
            format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={max_age_secs}{flags}");
        if let Ok(line) = HeaderValue::from_str(&line) {
            reply.headers_mut().append(SET_COOKIE, line);
        }
    }

    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Browser, true) => "__Host-jeton_browser",
            (Self::Browser, false) => "jeton_browser",
            (Self::CrossOrigin, true) => "__Host-jeton_co",
            (Self::CrossOrigin, false) => "jeton_co",
            (Self::Session, true) => "__Host-jeton_session",
            (Self::Session, false) => "jeton_session",
        }
    }
}

/// Whether browsers see HTTPS: what counts is the address that they know, not the last hop to this process.
fn is_secure(tenant: &TenantView) -> bool {
    tenant.issuer.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::reply;

    fn tenant(issuer: &str) -> TenantView {
        TenantView {
            tenant: serde_json::from_str(r#"{"id":"t"}"#).unwrap(),
            issuer: issuer.to_owned(),
            management: "m".into(),
            userinfo: "u".into(),
            is_operators: false,
        }
    }

    #[test]
    fn a_cookie_over_tls_is_bound_to_its_host() {
        let mut reply = reply::empty(http::StatusCode::OK);
        Cookie::Session.set(&mut reply, &tenant("https://a/"), "v", 9);
        let line = reply.headers()[SET_COOKIE].to_str().unwrap();
        assert_eq!(line, "__Host-jeton_session=v; Path=/; HttpOnly; SameSite=Lax; Max-Age=9; Secure");
    }

    #[test]
    fn a_cookie_is_found_among_others_and_not_when_doubled() {
        let read = |line: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_str(line).unwrap());
            Cookie::Session.read(&headers, &tenant("http://a/")).map(str::to_owned)
        };
        assert_eq!(read("x=1; jeton_session=abc; y=2").as_deref(), Some("abc"));
        assert_eq!(read("jeton_session=abc; jeton_session=def"), None);
        assert_eq!(read("__Host-jeton_session=abc"), None);
    }
}
