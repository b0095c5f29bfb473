//! What is counted, as gungraun wants it said: the steps, each with what it is given.

use gungraun::prelude::*;
use jeton::model::family::{Family, Presented, Rotation};
use jeton::signing::keyset::KeySet;

use crate::ready::{self, Asked, Known, Sealing};
use crate::steps;

#[library_benchmark]
#[bench::of_a_refresh(ready::refresh_form())]
fn parse_a_form(form: String) -> String {
    steps::parse(form)
}

#[library_benchmark]
#[bench::by_secret(ready::known())]
fn parse_and_authenticate(known: Known) -> Known {
    steps::parse_and_authenticate(known)
}

#[library_benchmark]
#[bench::of_250_bytes(ready::sealing())]
fn seal_a_refresh_token(sealing: Sealing) -> Sealing {
    steps::seal(sealing)
}

#[library_benchmark]
#[bench::of_250_bytes(ready::sealing())]
fn open_a_refresh_token(sealing: Sealing) -> Sealing {
    steps::open(sealing)
}

#[library_benchmark]
#[bench::eddsa_over_500_bytes(ready::keys())]
fn sign_and_encode(keys: (KeySet, String)) -> (KeySet, String) {
    steps::sign_and_encode(keys)
}

#[library_benchmark]
#[bench::of_the_current_generation(ready::family())]
fn rotate_a_family(family: (Family, Presented)) -> (Rotation, Option<Family>) {
    steps::rotate(family)
}

#[library_benchmark]
#[bench::client_credentials(ready::client_credentials())]
#[bench::refresh(ready::refresh(None))]
#[bench::refresh_into_an_organization(ready::refresh(Some("acme")))]
fn a_whole_request(asked: Asked) -> Asked {
    steps::answer(asked)
}

library_benchmark_group!(
    name = token_path,
    benchmarks = [
        parse_a_form,
        parse_and_authenticate,
        seal_a_refresh_token,
        open_a_refresh_token,
        sign_and_encode,
        rotate_a_family,
        a_whole_request
    ]
);

main!(library_benchmark_groups = token_path);

/// Under callgrind.
pub(crate) fn count() {
    main();
}
