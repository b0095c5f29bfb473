//! Lists, paged both ways as Auth0 does: `page`/`per_page`/`include_totals` within the first thousand, and
//! `from`/`take` without end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::management::call::Call;
use crate::management::operation::{Answer, Outcome};
use crate::management::problem::Problem;
use crate::model::record::Record;
use crate::protocol::ids::TenantId;
use crate::store::records::Cut;

/// How far `page` and `per_page` reach, as at Auth0.
pub(crate) const REACH: usize = 1000;
/// Documents that one filtered list looks at.
const EFFORT: usize = 50_000;
/// Documents read at once.
const STEP: usize = 200;

/// Which part of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    /// From behind a key on.
    From { after: Option<String>, take: usize },
    /// By number.
    Page { skip: usize, take: usize, totals: bool },
}

/// Whether a document is listed.
pub(crate) type Keep<'n, T> = Box<dyn Fn(&T) -> bool + Send + Sync + 'n>;

/// Which documents are listed, and how they look.
pub(crate) struct Listing<'n, T> {
    /// The member that holds the list when there is more than the list.
    pub(crate) name: &'n str,
    /// Whether a document is listed; all when absent.
    pub(crate) keep: Option<Keep<'n, T>>,
    pub(crate) show: Box<dyn Fn(&T) -> Value + Send + Sync + 'n>,
}

/// Where documents come from, in which order.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// All of the kind, by id.
    All,
    /// Those whose ids begin so, by id.
    Ids(String),
    /// By the terms of one field.
    Terms(Cut),
    /// All of the kind, by id, that are kept under another tenant's name.
    Under(TenantId),
}

/// What was found of a list.
#[derive(Default)]
struct Found {
    items: Vec<Value>,
    last: Option<String>,
    /// How many fit, as far as was looked.
    fitting: usize,
    more: bool,
}

impl Paging {
    pub(crate) fn of(call: &Call<'_>) -> Result<Self, Problem> {
        let number = |name| call.asked(name).and_then(|text| text.parse::<usize>().ok());
        if call.asked("take").is_some() || call.asked("from").is_some() {
            let after = call.asked("from").map(decoded).transpose()?;
            return Ok(Self::From { after, take: number("take").unwrap_or(50) });
        }
        let (page, take) = (number("page").unwrap_or(0), number("per_page").unwrap_or(50));
        let skip = page.saturating_mul(take);
        if skip + take > REACH && skip > 0 {
            return Err(Problem::query(
                "page: you can only page through the first 1000 records; use from and take",
            ));
        }
        let totals = call.asked_flag("include_totals").unwrap_or(false);
        Ok(Self::Page { skip, take, totals })
    }

    /// From where, and how many, a source must be asked for [`window`]. Totals are counted up to the reach of
    /// pages.
    pub(crate) fn window(&self) -> (Option<&str>, usize) {
        match self {
            Self::From { after, take } => (after.as_deref(), take + 1),
            Self::Page { totals: true, .. } => (None, REACH),
            Self::Page { skip, take, .. } => (None, skip + take),
        }
    }

    const fn skip(&self) -> usize {
        match self {
            Self::From { .. } => 0,
            Self::Page { skip, .. } => *skip,
        }
    }

    const fn take(&self) -> usize {
        match self {
            Self::From { take, .. } | Self::Page { take, .. } => *take,
        }
    }

    /// How many fitting documents have to be met before the answer is known.
    const fn enough(&self, counting: bool) -> usize {
        if counting { REACH } else { self.skip() + self.take() + 1 }
    }
}

impl Source {
    fn owner<'a>(&'a self, call: &'a Call<'_>) -> &'a TenantId {
        if let Self::Under(owner) = self { owner } else { call.tenant_id() }
    }

    /// At most `take` documents, each behind the key by which a page begins after it, and the key of the last one that
    /// was looked at unless it was the last of all.
    pub(crate) async fn page<T: Record>(
        &self,
        call: &Call<'_>,
        after: Option<&str>,
        take: usize,
    ) -> Result<(Vec<(String, T)>, Option<String>), Problem> {
        let tenant = call.tenant_id();
        match self {
            Self::All | Self::Under(_) => {
                let owner = self.owner(call);
                let (page, next) = call.catalog().page::<T>(owner, after, take).await?;
                Ok((
                    page.into_iter().map(|found| (found.record.id().into_owned(), found.record)).collect(),
                    next,
                ))
            }
            Self::Ids(start) => {
                let own = match after {
                    None => call.catalog().find::<T>(tenant, start).await?,
                    Some(_) => None,
                };
                let (page, next) = call.catalog().page::<T>(tenant, after.or(Some(start)), take).await?;
                let mut found: Vec<_> = own
                    .into_iter()
                    .chain(page)
                    .map(|found| (found.record.id().into_owned(), found.record))
                    .collect();
                let looked = found.len();
                found.retain(|(id, _)| id.starts_with(start.as_str()));
                let next = next.filter(|_| found.len() == looked);
                Ok((found, next))
            }
            Self::Terms(cut) => {
                let cut = Cut { after: after.map(str::to_owned), ..cut.clone() };
                let (page, next) = call.catalog().page_by::<T>(tenant, &cut, take).await?;
                Ok((page.into_iter().map(|(entry, found)| (entry, found.record)).collect(), next))
            }
        }
    }
}

/// A list of documents, by id.
pub(crate) async fn records<T: Record>(call: &Call<'_>, listing: Listing<'_, T>) -> Outcome {
    records_from(call, listing, &Source::All).await
}

/// A list of documents, from whatever source.
pub(crate) async fn records_from<T: Record>(
    call: &Call<'_>,
    listing: Listing<'_, T>,
    source: &Source,
) -> Outcome {
    let paging = Paging::of(call)?;
    let totals = matches!(paging, Paging::Page { totals: true, .. });
    let whole = listing.keep.is_none() && matches!(source, Source::All | Source::Under(_));
    let found = collect(call, (&paging, totals && !whole), &listing, source).await?;
    let total = match (whole, totals) {
        (true, true) => {
            let count = call.catalog().store().count(source.owner(call), T::KIND).await?;
            usize::try_from(count).unwrap_or(usize::MAX)
        }
        _ => found.fitting,
    };
    Ok(Answer::shown(shape(listing.name, &paging, found, total)))
}

async fn collect<T: Record>(
    call: &Call<'_>,
    (paging, counting): (&Paging, bool),
    listing: &Listing<'_, T>,
    source: &Source,
) -> Result<Found, Problem> {
    let (mut found, mut looked) = (Found::default(), 0);
    let enough = paging.enough(counting);
    let mut after = match paging {
        Paging::From { after, .. } => after.clone(),
        Paging::Page { .. } => None,
    };
    loop {
        // Where everything fits, no more is read than is shown.
        let step = if looked == 0 { enough.min(STEP) } else { STEP };
        let (page, next) = source.page::<T>(call, after.as_deref(), step).await?;
        looked += page.len();
        for (key, record) in page {
            if !listing.keep.as_ref().is_none_or(|keep| keep(&record)) {
                continue;
            }
            found.fitting += 1;
            if found.fitting > paging.skip() && found.items.len() < paging.take() {
                found.last = Some(key);
                found.items.push(call.trimmed((listing.show)(&record)));
            }
            if found.fitting >= enough {
                found.more = found.fitting > paging.skip() + found.items.len();
                return Ok(found);
            }
        }
        if next.is_none() || (counting && looked >= EFFORT && found.items.len() == paging.take()) {
            found.more = found.fitting > paging.skip() + found.items.len();
            return Ok(found);
        }
        if looked >= EFFORT {
            if matches!(paging, Paging::Page { .. }) {
                return Err(Problem::too_broad());
            }
            // The next request goes on where this one stopped.
            (found.last, found.more) = (next, true);
            return Ok(found);
        }
        after = next;
    }
}

/// A list that is already at hand, in the order in which it is shown.
pub(crate) fn items(call: &Call<'_>, name: &str, all: Vec<Value>) -> Outcome {
    let paging = Paging::of(call)?;
    let (skip, total) = match &paging {
        Paging::Page { skip, .. } => (*skip, all.len()),
        Paging::From { after: None, .. } => (0, all.len()),
        Paging::From { after: Some(after), .. } => {
            (after.parse().map_err(|_| Problem::query("from: not from an earlier answer"))?, all.len())
        }
    };
    let items: Vec<_> =
        all.into_iter().skip(skip).take(paging.take()).map(|item| call.trimmed(item)).collect();
    let end = skip + items.len();
    let found = Found { items, last: Some(end.to_string()), fitting: total, more: end < total };
    Ok(Answer::shown(shape(name, &paging, found, total)))
}

/// A list that its source pages by key, in the window that [`Paging::window`] named: keys and items.
pub(crate) fn window(call: &Call<'_>, name: &str, paging: &Paging, all: Vec<(String, Value)>) -> Answer {
    let total = all.len();
    let (mut items, mut last) = (Vec::new(), None);
    for (key, item) in all.into_iter().skip(paging.skip()).take(paging.take()) {
        last = Some(key);
        items.push(call.trimmed(item));
    }
    let more = total > paging.skip() + items.len();
    Answer::shown(shape(name, paging, Found { items, last, fitting: total, more }, total))
}

fn shape(name: &str, paging: &Paging, found: Found, total: usize) -> Value {
    match paging {
        Paging::From { .. } => after(name, found.items, found.last.filter(|_| found.more)),
        Paging::Page { totals: false, .. } => Value::Array(found.items),
        Paging::Page { skip, take, .. } => {
            let length = found.items.len();
            json!({ "start": skip, "limit": take, "length": length, "total": total, name: found.items })
        }
    }
}

fn after(name: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let items = Value::Array(items);
    match next {
        Some(next) => json!({ name: items, "next": URL_SAFE_NO_PAD.encode(next) }),
        None => json!({ name: items }),
    }
}

fn decoded(text: &str) -> Result<String, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| Problem::query("from: not from an earlier answer"))
}
