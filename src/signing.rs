//! Keys, signatures and sealing: the only place that knows a cipher or a signature scheme by name.
//!
//! ```text
//!  MasterKey ─► Sealer ── seals refresh tokens, codes, login state, cookies, private keys
//!                 │
//!  material ──► SigningKeyRecord ─► KeySet ─┬─► Signer: claims → JWT, in the caller's own task
//!                                           ├─► JWKS, rendered once
//!                                           └─► verify: our own tokens
//!  foreign ─── verify: tokens signed by a client's key
//! ```

mod algorithms;
mod certificate;
pub mod foreign;
mod jwks;
pub mod key_error;
pub mod keyset;
pub mod master_key;
pub mod material;
pub mod sealing;
pub mod signer;
pub mod verified;
