//! Invitations: an address, an organization that takes it, an application to come in by, roles that exist.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::clock::UnixMs;
use crate::engine::records::flaws::Flaws;
use crate::engine::records::{Put, Refusal, Registrar, mint, uris};
use crate::model::client::{Client, OrganizationUsage};
use crate::model::invitation::{EnabledName, Invitation, Invitee, Inviter};
use crate::model::organization::Organization;
use crate::model::tenant::Tenant;
use crate::model::term::Field;
use crate::protocol::grant_type::GrantType;
use crate::protocol::ids::{OrganizationId, TenantId};
use crate::store::records::{Cut, Span};

/// How long an invitation counts that says nothing of it, in seconds: seven days, as at Auth0.
const TTL_SECS: u64 = 604_800;
/// The longest, in seconds: thirty days, as at Auth0.
const TTL_SECS_MAX: u64 = 2_592_000;
/// How many invitations that are over a new one takes with it.
const SWEPT: usize = 20;

/// An invitation to make.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of model::invitation::Invitation")]
pub struct InvitationDraft {
    pub inviter: Inviter,
    pub invitee: Invitee,
    pub client_id: String,
    /// Its id or its name.
    pub connection_id: Option<String>,
    /// Ids or names.
    pub roles: Option<Vec<String>>,
    /// How long it counts, in seconds; seven days when absent or 0.
    pub ttl_sec: Option<u64>,
    pub app_metadata: Option<Map<String, Value>>,
    pub user_metadata: Option<Map<String, Value>>,
}

impl Registrar {
    /// Checks and saves an invitation to `organization`.
    ///
    /// # Errors
    /// [`Refusal`]; nothing was saved.
    pub async fn invite(
        &self,
        tenant: &Tenant,
        organization: &Organization,
        draft: InvitationDraft,
    ) -> Result<Put<Invitation>, Refusal> {
        let client = self.catalog.find::<Client>(&tenant.id, &draft.client_id).await?;
        let connection = match &draft.connection_id {
            Some(given) => self.connection(&tenant.id, given).await?,
            None => None,
        };
        let client = client.map(|found| found.record);
        let connection = connection.map(|own| EnabledName { id: own.id, name: own.name });
        check(&draft, organization, client.as_ref(), connection.as_ref())?;
        let roles = self.role_ids(tenant, draft.roles.as_deref().unwrap_or_default()).await?;
        let Some(client) = client else { return Err(Refusal::Missing) };
        let now = self.clock.now();
        let ttl_secs = draft.ttl_sec.filter(|secs| *secs > 0).unwrap_or(TTL_SECS);
        let invitation = Invitation {
            tenant: tenant.id.clone(),
            id: mint::base62(&self.entropy, "uinv_", 16)?,
            organization_id: organization.id.clone(),
            inviter: draft.inviter,
            invitee: Invitee { email: draft.invitee.email.to_lowercase() },
            client_id: client.client_id,
            initiate_login_uri: client.initiate_login_uri.unwrap_or_default(),
            connection,
            roles,
            app_metadata: draft.app_metadata.unwrap_or_default(),
            user_metadata: draft.user_metadata.unwrap_or_default(),
            created_at: now,
            expires_at: now.plus_secs(ttl_secs),
            accepted_by: None,
        };
        self.sweep_invitations(&tenant.id, &organization.id, now).await?;
        self.settle(None, invitation).await
    }

    /// Removes all invitations to an organization that is gone.
    pub(crate) async fn remove_invitations(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
    ) -> Result<(), Refusal> {
        loop {
            let (page, next) =
                self.catalog.page_by::<Invitation>(tenant, &oldest(organization), SWEPT).await?;
            for (_, found) in &page {
                self.catalog.remove::<Invitation>(tenant, &found.record.id).await?;
            }
            if next.is_none() {
                return Ok(());
            }
        }
    }

    /// What is over for as long as it can have counted is listed no more; whoever invites tidies up.
    async fn sweep_invitations(
        &self,
        tenant: &TenantId,
        organization: &OrganizationId,
        now: UnixMs,
    ) -> Result<(), Refusal> {
        let (page, _) = self.catalog.page_by::<Invitation>(tenant, &oldest(organization), SWEPT).await?;
        for (_, found) in page {
            if found.record.expires_at.plus_secs(TTL_SECS_MAX) <= now {
                self.catalog.remove::<Invitation>(tenant, &found.record.id).await?;
            }
        }
        Ok(())
    }
}

fn oldest(organization: &OrganizationId) -> Cut {
    let span = Span::Begins(Invitation::terms_of(organization));
    Cut { field: Field::Organization, span, backwards: false, after: None }
}

fn check(
    draft: &InvitationDraft,
    organization: &Organization,
    client: Option<&Client>,
    connection: Option<&EnabledName>,
) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.text("inviter.name", &draft.inviter.name, 1..=300);
    flaws.require(uris::is_email(&draft.invitee.email), "invitee.email", "expected an email address");
    flaws.within("ttl_sec", draft.ttl_sec.unwrap_or_default(), 0..=TTL_SECS_MAX);
    if let Some(given) = &draft.connection_id {
        flaws.require(
            connection.is_some(),
            "connection_id",
            format_args!("there is no connection {given:?}"),
        );
    }
    let enabled = connection.is_none_or(|own| organization.admits(&own.name));
    flaws.require(enabled, "connection_id", "this connection is not enabled for the organization");
    check_client(draft, client, &mut flaws);
    flaws.verdict()
}

fn check_client(draft: &InvitationDraft, client: Option<&Client>, flaws: &mut Flaws) {
    let Some(client) = client else {
        flaws.require(false, "client_id", format_args!("there is no client {:?}", draft.client_id));
        return;
    };
    flaws.require(
        client.initiate_login_uri.is_some(),
        "client_id",
        "this client has no initiate_login_uri, where an invitation would lead",
    );
    flaws.require(
        client.organization_usage != OrganizationUsage::Deny && client.allows(GrantType::AuthorizationCode),
        "client_id",
        "expected a client whose users log in on our pages and may come with an organization",
    );
}
