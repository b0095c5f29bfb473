//! The closed sets of words that metrics are counted under. None names a tenant, a client or a user.

/// A closed set of label values, numbered without gaps so that a counter can be found by index.
pub trait Label: Copy + std::fmt::Debug + Send + Sync + 'static {
    /// The label's key in the exposition.
    const KEY: &'static str;
    /// Every value, in the order of [`Label::index`].
    const ALL: &'static [Self];
    /// The position of this value in [`Label::ALL`].
    fn index(self) -> usize;
    /// The value's text in the exposition.
    fn text(self) -> &'static str;
}

/// Declares label enums, and a test that they are numbered and named well.
macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident($key:literal) { $($(#[$each:meta])* $value:ident = $text:literal,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub enum $name { $($(#[$each])* $value,)+ }

            impl Label for $name {
                const KEY: &'static str = $key;
                const ALL: &'static [Self] = &[$(Self::$value,)+];
                fn index(self) -> usize { self as usize }
                fn text(self) -> &'static str { match self { $(Self::$value => $text,)+ } }
            }
        )+

        #[cfg(test)]
        mod numbering {
            use super::*;

            #[test]
            fn every_label_is_numbered_without_gaps_and_named_once() {
                $(
                    let mut seen = std::collections::BTreeSet::new();
                    for (position, value) in $name::ALL.iter().enumerate() {
                        assert_eq!(value.index(), position);
                        assert!(seen.insert(value.text()), "{:?} is named twice", value.text());
                    }
                )+
            }
        }
    };
}

mod parts;
mod requests;

pub use parts::{ActorName, CacheName, DeliveryKind, DeliveryOutcome, LookupLabel, StoreOutcome, StoreVerb};
pub use requests::{EndpointLabel, GrantLabel, OutcomeLabel, RefreshReason, RefusalLabel, StatusLabel};
