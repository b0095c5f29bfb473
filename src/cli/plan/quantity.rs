//! Quantities as people write them: `20k/s`, `50M`, `16G`.

use std::fmt;
use std::str::FromStr;

/// How many.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Count(pub f64);

/// How often, per second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct PerSecond(pub f64);

/// How much memory; `K`, `M`, `G` and `T` are powers of 1024.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Bytes(pub f64);

/// A quantity that does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No amount of memory.
    #[error("expected an amount of memory such as 16G")]
    Bytes,
    /// No number.
    #[error("expected a number such as 50M")]
    Count,
    /// No rate.
    #[error("expected a rate such as 500/s or 20k/s")]
    PerSecond,
}

impl FromStr for Count {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        scaled(text, 1000.0).map(Self).ok_or(Unreadable::Count)
    }
}

impl FromStr for PerSecond {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        scaled(text.strip_suffix("/s").unwrap_or(text), 1000.0).map(Self).ok_or(Unreadable::PerSecond)
    }
}

impl FromStr for Bytes {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let text = text.strip_suffix("iB").or(text.strip_suffix('B')).unwrap_or(text);
        scaled(text, 1024.0).map(Self).ok_or(Unreadable::Bytes)
    }
}

/// A number with a letter behind it, finite and not negative.
fn scaled(text: &str, step: f64) -> Option<f64> {
    let (number, power) = match text.trim().split_at_checked(text.trim().len().checked_sub(1)?)? {
        (number, "k" | "K") => (number, 1),
        (number, "M") => (number, 2),
        (number, "G") => (number, 3),
        (number, "T") => (number, 4),
        _ => (text.trim(), 0),
    };
    let starts_well = number.starts_with(|first: char| first.is_ascii_digit());
    let value = number.parse::<f64>().ok().filter(|_| starts_well)? * step.powi(power);
    value.is_finite().then_some(value)
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(self.0, 1000.0))
    }
}

impl fmt::Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", short(self.0, 1000.0))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = short(self.0, 1024.0);
        match text.strip_suffix('k') {
            Some(number) => write!(f, "{number}KiB"),
            None if text.ends_with(|last: char| last.is_ascii_digit()) => write!(f, "{text}B"),
            None => write!(f, "{text}iB"),
        }
    }
}

fn short(value: f64, step: f64) -> String {
    let (mut value, mut letter) = (value, "");
    for next in ["k", "M", "G", "T"] {
        if value < step {
            break;
        }
        (value, letter) = (value / step, next);
    }
    let text = format!("{value:.2}");
    format!("{}{letter}", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_people_write_them() {
        assert_eq!("20k/s".parse(), Ok(PerSecond(20_000.0)));
        assert_eq!("500".parse(), Ok(PerSecond(500.0)));
        assert_eq!("0.5/s".parse(), Ok(PerSecond(0.5)));
        assert_eq!("50M".parse(), Ok(Count(50_000_000.0)));
        assert_eq!("16G".parse(), Ok(Bytes(17_179_869_184.0)));
        assert_eq!("16GiB".parse(), Ok(Bytes(17_179_869_184.0)));
        for bad in ["", "k", "-1", "nan", "inf", "1kk", "1 000", "ten", "1e999", "+1"] {
            assert_eq!(bad.parse::<Count>(), Err(Unreadable::Count), "{bad:?}");
        }
    }

    #[test]
    fn they_are_shown_short() {
        assert_eq!(PerSecond(20_000.0).to_string(), "20k/s");
        assert_eq!(Count(1_500_000.0).to_string(), "1.5M");
        assert_eq!(Count(7.0).to_string(), "7");
        assert_eq!(Bytes(17_179_869_184.0).to_string(), "16GiB");
        assert_eq!([0.0, 224.0, 1536.0].map(|bytes| Bytes(bytes).to_string()), ["0B", "224B", "1.5KiB"]);
    }
}
