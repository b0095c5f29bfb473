//! Laying a file and the environment over the defaults, as TOML tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::{Table, Value};

use super::error::ConfigError;
use super::secrets::SHORT_NAMES;

const PREFIX: &str = "JETON__";
const FILE_SUFFIX: &str = "_file";

/// `value` as a table; every key a section can have is in the table of its default.
pub(super) fn table_of(value: &impl Serialize) -> Result<Table, ConfigError> {
    Table::try_from(value).map_err(|cause| ConfigError::key("(defaults)", cause.to_string()))
}

/// Lays the TOML file at `path` over `table`.
pub(super) fn lay_file(table: &mut Table, path: &Path) -> Result<(), ConfigError> {
    let text = read(path)?;
    let over = text
        .parse::<Table>()
        .map_err(|cause| ConfigError::Syntax { path: path.into(), problem: without_text(&text, &cause) })?;
    lay(table, over);
    Ok(())
}

/// Lays `env` over `table`; the answer tells which variable set which key.
pub(super) fn lay_env(
    table: &mut Table,
    env: impl Iterator<Item = (String, String)>,
) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut named = BTreeMap::new();
    for (name, text) in env {
        let Some(path) = path_of(&name) else { continue };
        let (path, text) = follow_file(table, path, text)?;
        let key = path.join(".");
        let value = typed(find(table, &path), &text).map_err(|problem| ConfigError::Key {
            key: key.clone(),
            named_by: Some(name.clone()),
            problem,
        })?;
        put(table, &path, value).map_err(|problem| ConfigError::Key {
            key: key.clone(),
            named_by: Some(name.clone()),
            problem,
        })?;
        named.insert(key, name);
    }
    Ok(named)
}

/// The key that a variable sets, or `None` for a variable that is not ours.
fn path_of(name: &str) -> Option<Vec<String>> {
    if let Some(rest) = name.strip_prefix(PREFIX) {
        return Some(rest.to_ascii_lowercase().split("__").map(str::to_owned).collect());
    }
    for (short, path) in SHORT_NAMES {
        let Some(rest) = name.strip_prefix(short) else { continue };
        if rest.is_empty() || rest == "_FILE" {
            let mut path: Vec<String> = path.split('.').map(str::to_owned).collect();
            if let (false, Some(last)) = (rest.is_empty(), path.last_mut()) {
                last.push_str(FILE_SUFFIX);
            }
            return Some(path);
        }
    }
    None
}

/// `…_FILE` names a file that holds the value, unless a key has that very name.
fn follow_file(
    table: &Table,
    mut path: Vec<String>,
    text: String,
) -> Result<(Vec<String>, String), ConfigError> {
    if find(table, &path).is_some() {
        return Ok((path, text));
    }
    let Some(last) = path.last_mut() else { return Ok((path, text)) };
    let Some(stem) = last.strip_suffix(FILE_SUFFIX).map(str::to_owned) else { return Ok((path, text)) };
    let whole = std::mem::replace(last, stem);
    if matches!(find(table, &path), Some(Value::String(_))) {
        let content = read(&PathBuf::from(text))?;
        return Ok((path, content.trim_end_matches(['\n', '\r']).to_owned()));
    }
    if let Some(last) = path.last_mut() {
        *last = whole;
    }
    Ok((path, text))
}

/// `text` as a value of the type that the key has now; an unknown key stays text, and is refused later.
fn typed(now: Option<&Value>, text: &str) -> Result<Value, String> {
    let wrong = |expected: &str| format!("invalid value {text:?}, expected {expected}");
    match now {
        Some(Value::Integer(_)) => text.parse().map(Value::Integer).map_err(|_| wrong("a whole number")),
        Some(Value::Float(_)) => text.parse().map(Value::Float).map_err(|_| wrong("a number")),
        Some(Value::Boolean(_)) => text.parse().map(Value::Boolean).map_err(|_| wrong("true or false")),
        Some(Value::Array(now)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            parts.map(|part| typed(now.first(), part)).collect::<Result<_, _>>().map(Value::Array)
        }
        Some(Value::Table(_)) => Err(wrong("one of the keys inside this section")),
        Some(Value::String(_) | Value::Datetime(_)) | None => Ok(Value::String(text.to_owned())),
    }
}

/// The place and the problem; the library's own wording quotes the line, which may hold a secret.
fn without_text(text: &str, cause: &toml::de::Error) -> String {
    let before = cause.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(0, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", cause.message())
}

fn lay(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(Value::Table(under)), Value::Table(over)) => lay(under, over),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

fn find<'a>(table: &'a Table, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let value = table.get(first)?;
    if rest.is_empty() { Some(value) } else { find(value.as_table()?, rest) }
}

fn put(table: &mut Table, path: &[String], value: Value) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else { return Err("names no key".to_owned()) };
    if rest.is_empty() {
        table.insert(first.clone(), value);
        return Ok(());
    }
    let inner = table.entry(first.clone()).or_insert_with(|| Value::Table(Table::new()));
    inner
        .as_table_mut()
        .map_or_else(|| Err(format!("{first} has no keys inside")), |inner| put(inner, rest, value))
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|cause| ConfigError::File { path: path.into(), cause })
}
