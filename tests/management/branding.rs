//! What the tenant's pages look like, in Auth0's shape.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn branding_is_changed_piece_by_piece_and_cleared_by_null() {
    let world = World::start().await;
    assert_eq!(world.get("/branding").await.with(200), json!({}));
    let look = json!({ "colors": { "primary": "#0B5FFF", "page_background": "#000000" },
        "logo_url": "https://cdn.test/logo.png", "favicon_url": "https://cdn.test/icon.png", "font": null });
    let changed = world.patch("/branding", look).await.with(200);
    assert_eq!((&changed["colors"]["primary"], &changed["font"]), (&json!("#0B5FFF"), &json!(null)));
    let change = json!({ "colors": { "page_background": null }, "favicon_url": null });
    let expected = json!({ "colors": { "primary": "#0B5FFF" }, "logo_url": "https://cdn.test/logo.png" });
    assert_eq!(world.patch("/branding", change).await.with(200), expected);
    assert_eq!(world.get("/branding").await.with(200), expected);
    assert_eq!(
        world.get("/tenants/settings").await.with(200)["colors"],
        json!(null),
        "it has a place of its own"
    );
    world.stop().await;
}

#[tokio::test]
async fn what_a_page_would_not_show_is_refused_by_name() {
    let world = World::start().await;
    for (change, named) in [
        (json!({ "colors": { "primary": "red" } }), "branding.colors.primary"),
        (json!({ "colors": { "page_background": { "type": "linear-gradient" } } }), "page_background"),
        (json!({ "logo_url": "javascript:alert(1)" }), "branding.logo_url"),
        (json!({ "logo_url": 1 }), "logo_url"),
        (json!({ "font": { "url": "https://fonts.test/f.woff2" } }), "branding.font"),
        (json!({ "template": "x" }), "template"),
    ] {
        let problem = world.patch("/branding", change).await.refused(400, "invalid_body");
        assert!(problem.contains(named), "{named}: {problem}");
    }
    assert_eq!(world.get("/branding").await.with(200), json!({}), "nothing of it was kept");
    world.stop().await;
}
