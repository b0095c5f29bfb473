//! Each rule shown able to fail, and able to let pass what is right.

use crate::rules::{File, faults};
use crate::tokens::tokens;

/// The faults of `body` as the file at `path`, without their place.
fn found(path: &str, body: &str) -> Vec<String> {
    let file = File { path: path.to_owned(), text: format!("//! A snippet.\n{body}") };
    faults(&file).into_iter().map(|fault| fault.splitn(3, ':').skip(2).collect::<String>()).collect()
}

fn one_fault(path: &str, body: &str, expected: &str) {
    assert_eq!(found(path, body), [format!(" {expected}")], "{path}: {body}");
}

fn no_fault(path: &str, body: &str) {
    assert_eq!(found(path, body), [""; 0], "{path}: {body}");
}

#[test]
fn an_arrow_to_the_right_is_found_however_it_is_written() {
    let wrong = "`store` may not import `actors`";
    for body in [
        "use crate::actors::Ring;",
        "use crate::actors;",
        "use crate :: actors :: Ring;",
        "use crate::{actors::Ring, model::family::Family};",
        "use crate::{\n    model::{family::{Family, NewFamily}, user},\n    actors::{self, Ring},\n};",
        "pub(crate) use crate::actors::Ring;",
        "use jeton::actors::Ring;",
        "use ::jeton::actors::Ring;",
        "fn f() { crate::actors::start(); }",
        "fn f() -> Option<crate::actors::Ring> { None }",
        "use super::super::actors::Ring;",
        "use super::super::{actors::Ring};",
        "mod tests { use super::super::super::actors::Ring; }",
        "#[cfg(test)]\nmod tests {\n    use crate::actors::Ring;\n}",
        "const QUOTE: char = '\"'; use crate::actors::Ring;",
        "fn f<'a>(x: &'a str) { crate::actors::start(x) }",
        "const RAW: &str = r#\"a \" b\"#; use crate::actors::Ring;",
    ] {
        one_fault("src/store/families.rs", body, wrong);
    }
}

#[test]
fn arrows_to_the_left_and_words_in_comments_pass() {
    for body in [
        "use crate::model::family::Family;",
        "use crate::{clock::UnixMs, model::{family::Family, user}, protocol::ids::{SessionId, UserId}};",
        "use crate::store::StoreError;",
        "use super::records::Expect;",
        "mod tests { use super::*; use super::super::StoreError; }",
        "/// See [`crate::actors::Ring`].\nstruct Families;",
        "/* use crate::actors::Ring; /* nested */ use crate::actors::Ring; */",
        "const TEXT: &str = \"use crate::actors::Ring; \\\" crate::actors\";",
        "const RAW: &str = r#\"crate::actors\"#;",
        "pub(crate) struct Families;",
        "use other::crate_like::actors;",
    ] {
        no_fault("src/store/families.rs", body);
    }
}

#[test]
fn peers_do_not_import_each_other() {
    one_fault("src/store/cached.rs", "use crate::signing::KeySet;", "`store` may not import `signing`");
    one_fault("src/signing/keyset.rs", "use crate::store::Catalog;", "`signing` may not import `store`");
    one_fault("src/claims.rs", "use crate::client_auth::Caller;", "`claims` may not import `client_auth`");
    one_fault("src/engine.rs", "use crate::transport::Reply;", "`engine` may not import `transport`");
}

#[test]
fn the_transport_knows_no_store() {
    for target in ["actors", "engine", "signing", "store"] {
        let body = format!("use crate::{target}::X;");
        one_fault("src/transport/reply.rs", &body, &format!("`transport` may not import `{target}`"));
    }
    no_fault("src/transport/reply.rs", "use crate::tenancy::TenantView; use crate::protocol::OAuthError;");
}

#[test]
fn the_crate_root_is_no_way_round_the_table() {
    one_fault("src/store.rs", "use super::actors::Ring;", "`store` may not import `actors`");
    one_fault("src/store.rs", "use crate::Ring;", "`store` may not import `Ring`");
    one_fault("src/store.rs", "use crate::*;", "`store` may not import `*`");
    one_fault("src/store.rs", "use crate::{self as root};", "`store` may not import `self`");
    one_fault("src/clock.rs", "use crate::config::Config;", "`clock` may not import `config`");
}

#[test]
fn a_layer_outside_the_table_is_found() {
    one_fault("src/plugins/hooks.rs", "", "`plugins` has no row in the import table");
    no_fault("src/main.rs", "fn main() { jeton::cli::run(); }");
}

#[test]
fn a_vendor_outside_its_fence_is_found_however_it_is_written() {
    let wrong = "`fred` belongs in `src/store/cluster`";
    for body in [
        "use fred::prelude::*;",
        "use ::fred::prelude::*;",
        "use {fred::prelude::Client};",
        "use fred as redis;",
        "use fred;",
        "extern crate fred;",
        "fn f(client: &fred::clients::Client) {}",
    ] {
        one_fault("src/store/embedded/families.rs", body, wrong);
        one_fault("src/store/clusters.rs", body, wrong);
        no_fault("src/store/cluster.rs", body);
        no_fault("src/store/cluster/families.rs", body);
    }
    one_fault("src/engine.rs", "use argon2::Argon2;", "`argon2` belongs in `src/actors/passwords`");
    one_fault("src/actors/ring.rs", "use argon2::Argon2;", "`argon2` belongs in `src/actors/passwords`");
    one_fault("src/store/cached.rs", "use aws_lc_rs::digest;", "`aws_lc_rs` belongs in `src/signing`");
    no_fault("src/engine.rs", "fn f(hyper: &Hyper) { let hyper = model::hyper::make(); }");
    no_fault(
        "src/transport/tls.rs",
        "use rustls::crypto::aws_lc_rs;\nfn f() { aws_lc_rs::default_provider(); }",
    );
}

#[test]
fn time_and_dice_outside_the_clock_are_found() {
    let body = "fn f() { let now = std::time::SystemTime::now(); }";
    one_fault("src/engine.rs", body, "`SystemTime::now` outside `src/clock.rs`");
    no_fault("src/clock.rs", body);
    one_fault(
        "src/engine.rs",
        "fn f() { jiff::Timestamp::now(); }",
        "`Timestamp::now` outside `src/clock.rs`",
    );
    one_fault("src/signing/sealing.rs", "use x::OsRng;", "`OsRng` outside `src/clock.rs`");
    one_fault("src/engine.rs", "fn f() { getrandom::fill(&mut [0]); }", "`getrandom` belongs in `src/clock`");
    no_fault("src/engine.rs", "fn f() { tokio::time::Instant::now(); let now = clock.now(); }");
}

#[test]
fn empty_names_deep_paths_and_mod_rs_are_found() {
    one_fault("src/engine/utils.rs", "", "`utils` says nothing of what is inside");
    one_fault("tests/common/world.rs", "", "`common` says nothing of what is inside");
    one_fault("src/store/mod.rs", "", "`foo.rs` beside `foo/`, never `mod.rs`");
    one_fault("src/store/cluster/script/load.rs", "", "more than 3 names below `src`");
    no_fault("src/store/cluster/families.rs", "");
}

#[test]
fn long_files_are_found() {
    let body = "\n".repeat(400);
    one_fault("src/engine.rs", &body, "401 lines; the limit is 400");
    one_fault("benches/sign.rs", &body, "401 lines; the limit is 400");
    no_fault("src/engine.rs", &body[1..]);
    one_fault("src/lib.rs", &"\n".repeat(80), "81 lines; the limit is 80");
    one_fault("src/main.rs", &"\n".repeat(20), "21 lines; the limit is 20");
}

#[test]
fn a_file_without_a_purpose_is_found() {
    for text in ["", "use std::fmt;\n//! Late.\n", "//!\n", "// Not a document.\n"] {
        let file = File { path: "src/engine.rs".to_owned(), text: text.to_owned() };
        let expected = "src/engine.rs:1: the first line is not a `//!` that says what the file is for";
        assert_eq!(faults(&file), [expected], "{text}");
    }
}

#[test]
fn tokens_know_their_lines() {
    let source = "a /* \n\n */ b \"\n\" c 'x' 'life r#type b'\\'' d";
    let seen: Vec<(&str, usize)> = tokens(source).iter().map(|token| (token.text, token.line)).collect();
    assert_eq!(seen, [("a", 1), ("b", 3), ("c", 4), ("life", 4), ("type", 4), ("d", 4)]);
}
