//! `config/jeton.toml` is complete and true: it holds every key, every default, and environment names that work.
#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

use jeton::config::Config;
use toml::{Table, Value};

const REFERENCE: &str = "config/jeton.toml";

#[test]
fn the_reference_holds_exactly_the_defaults() {
    let written = leaves(&std::fs::read_to_string(REFERENCE).unwrap().parse().unwrap());
    let defaults = leaves(&Config::default().redacted().parse().unwrap());
    for (key, value) in &defaults {
        assert_eq!(written.get(key), Some(value), "{REFERENCE} does not give the default of {key}");
    }
    for key in written.keys() {
        assert!(defaults.contains_key(key), "{REFERENCE} has {key}, which is no key");
    }
    assert_eq!(load(REFERENCE, None).unwrap().redacted(), Config::default().redacted());
}

#[test]
fn every_key_is_explained_and_names_its_variable() {
    let defaults = leaves(&Config::default().redacted().parse().unwrap());
    let explained = explained();
    assert_eq!(explained.len(), defaults.len());
    for (key, entry) in &explained {
        let expected = format!("JETON__{}", key.to_uppercase().replace('.', "__"));
        assert_eq!(entry.variable.as_deref(), Some(expected.as_str()), "{key}");
        assert!(entry.meaning.len() > 10, "{key} is not explained");
    }
}

#[test]
fn every_variable_named_sets_its_key() {
    for (key, entry) in explained() {
        let variable = entry.variable.unwrap();
        let default = leaves(&Config::default().redacted().parse().unwrap()).remove(&key).unwrap();
        let accepted = load(REFERENCE, Some((&variable, &plain(&default))));
        assert!(accepted.is_ok(), "{variable}: {}", accepted.unwrap_err());
        let Some(wrong) = wrong_for(&default) else { continue };
        let refused = load(REFERENCE, Some((&variable, wrong))).unwrap_err().to_string();
        assert!(
            refused.contains(&key),
            "{variable}={wrong} is refused with {refused:?}, which does not name {key}"
        );
    }
}

#[test]
fn text_variables_change_what_is_in_effect() {
    for (variable, value, key) in [
        ("JETON__LOGGING__LEVEL", "warn", "logging.level"),
        ("JETON__PUBLIC__ADDRESS", "127.0.0.1:9", "public.address"),
        ("JETON__TENANTS__BASE_DOMAIN", "example.org", "tenants.base_domain"),
        ("JETON__EMBEDDED__PATH", "/var/lib/jeton", "embedded.path"),
    ] {
        let config = load(REFERENCE, Some((variable, value))).unwrap();
        let effective = leaves(&config.redacted().parse().unwrap());
        assert_eq!(effective.get(key).and_then(Value::as_str), Some(value), "{variable}");
    }
}

#[test]
fn the_examples_load() {
    for path in ["config/demo.toml", "config/cluster.toml"] {
        let loaded = load(path, None);
        assert!(loaded.is_ok(), "{path}: {}", loaded.unwrap_err());
    }
}

struct Entry {
    meaning: String,
    variable: Option<String>,
}

/// The comments above every key of the reference.
fn explained() -> BTreeMap<String, Entry> {
    let text = std::fs::read_to_string(REFERENCE).unwrap();
    let (mut section, mut found) = (String::new(), BTreeMap::new());
    let mut entry = Entry { meaning: String::new(), variable: None };
    for line in text.lines().map(str::trim) {
        if let Some(variable) = line.strip_prefix("# env: ") {
            entry.variable = Some(variable.to_owned());
        } else if let Some(comment) = line.strip_prefix('#') {
            entry.meaning.push_str(comment);
        } else if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
            entry = Entry { meaning: String::new(), variable: None };
        } else if let Some((key, _)) = line.split_once(" = ") {
            let fresh = Entry { meaning: String::new(), variable: None };
            found.insert(format!("{section}{key}"), std::mem::replace(&mut entry, fresh));
        } else {
            entry = Entry { meaning: String::new(), variable: None };
        }
    }
    found
}

fn load(path: &str, variable: Option<(&str, &str)>) -> Result<Config, jeton::config::ConfigError> {
    let env = variable.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Config::load(Some(Path::new(path)), env.into_iter())
}

fn leaves(table: &Table) -> BTreeMap<String, Value> {
    fn walk(prefix: &str, table: &Table, found: &mut BTreeMap<String, Value>) {
        for (key, value) in table {
            match value {
                Value::Table(inner) => walk(&format!("{prefix}{key}."), inner, found),
                value => drop(found.insert(format!("{prefix}{key}"), value.clone())),
            }
        }
    }
    let mut found = BTreeMap::new();
    walk("", table, &mut found);
    found
}

/// A value as one would write it in the environment.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A value that a key of this type must refuse, where there is one for every key of the type.
fn wrong_for(value: &Value) -> Option<&'static str> {
    match value {
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Some("nonsense"),
        _ => None,
    }
}
