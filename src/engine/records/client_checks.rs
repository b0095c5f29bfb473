//! What a client must be like.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::engine::records::clients::has_secret;
use crate::engine::records::flaws::Flaws;
use crate::engine::records::references::Place;
use crate::engine::records::secrets::{Hashing, Secret};
use crate::engine::records::{Refusal, mint, uris};
use crate::model::client::{
    AppType, AuthMethod, Client, ExpirationType, RefreshTokenSettings, RotationType, SecretHash,
};
use crate::protocol::grant_type::GrantType;

/// Auth0's longest life of an ID token, in seconds: 30 days.
const LONGEST_ID_TOKEN: u64 = 2_592_000;

/// The longest life of a refresh token, in seconds: five years.
const LONGEST_REFRESH_TOKEN: u64 = 157_788_000;

/// Members of a JWK that belong to private or symmetric keys (RFC 7518 §6).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

/// Secrets that come as hashes: of the kinds in which they are kept, and not beside a secret in the clear.
pub(super) fn check_hashes(
    hashes: &[SecretHash],
    secret: Option<&Secret>,
    hashing: &dyn Hashing,
) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    let either = "expected either client_secret or client_secret_hashes";
    flaws.require(secret.is_none(), "client_secret_hashes", either);
    flaws.require(hashes.len() <= 10, "client_secret_hashes", "expected at most 10 items");
    for (at, hash) in hashes.iter().enumerate() {
        let good = match hash {
            SecretHash::Argon2(hash) => hash.starts_with("$argon2") && hashing.objection(hash).is_none(),
            SecretHash::Keyed(mac) => URL_SAFE_NO_PAD.decode(mac).is_ok_and(|mac| mac.len() == 32),
        };
        flaws.require(good, Place("client_secret_hashes", at), "expected a hash as an export writes it");
    }
    flaws.verdict()
}

pub(super) fn check(client: &Client, secret: Option<&Secret>) -> Result<(), Refusal> {
    let mut flaws = Flaws::default();
    flaws.require(
        mint::is_client_id(client.client_id.as_str()),
        "client_id",
        "expected 1 to 128 letters, digits, -, ., _ or ~",
    );
    flaws.title("name", &client.name, 255);
    flaws.text("description", &client.description, 0..=255);
    flaws.unique("grant_types", client.grant_types.iter(), GrantType::ALL.len());
    flaws.metadata("client_metadata", client.client_metadata.iter());
    check_authentication(client, secret, &mut flaws);
    check_uris(client, &mut flaws);
    check_logout(client, &mut flaws);
    check_refresh_token(&client.refresh_token, &mut flaws);
    if let Some(lifetime) = client.jwt_configuration.lifetime_in_seconds {
        flaws.within("jwt_configuration.lifetime_in_seconds", lifetime, 1..=LONGEST_ID_TOKEN);
    }
    flaws.verdict()
}

fn check_authentication(client: &Client, secret: Option<&Secret>, flaws: &mut Flaws) {
    let method = client.token_endpoint_auth_method;
    let public = method == AuthMethod::None;
    let (fits, expected) = match client.app_type {
        AppType::Native | AppType::Spa => {
            (public, "expected none: a native or spa application cannot keep a secret")
        }
        AppType::NonInteractive => {
            (!public, "expected a method other than none for a non_interactive application")
        }
        AppType::RegularWeb => (true, ""),
    };
    flaws.require(fits, "token_endpoint_auth_method", expected);
    let own_name = client.grant_types.contains(&GrantType::ClientCredentials);
    flaws.require(!(public && own_name), "grant_types", "expected no client_credentials for a public client");
    flaws.require(
        method != AuthMethod::PrivateKeyJwt || client.jwks.is_some(),
        "jwks",
        "expected the public keys of a client that authenticates with private_key_jwt",
    );
    flaws.require(
        !client.signed_request_object.required || client.jwks.is_some(),
        "jwks",
        "expected the public keys of a client that must sign its authorization requests",
    );
    if let Some(jwks) = &client.jwks {
        check_jwks(jwks, flaws);
    }
    if let Some(secret) = secret {
        flaws.require(
            has_secret(method),
            "client_secret",
            "expected none: this client authenticates without one",
        );
        let length = secret.expose().len();
        let visible = secret.expose().bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        // RFC 6749 appendix A.2.
        flaws.require(
            visible && (8..=512).contains(&length),
            "client_secret",
            "expected 8 to 512 visible characters",
        );
    }
}

fn check_jwks(jwks: &Value, flaws: &mut Flaws) {
    let keys = jwks.get("keys").and_then(Value::as_array).filter(|keys| (1..=10).contains(&keys.len()));
    let Some(keys) = keys else {
        return flaws.require(false, "jwks.keys", "expected a list of 1 to 10 keys (RFC 7517 §5)");
    };
    for (at, key) in keys.iter().enumerate() {
        let public = key.as_object().is_some_and(|key| {
            let asymmetric = matches!(key.get("kty").and_then(Value::as_str), Some("EC" | "OKP" | "RSA"));
            asymmetric && !PRIVATE_MEMBERS.iter().any(|member| key.contains_key(*member))
        });
        flaws.require(public, Place("jwks.keys", at), "expected a public key of kty EC, OKP or RSA");
    }
}

fn check_uris(client: &Client, flaws: &mut Flaws) {
    let exact = "expected an absolute URI without fragment, wildcard or user information";
    let lists = [("callbacks", &client.callbacks), ("allowed_logout_urls", &client.allowed_logout_urls)];
    for (path, uris) in lists {
        flaws.unique(path, uris.iter(), 100);
        for (at, uri) in uris.iter().enumerate() {
            flaws.require(uris::is_redirect_uri(uri), Place(path, at), exact);
        }
    }
    if let Some(logo) = &client.logo_uri {
        flaws.require(uris::is_picture(logo), "logo_uri", "expected an http(s) URI");
    }
    if let Some(uri) = &client.initiate_login_uri {
        let good = uris::is_web_uri(uri) && !uri.contains('#');
        flaws.require(good, "initiate_login_uri", "expected an http(s) URI without a fragment");
    }
    flaws.unique("web_origins", client.web_origins.iter(), 100);
    for (at, origin) in client.web_origins.iter().enumerate() {
        flaws.require(
            uris::is_origin(origin),
            Place("web_origins", at),
            "expected scheme://host[:port] and no more",
        );
    }
}

fn check_logout(client: &Client, flaws: &mut Flaws) {
    if let Some(settings) = &client.oidc_logout {
        let path = "oidc_logout.backchannel_logout_urls";
        flaws.unique(path, settings.backchannel_logout_urls.iter(), 10);
        for (at, uri) in settings.backchannel_logout_urls.iter().enumerate() {
            let expected = "expected an https URI without fragment (http only on this machine)";
            flaws.require(uris::is_notice_uri(uri), Place(path, at), expected);
        }
        let selected = &settings.backchannel_logout_initiators.selected_initiators;
        flaws.unique("oidc_logout.backchannel_logout_initiators.selected_initiators", selected.iter(), 9);
    }
    if let Some(uri) = &client.frontchannel_logout_uri {
        // OpenID Connect Front-Channel Logout 1.0 §2.
        let own = client.callbacks.iter().any(|callback| uris::are_of_one_origin(uri, callback));
        let expected = "expected an http or https URI with scheme, host and port of one of the callbacks";
        flaws.require(uris::is_web_uri(uri) && own, "frontchannel_logout_uri", expected);
    }
}

fn check_refresh_token(settings: &RefreshTokenSettings, flaws: &mut Flaws) {
    if let Some(leeway) = settings.leeway {
        flaws.within("refresh_token.leeway", leeway, 0..=600);
    }
    let absolute = settings.token_lifetime.unwrap_or(LONGEST_REFRESH_TOKEN);
    flaws.within("refresh_token.token_lifetime", absolute, 1..=LONGEST_REFRESH_TOKEN);
    if let Some(idle) = settings.idle_token_lifetime {
        flaws.within("refresh_token.idle_token_lifetime", idle, 1..=LONGEST_REFRESH_TOKEN);
        let shorter = settings.infinite_token_lifetime || idle <= absolute;
        flaws.require(shorter, "refresh_token.idle_token_lifetime", "expected at most token_lifetime");
    }
    let endless = settings.expiration_type == ExpirationType::NonExpiring;
    flaws.require(
        !(endless && settings.rotation_type == RotationType::Rotating),
        "refresh_token.expiration_type",
        "expected expiring for rotating tokens, as Auth0 has it",
    );
}
