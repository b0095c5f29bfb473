//! One file per OAuth / OpenID Connect endpoint.
