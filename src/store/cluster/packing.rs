//! A session as few bytes: there are millions of them.
//!
//! The layout is read by `jeton.lua` too: format (1 byte), expiry in milliseconds (6), number of families (2),
//! families (29 each: the key, whether it survives a logout, its generation, since when that is current, and its
//! expiry), bytes of clients (2), clients (each its length and its id), then facts that only this file reads.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::model::family::Family;
use crate::model::session::{Amr, Device, Session};
use crate::protocol::ids::{ClientId, FamilyKey, OrganizationId, SessionId, TenantId};
use crate::store::StoreError;

/// What stands for "never" in six bytes.
pub(super) const NEVER_MS: u64 = (1 << 48) - 1;

/// A session that lives.
const LIVE: u8 = 2;
/// A session that was logged out of: only families that survived that are left.
const OVER: u8 = 3;
const HEADER: usize = 9;
/// What one family takes.
const FAMILY: usize = 29;

/// A session as it is stored.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) session: Session,
    /// Whether it was logged out of.
    pub(super) over: bool,
}

/// A session without families, living until `expires_at` at least.
///
/// # Errors
/// [`StoreError::Corrupt`] when it cannot be packed, which no session gives cause for.
pub(super) fn pack(session: &Session, expires_at: Option<UnixMs>) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(96);
    bytes.push(LIVE);
    bytes.extend_from_slice(&millis(expires_at).to_be_bytes()[2..]);
    bytes.extend_from_slice(&[0, 0]);
    pack_clients(&session.clients, &mut bytes)?;
    let since = |at: UnixMs| at.0.wrapping_sub(session.created_at.0).cast_signed();
    let facts = Facts {
        tenant: session.tenant.as_str(),
        user: Name::of(session.user.as_str()),
        organization: session.organization.as_ref().map(OrganizationId::as_str),
        created_at: session.created_at.0,
        authenticated_after: since(session.authenticated_at),
        amr: session.amr.0,
        device: session.device.as_ref().map(|device| Place {
            user_agent: device.user_agent.as_str(),
            address: device.address.as_str(),
            used_after: since(device.used_at),
        }),
    };
    postcard::to_extend(&facts, bytes).map_err(|error| StoreError::Corrupt(format!("a session: {error}")))
}

/// The session called `id` as [`pack`] and `jeton.lua` left it.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are of no session.
pub(super) fn unpack(id: SessionId, bytes: &[u8]) -> Result<Stored, StoreError> {
    let corrupt = || StoreError::Corrupt(format!("session {id}"));
    let (header, _, rest) = split(bytes).ok_or_else(corrupt)?;
    let [format @ (LIVE | OVER), expires @ .., _, _] = header else { return Err(corrupt()) };
    let (clients, facts) = unpack_clients(rest).ok_or_else(corrupt)?;
    let facts: Facts<'_> = postcard::from_bytes(facts).map_err(|_error| corrupt())?;
    let at = |after: i64| UnixMs(facts.created_at.wrapping_add_signed(after));
    let session = Session {
        id,
        tenant: TenantId::from(facts.tenant),
        user: facts.user.text().into(),
        organization: facts.organization.map(OrganizationId::from),
        authenticated_at: at(facts.authenticated_after),
        amr: Amr(facts.amr),
        created_at: UnixMs(facts.created_at),
        expires_at: expiry(six(*expires)),
        device: facts.device.map(|place| Device {
            user_agent: place.user_agent.into(),
            address: place.address.into(),
            used_at: at(place.used_after),
        }),
        clients,
    };
    Ok(Stored { session, over: *format == OVER })
}

/// The families of the session called `id`, with their expiries.
///
/// # Errors
/// [`StoreError::Corrupt`] when the bytes are of no session.
pub(super) fn families(
    id: SessionId,
    bytes: &[u8],
) -> Result<Vec<(FamilyKey, Family, Option<UnixMs>)>, StoreError> {
    let (_, families, _) = split(bytes).ok_or_else(|| StoreError::Corrupt(format!("session {id}")))?;
    Ok(families.as_chunks().0.iter().map(unpack_family).collect())
}

/// Header, families, and the rest.
fn split(bytes: &[u8]) -> Option<(&[u8; HEADER], &[u8], &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
    let count = usize::from(u16::from_be_bytes(*header.last_chunk()?));
    let (families, rest) = rest.split_at_checked(FAMILY * count)?;
    Some((header, families, rest))
}

/// A number of six bytes.
fn six(bytes: [u8; 6]) -> u64 {
    bytes.into_iter().fold(0, |number, byte| number << 8 | u64::from(byte))
}

fn unpack_family(bytes: &[u8; FAMILY]) -> (FamilyKey, Family, Option<UnixMs>) {
    let (key, state) = bytes.split_at(10);
    let mut family = FamilyKey([0; 10]);
    family.0.copy_from_slice(key);
    // Behind the flag, three numbers.
    let [generation, rotated_at, expires] =
        std::array::from_fn(|nth| state[1..].as_chunks().0.get(nth).copied().map_or(0, six));
    (family, Family { generation, rotated_at: UnixMs(rotated_at) }, expiry(expires))
}

fn pack_clients(clients: &[ClientId], bytes: &mut Vec<u8>) -> Result<(), StoreError> {
    let corrupt = |_| StoreError::Corrupt("a session's clients are too long".to_owned());
    let size: usize = clients.iter().map(|client| client.as_str().len() + 1).sum();
    bytes.extend_from_slice(&u16::try_from(size).map_err(corrupt)?.to_be_bytes());
    for client in clients {
        bytes.push(u8::try_from(client.as_str().len()).map_err(corrupt)?);
        bytes.extend_from_slice(client.as_str().as_bytes());
    }
    Ok(())
}

/// The clients, and what stands behind them.
fn unpack_clients(bytes: &[u8]) -> Option<(Vec<ClientId>, &[u8])> {
    let (size, rest) = bytes.split_first_chunk::<2>()?;
    let (mut list, facts) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
    let mut clients = Vec::new();
    while let Some((length, rest)) = list.split_first() {
        let (id, rest) = rest.split_at_checked(usize::from(*length))?;
        clients.push(ClientId::from(std::str::from_utf8(id).ok()?));
        list = rest;
    }
    Some((clients, facts))
}

/// The later of two expiries, where `None` is never.
pub(super) fn later(one: Option<UnixMs>, other: Option<UnixMs>) -> Option<UnixMs> {
    one.zip(other).map(|(one, other)| one.max(other))
}

/// An expiry in milliseconds as the header and `jeton.lua` have it.
pub(super) fn millis(expires_at: Option<UnixMs>) -> u64 {
    expires_at.map_or(NEVER_MS, |at| at.0.min(NEVER_MS - 1))
}

/// What [`millis`] made of an expiry.
fn expiry(millis: u64) -> Option<UnixMs> {
    (millis < NEVER_MS).then_some(UnixMs(millis))
}

/// What is said of a family in as few bytes of one argument, which costs the client and Redis less than an argument each.
#[derive(Debug)]
pub(super) struct Told(Vec<u8>);

impl Told {
    /// Nothing yet but its name.
    pub(super) fn of(family: FamilyKey) -> Self {
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(&family.0);
        Self(bytes)
    }

    /// A number of up to six bytes; a greater one is the greatest.
    pub(super) fn six(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.min(NEVER_MS).to_be_bytes()[2..]);
        self
    }

    /// An expiry, or never.
    pub(super) fn expiry(self, expires_at: Option<UnixMs>) -> Self {
        self.six(millis(expires_at))
    }

    /// A number of two bytes.
    pub(super) fn two(mut self, number: u16) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Yes or no, in one byte.
    pub(super) fn flag(mut self, yes: bool) -> Self {
        self.0.push(u8::from(yes));
        self
    }

    /// The argument.
    pub(super) fn into_bytes(self) -> bytes::Bytes {
        self.0.into()
    }
}

#[derive(Serialize, Deserialize)]
struct Facts<'a> {
    tenant: &'a str,
    #[serde(borrow)]
    user: Name<'a>,
    organization: Option<&'a str>,
    created_at: u64,
    /// Nearly always zero, and then one byte.
    authenticated_after: i64,
    amr: u8,
    #[serde(borrow)]
    device: Option<Place<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Place<'a> {
    user_agent: &'a str,
    address: &'a str,
    used_after: i64,
}

/// A user id; ours are hexadecimal, which takes twice the bytes it needs.
#[derive(Serialize, Deserialize)]
enum Name<'a> {
    Hex(Vec<u8>),
    Text(&'a str),
}

const OURS: &str = "auth0|";

impl<'a> Name<'a> {
    fn of(text: &'a str) -> Self {
        text.strip_prefix(OURS).and_then(unhex).map_or(Self::Text(text), Self::Hex)
    }

    fn text(&self) -> String {
        match self {
            Self::Hex(bytes) => {
                let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
                let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
                OURS.chars().chain(digits).collect()
            }
            Self::Text(text) => (*text).to_owned(),
        }
    }
}

/// The bytes that lower-case hexadecimal digits stand for; `None` for any other text.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::UserId;

    fn session(user: &str) -> Session {
        Session {
            id: SessionId([1; 12]),
            tenant: TenantId::from("acme"),
            user: UserId::from(user),
            organization: None,
            authenticated_at: UnixMs(1_763_900_000_123),
            amr: Amr::PASSWORD,
            created_at: UnixMs(1_763_900_000_123),
            expires_at: Some(UnixMs(1_763_999_999_999)),
            device: None,
            clients: Vec::new(),
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let full = Session {
            organization: Some(OrganizationId::from("org_x")),
            authenticated_at: UnixMs(1_763_900_000_000),
            expires_at: None,
            device: Some(Device {
                user_agent: "Mozilla".into(),
                address: "::1".into(),
                used_at: UnixMs(1_763_900_300_000),
            }),
            clients: vec!["one".into(), "another".into()],
            ..session("google|ABC")
        };
        for session in
            [session("auth0|65f0c0ffee65f0c0ffee65f0"), session("auth0|ABC"), session("auth0|abc"), full]
        {
            let bytes = pack(&session, session.expires_at).unwrap();
            assert_eq!(unpack(session.id, &bytes).unwrap(), Stored { session, over: false });
        }
    }

    #[test]
    fn families_are_found_between_header_and_clients() {
        let session = session("auth0|1");
        let mut bytes = pack(&session, None).unwrap();
        assert_eq!(families(session.id, &bytes).unwrap(), []);
        let numbers = [(7_u64, 1_763_900_000_123_u64, NEVER_MS), (u64::from(u32::MAX) + 1, 0, 5)];
        for (nth, (generation, rotated_at, expires)) in (1..).zip(numbers) {
            let told = Told::of(FamilyKey([nth; 10])).flag(false).six(generation).six(rotated_at);
            let entry = told.six(expires).into_bytes();
            assert_eq!(entry.len(), FAMILY);
            bytes.splice(HEADER..HEADER, entry);
            bytes[HEADER - 1] = nth;
        }
        let family = |(generation, at, _): (u64, u64, u64)| Family { generation, rotated_at: UnixMs(at) };
        let expected = vec![
            (FamilyKey([2; 10]), family(numbers[1]), Some(UnixMs(5))),
            (FamilyKey([1; 10]), family(numbers[0]), None),
        ];
        assert_eq!(families(session.id, &bytes).unwrap(), expected);
        assert_eq!(unpack(session.id, &bytes).unwrap().session.clients, session.clients);
        assert!(families(session.id, &bytes[..HEADER + FAMILY]).is_err());
    }

    #[test]
    fn a_usual_session_is_small() {
        let session = session("auth0|65f0c0ffee65f0c0ffee65f0");
        assert!(pack(&session, None).unwrap().len() <= 42);
    }

    #[test]
    fn anything_else_is_refused() {
        let bytes = pack(&session("auth0|1"), None).unwrap();
        for end in 0..bytes.len() {
            assert!(unpack(SessionId([1; 12]), &bytes[..end]).is_err());
        }
    }

    #[test]
    fn never_is_later_than_any_instant() {
        assert_eq!(later(Some(UnixMs(1)), Some(UnixMs(2))), Some(UnixMs(2)));
        assert_eq!(later(None, Some(UnixMs(2))), None);
    }
}
