//! One file per grant: name, accepted parameters, redeem.
