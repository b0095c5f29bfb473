//! `/u/consent`: may the application have what it asks for?

use http::StatusCode;
use maud::html;

use crate::engine::authorization::Page;
use crate::engine::presence::Presence;
use crate::pages::layout;
use crate::pages::visit::Visit;
use crate::protocol::oauth_error::{Fault, OAuthError};
use crate::transport::html as replies;
use crate::transport::reply::Reply;

/// Shows what is asked for, or takes the answer.
///
/// # Errors
/// What only the person may be told.
pub async fn answer(mut visit: Visit<'_>) -> Result<Reply, OAuthError> {
    let Some(presence) = visit.presence().await? else { return visit.go_on(None).await };
    if !visit.is_posted() {
        return show(&visit).await;
    }
    if visit.field("answer") == "yes" {
        remember(&visit, &presence).await?;
        visit.asked.consented_by = Some(presence.user.user_id.to_string());
        return visit.go_on(Some(&presence)).await;
    }
    let error = OAuthError::access_denied(Fault::User, "The user denied the request");
    Ok(replies::respond(&visit.asked.refusal(visit.tenant(), &error)))
}

/// An application of the tenant's own that asks for consent asks each time; what others were allowed is remembered.
async fn remember(visit: &Visit<'_>, presence: &Presence) -> Result<(), OAuthError> {
    if visit.client.is_first_party {
        return Ok(());
    }
    let (target, wanted) = visit.engine.wanted(visit.tenant(), &visit.asked).await?;
    visit.engine.remember_consent(&presence.user, &visit.client, &target.audience, &wanted).await
}

async fn show(visit: &Visit<'_>) -> Result<Reply, OAuthError> {
    let words = visit.words;
    let (target, wanted) = visit.engine.wanted(visit.tenant(), &visit.asked).await?;
    let described = |token: &str| {
        let server = target.resource_server.as_ref()?;
        let entry = server.scopes.iter().find(|entry| entry.value == token)?;
        (!entry.description.is_empty()).then(|| entry.description.clone())
    };
    let logo = visit.client.logo_uri.as_deref();
    let contents = html! {
        p.asker {
            @if let Some(logo) = logo { img.logo src=(logo) alt=""; } @else { (layout::monogram(&visit.client.name)) }
            span { (words.asks_for(&visit.client.name)) }
        }
        ul.grants { @for token in wanted.iter() { li { (described(token).unwrap_or_else(|| words.scope(token).to_owned())) } } }
        form.choice method="post" action=(Page::Consent.path()) {
            input type="hidden" name="state" value=(visit.state);
            button type="submit" name="answer" value="yes" { (words.allow) }
            button.plain type="submit" name="answer" value="no" { (words.deny) }
        }
    };
    Ok(visit.page_with(words.consent, logo, StatusCode::OK, &contents))
}
