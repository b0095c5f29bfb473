//! One operation: method, path, who may, what it takes, what it does. The table of them is the routing, the
//! guard and the `OpenAPI` document.

use std::pin::Pin;

use http::StatusCode;
use serde_json::Value;

use crate::management::call::Call;
use crate::management::problem::Problem;
use crate::management::schema::Field;
use crate::tenancy::TenantView;

/// What an operation comes to.
pub(crate) type Outcome = Result<Answer, Problem>;

/// An operation at work.
pub(crate) type Working<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// What runs an operation.
pub(crate) type Run = for<'a> fn(&'a Call<'a>) -> Working<'a>;

/// The methods that operations have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Delete,
    Get,
    Patch,
    Post,
    Put,
}

/// One row of the table.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property of its own, told by a builder of its name"
)]
pub(crate) struct Operation {
    pub(crate) method: Verb,
    /// Below `/api/v2`, with `{captures}`.
    pub(crate) path: &'static str,
    /// Any one of these lets in.
    pub(crate) scopes: &'static [&'static str],
    pub(crate) summary: &'static str,
    /// What a caller who knows Auth0 would not expect; mostly nothing.
    pub(crate) note: &'static str,
    pub(crate) query: &'static [Field],
    pub(crate) body: Option<&'static [Field]>,
    /// Whether the body is an uploaded form rather than JSON.
    pub(crate) form: bool,
    /// Whether it is a list, with the parameters of paging.
    pub(crate) paged: bool,
    /// Whether `fields` and `include_fields` choose what is shown.
    pub(crate) trims: bool,
    /// Whether it is there at the operator's own tenant only.
    pub(crate) operators_only: bool,
    /// What success answers.
    pub(crate) status: u16,
    /// What the body of a success is; `None` for an empty one.
    pub(crate) shows: Option<Shows>,
    pub(crate) run: Run,
}

/// What the body of a success is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// A bare list, always.
    Items,
    /// A bare list, or an object that holds it, by the parameters of paging.
    List,
    /// A number, alone.
    Number,
    /// One thing.
    Thing,
}

/// A successful answer.
pub(crate) struct Answer {
    /// The version of the one thing that is shown.
    pub(crate) version: Option<u64>,
    /// `None` is an empty body.
    pub(crate) body: Option<Value>,
    /// A `Link` header (RFC 8288): where to go on.
    pub(crate) next: Option<String>,
}

impl Shows {
    /// The JSON types that it may have.
    pub(crate) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Items => &["array"],
            Self::List => &["array", "object"],
            Self::Number => &["integer"],
            Self::Thing => &["object"],
        }
    }
}

impl Verb {
    /// The method on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl Operation {
    const fn new(method: Verb, path: &'static str, scopes: &'static [&'static str], run: Run) -> Self {
        let (query, body): (&[Field], _) = (&[], None);
        let (form, paged, trims, operators_only) = (false, false, false, false);
        let (summary, note, status, shows) = ("", "", 200, Some(Shows::Thing));
        Self {
            method,
            path,
            scopes,
            summary,
            note,
            query,
            body,
            form,
            paged,
            trims,
            operators_only,
            status,
            shows,
            run,
        }
    }

    pub(crate) const fn get(path: &'static str, scopes: &'static [&'static str], run: Run) -> Self {
        Self::new(Verb::Get, path, scopes, run)
    }

    pub(crate) const fn post(path: &'static str, scopes: &'static [&'static str], run: Run) -> Self {
        Self { status: 201, ..Self::new(Verb::Post, path, scopes, run) }
    }

    pub(crate) const fn patch(path: &'static str, scopes: &'static [&'static str], run: Run) -> Self {
        Self::new(Verb::Patch, path, scopes, run)
    }

    pub(crate) const fn put(path: &'static str, scopes: &'static [&'static str], run: Run) -> Self {
        Self::new(Verb::Put, path, scopes, run)
    }

    pub(crate) const fn delete(path: &'static str, scopes: &'static [&'static str], run: Run) -> Self {
        Self { status: 204, shows: None, ..Self::new(Verb::Delete, path, scopes, run) }
    }

    pub(crate) const fn about(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    /// With what a caller who knows Auth0 would not expect.
    pub(crate) const fn noting(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// It is there at the operator's own tenant only.
    pub(crate) const fn for_operators(self) -> Self {
        Self { operators_only: true, ..self }
    }

    /// Whether it is there at `tenant`.
    pub(crate) fn is_at(&self, tenant: &TenantView) -> bool {
        tenant.is_operators || !self.operators_only
    }

    pub(crate) const fn taking(self, body: &'static [Field]) -> Self {
        Self { body: Some(body), ..self }
    }

    /// The body is `multipart/form-data` of these parts.
    pub(crate) const fn taking_form(self, body: &'static [Field]) -> Self {
        Self { body: Some(body), form: true, ..self }
    }

    pub(crate) const fn asking(self, query: &'static [Field]) -> Self {
        Self { query, ..self }
    }

    pub(crate) const fn paged(self) -> Self {
        Self { paged: true, shows: Some(Shows::List), ..self }
    }

    pub(crate) const fn trimmed(self) -> Self {
        Self { trims: true, ..self }
    }

    pub(crate) const fn answering(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// Success has an empty body.
    pub(crate) const fn silent(self, status: u16) -> Self {
        Self { status, shows: None, ..self }
    }

    pub(crate) const fn showing(self, shows: Shows) -> Self {
        Self { shows: Some(shows), ..self }
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or_default()
    }

    /// What the path captures, if it is this operation's: still percent-encoded, in order.
    pub(crate) fn captures<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let mut captures = Vec::new();
        let (mut own, mut asked) = (self.path.split('/'), path.split('/'));
        loop {
            match (own.next(), asked.next()) {
                (None, None) => return Some(captures),
                (Some(own), Some(part)) if own.starts_with('{') && !part.is_empty() => captures.push(part),
                (Some(own), Some(part)) if own == part => {}
                _ => return None,
            }
        }
    }

    /// Every parameter of its query.
    pub(crate) fn parameters(&self) -> Vec<Field> {
        let paging: &[Field] = if self.paged { PAGING } else { &[] };
        let trimming: &[Field] = if self.trims { TRIMMING } else { &[] };
        [self.query, paging, trimming].concat()
    }
}

const PAGING: &[Field] = &[
    Field::within("page", 0, 1_000_000),
    Field::within("per_page", 1, 100),
    Field::flag("include_totals"),
    Field::text("from"),
    Field::within("take", 1, 100),
];

const TRIMMING: &[Field] = &[Field::text("fields"), Field::flag("include_fields")];

impl Answer {
    pub(crate) const fn shown(body: Value) -> Self {
        Self { version: None, body: Some(body), next: None }
    }

    pub(crate) const fn versioned(body: Value, version: u64) -> Self {
        Self { version: Some(version), body: Some(body), next: None }
    }

    pub(crate) const fn empty() -> Self {
        Self { version: None, body: None, next: None }
    }
}
