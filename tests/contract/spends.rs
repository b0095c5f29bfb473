//! Single use: the first has it, everybody after reads the note, until it expires.

use jeton::clock::UnixMs;
use jeton::model::family::{NewFamily, Rotation};
use jeton::model::session::{End, Session};
use jeton::protocol::ids::TenantId;
use jeton::store::spends::{Purpose, Redeemed, Redeeming, Spent, Thing};

use crate::world::{World, family, in_ms, now, pass, presented, tenant};

suite! {
    the_first_spends_and_the_second_reads_the_note,
    tenants_purposes_and_names_do_not_meet,
    one_of_many_is_the_first,
    an_expired_thing_can_be_spent_again,
    looking_does_not_spend,
    names_and_notes_are_any_bytes,
    redeeming_starts_a_family_once,
    a_session_that_ended_spends_nothing,
    one_of_many_redeems,
    a_code_spent_for_no_family_starts_none_later,
    a_family_that_outlives_its_session_is_redeemed_too,
}

fn thing<'a>(tenant: &'a TenantId, name: &'a [u8]) -> Thing<'a> {
    Thing { tenant, purpose: Purpose::Code, name, session: None, expires_at: in_ms(60_000) }
}

/// A code for a token of `session`.
pub(crate) fn code<'a>(world: &'a World, session: &Session, name: &'a [u8]) -> Thing<'a> {
    Thing { session: Some(session.id), ..thing(&world.tenant, name) }
}

async fn the_first_spends_and_the_second_reads_the_note(world: &World) {
    let code = thing(&world.tenant, b"code");
    assert_eq!(world.store.spend(code, b"first").await.unwrap(), Spent::First);
    assert_eq!(world.store.spend(code, b"second").await.unwrap(), Spent::Before(b"first".to_vec()));
    assert_eq!(world.store.spend(code, b"third").await.unwrap(), Spent::Before(b"first".to_vec()));
}

async fn tenants_purposes_and_names_do_not_meet(world: &World) {
    let elsewhere = tenant();
    let things = [
        thing(&world.tenant, b"x"),
        thing(&world.tenant, b"y"),
        thing(&elsewhere, b"x"),
        Thing { purpose: Purpose::Assertion, ..thing(&world.tenant, b"x") },
        Thing { purpose: Purpose::Mail, ..thing(&world.tenant, b"x") },
    ];
    for thing in things {
        assert_eq!(world.store.spend(thing, b"").await.unwrap(), Spent::First, "{thing:?}");
    }
    for thing in things {
        assert_eq!(world.store.spend(thing, b"").await.unwrap(), Spent::Before(Vec::new()), "{thing:?}");
    }
}

async fn looking_does_not_spend(world: &World) {
    let token =
        Thing { purpose: Purpose::AccessToken, expires_at: in_ms(300), ..thing(&world.tenant, b"jti") };
    for _ in 0..2 {
        assert!(!world.store.is_spent(token).await.unwrap());
    }
    assert_eq!(world.store.spend(token, b"note").await.unwrap(), Spent::First);
    assert!(world.store.is_spent(token).await.unwrap());
    assert!(!world.store.is_spent(thing(&world.tenant, b"jti")).await.unwrap(), "another purpose");
    let elsewhere = tenant();
    assert!(!world.store.is_spent(Thing { tenant: &elsewhere, ..token }).await.unwrap());
    pass(400).await;
    assert!(!world.store.is_spent(token).await.unwrap(), "expired");
}

async fn one_of_many_is_the_first(world: &World) {
    for round in 0..8_u8 {
        let tasks: Vec<_> = (0..64_u8)
            .map(|task| {
                let (store, tenant) = (world.store.clone(), world.tenant.clone());
                tokio::spawn(
                    async move { (task, store.spend(thing(&tenant, &[round]), &[task]).await.unwrap()) },
                )
            })
            .collect();
        let (mut first, mut notes) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.await.unwrap() {
                (task, Spent::First) => first.push(vec![task]),
                (_, Spent::Before(note)) => notes.push(note),
            }
        }
        assert_eq!((first.len(), notes.len()), (1, 63));
        assert!(notes.iter().all(|note| *note == first[0]), "everybody reads the first one's note");
    }
}

async fn an_expired_thing_can_be_spent_again(world: &World) {
    let brief = Thing { expires_at: in_ms(300), ..thing(&world.tenant, b"brief") };
    assert_eq!(world.store.spend(brief, b"1").await.unwrap(), Spent::First);
    pass(400).await;
    let again = thing(&world.tenant, b"brief");
    assert_eq!(world.store.spend(again, b"2").await.unwrap(), Spent::First);
    assert_eq!(world.store.spend(again, b"3").await.unwrap(), Spent::Before(b"2".to_vec()));
}

async fn names_and_notes_are_any_bytes(world: &World) {
    let long = vec![0xff_u8; 4_096];
    let note: Vec<u8> = (192..=255).collect();
    for name in [b"".as_slice(), b"\0", b"}{\r\n", &long] {
        assert_eq!(world.store.spend(thing(&world.tenant, name), &note).await.unwrap(), Spent::First);
        let second = world.store.spend(thing(&world.tenant, name), b"").await.unwrap();
        assert_eq!(second, Spent::Before(note.clone()));
    }
}

/// `thing`, redeemed for a family of `session`.
pub(crate) fn redeeming<'a>(
    thing: Thing<'a>,
    note: &'a [u8],
    session: &Session,
    family: NewFamily,
) -> Redeeming<'a> {
    Redeeming { thing, note, session: session.id, family, now: now() }
}

async fn redeeming_starts_a_family_once(world: &World) {
    let (session, login) = world.logged_in().await;
    let code = code(world, &session, b"redeemed");
    let (first, second) = (family(), family());
    // Any bytes, also such as look like a number.
    let asked = redeeming(code, b"1", &session, first);
    assert_eq!(world.store.redeem(asked).await.unwrap(), Redeemed::First);
    let asked = redeeming(code, b"second", &session, second);
    assert_eq!(world.store.redeem(asked).await.unwrap(), Redeemed::Before(b"1".to_vec()));
    assert_eq!(world.store.spend(code, b"third").await.unwrap(), Spent::Before(b"1".to_vec()));

    let rotated = |family| world.store.rotate(presented(session.id, family, 1));
    assert_eq!(rotated(first.key).await.unwrap(), Rotation::Rotated { generation: 2 });
    assert_eq!(rotated(second.key).await.unwrap(), Rotation::Unknown);
    let mut expected = vec![login, first.key];
    expected.sort();
    let mut families = world.store.families_of(session.id).await.unwrap();
    families.sort();
    assert_eq!(families, expected);
}

async fn a_session_that_ended_spends_nothing(world: &World) {
    let (session, _) = world.logged_in().await;
    world.store.end(session.id, End::Logout).await.unwrap();
    let code = code(world, &session, b"too late");
    let asked = redeeming(code, b"note", &session, family());
    assert_eq!(world.store.redeem(asked).await.unwrap(), Redeemed::NoSession);
    assert!(!world.store.is_spent(code).await.unwrap());
    assert!(world.store.families_of(session.id).await.unwrap().is_empty());
}

async fn one_of_many_redeems(world: &World) {
    let (session, login) = world.logged_in().await;
    let tasks: Vec<_> = (0..64_u8)
        .map(|task| {
            let (store, tenant, session) = (world.store.clone(), world.tenant.clone(), session.clone());
            tokio::spawn(async move {
                let family = family();
                let thing = Thing { session: Some(session.id), ..thing(&tenant, b"contended") };
                let note = [task];
                let redeemed = store.redeem(redeeming(thing, &note, &session, family)).await.unwrap();
                (redeemed, note.to_vec(), family.key)
            })
        })
        .collect();
    let (mut first, mut notes) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            (Redeemed::First, note, family) => first.push((note, family)),
            (Redeemed::Before(note), ..) => notes.push(note),
            (Redeemed::NoSession, ..) => panic!("the session lives"),
        }
    }
    assert_eq!((first.len(), notes.len()), (1, 63));
    assert!(notes.iter().all(|note| *note == first[0].0), "everybody reads the first one's note");
    let mut expected = vec![login, first[0].1];
    expected.sort();
    let mut families = world.store.families_of(session.id).await.unwrap();
    families.sort();
    assert_eq!(families, expected);
}

async fn a_code_spent_for_no_family_starts_none_later(world: &World) {
    let (session, login) = world.logged_in().await;
    let code = code(world, &session, b"without a family");
    assert_eq!(world.store.spend(code, b"first").await.unwrap(), Spent::First);
    let asked = redeeming(code, b"second", &session, family());
    assert_eq!(world.store.redeem(asked).await.unwrap(), Redeemed::Before(b"first".to_vec()));
    assert_eq!(world.store.families_of(session.id).await.unwrap(), [login]);
}

async fn a_family_that_outlives_its_session_is_redeemed_too(world: &World) {
    let (session, _) = world.logged_in().await;
    let code = code(world, &session, b"long");
    let ends = session.expires_at.map(|at| UnixMs(at.0 + 60_000));
    let until = ends.map(|at| UnixMs(at.0 + 5_000));
    let long = NewFamily { expires_at: ends, session_until: until, ..family() };
    assert_eq!(world.store.redeem(redeeming(code, b"note", &session, long)).await.unwrap(), Redeemed::First);
    assert!(world.store.families_of(session.id).await.unwrap().contains(&long.key));
    let standing = world.store.find(session.id, now()).await.unwrap().unwrap();
    assert_eq!(standing.expires_at, until);
    assert!(world.store.is_spent(code).await.unwrap());
}
