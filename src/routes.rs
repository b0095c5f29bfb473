//! One page to read: path → endpoint.
