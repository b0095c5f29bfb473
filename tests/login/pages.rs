//! The pages themselves: policy, languages, accessibility, escaping; and whose form may be posted where.

use crate::browser::Browser;
use crate::world::{World, authorize};

async fn login_page(browser: &Browser, more: &[(&str, &str)]) -> crate::browser::Answer {
    browser.follow(&browser.get(&authorize("spa", more)).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_login_page_is_plain_guarded_and_labelled() {
    let world = World::start().await;
    let page = login_page(&world.browser(), &[]).await;
    assert_eq!(page.status, 200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert!(!page.body.contains("<script"), "no script is needed");
    assert!(page.body.contains("<html lang=\"en\"") && page.body.contains("prefers-color-scheme:dark"));
    for field in ["username", "password"] {
        assert!(page.body.contains(&format!("label for=\"{field}\"")), "{field}");
    }
    assert!(page.body.contains("autocomplete=\"current-password\""));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_shown_is_escaped() {
    let world = World::start().await;
    let browser = world.browser();
    let attack = "\"><script>alert(1)</script>";
    let page =
        login_page(&browser, &[("login_hint", attack), ("state", attack), ("ui_locales", attack)]).await;
    assert!(page.body.contains("Acme &lt;script&gt;alert('tenant')&lt;/script&gt;"), "{page:?}");
    assert!(page.body.contains("Single &quot;page&quot; &amp; co"), "{page:?}");
    assert!(page.body.contains("value=\"&quot;&gt;&lt;script&gt;"), "the hint is filled in: {page:?}");
    let again = browser.type_in(&page, attack, "nope").await;
    again.shown(400);
    for page in [page, again] {
        assert!(!page.body.contains("<script") && !page.body.contains("<img"), "{page:?}");
    }
    for path in ["/u/login?state=%22%3E%3Cscript%3E", "/u/%3Cscript%3E", "/authorize?client_id=%3Cscript%3E"]
    {
        let page = browser.get(path).await;
        assert!(page.status >= 400 && !page.body.contains("<script"), "{page:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_speak_the_persons_language() {
    let world = World::start().await;
    let browser = world.browser();
    for (language, word) in [
        ("de", "Anmelden"),
        ("es", "Iniciar sesión"),
        ("fr", "Se connecter"),
        ("it", "Accedi"),
        ("en", "Log in"),
    ] {
        let page = login_page(&browser, &[("ui_locales", language)]).await;
        assert!(
            page.body.contains(word) && page.body.contains(&format!("lang=\"{language}\"")),
            "{language}"
        );
    }
    let address = browser.get(&authorize("spa", &[])).await.location();
    assert!(browser.get_in(&address, "xx, fr-FR;q=0.8").await.body.contains("Se connecter"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_unknown_and_blocked_learn_nothing_from_a_wrong_password() {
    let world = World::start().await;
    let browser = world.browser();
    let mut bodies = Vec::new();
    for name in ["ann@example.test", "who@example.test", "cal@example.test"] {
        let page = login_page(&browser, &[("login_hint", name)]).await;
        let answer = browser.type_in(&page, name, "nope").await;
        answer.shown(400);
        assert!(browser.cookie("jeton_session").is_none());
        bodies.push(answer.body.replace(&answer.state(), "").replace(name, ""));
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    let page = login_page(&browser, &[]).await;
    browser.type_in(&page, "cal@example.test", "Correct-Horse-3").await.shown(403);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_works_only_in_the_browser_and_tenant_where_it_was_begun() {
    let world = World::start().await;
    let (browser, stranger) = (world.browser(), world.browser());
    let page = login_page(&browser, &[]).await;
    stranger.type_in(&page, "ann", "Correct-Horse-1").await.shown(400);
    login_page(&stranger, &[]).await;
    stranger.type_in(&page, "ann", "Correct-Horse-1").await.shown(400);
    let elsewhere = world.browser_at("other.localhost");
    elsewhere.set_cookie("jeton_browser", &browser.cookie("jeton_browser").unwrap());
    elsewhere.type_in(&page, "ann@example.test", "Correct-Horse-1").await.shown(400);
    let state = page.state();
    for at in (3..state.len()).step_by(11) {
        let mut bytes = state.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        browser.get(&format!("/u/login?state={changed}")).await.shown(400);
    }
    world.clock.advance_ms(3_600_000);
    browser.type_in(&page, "ann", "Correct-Horse-1").await.shown(400);
    world.stop().await;
}
