//! The request that a command line stands for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::cli::arguments::{Caller, ClientAuthentication, TokenRequest};
use crate::engine::records::uris;
use crate::protocol::grant_type::GrantType;

/// A form to post.
pub struct Request {
    /// Where to.
    pub url: String,
    /// The `Authorization` header.
    pub authorization: Option<Zeroizing<String>>,
    /// The fields, in order; wiped when dropped.
    pub form: Vec<(&'static str, Zeroizing<String>)>,
}

impl Request {
    /// What `caller` sends to ask for `request`.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub fn of(caller: &Caller, request: &TokenRequest) -> Result<Self, String> {
        let base = caller.url.trim_end_matches('/');
        if !uris::is_web_uri(base) {
            return Err(format!("--url: expected an http(s) URI, found {base:?}"));
        }
        let (path, form) = fields(request);
        let mut request = Self { url: format!("{base}{path}"), authorization: None, form };
        request.authenticate(caller)?;
        Ok(request)
    }

    fn authenticate(&mut self, caller: &Caller) -> Result<(), String> {
        if caller.client_id.is_empty() {
            return Err("--client-id (or JETON_CLIENT_ID) is missing".to_owned());
        }
        let secret = caller.client_secret.as_ref();
        match (caller.auth, secret) {
            (ClientAuthentication::Basic, None) => {
                return Err("--client-secret (or JETON_CLIENT_SECRET) is missing".to_owned());
            }
            (ClientAuthentication::Basic, Some(secret)) => {
                self.authorization = Some(basic(&caller.client_id, secret.expose()));
            }
            (ClientAuthentication::Post, secret) => {
                self.form.push(("client_id", Zeroizing::new(caller.client_id.clone())));
                let secret = secret.map(|secret| Zeroizing::new(secret.expose().to_owned()));
                self.form.extend(secret.map(|secret| ("client_secret", secret)));
            }
        }
        Ok(())
    }
}

/// The `Authorization` header of RFC 6749 §2.3.1: both halves form-encoded first.
fn basic(id: &str, secret: &str) -> Zeroizing<String> {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(id), encode(secret)));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

fn fields(request: &TokenRequest) -> (&'static str, Vec<(&'static str, Zeroizing<String>)>) {
    let (path, fields) = match request {
        TokenRequest::ClientCredentials { audience, scope, organization } => (
            "/oauth/token",
            vec![
                ("grant_type", Some(GrantType::ClientCredentials.name())),
                ("audience", audience.as_deref()),
                ("scope", scope.as_deref()),
                ("organization", organization.as_deref()),
            ],
        ),
        TokenRequest::Introspect { token, token_type_hint } => (
            "/oauth/introspect",
            vec![("token", Some(token.as_str())), ("token_type_hint", token_type_hint.as_deref())],
        ),
        TokenRequest::Password { username, password, realm, audience, scope, organization } => {
            let grant = if realm.is_some() { GrantType::PasswordRealm } else { GrantType::Password };
            (
                "/oauth/token",
                vec![
                    ("grant_type", Some(grant.name())),
                    ("username", Some(username.as_str())),
                    ("password", Some(password.expose())),
                    ("realm", realm.as_deref()),
                    ("audience", audience.as_deref()),
                    ("scope", scope.as_deref()),
                    ("organization", organization.as_deref()),
                ],
            )
        }
        TokenRequest::Refresh { refresh_token, scope, organization } => (
            "/oauth/token",
            vec![
                ("grant_type", Some(GrantType::RefreshToken.name())),
                ("refresh_token", Some(refresh_token.as_str())),
                ("scope", scope.as_deref()),
                ("organization", organization.as_deref()),
            ],
        ),
        TokenRequest::Revoke { token, token_type_hint } => (
            "/oauth/revoke",
            vec![("token", Some(token.as_str())), ("token_type_hint", token_type_hint.as_deref())],
        ),
    };
    let given =
        fields.into_iter().filter_map(|(name, value)| Some((name, Zeroizing::new(value?.to_owned()))));
    (path, given.collect())
}
