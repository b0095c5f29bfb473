//! Lines to import, made while they are read: no file is larger than the memory of what reads it.

use std::io::{self, BufRead, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use crate::size::{self, Size};

/// Lines, read as a file.
pub(crate) struct Source<I> {
    lines: I,
    current: Vec<u8>,
    read: usize,
}

impl<I: Iterator<Item = Value>> Source<I> {
    pub(crate) fn new(lines: I) -> Self {
        Self { lines, current: Vec::new(), read: 0 }
    }
}

impl<I: Iterator<Item = Value>> BufRead for Source<I> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read == self.current.len() {
            self.read = 0;
            self.current = self.lines.next().map(|line| format!("{line}\n").into_bytes()).unwrap_or_default();
        }
        Ok(&self.current[self.read..])
    }

    fn consume(&mut self, bytes: usize) {
        self.read += bytes;
    }
}

impl<I: Iterator<Item = Value>> Read for Source<I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.fill_buf()?.read(buffer)?;
        self.consume(bytes);
        Ok(bytes)
    }
}

pub(crate) fn tenant() -> Value {
    json!({ "tenant": { "id": "large" } })
}

/// Everything but users and members.
pub(crate) fn frame(size: Size) -> impl Iterator<Item = Value> {
    let apis = (0..size.apis).map(|number| {
        json!({ "resource_server": { "identifier": size::audience(number), "name": format!("API {number}"),
            "scopes": [{ "value": "read:things" }, { "value": "write:things" }] } })
    });
    let clients = (0..size.grants).map(|number| {
        json!({ "client": { "client_id": size::client(number), "name": format!("Client {number}"),
            "app_type": "native" } })
    });
    let organizations = (0..size.organizations).map(|number| {
        json!({ "organization": { "id": size::organization(number), "name": size::organization_name(number),
            "display_name": format!("Customer {number}") } })
    });
    let grants = (0..size.grants).map(move |number| {
        json!({ "client_grant": { "client_id": size::client(number),
            "audience": size::audience(number % size.apis), "scope": ["read:things"] } })
    });
    std::iter::once(tenant()).chain(apis).chain(clients).chain(organizations).chain(grants)
}

/// Users as an export has them: an address, a name, a hash of their own.
pub(crate) fn users(size: Size) -> impl Iterator<Item = Value> {
    let users = (0..size.users).map(|number| {
        json!({ "user": { "user_id": size::user(number), "email": size::email(number), "email_verified": true,
            "name": format!("User {number}"), "password_hash": hash(number) } })
    });
    std::iter::once(tenant()).chain(users)
}

/// The first user in many organizations, and many users in the first organization.
pub(crate) fn members(size: Size) -> impl Iterator<Item = Value> {
    let member = |organization: u64, user: u64| json!({ "member": { "organization": size::organization(organization), "user": size::user(user) } });
    let of_the_user = (0..size.memberships).map(move |number| member(number, 0));
    let of_the_organization = (1..size.memberships).map(move |number| member(0, number));
    std::iter::once(tenant()).chain(of_the_user).chain(of_the_organization)
}

/// Parts of a hash that no other user has, so that nothing can be squeezed out of them.
fn hash(number: u64) -> String {
    let mut bytes = Vec::new();
    let mut state = number + 1;
    while bytes.len() < 48 {
        state =
            (state ^ (state >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9).wrapping_add(0x9E37_79B9_7F4A_7C15);
        bytes.extend_from_slice(&(state ^ (state >> 32)).to_be_bytes());
    }
    let (salt, output) = (STANDARD_NO_PAD.encode(&bytes[..16]), STANDARD_NO_PAD.encode(&bytes[16..]));
    format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${output}")
}
