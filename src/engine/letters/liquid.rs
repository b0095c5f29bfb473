//! A tenant's own words for a message: placeholders, conditions and loops, and no more. Whatever a template says, it
//! ends soon, stays small, and what it shows of a person is escaped.
//!
//! Auth0's templates are Liquid. What they usually hold, `{{ user.email }}`, `{% if … %}`, `{% elsif … %}` and
//! `{% for … %}`, is read here by a Jinja engine; Liquid's `assign`, `capture` and filters with arguments are refused
//! when the template is saved.

use std::io::{Error as IoError, Write};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// The most bytes of a template.
pub const SOURCE_MAX: usize = 48 * 1024;

/// The most bytes of what it comes to.
const OUTPUT_MAX: usize = 256 * 1024;

/// The most steps that it may take.
const STEPS_MAX: u64 = 20_000;

/// The tags that a template may hold. None of them keeps a value, so none can be made to grow.
const TAGS: [&str; 7] = ["if", "elif", "elsif", "else", "endif", "for", "endfor"];

/// Whether values are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A body.
    Html,
    /// A subject or a sender: one line.
    Line,
}

/// Reads a template, and tries it on nobody.
///
/// # Errors
/// What is wrong with it, in words for whoever wrote it.
pub fn check(source: &str) -> Result<(), String> {
    render(source, Form::Html, &serde_json::json!({})).map(drop)
}

/// What a template comes to with these values.
///
/// # Errors
/// It is no template, takes too long or becomes too large.
pub fn render(source: &str, form: Form, values: &serde_json::Value) -> Result<String, String> {
    let source = normal(source)?;
    let environment = environment();
    let name = if form == Form::Html { "html" } else { "line" };
    let template = environment.template_from_named_str(name, &source).map_err(|error| error.to_string())?;
    let mut output = Bounded(Vec::new());
    let rendered = template.render_captured_to(Value::from(Serde(values)), &mut output).map(drop);
    rendered.map_err(|error| error.to_string())?;
    let text = String::from_utf8(output.0).map_err(|error| error.to_string())?;
    Ok(if form == Form::Line { text.split(char::is_control).collect::<Vec<_>>().join(" ") } else { text })
}

fn environment() -> Environment<'static> {
    // Empty: no filters, tests or functions but what is added here.
    let mut environment = Environment::empty();
    environment.set_fuel(Some(STEPS_MAX));
    environment.set_recursion_limit(16);
    // What is not known of a person is empty, however deep it was looked for.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|name| match name {
        "line" => AutoEscape::None,
        _ => AutoEscape::Html,
    });
    // Escaping is done anyway; Liquid's templates ask for it.
    environment.add_filter("escape", |value: Value| value);
    environment.add_filter("upcase", |text: String| text.to_uppercase());
    environment.add_filter("downcase", |text: String| text.to_lowercase());
    environment
}

/// The source with Liquid's words for what both languages have, once every tag in it is one of [`TAGS`].
fn normal(source: &str) -> Result<String, String> {
    if source.len() > SOURCE_MAX {
        return Err(format!("expected at most {SOURCE_MAX} bytes"));
    }
    let mut normal = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at + 2);
        normal.push_str(before);
        let inner = tag.trim_start_matches(['-', '+']);
        normal.push_str(&tag[..tag.len() - inner.len()]);
        let word = inner.trim_start().split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if !TAGS.contains(&word) {
            return Err(format!("unsupported tag: {word}"));
        }
        let skipped = inner.len() - inner.trim_start().len() + word.len();
        normal.push(' ');
        normal.push_str(if word == "elsif" { "elif" } else { word });
        rest = &inner[skipped..];
    }
    normal.push_str(rest);
    Ok(normal)
}

struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, IoError> {
        if self.0.len() + bytes.len() > OUTPUT_MAX {
            return Err(IoError::other("the message is too large"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), IoError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn html(source: &str) -> Result<String, String> {
        let values =
            json!({ "user": { "name": "<b>Ann</b>", "tags": ["x", "y"] }, "url": "https://a/?b=1&c=2" });
        render(source, Form::Html, &values)
    }

    #[test]
    fn placeholders_conditions_and_loops_are_filled_in_and_escaped() {
        assert_eq!(html("Dear {{ user.name | escape }}").unwrap(), "Dear &lt;b&gt;Ann&lt;&#x2f;b&gt;");
        let source = "{% if user.nick %}n{% elsif user.name %}{{ user.nothing }}N{%- else -%}o{% endif %}";
        assert_eq!(html(source).unwrap(), "N");
        assert_eq!(html("{% for tag in user.tags %}{{ tag }},{% endfor %}").unwrap(), "x,y,");
        let values = json!({ "name": "a\r\nBcc: b@c" });
        assert_eq!(render("Hi {{ name }}", Form::Line, &values).unwrap(), "Hi a  Bcc: b@c");
    }

    #[test]
    fn what_could_run_on_or_grow_is_refused() {
        for bad in [
            "{% set x = 1 %}",
            "{% include 'x' %}",
            "{%macro x() %}{% endmacro %}",
            "{% if %}",
            "{{ a",
            "{{ a|nosuch }}",
        ] {
            assert!(check(bad).is_err() || html(bad).is_err(), "{bad}");
        }
        assert!(check(&"x".repeat(SOURCE_MAX + 1)).is_err());
        let nested = "{% for a in user.tags %}".repeat(15) + &"y".repeat(30_000) + &"{% endfor %}".repeat(15);
        assert!(html(&nested).is_err());
    }
}
