//! A process dies, a primary dies: nobody is logged out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::caller::Caller;
use crate::own_cluster::OwnCluster;
use crate::world::{World, measured};

/// Enough for each of three primaries to have some.
const SESSIONS: usize = 32;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_takes_nobody_along() {
    let mut world = World::start().await;
    let callers = [world.a(), world.b()];
    let done = Arc::new(AtomicBool::new(false));
    let mut users = Vec::new();
    for at in 0..16 {
        let token = callers[at % 2].login("ada").await;
        users.push(tokio::spawn(refresh_on(callers.clone(), token, Arc::clone(&done))));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.kill_a();
    assert!(callers[0].try_refresh("rt_", &[]).await.is_err(), "nobody is there");
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.start_a();
    done.store(true, Ordering::Relaxed);
    for user in users {
        let (token, refreshes) = user.await.unwrap();
        assert!(refreshes > 0);
        // The new process goes on where the dead one was.
        let token = world.a().refresh(&token).await.refresh_token();
        assert_eq!(world.b().refresh(&token).await.status, 200);
    }
    world.stop();
}

/// Refreshes, in turns and at the other process when one does not answer, until `done`.
async fn refresh_on(callers: [Caller; 2], mut token: String, done: Arc<AtomicBool>) -> (String, u32) {
    let mut refreshes = 0;
    for turn in 0.. {
        if let Ok(answer) = callers[turn % 2].try_refresh(&token, &[]).await {
            token = answer.refresh_token();
            refreshes += 1;
        }
        if done.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (token, refreshes)
}

/// Without `min-replicas-to-write`, because the new primary has no replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_primary_is_a_pause_and_no_logout() {
    let own = OwnCluster::start("--min-replicas-to-write 0");
    let world = World::on(&own.nodes().join(","), &[("CLUSTER__COMMAND_TIMEOUT_MS", "2000")]).await;
    let callers = [world.a(), world.b()];
    let mut tokens = Vec::new();
    for at in 0..SESSIONS {
        let token = callers[at % 2].login("ada").await;
        tokens.push(callers[(at + 1) % 2].refresh(&token).await.refresh_token());
    }
    let revoked = callers[0].login("ada").await;
    assert_eq!(callers[0].revoke(&revoked).await.status, 200);
    for caller in &callers {
        caller.machine("orders", &[]).await.text("access_token");
    }
    let done = Arc::new(AtomicBool::new(false));
    let machines: Vec<_> =
        callers.iter().map(|caller| tokio::spawn(machine_on(caller.clone(), Arc::clone(&done)))).collect();

    own.signal(own.primaries()[0], "KILL");
    let died = Instant::now();
    let refused = Arc::new(AtomicU32::new(0));
    let users: Vec<_> = tokens
        .into_iter()
        .map(|token| tokio::spawn(insist(callers.clone(), token, Arc::clone(&refused), died)))
        .collect();
    let mut tokens = Vec::new();
    for user in users {
        tokens.push(user.await.unwrap());
    }
    measured("a primary died; every session had refreshed after", died.elapsed());
    assert!(refused.load(Ordering::Relaxed) > 0, "the primary had no session, or was not missed");
    done.store(true, Ordering::Relaxed);
    for machine in machines {
        assert!(machine.await.unwrap() > 10);
    }

    for token in tokens {
        let next = insist(callers.clone(), token, Arc::clone(&refused), died).await;
        insist([callers[1].clone(), callers[0].clone()], next, Arc::clone(&refused), died).await;
    }
    callers[1].refresh(&revoked).await.refused();
    callers[0].login("grace").await;
    assert_eq!(world.ready().await, [200, 200]);
    world.stop();
}

/// Asks for machine tokens until `done`; every one must be there.
async fn machine_on(caller: Caller, done: Arc<AtomicBool>) -> u32 {
    let mut served = 0;
    while !done.load(Ordering::Relaxed) {
        caller.machine("orders", &[]).await.text("access_token");
        served += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    served
}

/// Refreshes until there is an answer, at both processes in turn; meanwhile only "come back" will do.
async fn insist(callers: [Caller; 2], token: String, refused: Arc<AtomicU32>, since: Instant) -> String {
    for turn in 0.. {
        let answer = callers[turn % 2].refresh(&token).await;
        if answer.status == 200 {
            return answer.refresh_token();
        }
        assert_eq!((answer.status, answer.body["error"].as_str()), (503, Some("temporarily_unavailable")));
        assert!(answer.retry_after.is_some(), "{answer:?}");
        refused.fetch_add(1, Ordering::Relaxed);
        // A vote takes seconds; a busy machine, more.
        assert!(since.elapsed() < Duration::from_mins(1), "still {answer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    unreachable!("the turns do not end");
}
