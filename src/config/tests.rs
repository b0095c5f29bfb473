//! What a configuration accepts, and how it words what it refuses.

use std::io::Write;

use super::*;

fn load(file: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(file.as_bytes()).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(Some(on_disk.path()), env)
}

fn refusal(file: &str, env: &[(&str, &str)]) -> String {
    load(file, env).unwrap_err().to_string()
}

#[test]
fn the_environment_overrides_the_file_and_the_file_the_defaults() {
    let file = "[limits]\nbody_bytes_max = 2048\nheaders_max = 9\n[operations]\nbacklog = 7\n";
    let config = load(file, &[("JETON__LIMITS__HEADERS_MAX", "10"), ("PATH", "/bin")]).unwrap();
    assert_eq!(config.limits.body_bytes_max, 2048);
    assert_eq!(config.limits.headers_max, 10);
    assert_eq!(config.limits.drain_secs, 30);
    assert_eq!((config.operations.backlog, config.operations.address.port()), (7, 9080));
}

#[test]
fn environment_values_take_the_type_of_their_key() {
    let env = [
        ("JETON__STORE", "cluster"),
        ("JETON__CLUSTER__NODES", "a:6379,b:6379"),
        ("JETON__CLUSTER__PASSWORD_FILE", "/run/secrets/redis"),
        ("JETON__PUBLIC__ADDRESS", "[::1]:0"),
        ("JETON__PUBLIC__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1"),
        ("JETON__TENANTS__DEFAULT_TENANT", "1234"),
    ];
    let config = load("", &env).unwrap();
    assert_eq!(config.store, StoreKind::Cluster);
    assert_eq!(config.cluster.nodes, ["a:6379", "b:6379"]);
    assert_eq!(config.cluster.password_file.as_deref(), Some(Path::new("/run/secrets/redis")));
    assert_eq!(config.cluster.username, None);
    assert!(config.public.address.is_ipv6());
    assert_eq!(config.public.trusted_proxies.len(), 2);
    assert_eq!(config.tenants.default_tenant, "1234");
}

#[test]
fn an_unknown_key_is_named() {
    let text = refusal("[limits]\nbody_byte_max = 1\n", &[]);
    assert!(text.starts_with("limits.body_byte_max: unknown field"), "{text}");
    let text = refusal("[limit]\n", &[]);
    assert!(text.starts_with("limit: unknown field"), "{text}");
    let text = refusal("", &[("JETON__LIMITS__NONSENSE", "1")]);
    assert!(text.starts_with("limits.nonsense (from JETON__LIMITS__NONSENSE): unknown field"), "{text}");
    let text = refusal("", &[("JETON__STORE__NONSENSE", "1")]);
    assert!(text.starts_with("store.nonsense (from JETON__STORE__NONSENSE)"), "{text}");
}

#[test]
fn a_wrong_type_names_the_key_and_what_was_expected() {
    let text = refusal("[limits]\nheaders_max = \"many\"\n", &[]);
    assert!(text.starts_with("limits.headers_max: invalid type: string \"many\", expected"), "{text}");
    let text = refusal("", &[("JETON__LIMITS__HEADERS_MAX", "many")]);
    assert!(text.contains("limits.headers_max (from JETON__LIMITS__HEADERS_MAX)"), "{text}");
    assert!(text.contains("expected a whole number"), "{text}");
    let text = refusal("store = \"postgres\"\n", &[]);
    assert!(text.starts_with("store: unknown variant `postgres`"), "{text}");
    let text = refusal("[public]\ntrusted_proxies = [\"10.0.0.0/8\", \"nowhere\"]\n", &[]);
    assert!(text.starts_with("public.trusted_proxies[1]: \"nowhere\" is not an address"), "{text}");
}

#[test]
fn a_value_out_of_range_names_the_key_and_the_range() {
    let text = refusal("[limits]\nheaders_max = 1\n", &[]);
    assert_eq!(text, "limits.headers_max: 1 is not between 8 and 1024");
    let text = refusal("[logging]\nlevel = \"a=b=c\"\n", &[]);
    assert!(text.starts_with("logging.level: "), "{text}");
    let text = refusal("store = \"cluster\"\n", &[]);
    assert!(text.starts_with("cluster.nodes: must name at least one node"), "{text}");
    let text = refusal("[cluster]\nkey_prefix = \"{a}\"\n", &[]);
    assert!(text.starts_with("cluster.key_prefix: must hold neither { nor }"), "{text}");
    let text = refusal("[ring]\nshards = 0\n", &[]);
    assert_eq!(text, "ring.shards: 0 is not between 1 and 1024");
    let text = refusal("[mail]\nsignup_bytes_max = 10241\n", &[]);
    assert_eq!(text, "mail.signup_bytes_max: 10241 is not between 1024 and 10240");
    let text = refusal("[public]\ntls_key = \"k.pem\"\n", &[]);
    assert!(text.starts_with("public.tls_certificate: must be set"), "{text}");
    let text = refusal("[tenants]\nbase_domain = \"https://a\"\n", &[]);
    assert!(text.starts_with("tenants.base_domain: "), "{text}");
}

#[test]
fn syntax_and_missing_files_name_the_file() {
    assert!(refusal("[limits\n", &[]).contains("expected"));
    let text = refusal("store = \"embedded\"\nmaster_key = \"S3CRET\n", &[]);
    assert!(text.contains("line 2: ") && !text.contains("S3CRET"), "{text}");
    let text = Config::load(Some(Path::new("/nonexistent/j.toml")), std::iter::empty()).unwrap_err();
    assert!(text.to_string().starts_with("/nonexistent/j.toml: "));
}

#[test]
fn secrets_come_from_the_environment_or_from_files_and_are_never_printed() {
    let mut key = tempfile::NamedTempFile::new().unwrap();
    writeln!(key, "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").unwrap();
    let mut secret = tempfile::NamedTempFile::new().unwrap();
    writeln!(secret, "s3cret value").unwrap();
    let env = [
        ("JETON_MASTER_KEY_FILE", key.path().to_str().unwrap()),
        ("JETON_BOOTSTRAP_CLIENT_ID", "ops"),
        ("JETON__BOOTSTRAP__CLIENT_SECRET_FILE", secret.path().to_str().unwrap()),
    ];
    let config = load("", &env).unwrap();
    assert_eq!(config.master_key.key_bytes().unwrap().as_slice(), [1; 32]);
    assert_eq!(config.bootstrap.client_secret.expose(), "s3cret value");
    let shown = format!("{}{config:?}", config.redacted());
    assert!(!shown.contains("AQEB") && !shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("client_secret = \"…\""), "{shown}");
}

#[test]
fn a_bad_master_key_is_refused_without_showing_it() {
    let text = refusal("", &[("JETON_MASTER_KEY", "c2hvcnQ=")]);
    assert!(text.starts_with("master_key: expected 32 bytes"), "{text}");
    assert!(!text.contains("c2hvcnQ="), "{text}");
    let text = refusal("", &[("JETON_BOOTSTRAP_CLIENT_ID", "ops")]);
    assert!(text.starts_with("bootstrap.client_secret: must be set"), "{text}");
    let text = refusal("previous_master_keys = [\"1:AAAA\"]\n", &[]);
    assert!(text.starts_with("previous_master_keys[0]: expected epoch:base64"), "{text}");
}

#[test]
fn what_is_printed_without_secrets_reads_back() {
    let config = load("[limits]\nheaders_max = 9\n", &[]).unwrap();
    let again = load(&config.redacted(), &[]).unwrap();
    assert_eq!(again.redacted(), config.redacted());
}

#[test]
fn requests_in_work_are_bounded_by_core_unless_a_number_is_given() {
    for (store, per_core) in [(StoreKind::Embedded, 512), (StoreKind::Cluster, 128)] {
        assert_eq!(Config::default().limits.on(store).in_flight(), per_core * super::cores());
        let given = load("", &[("JETON__LIMITS__IN_FLIGHT_MAX", "7")]).unwrap();
        assert_eq!(given.limits.on(store).in_flight(), 7);
    }
    assert_eq!(load("[limits]\nconnections_max = 8\n", &[]).unwrap().limits.in_flight_waiting(), 8);
    assert_eq!(load("[limits]\nin_flight_waiting_max = 9\n", &[]).unwrap().limits.in_flight_waiting(), 9);
}
