//! What a user must be like.

use serde_json::{Map, Value};

use crate::engine::records::flaws::Flaws;
use crate::engine::records::secrets::Hashing;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Refusal, mint, uris};
use crate::model::user::{Profile, User};

/// Auth0's bound of each kind of metadata, in bytes of JSON.
const METADATA_BYTES: usize = 16 * 1024;

pub(super) fn check(draft: &UserDraft, user: &User, hashing: &dyn Hashing) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.require(
        mint::is_user_id(user.user_id.as_str()),
        "user_id",
        "expected 1 to 255 visible ASCII characters that do not end in @clients",
    );
    let same = draft.connection.as_ref().is_none_or(|connection| *connection == user.connection);
    flaws.require(
        same,
        "connection",
        format_args!("expected {:?}: a user stays in its connection", user.connection),
    );
    flaws.text("connection", user.connection.as_str(), 1..=128);
    flaws.require(
        user.email.is_some() || user.username.is_some(),
        "email",
        "expected an email or a username",
    );
    if let Some(email) = &user.email {
        flaws.require(uris::is_email(email), "email", "expected a mail address");
    }
    if let Some(username) = &user.username {
        let plain = !username.contains(['@', '|']) && !username.chars().any(char::is_whitespace);
        flaws.require(plain, "username", "expected a name without @, | and spaces");
        flaws.text("username", username, 1..=128);
    }
    check_password(draft, hashing, &mut flaws);
    check_profile(&user.profile, &mut flaws);
    check_metadata("user_metadata", &user.user_metadata, &mut flaws);
    check_metadata("app_metadata", &user.app_metadata, &mut flaws);
    flaws.verdict()
}

fn check_password(draft: &UserDraft, hashing: &dyn Hashing, flaws: &mut Flaws) {
    let field = if draft.custom_password_hash.is_some() { "custom_password_hash" } else { "password_hash" };
    flaws.require(
        draft.password.is_none() || draft.password_hash.is_none(),
        field,
        format_args!("expected either password or {field}"),
    );
    if let Some(hash) = &draft.password_hash {
        check_hash(draft, hash.expose(), hashing, flaws);
    }
}

fn check_hash(draft: &UserDraft, hash: &str, hashing: &dyn Hashing, flaws: &mut Flaws) {
    let Some(custom) = &draft.custom_password_hash else {
        // The other form is for `custom_password_hash`.
        let own = !hash.starts_with('{');
        let expected = "expected an argon2 hash in PHC form ($argon2id$…) or a bcrypt hash ($2b$…)";
        flaws.require(own, "password_hash", expected);
        if let Some(objection) = hashing.objection(hash).filter(|_| own) {
            flaws.require(false, "password_hash", objection.expected);
        }
        return;
    };
    flaws.require(
        custom.stored() == hash,
        "custom_password_hash",
        "expected either password_hash or custom_password_hash",
    );
    if let Some((path, expected)) = custom.misplaced() {
        flaws.require(false, format_args!("custom_password_hash.{path}"), expected);
    } else if let Some(objection) = hashing.objection(hash) {
        flaws.require(false, format_args!("custom_password_hash.{}", objection.path), objection.expected);
    }
}

pub(in crate::engine) fn check_profile(profile: &Profile, flaws: &mut Flaws) {
    let texts = [
        ("name", &profile.name, 300),
        ("given_name", &profile.given_name, 150),
        ("family_name", &profile.family_name, 150),
        ("nickname", &profile.nickname, 300),
        ("locale", &profile.locale, 50),
        ("zoneinfo", &profile.zoneinfo, 64),
    ];
    for (path, text, most) in texts {
        if let Some(text) = text {
            flaws.text(path, text, 1..=most);
        }
    }
    if let Some(picture) = &profile.picture {
        flaws.require(uris::is_web_uri(picture), "picture", "expected an http(s) URI");
    }
    if let Some(number) = &profile.phone_number {
        flaws.require(is_phone_number(number), "phone_number", "expected + and 7 to 15 digits (E.164)");
    }
}

fn is_phone_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

pub(in crate::engine) fn check_metadata(path: &str, metadata: &Map<String, Value>, flaws: &mut Flaws) {
    let size = if metadata.is_empty() {
        0
    } else {
        serde_json::to_vec(metadata).map_or(usize::MAX, |json| json.len())
    };
    flaws.require(size <= METADATA_BYTES, path, "expected at most 16 KiB of JSON");
}
