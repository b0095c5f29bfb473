//! What all pages look like.

use std::borrow::Cow;
use std::sync::LazyLock;

use http::StatusCode;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::model::branding::Branding;
use crate::model::organization::Organization;
use crate::pages::look;
use crate::pages::words::Words;
use crate::protocol::redirect_uri;
use crate::tenancy::TenantView;
use crate::transport::html::{self as replies, Sources};
use crate::transport::reply::Reply;

const STYLE: &str = include_str!("pages.css");

static STYLE_SOURCE: LazyLock<String> = LazyLock::new(|| replies::hash(STYLE));

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

/// Who else is seen on a page.
#[derive(Clone, Copy, Default)]
pub struct Company<'a> {
    /// The organization for which the person logs in: its name and look go before the tenant's.
    pub organization: Option<&'a Organization>,
    /// A picture among the contents.
    pub picture: Option<&'a str>,
}

/// A whole page.
pub fn page(frame: Frame<'_>, status: StatusCode, contents: &Markup) -> Reply {
    page_with(frame, Company::default(), status, contents)
}

/// A whole page on which somebody else is seen too.
pub fn page_with(frame: Frame<'_>, company: Company<'_>, status: StatusCode, contents: &Markup) -> Reply {
    let (name, branding) = seen(frame.tenant, company.organization);
    let rules = look::rules(&branding);
    let logo = branding.logo_url.as_deref();
    let icon = branding.favicon_url.as_deref();
    let body = html! {
        (DOCTYPE)
        html lang=(frame.words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (frame.title) " · " (name) }
                link rel="icon" href=(icon.unwrap_or("data:,"));
                style { (PreEscaped(STYLE)) }
                @if !rules.is_empty() { style { (PreEscaped(&rules)) } }
            }
            body {
                main {
                    header {
                        @if let Some(logo) = logo { img.logo src=(logo) alt=""; } @else { (monogram(name)) }
                        p.tenant { (name) }
                    }
                    h1 { (frame.title) }
                    (contents)
                }
            }
        }
    };
    let styles = if rules.is_empty() {
        STYLE_SOURCE.clone()
    } else {
        format!("{} {}", *STYLE_SOURCE, replies::hash(&rules))
    };
    let images = places([logo, icon, company.picture]);
    let sources = Sources { forms: frame.targets, images: &images, styles: &styles };
    replies::page(status, body.into_string(), sources)
}

/// The first letter of a name, for those who have no picture.
pub fn monogram(name: &str) -> Markup {
    let letter = name.chars().find(|letter| letter.is_alphanumeric());
    html! { span.mark aria-hidden="true" { @for letter in letter.into_iter().flat_map(char::to_uppercase) { (letter) } } }
}

/// Under which name and in whose colours a page appears.
fn seen<'a>(tenant: &'a TenantView, organization: Option<&'a Organization>) -> (&'a str, Cow<'a, Branding>) {
    let own = &tenant.tenant.branding;
    match organization {
        None => (name(tenant), Cow::Borrowed(own)),
        Some(organization) => (organization.shown_name(), Cow::Owned(organization.branding.or(own))),
    }
}

/// The origins of pictures, once each.
fn places(pictures: [Option<&str>; 3]) -> String {
    let mut places: Vec<_> = pictures.into_iter().flatten().filter_map(redirect_uri::source).collect();
    places.sort_unstable();
    places.dedup();
    places.join(" ")
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

/// Where a password is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// The one that stands.
    Current,
    /// One that is chosen.
    New,
}

/// The one field for passwords.
pub fn password_field(label: &str, which: Password, focus: bool, wrong: bool) -> Markup {
    let autocomplete = match which {
        Password::Current => "current-password",
        Password::New => "new-password",
    };
    field(&Field { name: "password", label, kind: "password", autocomplete, value: "", focus }, wrong)
}

/// A question with the one answer that goes on, under the ticket that it is about.
pub fn one_button(action: &str, (ticket, question): (&str, &str), button: &str) -> Markup {
    html! {
        p { (question) }
        form method="post" action=(action) {
            input type="hidden" name="ticket" value=(ticket);
            button type="submit" { (button) }
        }
    }
}

/// The name that people know the tenant by.
pub fn name(tenant: &TenantView) -> &str {
    let tenant = &tenant.tenant;
    if tenant.friendly_name.is_empty() { tenant.id.as_str() } else { &tenant.friendly_name }
}
