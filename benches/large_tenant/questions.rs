//! What is asked of a tenant: one look-up or one page each, past every cache of ours.

use jeton::model::client_grant::ClientGrant;
use jeton::model::organization::Organization;
use jeton::model::resource_server::ResourceServer;
use jeton::model::user::User;
use jeton::protocol::ids::{Audience, ClientId, ConnectionId, OrganizationId, TenantId, UserId};
use jeton::store::catalog::Catalog;

use crate::size::{self, Size};

/// Entries of a page.
const PAGE: usize = 50;

/// A question.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    User,
    UserByEmail,
    NobodyByEmail,
    FirstPage,
    DeepPage,
    OrganizationByName,
    Member,
    NoMember,
    OrganizationsOfUser,
    OrganizationsOfUserDeep,
    MembersOfOrganization,
    ClientGrant,
    ResourceServer,
    CountUsers,
}

pub(crate) const QUESTIONS: &[Question] = &[
    Question::User,
    Question::UserByEmail,
    Question::NobodyByEmail,
    Question::FirstPage,
    Question::DeepPage,
    Question::CountUsers,
    Question::OrganizationByName,
    Question::Member,
    Question::NoMember,
    Question::OrganizationsOfUser,
    Question::OrganizationsOfUserDeep,
    Question::MembersOfOrganization,
    Question::ClientGrant,
    Question::ResourceServer,
];

impl Question {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user by id",
            Self::UserByEmail => "user by e-mail",
            Self::NobodyByEmail => "e-mail that nobody has",
            Self::FirstPage => "50 users, first page",
            Self::DeepPage => "50 users, from a cursor anywhere",
            Self::CountUsers => "number of users",
            Self::OrganizationByName => "organization by name",
            Self::Member => "membership of one who is a member",
            Self::NoMember => "membership of one who is not",
            Self::OrganizationsOfUser => "≤ 50 organizations of a user, first",
            Self::OrganizationsOfUserDeep => "≤ 50 organizations of a user, deep",
            Self::MembersOfOrganization => "≤ 50 members of an organization",
            Self::ClientGrant => "client grant by client and audience",
            Self::ResourceServer => "resource server by audience",
        }
    }

    /// Asks it; `number` is which user, organization … it is about.
    pub(crate) async fn ask(self, catalog: &Catalog, size: Size, number: u64) {
        let tenant = TenantId::from("large");
        let (store, first) = (catalog.store(), UserId::from(size::user(0)));
        let user = number % size.users;
        let organization = |number: u64| OrganizationId::from(size::organization(number));
        match self {
            Self::User => {
                catalog.find::<User>(&tenant, &size::user(user)).await.unwrap().unwrap();
            }
            Self::UserByEmail => assert!(with_email(catalog, &tenant, &size::email(user)).await),
            Self::NobodyByEmail => {
                assert!(!with_email(catalog, &tenant, &format!("nobody-{number}@example.test")).await);
            }
            Self::FirstPage => assert!(users(catalog, &tenant, None, size).await),
            Self::DeepPage => {
                let after = size::user(user);
                users(catalog, &tenant, Some(&after), size).await;
            }
            Self::CountUsers => {
                use jeton::model::record::Kind;
                assert_eq!(store.count(&tenant, Kind::User).await.unwrap(), size.users);
            }
            Self::OrganizationByName => {
                let name = size::organization_name(number % size.organizations);
                let name = Organization::name_identifier(&name);
                catalog.find_named::<Organization>(&tenant, &name).await.unwrap().unwrap();
            }
            Self::Member => {
                let organization = organization(number % size.memberships);
                store.find_membership(&tenant, &first, &organization).await.unwrap().unwrap();
            }
            Self::NoMember => {
                let organization = OrganizationId::from(format!("org_{number}"));
                assert!(store.find_membership(&tenant, &first, &organization).await.unwrap().is_none());
            }
            Self::OrganizationsOfUser => {
                let page = store.organizations_of(&tenant, &first, None, PAGE).await.unwrap();
                assert_eq!(page.len() as u64, size.memberships.min(PAGE as u64));
            }
            Self::OrganizationsOfUserDeep => {
                let after = size::organization(number % size.memberships);
                store.organizations_of(&tenant, &first, Some(&after), PAGE).await.unwrap();
            }
            Self::MembersOfOrganization => {
                let page = store.members_of(&tenant, &organization(0), None, PAGE).await.unwrap();
                assert_eq!(page.len() as u64, size.memberships.min(PAGE as u64));
            }
            Self::ClientGrant => {
                let grant = number % size.grants;
                let client = ClientId::from(size::client(grant));
                let audience = Audience::from(size::audience(grant % size.apis));
                let id = ClientGrant::record_id(&client, &audience);
                catalog.find::<ClientGrant>(&tenant, &id).await.unwrap().unwrap();
            }
            Self::ResourceServer => {
                let audience = size::audience(number % size.apis);
                catalog.find::<ResourceServer>(&tenant, &audience).await.unwrap().unwrap();
            }
        }
    }
}

async fn with_email(catalog: &Catalog, tenant: &TenantId, email: &str) -> bool {
    let connection = ConnectionId::from("Username-Password-Authentication");
    let name = User::email_identifier(&connection, email);
    catalog.find_named::<User>(tenant, &name).await.unwrap().is_some()
}

/// Whether the page is full.
async fn users(catalog: &Catalog, tenant: &TenantId, after: Option<&str>, size: Size) -> bool {
    let (page, _) = catalog.page::<User>(tenant, after, PAGE).await.unwrap();
    page.len() as u64 == size.users.min(PAGE as u64)
}
