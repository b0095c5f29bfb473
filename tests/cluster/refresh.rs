//! One token, two processes.

use std::collections::BTreeSet;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn parallel_refreshes_at_two_processes_give_one_successor() {
    let world = World::start().await;
    let first = world.a().login("ada").await;
    let callers = [world.a(), world.b()];
    let ask = |at: usize| {
        let (caller, token) = (callers[at % 2].clone(), first.clone());
        tokio::spawn(async move { caller.refresh(&token).await.refresh_token() })
    };
    let tasks: Vec<_> = (0..64).map(ask).collect();
    let mut successors = BTreeSet::new();
    for task in tasks {
        successors.insert(task.await.unwrap());
    }
    assert_eq!(successors.len(), 1, "{successors:#?}");
    let successor = successors.pop_first().unwrap();
    assert_ne!(successor, first);
    assert_ne!(world.b().refresh(&successor).await.refresh_token(), successor);
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_back_and_forth() {
    let world = World::start().await;
    let (a, b) = (world.a(), world.b());
    let mut token = a.login("grace").await;
    let oldest = token.clone();
    for caller in [&a, &b, &a, &b, &b, &a] {
        let next = caller.refresh(&token).await.refresh_token();
        assert_eq!(a.refresh(&token).await.refresh_token(), next, "a repeat at A");
        assert_eq!(b.refresh(&token).await.refresh_token(), next, "a repeat at B");
        token = next;
    }
    // What one signs, the other knows.
    let access = a.refresh(&token).await.text("access_token");
    assert!(b.active(&access).await);
    // A token from long ago is a theft, wherever it turns up: the family ends everywhere.
    b.refresh(&oldest).await.refused();
    a.refresh(&token).await.refused();
    assert!(a.active(&access).await, "the session goes on until policy ends it");
    world.stop();
}
