//! How large a tenant is, and how what is in it is called.

/// Numbers of everything in a tenant.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) users: u64,
    pub(crate) organizations: u64,
    /// Organizations of the first user, and members of the first organization.
    pub(crate) memberships: u64,
    pub(crate) apis: u64,
    pub(crate) grants: u64,
}

impl Size {
    pub(crate) fn of(users: u64) -> Self {
        let part = |part: u64| (users / part).max(5);
        let organizations = part(10);
        Self { users, organizations, memberships: part(200), apis: part(2_000), grants: part(1_000) }
    }
}

/// Ids that do not come in the order in which they are made.
pub(crate) fn scattered(number: u64) -> String {
    let mixed = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{mixed:016x}{number:08x}")
}

pub(crate) fn user(number: u64) -> String {
    format!("auth0|{}", scattered(number))
}

pub(crate) fn email(number: u64) -> String {
    format!("user-{number}@customer-{}.example", number % 997)
}

pub(crate) fn organization(number: u64) -> String {
    format!("org_{}", scattered(number))
}

pub(crate) fn organization_name(number: u64) -> String {
    format!("customer-{number}")
}

pub(crate) fn audience(number: u64) -> String {
    format!("https://api-{number}.example/")
}

pub(crate) fn client(number: u64) -> String {
    format!("client-{number}")
}
