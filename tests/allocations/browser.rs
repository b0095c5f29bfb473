//! Somebody who logs in once and then gets codes without being asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::stage::Wire;

/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A challenge's verifier, and the demo's application.
const EXCHANGE: &str = "grant_type=authorization_code&client_id=demo-web\
    &client_secret=demo_hGhGGsusVeIiLSk5ghQS5R0l3ZkElRmf6aZ6juJrrWs\
    &redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback\
    &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code=";

/// Cookies by name.
#[derive(Default)]
pub(crate) struct Browser(BTreeMap<String, String>);

impl Browser {
    /// A session of the demo's user.
    pub(crate) async fn log_in(&mut self, wire: &mut Wire) {
        let page = self.go(wire, &format!("GET {}", authorize()), "").await;
        let state = page.split_once("state=").unwrap().1;
        let form = format!("state={state}&username=ada%40demo.example&password=ada-demo-password");
        self.go(wire, "POST /u/login", &form).await;
    }

    /// A code for whom is logged in.
    pub(crate) async fn code(&mut self, wire: &mut Wire) -> String {
        let callback = self.go(wire, &format!("GET {}", authorize()), "").await;
        let code = callback.split_once("code=").unwrap().1;
        code.split('&').next().unwrap().to_owned()
    }

    /// Where the answer leads.
    async fn go(&mut self, wire: &mut Wire, line: &str, form: &str) -> String {
        let cookies: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let head = wire.head(&request(line, &cookies.join("; "), form)).await;
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
        let location = head.lines().find_map(|line| line.strip_prefix("location: "));
        location.unwrap_or_else(|| panic!("{line} was answered\n{head}")).to_owned()
    }
}

/// A form that exchanges `code` for three tokens.
pub(crate) fn exchange(code: &str) -> String {
    format!("{EXCHANGE}{code}")
}

/// The bytes of a request of the demo tenant: `line` is its method and path.
pub(crate) fn request(line: &str, cookies: &str, form: &str) -> String {
    let mut request = format!("{line} HTTP/1.1\r\nhost: demo.localhost\r\n");
    if !cookies.is_empty() {
        write!(request, "cookie: {cookies}\r\n").unwrap();
    }
    if !form.is_empty() {
        let length = form.len();
        write!(request, "content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n")
            .unwrap();
    }
    request + "\r\n" + form
}

fn authorize() -> String {
    format!(
        "/authorize?client_id=demo-web&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcallback&response_type=code\
         &scope=openid+profile+email+offline_access&audience=https%3A%2F%2Forders.demo.example%2F&state=st&nonce=no\
         &code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
}
