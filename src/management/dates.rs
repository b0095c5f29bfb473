//! Dates in `q`: an instant as RFC 3339 has it in UTC, or the beginning of one, such as a day or a month.

use crate::clock::UnixMs;
use crate::management::lucene::{Clause, Test};
use crate::management::problem::Problem;

/// What is left of a date when it ends early, the least that it may be.
const LEAST: &str = "0000-01-01T00:00:00.000Z";

/// How long a date lasts that has so many characters, in milliseconds at most.
const LENGTHS: [(usize, u64); 7] = [
    (4, 366 * 86_400_000),
    (7, 31 * 86_400_000),
    (10, 86_400_000),
    (13, 3_600_000),
    (16, 60_000),
    (19, 1_000),
    (24, 1),
];

/// Holds a condition on an instant to dates. A single one means all that begins with it.
pub(crate) fn check(clause: &mut Clause) -> Result<(), Problem> {
    if let Test::Begins(date) | Test::Is(date) = &clause.test {
        clause.test = Test::Within(Some(date.clone()), Some(date.clone()));
    }
    let Test::Within(least, most) = &mut clause.test else { return Ok(()) };
    for date in [&mut *least, &mut *most].into_iter().flatten() {
        // What is compared has milliseconds.
        if date.len() == 20 && date.ends_with('Z') {
            date.pop();
        }
    }
    if [&*least, &*most].into_iter().flatten().all(|date| first(date).is_some()) {
        return Ok(());
    }
    let what =
        format_args!("q: {}: expected a date in UTC, such as 2026-01-31 or [2026-01-01 TO *]", clause.field);
    Err(Problem::query(what))
}

/// The first instant of a date.
pub(crate) fn first(date: &str) -> Option<UnixMs> {
    length(date)?;
    let full = format!("{date}{}", LEAST.get(date.len()..)?);
    let at = full.parse::<jiff::Timestamp>().ok()?;
    u64::try_from(at.as_millisecond()).ok().map(UnixMs)
}

/// An instant that nothing of a date comes after.
pub(crate) fn last(date: &str) -> Option<UnixMs> {
    Some(UnixMs(first(date)?.0 + length(date)?))
}

fn length(date: &str) -> Option<u64> {
    LENGTHS.iter().find(|(characters, _)| *characters == date.len()).map(|(_, ms)| *ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_begins_and_ends() {
        for (date, lasts) in [
            ("2027", 365),
            ("2027-01", 31),
            ("2027-01-15", 1),
            ("2027-01-15T08", 0),
            ("2027-01-15T08:00:00", 0),
            ("2027-01-15T08:00:00.000Z", 0),
        ] {
            let (first, last) = (first(date).unwrap(), last(date).unwrap());
            assert!(first <= UnixMs(1_800_000_000_000) && last > UnixMs(1_800_000_000_000), "{date}");
            assert!(last.0 - first.0 >= lasts * 86_400_000, "{date}");
        }
    }

    #[test]
    fn whole_seconds_are_compared_with_milliseconds() {
        let mut clause = Clause {
            field: "date",
            negated: false,
            test: Test::Within(Some("2027-01-15T08:00:00Z".into()), None),
        };
        check(&mut clause).unwrap();
        assert!(
            clause.test.fits("2027-01-15T08:00:00.000Z") && !clause.test.fits("2027-01-15T07:59:59.999Z")
        );
    }

    #[test]
    fn anything_else_is_none() {
        for text in
            ["", "*", "now", "27", "2027-1-1", "2027-13", "2027-02-30", "2027-01-15T08:00:00+02:00", "1960"]
        {
            assert!(first(text).is_none(), "{text}");
        }
    }
}
