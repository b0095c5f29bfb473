//! What a body or a query may hold. The same rows check requests and describe them in the `OpenAPI` document.

use serde_json::{Map, Value, json};

use crate::management::problem::Problem;

/// The form of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A file in an uploaded form.
    File,
    /// A JSON boolean.
    Flag,
    /// A list of objects.
    List,
    /// An object.
    Map,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A whole number from the first to the second.
    Whole(u64, u64),
}

/// One member of a body, or one parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) nullable: bool,
}

/// The largest number that a member may hold without losing digits in JavaScript.
const MOST: u64 = (1 << 53) - 1;

impl Field {
    const fn new(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, required: false, nullable: false }
    }

    pub(crate) const fn file(name: &'static str) -> Self {
        Self::new(name, Shape::File)
    }

    pub(crate) const fn flag(name: &'static str) -> Self {
        Self::new(name, Shape::Flag)
    }

    pub(crate) const fn list(name: &'static str) -> Self {
        Self::new(name, Shape::List)
    }

    pub(crate) const fn map(name: &'static str) -> Self {
        Self::new(name, Shape::Map)
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Shape::Text)
    }

    pub(crate) const fn texts(name: &'static str) -> Self {
        Self::new(name, Shape::Texts)
    }

    pub(crate) const fn whole(name: &'static str) -> Self {
        Self::new(name, Shape::Whole(0, MOST))
    }

    pub(crate) const fn within(name: &'static str, least: u64, most: u64) -> Self {
        Self::new(name, Shape::Whole(least, most))
    }

    /// `null` clears it.
    pub(crate) const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Its JSON Schema.
    pub(crate) fn schema(&self) -> Value {
        let kind = self.shape.kind();
        let mut schema = json!({ "type": if self.nullable { json!([kind, "null"]) } else { json!(kind) } });
        match self.shape {
            Shape::List => schema["items"] = json!({ "type": "object" }),
            Shape::Texts => schema["items"] = json!({ "type": "string" }),
            Shape::Whole(least, most) => {
                schema["minimum"] = json!(least);
                schema["maximum"] = json!(most);
            }
            Shape::File => schema["contentMediaType"] = json!("application/octet-stream"),
            Shape::Flag | Shape::Map | Shape::Text => {}
        }
        schema
    }
}

impl Shape {
    const fn kind(self) -> &'static str {
        match self {
            Self::Flag => "boolean",
            Self::List | Self::Texts => "array",
            Self::Map => "object",
            Self::File | Self::Text => "string",
            Self::Whole(..) => "integer",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Flag => value.is_boolean(),
            Self::List => value.as_array().is_some_and(|items| items.iter().all(Value::is_object)),
            Self::Map => value.is_object(),
            Self::File | Self::Text => value.is_string(),
            Self::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            Self::Whole(least, most) => value.as_u64().is_some_and(|number| (least..=most).contains(&number)),
        }
    }
}

/// Holds a body to its fields.
pub(crate) fn check_body(fields: &[Field], body: &Map<String, Value>) -> Result<(), Problem> {
    let known = |name: &String| fields.iter().any(|field| field.name == name);
    if let Some(unknown) = body.keys().find(|name| !known(name)) {
        return Err(Problem::body(format_args!("Additional properties not allowed: {unknown}")));
    }
    for field in fields {
        match body.get(field.name) {
            None if field.required => {
                return Err(Problem::body(format_args!("Missing required property: {}", field.name)));
            }
            None => {}
            Some(Value::Null) if field.nullable => {}
            Some(value) if field.shape.fits(value) => {}
            Some(value) => {
                let (expected, found, name) = (field.shape.kind(), kind(value), field.name);
                return Err(Problem::body(format_args!(
                    "Expected type {expected} but found type {found} on property {name}"
                )));
            }
        }
    }
    Ok(())
}

/// Holds a query to its parameters; each may be given once.
pub(crate) fn check_query(fields: &[Field], query: &[(String, String)]) -> Result<(), Problem> {
    for (at, (name, value)) in query.iter().enumerate() {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(Problem::query(format_args!("Additional properties not allowed: {name}")));
        };
        let list = field.shape == Shape::Texts;
        if !list && query[..at].iter().any(|(earlier, _)| earlier == name) {
            return Err(Problem::query(format_args!("{name} was given twice")));
        }
        let good = match field.shape {
            Shape::Flag => matches!(value.as_str(), "true" | "false"),
            Shape::Whole(least, most) => {
                value.bytes().all(|byte| byte.is_ascii_digit())
                    && value.parse().is_ok_and(|number: u64| (least..=most).contains(&number))
            }
            Shape::File | Shape::List | Shape::Map | Shape::Text | Shape::Texts => {
                !value.chars().any(char::is_control)
            }
        };
        if !good {
            return Err(Problem::query(format_args!("{name}: expected {}", Expected(field.shape))));
        }
    }
    let given = |name: &str| query.iter().any(|(own, _)| own == name);
    match fields.iter().find(|field| field.required && !given(field.name)) {
        Some(field) => Err(Problem::query(format_args!("Missing required property: {}", field.name))),
        None => Ok(()),
    }
}

struct Expected(Shape);

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Shape::Flag => f.write_str("true or false"),
            Shape::Whole(least, most) => write!(f, "a number from {least} to {most}"),
            Shape::File | Shape::List | Shape::Map | Shape::Text | Shape::Texts => f.write_str("a text"),
        }
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::Bool(_) => "boolean",
        Value::Null => "null",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        Value::String(_) => "string",
    }
}
