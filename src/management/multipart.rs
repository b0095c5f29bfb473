//! Uploaded forms (`multipart/form-data`, RFC 7578), read into the same members that JSON bodies have.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use multer::Multipart;
use serde_json::{Map, Value};

use crate::management::problem::Problem;
use crate::management::schema::{Field, Shape};

/// The parts of a form of this content type. A part that no field describes is refused by its name.
pub(crate) async fn parsed(
    fields: &[Field],
    kind: &str,
    body: &Bytes,
) -> Result<Map<String, Value>, Problem> {
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        let message = "Content-Type must be multipart/form-data with a boundary.";
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    })?;
    let whole = stream::once(std::future::ready(Ok::<_, Infallible>(body.clone())));
    let mut form = Multipart::new(whole, boundary);
    let mut members = Map::new();
    while let Some(part) = form.next_field().await.map_err(|error| misread(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(Problem::body(format_args!("Additional properties not allowed: {name}")));
        };
        let bytes = part.bytes().await.map_err(|error| misread(&error))?;
        let Ok(text) = String::from_utf8(bytes.into()) else {
            return Err(Problem::body(format_args!("{name}: expected UTF-8")));
        };
        if members.insert(name, valued(field.shape, text)).is_some() {
            return Err(Problem::body(format_args!("{} was given twice", field.name)));
        }
    }
    Ok(members)
}

/// A form holds texts only.
fn valued(shape: Shape, text: String) -> Value {
    match (shape, text.as_str()) {
        (Shape::Flag, "true") => Value::Bool(true),
        (Shape::Flag, "false") => Value::Bool(false),
        _ => Value::String(text),
    }
}

fn misread(error: &multer::Error) -> Problem {
    Problem::body(format_args!("Not a form: {error}"))
}
