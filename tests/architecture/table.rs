//! The table that the architecture holds to: who may import whom, and which vendor lives where.

/// The layers from left to right. A layer may import what stands in an earlier row, and itself; those of one
/// row do not import each other.
pub(crate) const ROWS: &[&[&str]] = &[
    &["clock", "niceness"],
    &["config"],
    &["telemetry"],
    &["protocol"],
    &["model"],
    &["signing", "store", "tenancy"],
    &["actors"],
    &["engine", "transport"],
    &["claims", "client_auth"],
    &["grants"],
    &["endpoints", "management", "pages"],
    &["routes"],
    &["boot"],
    &["cli"],
];

/// Arrows that the rows would allow and the design does not: the transport stands beside the engine and knows
/// neither what remembers nor what signs.
pub(crate) const FORBIDDEN: &[(&str, &str)] =
    &[("transport", "actors"), ("transport", "signing"), ("transport", "store")];

/// A vendor's crate, and the one module of ours that may name it.
pub(crate) const FENCES: &[(&str, &str)] = &[
    ("argon2", "actors/passwords"),
    ("aws_lc_rs", "signing"),
    ("bcrypt", "actors/passwords"),
    ("ed25519_dalek", "signing"),
    ("fjall", "store/embedded"),
    ("fred", "store/cluster"),
    ("getrandom", "clock"),
    ("governor", "engine/quotas"),
    ("hickory_resolver", "engine/dns"),
    ("hyper", "transport"),
    ("hyper_util", "transport"),
    ("jsonwebtoken", "signing"),
    ("md4", "actors/passwords"),
    ("md5", "actors/passwords"),
    ("minijinja", "engine/letters"),
    ("multer", "management"),
    ("pbkdf2", "actors/passwords"),
    ("ractor", "actors"),
    ("rsa", "signing"),
    ("rustls", "transport"),
    ("rustls_platform_verifier", "transport"),
    ("scrypt", "actors/passwords"),
    ("sha1", "actors/passwords"),
    ("sha1", "engine/breaches"),
    ("tokio_rustls", "transport"),
    ("zxcvbn", "actors/passwords"),
];

/// Paths that read the wall clock or the operating system's dice.
pub(crate) const TIME_AND_DICE: &[&[&str]] = &[
    &["SystemTime", "now"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["Utc", "now"],
    &["OffsetDateTime", "now_utc"],
    &["OsRng"],
    &["SysRng"],
    &["ThreadRng"],
    &["thread_rng"],
    &["from_entropy"],
    &["from_os_rng"],
];

/// The only file that may.
pub(crate) const CLOCK: &str = "src/clock.rs";

/// Names that say nothing of what is inside.
pub(crate) const EMPTY_NAMES: &[&str] =
    &["common", "helper", "helpers", "manager", "managers", "misc", "shared", "util", "utils"];

/// Lines that a file may have.
pub(crate) const LONGEST_FILE: usize = 400;

/// Files with a tighter limit.
pub(crate) const SHORT_FILES: &[(&str, usize)] = &[("src/main.rs", 20), ("src/lib.rs", 80)];

/// Names between `src` and the end of a path.
pub(crate) const DEEPEST: usize = 3;
