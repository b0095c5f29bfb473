//! What people say about themselves as they sign up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::records::flaws::Flaws;
use crate::engine::records::users::UserDraft;
use crate::engine::records::{Refusal, user_checks};
use crate::model::user::Profile;

/// How many values of their own people may bring, as Auth0 has it.
const PROPERTIES_MAX: usize = 10;

/// The most characters of such a value's name, as Auth0 has it.
const NAME_MAX: usize = 100;

/// The most characters of such a value, as Auth0 has it.
const VALUE_MAX: usize = 500;

/// What somebody says about themselves. It also travels in a link, until their address is proved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// The name and what belongs to it.
    pub profile: Profile,
    /// Values that they may change: strings, as long as nobody has proved anything.
    pub user_metadata: BTreeMap<String, String>,
}

impl Particulars {
    /// Refuses what no user may be like, and more metadata than a stranger may bring.
    ///
    /// # Errors
    /// [`Refusal::Invalid`].
    pub fn check(&self) -> Result<(), Refusal> {
        let mut flaws = Flaws::default();
        user_checks::check_profile(&self.profile, &mut flaws);
        let short = |(name, value): (&String, &String)| {
            name.chars().count() <= NAME_MAX && value.chars().count() <= VALUE_MAX
        };
        let few = self.user_metadata.len() <= PROPERTIES_MAX;
        flaws.require(
            few && self.user_metadata.iter().all(short),
            "user_metadata",
            format_args!(
                "expected at most {PROPERTIES_MAX} properties, with names of at most {NAME_MAX} and values of at most \
                 {VALUE_MAX} characters"
            ),
        );
        user_checks::check_metadata("user_metadata", &self.metadata(), &mut flaws);
        flaws.verdict()
    }

    /// Bytes that it adds to a link, before they are sealed.
    pub(crate) fn weight(&self) -> usize {
        postcard::experimental::serialized_size(self).unwrap_or(usize::MAX)
    }

    /// A draft of a user who is like that.
    pub(crate) fn draft(&self) -> UserDraft {
        let Profile {
            name,
            given_name,
            family_name,
            nickname,
            picture,
            locale,
            zoneinfo,
            phone_number,
            phone_verified,
        } = self.profile.clone();
        UserDraft {
            name: name.into(),
            given_name: given_name.into(),
            family_name: family_name.into(),
            nickname: nickname.into(),
            picture: picture.into(),
            locale: locale.into(),
            zoneinfo: zoneinfo.into(),
            phone_number: phone_number.into(),
            phone_verified,
            user_metadata: Some(self.metadata()),
            ..UserDraft::default()
        }
    }

    fn metadata(&self) -> serde_json::Map<String, Value> {
        self.user_metadata.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(count: usize, name: usize, value: &str) -> Particulars {
        let pair = |nth| (format!("{nth:0name$}"), value.to_owned());
        Particulars { profile: Profile::default(), user_metadata: (0..count).map(pair).collect() }
    }

    #[test]
    fn as_much_metadata_as_auth0_takes_and_no_more() {
        let full = "x".repeat(VALUE_MAX);
        assert!(with(PROPERTIES_MAX, NAME_MAX, &full).check().is_ok());
        assert!(with(1, 1, &"é".repeat(VALUE_MAX)).check().is_ok(), "characters count, not bytes");
        for (count, name, value) in [
            (PROPERTIES_MAX + 1, NAME_MAX, full.clone()),
            (1, NAME_MAX + 1, full.clone()),
            (1, 1, full + "x"),
            (PROPERTIES_MAX, NAME_MAX, "🦀".repeat(VALUE_MAX)),
        ] {
            let flaws = with(count, name, &value).check().unwrap_err().flaws();
            assert_eq!((flaws.len(), flaws[0].path.as_str()), (1, "user_metadata"));
        }
    }

    #[test]
    fn what_a_profile_must_be_like_is_what_the_records_say() {
        let long = Some("x".repeat(151));
        let profile =
            Profile { given_name: long, picture: Some("javascript:x".into()), ..Profile::default() };
        let flaws = Particulars { profile, ..Particulars::default() }.check().unwrap_err().flaws();
        let paths: Vec<_> = flaws.iter().map(|flaw| flaw.path.as_str()).collect();
        assert_eq!(paths, ["given_name", "picture"]);
    }

    #[test]
    fn they_keep_their_form_on_the_way_and_weigh_what_they_are() {
        let mut particulars = with(2, 3, "é");
        particulars.profile.name = Some("Ann".into());
        let bytes = postcard::to_stdvec(&particulars).unwrap();
        assert_eq!(bytes.len(), particulars.weight());
        assert_eq!(postcard::from_bytes::<Particulars>(&bytes).unwrap(), particulars);
        let draft = particulars.draft();
        assert_eq!(draft.user_metadata.unwrap()["001"], "é");
    }
}
