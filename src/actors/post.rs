//! A post: where the present incarnation of an actor is found. A restart makes an old reference dead, so
//! everybody holds the post and nobody the reference.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use ractor::{Actor, ActorCell, ActorRef, Message, SpawnErr};

use crate::telemetry::labels::ActorName;

/// The place of one actor, whoever fills it.
pub(crate) struct Post<M> {
    holder: ArcSwapOption<ActorRef<M>>,
}

/// What the root needs to know of an actor in order to start it again.
#[async_trait::async_trait]
pub(crate) trait Position: Send + Sync {
    /// What it is called in logs and metrics.
    fn name(&self) -> ActorName;

    /// Starts an incarnation under `root` and puts it into its post.
    async fn fill(&self, root: ActorCell) -> Result<ActorCell, SpawnErr>;

    /// Kills the present incarnation; `false` when there is none.
    fn kill(&self) -> bool;

    /// Stops the present incarnation and waits until it has finished, for at most `patience`.
    async fn retire(&self, patience: std::time::Duration);
}

/// A post together with how to make who fills it.
pub(crate) struct Staffed<A: Actor> {
    name: ActorName,
    post: Arc<Post<A::Msg>>,
    handler: A,
    arguments: A::Arguments,
}

impl<M: Message> Post<M> {
    /// An empty post.
    pub(crate) fn empty() -> Arc<Self> {
        Arc::new(Self { holder: ArcSwapOption::empty() })
    }

    /// Hands a message to whoever fills the post; gives it back when nobody does.
    pub(crate) fn send(&self, message: M) -> Result<(), Vacant<M>> {
        let holder = self.holder.load();
        let Some(holder) = holder.as_ref() else { return Err(Vacant(Some(message))) };
        holder.send_message(message).map_err(|refused| match refused {
            ractor::MessagingErr::SendErr(message) => Vacant(Some(message)),
            ractor::MessagingErr::ChannelClosed | ractor::MessagingErr::InvalidActorType => Vacant(None),
        })
    }
}

/// Nobody fills the post at the moment; the message comes back.
pub(crate) struct Vacant<M>(pub(crate) Option<M>);

impl<A> Staffed<A>
where
    A: Actor + Clone,
    A::Arguments: Clone + Sync,
{
    /// The position called `name`, filled by copies of `handler`.
    pub(crate) fn new(name: ActorName, post: Arc<Post<A::Msg>>, handler: A, arguments: A::Arguments) -> Self {
        Self { name, post, handler, arguments }
    }
}

#[async_trait::async_trait]
impl<A> Position for Staffed<A>
where
    A: Actor + Clone,
    A::Arguments: Clone + Sync,
{
    fn name(&self) -> ActorName {
        self.name
    }

    async fn fill(&self, root: ActorCell) -> Result<ActorCell, SpawnErr> {
        let (actor, _) = A::spawn_linked(None, self.handler.clone(), self.arguments.clone(), root).await?;
        let cell = actor.get_cell();
        self.post.holder.store(Some(Arc::new(actor)));
        Ok(cell)
    }

    fn kill(&self) -> bool {
        let holder = self.post.holder.load();
        holder.as_ref().inspect(|actor| actor.kill()).is_some()
    }

    async fn retire(&self, patience: std::time::Duration) {
        if let Some(actor) = self.post.holder.load_full() {
            let stopped = actor.stop_and_wait(None, Some(patience)).await;
            if let Err(error) = stopped {
                tracing::debug!(actor = ?self.name, ?error, "the actor had already gone or did not stop in time");
            }
        }
    }
}
