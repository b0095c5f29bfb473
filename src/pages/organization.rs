//! `/u/organization`: for which organization?

use http::StatusCode;
use maud::html;

use crate::engine::authorization::Page;
use crate::engine::presence::Presence;
use crate::model::client::OrganizationUsage;
use crate::pages::layout;
use crate::pages::visit::Visit;
use crate::protocol::oauth_error::OAuthError;
use crate::transport::reply::Reply;

/// Shows the person's organizations, or takes the choice; whether it is one of theirs is looked at on the way on.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(mut visit: Visit<'_>) -> Result<Reply, OAuthError> {
    let Some(presence) = visit.presence().await? else { return visit.go_on(None).await };
    // There is a choice only where the application left one.
    if visit.asked.organization.is_some() || visit.client.organization_usage != OrganizationUsage::Require {
        return visit.go_on(Some(&presence)).await;
    }
    let choice = visit.field("organization").to_owned();
    if !visit.is_posted() || choice.is_empty() {
        return show(&visit, &presence).await;
    }
    visit.asked.organization = Some(choice);
    visit.go_on(Some(&presence)).await
}

async fn show(visit: &Visit<'_>, presence: &Presence) -> Result<Reply, OAuthError> {
    let words = visit.words;
    let choices = visit.engine.choices(visit.tenant(), &presence.user).await?;
    let contents = html! {
        p.note.lead { (words.to_continue_to(&visit.client.name)) }
        form method="post" action=(Page::Organization.path()) {
            input type="hidden" name="state" value=(visit.state);
            @for choice in &choices {
                button.plain.row type="submit" name="organization" value=(choice.id) {
                    (layout::monogram(choice.shown_name())) span { (choice.shown_name()) }
                }
            }
        }
    };
    Ok(visit.page(words.choose_organization, StatusCode::OK, &contents))
}
