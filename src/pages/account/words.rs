//! What the account page says, in every language of the pages.

use crate::pages::words::Words;

/// One language. In sentences, `{browser}` and `{system}` stand for what they name.
#[derive(Debug)]
#[expect(missing_docs, reason = "each field is the English sentence in short")]
pub struct AccountWords {
    /// BCP 47.
    pub language: &'static str,
    pub application: &'static str,
    pub browser_on: &'static str,
    pub changed: &'static str,
    pub current_password: &'static str,
    pub end: &'static str,
    pub end_others: &'static str,
    pub go_on: &'static str,
    pub last_used: &'static str,
    pub mail_changed: &'static str,
    pub sessions: &'static str,
    pub this_one: &'static str,
    pub title: &'static str,
    pub unknown_device: &'static str,
    pub wrong_current: &'static str,
}

/// The account page's part of a language.
pub fn words(language: &Words) -> &'static AccountWords {
    ALL.iter().find(|words| words.language == language.language).unwrap_or(&ALL[0])
}

impl AccountWords {
    /// A browser on a system.
    pub fn browser_on(&self, browser: &str, system: &str) -> String {
        self.browser_on.replace("{browser}", browser).replace("{system}", system)
    }
}

static ALL: [AccountWords; 5] = [
    AccountWords {
        language: "en",
        application: "An application",
        browser_on: "{browser} on {system}",
        changed: "Your password is changed",
        current_password: "Current password",
        end: "End",
        end_others: "End all others",
        go_on: "Continue",
        last_used: "last used",
        mail_changed: "The password of your account was changed. If that was not you, choose a new one now by \
                       “Forgot your password?” on the login page.",
        sessions: "Where you are logged in",
        this_one: "this browser",
        title: "Your account",
        unknown_device: "Unknown device",
        wrong_current: "The current password is wrong.",
    },
    AccountWords {
        language: "de",
        application: "Eine Anwendung",
        browser_on: "{browser} auf {system}",
        changed: "Ihr Passwort ist geändert",
        current_password: "Bisheriges Passwort",
        end: "Beenden",
        end_others: "Alle anderen beenden",
        go_on: "Weiter",
        last_used: "zuletzt verwendet",
        mail_changed: "Das Passwort Ihres Kontos wurde geändert. Wenn Sie das nicht waren, wählen Sie jetzt ein neues: \
                       „Passwort vergessen?“ auf der Anmeldeseite.",
        sessions: "Wo Sie angemeldet sind",
        this_one: "dieser Browser",
        title: "Ihr Konto",
        unknown_device: "Unbekanntes Gerät",
        wrong_current: "Das bisherige Passwort ist falsch.",
    },
    AccountWords {
        language: "es",
        application: "Una aplicación",
        browser_on: "{browser} en {system}",
        changed: "Su contraseña ha cambiado",
        current_password: "Contraseña actual",
        end: "Cerrar",
        end_others: "Cerrar todas las demás",
        go_on: "Continuar",
        last_used: "último uso",
        mail_changed: "La contraseña de su cuenta ha cambiado. Si no ha sido usted, elija una nueva ahora con la opción \
                       de contraseña olvidada en la página de inicio de sesión.",
        sessions: "Dónde tiene sesiones abiertas",
        this_one: "este navegador",
        title: "Su cuenta",
        unknown_device: "Dispositivo desconocido",
        wrong_current: "La contraseña actual no es correcta.",
    },
    AccountWords {
        language: "fr",
        application: "Une application",
        browser_on: "{browser} sur {system}",
        changed: "Votre mot de passe a été modifié",
        current_password: "Mot de passe actuel",
        end: "Fermer",
        end_others: "Fermer toutes les autres",
        go_on: "Continuer",
        last_used: "dernière utilisation",
        mail_changed: "Le mot de passe de votre compte a été modifié. Si ce n’était pas vous, choisissez-en un nouveau \
                       dès maintenant par « Mot de passe oublié ? » sur la page de connexion.",
        sessions: "Vos sessions ouvertes",
        this_one: "ce navigateur",
        title: "Votre compte",
        unknown_device: "Appareil inconnu",
        wrong_current: "Le mot de passe actuel est incorrect.",
    },
    AccountWords {
        language: "it",
        application: "Un’applicazione",
        browser_on: "{browser} su {system}",
        changed: "La password è stata cambiata",
        current_password: "Password attuale",
        end: "Chiudi",
        end_others: "Chiudi tutte le altre",
        go_on: "Continua",
        last_used: "ultimo uso",
        mail_changed: "La password del suo account è stata cambiata. Se non è stato lei, ne scelga subito una nuova con \
                       l’opzione di password dimenticata nella pagina di accesso.",
        sessions: "Dove ha effettuato l’accesso",
        this_one: "questo browser",
        title: "Il suo account",
        unknown_device: "Dispositivo sconosciuto",
        wrong_current: "La password attuale è errata.",
    },
];

#[cfg(test)]
mod tests {
    use crate::pages::words;

    #[test]
    fn every_language_of_the_pages_is_spoken_here_too() {
        for language in words::ALL {
            assert_eq!(super::words(language).language, language.language);
            let named = super::words(language).browser_on("Xyz", "Abc");
            assert!(named.contains("Xyz") && named.contains("Abc"), "{named}");
        }
    }
}
