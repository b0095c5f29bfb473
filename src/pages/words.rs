//! What pages say, in several languages.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

mod de;
mod en;
mod es;
mod fr;
mod it;
pub mod security;

/// One language. In sentences, `{}` stands for the application's name.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is the English sentence in short")]
pub struct Words {
    /// BCP 47.
    pub language: &'static str,
    pub allow: &'static str,
    pub asks_for: &'static str,
    pub blocked: &'static str,
    pub change_password: &'static str,
    pub check_mail: &'static str,
    pub check_mail_long: &'static str,
    pub choose_organization: &'static str,
    pub consent: &'static str,
    pub deny: &'static str,
    pub email: &'static str,
    pub email_or_username: &'static str,
    pub email_verified: &'static str,
    pub forgot_password: &'static str,
    pub have_account: &'static str,
    pub log_in: &'static str,
    pub log_out: &'static str,
    pub log_out_question: &'static str,
    pub logged_out: &'static str,
    pub new_password: &'static str,
    pub no_account: &'static str,
    pub not_signed_up: &'static str,
    pub password: &'static str,
    pub password_changed: &'static str,
    pub scope_email: &'static str,
    pub scope_offline: &'static str,
    pub scope_openid: &'static str,
    pub scope_phone: &'static str,
    pub scope_profile: &'static str,
    pub send_link: &'static str,
    pub sign_up: &'static str,
    pub to_continue_to: &'static str,
    pub too_many: &'static str,
    pub went_wrong: &'static str,
    pub wrong_password: &'static str,
}

/// Every language, the first for whoever reads none of them.
pub static ALL: [&Words; 5] = [&en::WORDS, &de::WORDS, &es::WORDS, &fr::WORDS, &it::WORDS];

/// The languages that pages speak, for discovery.
pub fn languages() -> Vec<&'static str> {
    ALL.iter().map(|words| words.language).collect()
}

/// The first language that is asked for and spoken: of `ui_locales`, then of `Accept-Language`.
pub fn chosen(ui_locales: Option<&str>, headers: &HeaderMap) -> &'static Words {
    let asked = ui_locales.unwrap_or_default().split_whitespace().find_map(spoken);
    let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    asked.or_else(|| preferred(header)).unwrap_or(ALL[0])
}

/// The spoken language with the greatest weight; earlier ones first among equals (RFC 9110 §12.5.4).
fn preferred(header: &str) -> Option<&'static Words> {
    let mut best: Option<(f32, &'static Words)> = None;
    for range in header.split(',').take(32) {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        let weight = weight.trim().parse::<f32>().ok().filter(|weight| *weight > 0.0);
        if let (Some(words), Some(weight)) = (spoken(tag.trim()), weight)
            && best.is_none_or(|(most, _)| weight > most)
        {
            best = Some((weight, words));
        }
    }
    best.map(|(_, words)| words)
}

fn spoken(tag: &str) -> Option<&'static Words> {
    let primary = tag.split('-').next().unwrap_or_default();
    ALL.into_iter().find(|words| words.language.eq_ignore_ascii_case(primary))
}

impl Words {
    /// Why the person is here.
    pub fn to_continue_to(&self, application: &str) -> String {
        self.to_continue_to.replace("{}", application)
    }

    /// Who asks for consent.
    pub fn asks_for(&self, application: &str) -> String {
        self.asks_for.replace("{}", application)
    }

    /// A scope in words; one that belongs to an API is its own name.
    pub fn scope<'a>(&self, token: &'a str) -> &'a str
    where
        Self: 'a,
    {
        match token {
            "openid" => self.scope_openid,
            "profile" => self.scope_profile,
            "email" => self.scope_email,
            "phone" => self.scope_phone,
            "offline_access" => self.scope_offline,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(ui_locales: Option<&str>, header: &'static str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
        chosen(ui_locales, &headers).language
    }

    #[test]
    fn the_request_decides_before_the_browser() {
        assert_eq!(language(Some("xx fr-CA de"), "it"), "fr");
        assert_eq!(language(None, "xx, de-CH;q=0.7, it;q=0.9, en;q=0.1"), "it");
        assert_eq!(language(Some("tlh"), "*;q=0.5, de;q=0"), "en");
    }

    #[test]
    fn sentences_about_an_application_name_it() {
        for words in ALL {
            assert!(words.to_continue_to("Xyz").contains("Xyz"), "{}", words.language);
            assert!(words.asks_for("Xyz").contains("Xyz"), "{}", words.language);
        }
    }
}
