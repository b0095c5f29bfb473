//! The table of claims.

use serde::Serialize;

use crate::claims::facts::{Companions, Facts, Subject};
use crate::model::user::{Profile, User};

/// What carries claims; the bits of a row say which of them carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Carrier {
    /// RFC 9068.
    AccessToken = 1,
    /// OpenID Connect Core §2.
    IdToken = 2,
    /// OpenID Connect Core §5.3.
    UserInfo = 4,
}

const ACCESS: u8 = Carrier::AccessToken as u8;
const ID: u8 = Carrier::IdToken as u8;
const INFO: u8 = Carrier::UserInfo as u8;

/// The claim comes only where an authorization request wants something: other tokens need not look for it.
const ASKED: u8 = 8;

/// The scopes that release claims about the person; no access token has such claims.
const RELEASING: [&str; 3] = ["profile", "email", "phone"];

/// One claim.
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Which carriers have it.
    carriers: u8,
    /// The scope that must be granted for it (OpenID Connect Core §5.4).
    pub scope: Option<&'static str>,
    write: Write,
}

/// Writes the value; `false` leaves the claim out.
type Write = fn(&Facts, Carrier, &mut Vec<u8>) -> bool;

/// A claim about the person, released by a scope into ID tokens and userinfo.
macro_rules! scoped {
    ($name:literal, $scope:literal, $write:expr) => {
        Row {
            name: $name,
            carriers: ID | INFO,
            scope: Some($scope),
            write: |facts, _, out| {
                let write: fn(&Profile, &User, &mut Vec<u8>) -> bool = $write;
                facts.user().is_some_and(|user| write(&user.profile, user, out))
            },
        }
    };
}

/// Every claim that Jeton issues, in the order in which tokens carry them.
pub static ROWS: &[Row] = &[
    row("iss", ACCESS | ID, |f, _, out| put(out, &f.tenant.issuer)),
    row("sub", ACCESS | ID | INFO, subject),
    row("aud", ACCESS | ID, audience),
    row("iat", ACCESS | ID, |f, _, out| put(out, &f.now.secs())),
    row("exp", ACCESS | ID, |f, carrier, out| put(out, &(f.now.secs() + lifetime(f, carrier)))),
    row("jti", ACCESS, |f, _, out| put(out, f.jti.as_str())),
    row("azp", ACCESS, |f, _, out| put(out, f.client.client_id.as_str())),
    row("client_id", ACCESS, |f, _, out| put(out, f.client.client_id.as_str())),
    row("gty", ACCESS, |f, _, out| put(out, f.grant.gty())),
    row("scope", ACCESS, |f, _, out| !f.scope.is_empty() && put(out, f.scope.as_str())),
    row("userinfo_claims", ACCESS | ASKED, userinfo_claims),
    row("permissions", ACCESS, |f, _, out| put_some(out, f.permissions.as_ref())),
    row("org_id", ACCESS | ID, |f, _, out| put_some(out, f.organization.as_ref().map(|org| org.id.as_str()))),
    row("org_name", ACCESS | ID, organization_name),
    row("sid", ACCESS | ID, session),
    row("auth_time", ACCESS | ID, authenticated_at),
    row("amr", ID, methods),
    row("acr", ID | ASKED, class),
    row("nonce", ID | ASKED, |f, _, out| put_some(out, f.requested.as_ref().and_then(|r| r.nonce.as_ref()))),
    row("at_hash", ID | ASKED, |f, _, out| {
        put_some(out, companions(f).and_then(|c| c.access_token.as_ref()))
    }),
    row("c_hash", ID | ASKED, |f, _, out| put_some(out, companions(f).and_then(|c| c.code.as_ref()))),
    row("s_hash", ID | ASKED, |f, _, out| put_some(out, companions(f).and_then(|c| c.state.as_ref()))),
    scoped!("name", "profile", |p, _, out| put_some(out, p.name.as_ref())),
    scoped!("given_name", "profile", |p, _, out| put_some(out, p.given_name.as_ref())),
    scoped!("family_name", "profile", |p, _, out| put_some(out, p.family_name.as_ref())),
    scoped!("nickname", "profile", |p, _, out| put_some(out, p.nickname.as_ref())),
    scoped!("preferred_username", "profile", |_, user, out| put_some(out, user.username.as_ref())),
    scoped!("picture", "profile", |p, _, out| put_some(out, p.picture.as_ref())),
    scoped!("locale", "profile", |p, _, out| put_some(out, p.locale.as_ref())),
    scoped!("zoneinfo", "profile", |p, _, out| put_some(out, p.zoneinfo.as_ref())),
    scoped!("updated_at", "profile", |_, user, out| put(out, &user.updated_at.secs())),
    scoped!("email", "email", |_, user, out| put_some(out, user.email.as_ref())),
    scoped!("email_verified", "email", |_, user, out| user.email.is_some() && put(out, &user.email_verified)),
    scoped!("phone_number", "phone", |p, _, out| put_some(out, p.phone_number.as_ref())),
    scoped!("phone_number_verified", "phone", |p, _, out| put_some(out, p.phone_verified.as_ref())),
];

impl Row {
    /// Whether `carrier` has this claim.
    pub const fn is_carried_by(&self, carrier: Carrier) -> bool {
        self.carriers & carrier as u8 != 0
    }
}

/// The claims of `carrier` as a JSON object.
pub fn render(facts: &Facts, carrier: Carrier) -> Vec<u8> {
    let mut out = Vec::with_capacity(640);
    out.push(b'{');
    let asked = facts.requested.is_some();
    let released = RELEASING.map(|scope| carrier != Carrier::AccessToken && facts.scope.contains(scope));
    let is_released = |asked: &str| RELEASING.iter().zip(released).any(|(scope, yes)| yes && *scope == asked);
    for row in ROWS.iter().filter(|row| row.is_carried_by(carrier) && (asked || row.carriers & ASKED == 0)) {
        if row.scope.is_some_and(|scope| !is_released(scope)) && !facts.wants(carrier, row.name) {
            continue;
        }
        let start = out.len();
        if start > 1 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(row.name.as_bytes());
        out.extend_from_slice(b"\":");
        if !(row.write)(facts, carrier, &mut out) {
            out.truncate(start);
        }
    }
    out.push(b'}');
    out
}

const fn row(name: &'static str, carriers: u8, write: Write) -> Row {
    Row { name, carriers, scope: None, write }
}

fn companions(facts: &Facts) -> Option<&Companions> {
    facts.requested.as_ref().map(|requested| &requested.companions)
}

fn subject(facts: &Facts, _: Carrier, out: &mut Vec<u8>) -> bool {
    match &facts.subject {
        Subject::Client => put(out, &format_args!("{}@clients", facts.client.client_id)),
        Subject::User { user, .. } => put(out, user.user_id.as_str()),
    }
}

fn audience(facts: &Facts, carrier: Carrier, out: &mut Vec<u8>) -> bool {
    let userinfo = facts.tenant.userinfo.as_str();
    let target = facts.target.audience.as_str();
    match carrier {
        Carrier::AccessToken if facts.wants_id_token() && target != userinfo => put(out, &[target, userinfo]),
        Carrier::AccessToken => put(out, target),
        Carrier::IdToken | Carrier::UserInfo => put(out, facts.client.client_id.as_str()),
    }
}

fn lifetime(facts: &Facts, carrier: Carrier) -> u64 {
    match carrier {
        Carrier::AccessToken => facts.access_lifetime_secs(),
        Carrier::IdToken | Carrier::UserInfo => facts.id_lifetime_secs(),
    }
}

fn organization_name(facts: &Facts, _: Carrier, out: &mut Vec<u8>) -> bool {
    let allowed = facts.tenant.tenant.settings.allow_organization_name_in_authentication_api;
    let name = facts.organization.as_ref().map(|organization| organization.name.as_str());
    allowed && put_some(out, name)
}

fn session(facts: &Facts, _: Carrier, out: &mut Vec<u8>) -> bool {
    match &facts.subject {
        Subject::Client => false,
        Subject::User { session, .. } => {
            put(out, std::str::from_utf8(&session.encoded()).unwrap_or_default())
        }
    }
}

fn authenticated_at(facts: &Facts, _: Carrier, out: &mut Vec<u8>) -> bool {
    match &facts.subject {
        Subject::Client => false,
        Subject::User { authenticated_at, .. } => put(out, &authenticated_at.secs()),
    }
}

fn methods(facts: &Facts, _: Carrier, out: &mut Vec<u8>) -> bool {
    match &facts.subject {
        Subject::Client => false,
        Subject::User { amr, .. } => {
            let names: Vec<_> = amr.names().collect();
            !names.is_empty() && put(out, &names)
        }
    }
}

/// Only where it was asked for.
fn class(facts: &Facts, _: Carrier, out: &mut Vec<u8>) -> bool {
    match (&facts.subject, &facts.requested) {
        (Subject::User { amr, .. }, Some(requested)) if requested.wanted.acr => put(out, amr.acr()),
        _ => false,
    }
}

/// What the `claims` parameter wants at userinfo: the token itself says so when it comes back there.
fn userinfo_claims(facts: &Facts, _: Carrier, out: &mut Vec<u8>) -> bool {
    let Some(requested) = facts.requested.as_ref() else { return false };
    let names: Vec<_> = requested.wanted.userinfo.names().collect();
    !names.is_empty() && put(out, &names)
}

/// Writes `value` as JSON; strings are escaped.
fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> bool {
    serde_json::to_writer(out, value).is_ok()
}

fn put_some<T: Serialize>(out: &mut Vec<u8>, value: Option<T>) -> bool {
    value.is_some_and(|value| put(out, &value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::claims_request::scope_of;

    #[test]
    fn every_scope_that_releases_a_claim_is_looked_up() {
        for row in ROWS {
            assert!(row.scope.is_none_or(|scope| RELEASING.contains(&scope)), "{}", row.name);
            assert!(row.scope.is_none() || !row.is_carried_by(Carrier::AccessToken), "{}", row.name);
        }
    }

    #[test]
    fn the_parameter_and_the_table_agree_on_what_releases_a_claim() {
        for row in ROWS.iter().filter(|row| row.scope.is_some()) {
            assert_eq!(scope_of(row.name), row.scope, "{}", row.name);
        }
    }
}
