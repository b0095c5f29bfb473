//! The part of Lucene's query syntax that `q` understands: `field:value`, `field:"a value"`, `field:pre*`,
//! `field:[from TO to]`, joined by `AND` and negated by `NOT` or `-`.

use crate::management::problem::Problem;

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) field: &'static str,
    pub(crate) negated: bool,
    pub(crate) test: Test,
}

/// What a value is held to; text is compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Begins(String),
    Is(String),
    /// Least and most, either open.
    Within(Option<String>, Option<String>),
}

impl Test {
    pub(crate) fn fits(&self, value: &str) -> bool {
        match self {
            Self::Begins(start) => value.to_lowercase().starts_with(&start.to_lowercase()),
            Self::Is(wanted) => value.to_lowercase() == wanted.to_lowercase(),
            Self::Within(least, most) => {
                // A bound that is a prefix, such as a day, includes whatever begins with it.
                least.as_ref().is_none_or(|least| value >= least.as_str())
                    && most.as_ref().is_none_or(|most| value <= most.as_str() || value.starts_with(most))
            }
        }
    }
}

/// Reads `q`; the fields that it may name are `fields`.
pub(crate) fn parse(q: &str, fields: &[&'static str]) -> Result<Vec<Clause>, Problem> {
    let mut rest = q.trim();
    let mut clauses = Vec::new();
    while !rest.is_empty() {
        let (clause, tail) = clause(rest, fields)?;
        clauses.push(clause);
        rest = tail.trim_start();
        if let Some(tail) = rest.strip_prefix("AND ") {
            rest = tail.trim_start();
            if rest.is_empty() {
                return Err(wrong("expected a condition after AND"));
            }
        } else if !rest.is_empty() {
            return Err(wrong("expected conditions joined by AND"));
        }
    }
    if clauses.len() > 10 {
        return Err(wrong("expected at most 10 conditions"));
    }
    Ok(clauses)
}

fn clause<'q>(q: &'q str, fields: &[&'static str]) -> Result<(Clause, &'q str), Problem> {
    let (negated, condition) = match q.strip_prefix("NOT ").or_else(|| q.strip_prefix('-')) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, q),
    };
    let (name, rest) = condition.split_once(':').ok_or_else(|| wrong("expected field:value"))?;
    let field = fields.iter().copied().find(|field| *field == name);
    let field = field.ok_or_else(|| {
        let shown: String = name.chars().take(64).collect();
        wrong(format_args!("{shown} cannot be searched; search {}", fields.join(", ")))
    })?;
    let (test, rest) = held_to(rest)?;
    Ok((Clause { field, negated, test }, rest))
}

fn held_to(text: &str) -> Result<(Test, &str), Problem> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, rest) = quoted.split_once('"').ok_or_else(|| wrong("expected a closing quote"))?;
        return Ok((Test::Is(value.to_owned()), rest));
    }
    if let Some(range) = text.strip_prefix('[') {
        let (range, rest) = range.split_once(']').ok_or_else(|| wrong("expected a closing bracket"))?;
        let (least, most) = range.split_once(" TO ").ok_or_else(|| wrong("expected [from TO to]"))?;
        let bound = |text: &str| Some(text.trim().to_owned()).filter(|text| text != "*");
        return Ok((Test::Within(bound(least), bound(most)), rest));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    let (stem, open) = value.strip_suffix('*').map_or((value, false), |stem| (stem, true));
    if value.is_empty() || stem.contains(['*', '?', '(', ')', '[', ']', '{', '}', '"', '~', '^']) {
        return Err(wrong("expected a value, \"a value\", pre* or [from TO to]"));
    }
    let stem = stem.replace('\\', "");
    Ok((if open { Test::Begins(stem) } else { Test::Is(stem) }, rest))
}

fn wrong(what: impl std::fmt::Display) -> Problem {
    Problem::query(format_args!("q: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 3] = ["email", "name", "created_at"];

    fn one(q: &str) -> Clause {
        let clauses = parse(q, &FIELDS).unwrap_or_else(|problem| panic!("{q}: {problem:?}"));
        assert_eq!(clauses.len(), 1, "{q}");
        clauses[0].clone()
    }

    #[test]
    fn conditions_are_read() {
        assert_eq!(one("email:a@b.c").test, Test::Is("a@b.c".into()));
        assert_eq!(one("name:\"Ann E\"").test, Test::Is("Ann E".into()));
        assert!(one("NOT name:x").negated && one("-name:x").negated);
        assert_eq!(one("name:An*").test, Test::Begins("An".into()));
        let range = one("created_at:[2026-01-01 TO *]").test;
        assert!(range.fits("2026-01-01T00:00:00.000Z") && !range.fits("2025-12-31T23:59:59.999Z"));
        assert!(Test::Within(None, Some("2026-01-01".into())).fits("2026-01-01T12:00:00.000Z"));
        assert_eq!(parse("email:a AND name:b AND -name:c", &FIELDS).map(|all| all.len()).ok(), Some(3));
        assert!(parse("  ", &FIELDS).is_ok_and(|all| all.is_empty()));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for q in [
            "phone:1",
            "email",
            "email:",
            "email:a OR email:b",
            "email:(a b)",
            "name:\"open",
            "email:a*b",
            "created_at:[a b]",
            "created_at:[a TO b",
            "email:a AND",
            "email:a AND ",
            "email:~x~",
        ] {
            assert!(parse(q, &FIELDS).is_err(), "{q}");
        }
    }
}
