//! Requests of our own, as the actors see them.

use async_trait::async_trait;

use crate::actors::deliveries::{Failure, Web};
use crate::transport::outgoing::{Outgoing, Undelivered};

/// The transport's client behind the actors' trait.
pub(super) struct Road(pub(super) Outgoing);

#[async_trait]
impl Web for Road {
    async fn post_form(&self, url: &str, form: String) -> Result<(), Failure> {
        self.0.post_form(url, form).await.map_err(|error| match error {
            Undelivered::Lasting(why) => Failure::Lasting(why),
            Undelivered::Passing(why) => Failure::Passing(why),
        })
    }
}
