//! The steps of a token request, from what is ready to what is left of it: giving back keeps what drops it out of the count.

use std::hint::black_box;

use jeton::client_auth::authenticate;
use jeton::model::family::{Family, Presented, Rotation};
use jeton::protocol::form::Form;
use jeton::signing::keyset::{KeySet, TokenType};
use jeton::signing::sealing::Purpose;
use jeton::transport::Service as _;

use crate::ready::{self, Asked, Known, Sealing};

/// Every step once, not counted, to see that none fails.
pub(crate) fn once() {
    parse(ready::refresh_form());
    parse_and_authenticate(ready::known());
    open(seal(ready::sealing()));
    sign_and_encode(ready::keys());
    rotate(ready::family());
    answer(ready::client_credentials());
    answer(ready::refresh(None));
    answer(ready::refresh(Some("acme")));
}

pub(crate) fn parse(form: String) -> String {
    assert!(black_box(Form::urlencoded(black_box(form.as_bytes()))).is_ok());
    form
}

pub(crate) fn parse_and_authenticate(known: Known) -> Known {
    known.world.runtime.block_on(async {
        let form = known.exchange.form().unwrap();
        black_box(authenticate(&known.world.engine, &known.exchange, &form).await.unwrap());
    });
    known
}

pub(crate) fn seal(sealing: Sealing) -> Sealing {
    let Sealing { sealer, tenant, seed, plain, .. } = &sealing;
    black_box(sealer.seal(Purpose::RefreshToken, tenant, black_box(seed), black_box(plain)).unwrap());
    sealing
}

pub(crate) fn open(sealing: Sealing) -> Sealing {
    let Sealing { sealer, tenant, token, .. } = &sealing;
    black_box(sealer.open(Purpose::RefreshToken, tenant, black_box(token)).unwrap());
    sealing
}

pub(crate) fn sign_and_encode((keys, claims): (KeySet, String)) -> (KeySet, String) {
    let signer = keys.signer(ready::ALGORITHM).unwrap();
    black_box(signer.sign(TokenType::AccessToken, black_box(claims.as_bytes())).unwrap());
    (keys, claims)
}

pub(crate) fn rotate((family, asked): (Family, Presented)) -> (Rotation, Option<Family>) {
    black_box(family).rotate(black_box(&asked))
}

/// From a request that has arrived to the answer's bytes.
pub(crate) fn answer(asked: Asked) -> Asked {
    let Asked { world, public, arrival } = asked;
    let reply = world.runtime.block_on(public.call(arrival.unwrap()));
    assert_eq!(reply.status(), 200, "{:?}", reply.body());
    Asked { world, public, arrival: None }
}
