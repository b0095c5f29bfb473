//! A chore: a task that an actor keeps running beside itself. When it ends, even by a panic, the actor is
//! told, dies of it, and both are started again.

use ractor::{ActorRef, Message};

/// Tells `actor` when dropped.
pub(crate) struct Chore<M: Message> {
    actor: ActorRef<M>,
    word: fn() -> M,
}

impl<M: Message> Chore<M> {
    /// The end of this chore is told to `actor` as `word`.
    pub(crate) fn new(actor: ActorRef<M>, word: fn() -> M) -> Self {
        Self { actor, word }
    }

    /// The chore itself.
    pub(crate) async fn keep(self, work: impl Future<Output = ()>) {
        work.await;
    }
}

impl<M: Message> Drop for Chore<M> {
    fn drop(&mut self) {
        // When the chore ended because the actor did, nobody listens.
        let _ = self.actor.send_message((self.word)());
    }
}
