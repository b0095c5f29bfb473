//! The account page: whose it is, what it shows, what it ends, and who else cannot make it do so.

use crate::browser::{Answer, Browser};
use crate::world::{World, authorize};

const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1";
const NEW: &str = "Another-Battery-7";

async fn is_in(browser: &Browser) -> bool {
    browser.get(&authorize("spa", &[])).await.parameter_if_any("code").is_some()
}

/// Logs Ann in by way of the account page.
async fn account(world: &World, agent: &str) -> (Browser, Answer) {
    let browser = world.browser().calling_itself(agent);
    let asked = browser.get("/u/account").await;
    let login = browser.follow(&asked).await;
    let back = browser.type_in(&login, "ann@example.test", "Correct-Horse-1").await;
    assert_eq!(back.location(), "/u/account");
    let page = browser.follow(&back).await;
    assert_eq!(page.status, 200, "{page:?}");
    (browser, page)
}

async fn press(browser: &Browser, page: &Answer, action: &str, more: &[(&str, &str)]) -> Answer {
    let state = page.state();
    browser.post("/u/account", &[&[("state", state.as_str()), ("do", action)], more].concat()).await
}

/// The session of the first form that ends one.
fn other(page: &Answer) -> String {
    page.hidden("session").unwrap_or_else(|| panic!("no other session: {page:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_who_they_are_and_where_they_are_logged_in() {
    let world = World::start().await;
    let (phone, _) = account(&world, PHONE).await;
    world.clock.advance_ms(60_000);
    let (linux, page) = account(&world, LINUX).await;
    for shown in ["Ann Example", "ann@example.test", "Firefox on Linux", "Safari on iPhone", "127.0.0.1"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(page.body.contains("2027-01-15 08:00 UTC") && page.body.contains("2027-01-15 08:01 UTC"));
    assert_eq!(page.body.matches("this browser").count(), 1);
    assert!(page.body.find("this browser") < page.body.find("Safari on iPhone"), "this one comes first");
    assert!(!page.body.contains("<script"));
    world.clock.advance_ms(400_000);
    phone.get("/u/account").await;
    let later = linux.get("/u/account").await;
    assert!(later.body.contains("2027-01-15 08:07 UTC") && !later.body.contains("08:01"), "{}", later.body);
    let bob = world.browser();
    let page = bob.follow(&bob.get("/u/account").await).await;
    let back = bob.type_in(&page, "bob@example.test", "Correct-Horse-2").await;
    let page = bob.follow(&back).await;
    assert!(!page.body.contains("iPhone") && page.hidden("session").is_none(), "{}", page.body);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_five_languages_and_escapes_what_it_shows() {
    let world = World::start().await;
    let (browser, _) = account(&world, "<script>alert(1)</script>").await;
    for (language, title) in [
        ("de", "Ihr Konto"),
        ("es", "Su cuenta"),
        ("fr", "Votre compte"),
        ("it", "Il suo account"),
        ("en", "Your account"),
    ] {
        let page = browser.get_in("/u/account", language).await;
        assert!(page.body.contains(&format!("<h1>{title}</h1>")), "{language}: {}", page.body);
        assert!(!page.body.contains("<script"), "{}", page.body);
    }
    assert!(browser.get("/u/account?ui_locales=fr").await.body.contains("Votre compte"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_session_is_ended_or_all_others() {
    let world = World::start().await;
    let (one, _) = account(&world, PHONE).await;
    let (two, _) = account(&world, PHONE).await;
    let (linux, page) = account(&world, LINUX).await;
    let gone = other(&page);
    let after = press(&linux, &page, "end", &[("session", &gone)]).await;
    assert_eq!(after.status, 200);
    assert!(!after.body.contains(&gone));
    assert!(is_in(&one).await != is_in(&two).await, "one of them is out");
    press(&linux, &after, "end-others", &[]).await;
    assert!(!is_in(&one).await && !is_in(&two).await && is_in(&linux).await);
    let page = linux.get("/u/account").await;
    assert!(!page.body.contains("iPhone") && !page.body.contains("end-others"), "{}", page.body);
    let done = press(&linux, &page, "log-out", &[]).await;
    assert_eq!(done.location().split('?').next(), Some("/u/logged-out"));
    assert!(linux.cookie("jeton_session").is_none() && !is_in(&linux).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_what_is_not_theirs() {
    let world = World::start().await;
    let (ann, _) = account(&world, LINUX).await;
    let (_, page) = account(&world, PHONE).await;
    let anns = other(&page);
    let bob = world.browser();
    let login = bob.follow(&bob.get("/u/account").await).await;
    let bobs = bob.follow(&bob.type_in(&login, "bob@example.test", "Correct-Horse-2").await).await;
    assert_eq!(press(&bob, &bobs, "end", &[("session", &anns)]).await.status, 200, "as for one that is gone");
    assert!(is_in(&ann).await);
    // The form of another person, of another browser, of nobody; and no form at all.
    press(&bob, &page, "end-others", &[]).await.shown(400);
    let thief = world.browser();
    thief.set_cookie("jeton_session", &ann.cookie("jeton_session").unwrap());
    let form = ann.get("/u/account").await;
    press(&thief, &form, "end-others", &[]).await.shown(400);
    for state in ["", "ap_forged", &page.state().replace("ap_", "ls_")] {
        ann.post("/u/account", &[("state", state), ("do", "end-others")]).await.shown(400);
    }
    let stranger = world.browser();
    assert!(press(&stranger, &form, "end-others", &[]).await.location().starts_with("/u/login?"));
    let form = ann.get("/u/account").await;
    for (action, session) in [("", ""), ("delete", ""), ("end", "nonsense"), ("end", "")] {
        press(&ann, &form, action, &[("session", session)]).await.shown(400);
    }
    world.clock.advance_ms(3_600_000);
    assert!(
        press(&ann, &form, "end-others", &[]).await.location().starts_with("/u/login?"),
        "idle for too long"
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_asks_for_the_old_one_and_ends_the_other_sessions() {
    let world = World::start().await;
    let (phone, _) = account(&world, PHONE).await;
    let (linux, page) = account(&world, LINUX).await;
    world.clock.advance_ms(1_000);
    let change = async |current: &str, password: &str| {
        press(&linux, &page, "password", &[("current", current), ("password", password)]).await
    };
    change("Wrong-Horse-1", NEW).await.shown(400);
    change("", NEW).await.shown(400);
    change("Correct-Horse-1", "weak").await.shown(400);
    change("Correct-Horse-1", &"x".repeat(2_000)).await.shown(400);
    assert!(is_in(&phone).await, "nothing has happened yet");
    let done = change("Correct-Horse-1", NEW).await;
    assert!(done.status == 200 && done.body.contains("Your password is changed"), "{done:?}");
    assert!(is_in(&linux).await && !is_in(&phone).await);
    assert!(world.mails(1).await[0].contains("The password of your account was changed"));
    change(NEW, "Correct-Horse-1").await.shown(400);
    let fresh = world.browser();
    let login = fresh.follow(&fresh.get("/u/account").await).await;
    fresh.type_in(&login, "ann@example.test", "Correct-Horse-1").await.shown(400);
    assert_eq!(fresh.type_in(&login, "ann@example.test", NEW).await.location(), "/u/account");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_the_current_password_is_stopped() {
    let world = World::start().await;
    let (linux, page) = account(&world, LINUX).await;
    let guess =
        async || press(&linux, &page, "password", &[("current", "Wrong-Horse-1"), ("password", NEW)]).await;
    let mut statuses = Vec::new();
    for _ in 0..15 {
        statuses.push(guess().await);
    }
    let last = statuses.pop().unwrap();
    assert!(last.body.contains("Too many attempts"), "{last:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_write_nothing_by_asking_for_it() {
    let world = World::start().await;
    let first = world.browser();
    first.follow(&first.get("/u/account").await).await;
    let calls = world.store.calls();
    for _ in 0..50 {
        let browser = world.browser();
        browser.set_cookie("jeton_session", "forged");
        let asked = browser.get("/u/account?ui_locales=de").await;
        assert!(browser.follow(&asked).await.body.contains("lang=\"de\""));
    }
    assert_eq!(world.store.calls(), calls);
    world.stop().await;
}
