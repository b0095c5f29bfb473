//! `/organizations/{id}/invitations`: who was asked to join.

use serde_json::{Value, json};
use url::Url;

use crate::engine::Engine;
use crate::engine::mail::Outgoing;
use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing, Source};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::management::standing::find;
use crate::management::users::instant;
use crate::model::invitation::Invitation;
use crate::model::organization::Organization;
use crate::model::record::Record;
use crate::model::term::Field as Indexed;
use crate::store::records::{Cut, Span};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/organizations/{id}/invitations", &["read:organization_invitations"], |call| {
        Box::pin(list(call))
    })
    .about("List the invitations to an organization")
    .asking(&[Field::text("sort")])
    .paged()
    .trimmed(),
    Operation::post("/organizations/{id}/invitations", &["create:organization_invitations"], |call| {
        Box::pin(create(call))
    })
    .about("Invite somebody to an organization")
    .taking(&[
        Field::map("inviter").required(),
        Field::map("invitee").required(),
        Field::text("client_id").required(),
        Field::text("connection_id"),
        Field::texts("roles"),
        Field::whole("ttl_sec"),
        Field::flag("send_invitation_email"),
        Field::map("app_metadata"),
        Field::map("user_metadata"),
    ]),
    Operation::get(
        "/organizations/{id}/invitations/{invitation_id}",
        &["read:organization_invitations"],
        |call| Box::pin(show(call)),
    )
    .about("Get an invitation")
    .trimmed(),
    Operation::delete(
        "/organizations/{id}/invitations/{invitation_id}",
        &["delete:organization_invitations"],
        |call| Box::pin(revoke(call)),
    )
    .about("Revoke an invitation"),
];

/// What a message says besides the link.
const SUBJECT: &str = "You have been invited to join";
const BEFORE: &str = "invites you to join";
const LINK: &str = "Open this link to accept the invitation:";
const AFTER: &str = "If you do not know why you were invited, ignore this message.";

async fn list(call: &Call<'_>) -> Outcome {
    let organization = find::<Organization>(call, call.capture(0), "organization").await?.record;
    let backwards = match call.asked("sort") {
        None | Some("created_at:-1") => true,
        Some("created_at:1") => false,
        Some(_) => return Err(Problem::query("sort: expected created_at:1 or created_at:-1")),
    };
    let span = Span::Begins(Invitation::terms_of(&organization.id));
    let cut = Cut { field: Indexed::Organization, span, backwards, after: None };
    // One that is being accepted is about to go.
    let keep = Some(Box::new(|invitation: &Invitation| invitation.accepted_by.is_none()) as Box<_>);
    let show = Box::new(move |invitation: &Invitation| render(call.engine, &organization, invitation));
    paging::records_from(call, Listing { name: "invitations", keep, show }, &Source::Terms(cut)).await
}

async fn create(call: &Call<'_>) -> Outcome {
    let organization = find::<Organization>(call, call.capture(0), "organization").await?.record;
    let mut body = call.body.clone();
    let sent = body.remove("send_invitation_email") != Some(Value::Bool(false));
    let draft = crate::engine::records::flaws::read_value(Value::Object(body))?;
    let put = call.registrar().invite(call.tenant(), &organization, draft).await?;
    let shown = render(call.engine, &organization, &put.record);
    if sent {
        let link = shown["invitation_url"].as_str().unwrap_or_default();
        send(call, &organization, &put.record, link);
    }
    Ok(Answer::shown(shown))
}

async fn show(call: &Call<'_>) -> Outcome {
    let (organization, invitation) = named(call).await?;
    Ok(Answer::shown(call.trimmed(render(call.engine, &organization, &invitation))))
}

async fn revoke(call: &Call<'_>) -> Outcome {
    let (_, invitation) = named(call).await?;
    call.catalog().remove::<Invitation>(call.tenant_id(), &invitation.id()).await?;
    Ok(Answer::empty())
}

async fn named(call: &Call<'_>) -> Result<(Organization, Invitation), Problem> {
    let organization = find::<Organization>(call, call.capture(0), "organization").await?.record;
    let invitation = find::<Invitation>(call, call.capture(1), "invitation").await?.record;
    let own = invitation.organization_id == organization.id && invitation.accepted_by.is_none();
    own.then_some((organization, invitation)).ok_or_else(|| Problem::missing("invitation"))
}

fn send(call: &Call<'_>, organization: &Organization, invitation: &Invitation, link: &str) {
    let name =
        if organization.display_name.is_empty() { &organization.name } else { &organization.display_name };
    let (subject, before) =
        (format!("{SUBJECT} {name}"), format!("{} {BEFORE} {name}.", invitation.inviter.name));
    let text = format!("{before}\r\n\r\n{LINK}\r\n\r\n{link}\r\n\r\n{AFTER}\r\n");
    let html = maud::html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (subject) } }
            body { p { (before) } p { (LINK) } p { a href=(link) { (link) } } p { (AFTER) } }
        }
    };
    let outgoing = Outgoing { from: None, subject, text, html: html.into_string() };
    call.engine.mailer().post(&invitation.invitee.email, outgoing);
}

/// An invitation as Auth0 shows one: with the link, whose ticket is sealed anew each time.
fn render(engine: &Engine, organization: &Organization, invitation: &Invitation) -> Value {
    let mut shown = json!({
        "id": invitation.id,
        "organization_id": invitation.organization_id,
        "inviter": invitation.inviter,
        "invitee": invitation.invitee,
        "client_id": invitation.client_id,
        "roles": invitation.roles,
        "app_metadata": invitation.app_metadata,
        "user_metadata": invitation.user_metadata,
        "created_at": instant(invitation.created_at),
        "expires_at": instant(invitation.expires_at),
    });
    if let Some(connection) = &invitation.connection {
        shown["connection_id"] = json!(connection.id);
    }
    if let (Ok(ticket), Ok(mut url)) =
        (engine.invitation_ticket(invitation), Url::parse(&invitation.initiate_login_uri))
    {
        url.query_pairs_mut()
            .append_pair("invitation", &ticket)
            .append_pair("organization", organization.id.as_str())
            .append_pair("organization_name", &organization.name);
        shown["invitation_url"] = json!(url.as_str());
        shown["ticket_id"] = json!(ticket);
    }
    shown
}
