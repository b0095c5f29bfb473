//! What all pages look like.

use http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::pages::words::Words;
use crate::tenancy::TenantView;
use crate::transport::html;
use crate::transport::reply::Reply;

const STYLE: &str = include_str!("pages.css");

/// What a page is, besides its contents.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// Whose page.
    pub tenant: &'a TenantView,
    /// In which language.
    pub words: &'static Words,
    /// Its heading.
    pub title: &'a str,
    /// Where its form may lead besides ourselves.
    pub targets: &'a str,
}

/// A whole page.
pub fn page(frame: Frame<'_>, status: StatusCode, contents: &Markup) -> Reply {
    let name = name(frame.tenant);
    let body = html! {
        (DOCTYPE)
        html lang=(frame.words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (frame.title) " · " (name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    p.tenant { (name) }
                    h1 { (frame.title) }
                    (contents)
                }
            }
        }
    };
    html::page(status, body.into_string(), STYLE, frame.targets)
}

/// What went wrong, read out by screen readers at once; nothing when nothing did.
pub fn alert(text: Option<&str>) -> Markup {
    html! { @if let Some(text) = text { p.alert role="alert" id="alert" { (text) } } }
}

/// A labelled field.
pub struct Field<'a> {
    /// `name` and `id`.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// `text`, `email` or `password`.
    pub kind: &'a str,
    /// What password managers should put there.
    pub autocomplete: &'a str,
    /// What it is filled with.
    pub value: &'a str,
    /// Whether the person starts here.
    pub focus: bool,
}

/// A field with its label.
pub fn field(field: &Field<'_>, wrong: bool) -> Markup {
    html! {
        label for=(field.name) { (field.label) }
        input id=(field.name) name=(field.name) type=(field.kind) value=[(!field.value.is_empty()).then_some(field.value)]
            autocomplete=(field.autocomplete) autocapitalize="none" spellcheck="false" maxlength="1024" required
            autofocus[field.focus] aria-invalid=[wrong.then_some("true")] aria-describedby=[wrong.then_some("alert")];
    }
}

/// The name that people know the tenant by.
pub fn name(tenant: &TenantView) -> &str {
    let tenant = &tenant.tenant;
    if tenant.friendly_name.is_empty() { tenant.id.as_str() } else { &tenant.friendly_name }
}
