//! How many guesses a password stands, by zxcvbn.

use zxcvbn::zxcvbn;

/// As much of a password as is looked at: the time grows faster than the length, and what follows so many
/// characters makes no password easier to guess.
const CHARACTERS_MAX: usize = 64;

/// The score, 0 to 4, for guessers who know `facts`.
pub(super) fn score(password: &str, facts: &[String]) -> u8 {
    let start: String = password.chars().take(CHARACTERS_MAX).collect();
    let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
    let start = zeroize::Zeroizing::new(start);
    u8::from(zxcvbn(&start, &facts).score())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_or_common_is_easy_to_guess() {
        assert!(score("password1", &[]) <= 1);
        assert_eq!(score("kQ7-violet-anvil-sparrow", &[]), 4);
        let facts = ["annabella@example.test".to_owned(), "Quigglethorpe".to_owned()];
        assert!(score("quigglethorpe", &facts) < score("quigglethorpe", &[]));
        assert!(score(&"a".repeat(100_000), &[]) <= 1, "what is endless is cut");
    }
}
