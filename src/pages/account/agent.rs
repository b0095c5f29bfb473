//! A browser and its system in words, by the few names that tell people which of their devices it is. A `User-Agent`
//! says whatever its sender likes: this is for recognition, not for decisions.

use crate::clock::UnixMs;
use crate::pages::account::AccountWords;

/// What a `User-Agent` holds, and what people call it; the first that is found counts, as most browsers claim to be
/// others as well.
const BROWSERS: [(&str, &str); 13] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

const SYSTEMS: [(&str, &str); 9] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
];

/// The browser and the system in the person's language; else the program's own name, cut short.
pub(super) fn described(user_agent: &str, words: &AccountWords) -> String {
    let named = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => words.browser_on(browser, system),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => {
            let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
            let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            if name.is_empty() { words.unknown_device.to_owned() } else { name }
        }
    }
}

/// An instant in UTC.
pub(super) fn instant(at: UnixMs, format: &str) -> String {
    let at = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map(|at| at.strftime(format).to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::account;
    use crate::pages::words;

    #[test]
    fn usual_browsers_have_their_name() {
        let english = account::words(words::ALL[0]);
        for (user_agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
                "Safari on macOS",
            ),
            ("curl/8.14.1", "curl"),
            ("MyApp/3.1 (build 7)", "MyApp"),
            ("<script>alert(1)</script>", "<script>alert(1)<"),
            ("", "Unknown device"),
        ] {
            assert_eq!(described(user_agent, english), expected);
        }
        assert!(described(&"x".repeat(256), english).len() <= 40);
    }

    #[test]
    fn an_instant_is_readable() {
        assert_eq!(instant(UnixMs(1_800_000_000_000), "%Y-%m-%d %H:%M UTC"), "2027-01-15 08:00 UTC");
        assert_eq!(instant(UnixMs(u64::MAX), "%Y"), "");
    }
}
