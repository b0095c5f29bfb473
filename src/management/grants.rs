//! `/grants`: what people let applications of somebody else have; Auth0's name for consents.

use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::operation::{Answer, Operation, Outcome};
use crate::management::paging::{self, Listing};
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::model::consent::Consent;
use crate::protocol::ids::UserId;

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::get("/grants", &["read:grants"], |call| Box::pin(list(call)))
        .about("List what people consented to")
        .asking(&[Field::text("user_id"), Field::text("client_id"), Field::text("audience")])
        .paged(),
    Operation::delete("/grants", &["delete:grants"], |call| Box::pin(remove_all(call)))
        .about("Take back everything that a user consented to")
        .asking(&[Field::text("user_id").required()]),
    Operation::delete("/grants/{id}", &["delete:grants"], |call| Box::pin(remove(call)))
        .about("Take back one consent"),
];

async fn list(call: &Call<'_>) -> Outcome {
    let (client, audience) = (call.asked("client_id"), call.asked("audience"));
    let keep = move |consent: &Consent| {
        client.is_none_or(|wanted| wanted == consent.client.as_str())
            && audience.is_none_or(|wanted| wanted == consent.audience.as_str())
    };
    if let Some(user) = call.asked("user_id") {
        let consents = call.engine.consents_of(call.tenant_id(), &UserId::from(user)).await?;
        let shown = consents.iter().filter(|consent| keep(consent)).map(render).collect();
        return paging::items(call, "grants", shown);
    }
    let keep = (client.is_some() || audience.is_some()).then(|| Box::new(keep) as Box<_>);
    paging::records(call, Listing { name: "grants", keep, show: Box::new(render) }).await
}

async fn remove(call: &Call<'_>) -> Outcome {
    let name = Consent::identifier(call.capture(0));
    let found = call.catalog().find_named::<Consent>(call.tenant_id(), &name).await?;
    let found = found.ok_or_else(|| Problem::missing("grant"))?;
    call.engine.revoke_consent(&found.record).await?;
    Ok(Answer::empty())
}

async fn remove_all(call: &Call<'_>) -> Outcome {
    let user = UserId::from(call.asked("user_id").unwrap_or_default());
    for consent in call.engine.consents_of(call.tenant_id(), &user).await? {
        call.engine.revoke_consent(&consent).await?;
    }
    Ok(Answer::empty())
}

fn render(consent: &Consent) -> Value {
    json!({
        "id": consent.id,
        "clientID": consent.client,
        "user_id": consent.user,
        "audience": consent.audience,
        "scope": consent.scope.iter().collect::<Vec<_>>(),
    })
}
