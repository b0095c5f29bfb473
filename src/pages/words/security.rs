//! What pages say of passwords, blocked accounts and codes, in each language.

use crate::model::password_policy::{Rule, Weakness};

/// One language; `{}` stands for a number.
#[expect(missing_docs, reason = "each field is the English sentence in short")]
pub struct Security {
    pub language: &'static str,
    pub account_made: &'static str,
    pub breached: &'static str,
    pub code_wrong: &'static str,
    pub common: &'static str,
    pub confirm_signup: &'static str,
    pub create_account: &'static str,
    pub different: &'static str,
    pub go_on: &'static str,
    pub guessable: &'static str,
    pub identical: &'static str,
    pub kinds: &'static str,
    pub leaked_login: &'static str,
    pub letters: &'static str,
    pub longer: &'static str,
    pub personal: &'static str,
    pub shorter: &'static str,
    pub signup_mail: &'static str,
    pub strength: &'static str,
    pub unblock: &'static str,
    pub unblock_question: &'static str,
    pub unblocked: &'static str,
    pub used: &'static str,
}

const ALL: [&Security; 5] = [&EN, &DE, &ES, &FR, &IT];

/// The words of `language`, or the English ones.
pub fn of(language: &str) -> &'static Security {
    ALL.into_iter().find(|own| own.language == language).unwrap_or(&EN)
}

impl Security {
    /// Why a password is not accepted.
    pub fn weakness(&self, weakness: &Weakness) -> String {
        match weakness {
            Weakness::Breached => self.breached.to_owned(),
            Weakness::Common => self.common.to_owned(),
            Weakness::Guessable => self.guessable.to_owned(),
            Weakness::Personal => self.personal.to_owned(),
            Weakness::Strength(rules) => {
                let broken = rules.iter().filter(|rule| !rule.verified).map(|rule| self.rule(rule));
                format!("{} {}.", self.strength, broken.collect::<Vec<_>>().join("; "))
            }
            Weakness::Used => self.used.to_owned(),
        }
    }

    fn rule(&self, rule: &Rule) -> String {
        let text = match rule.code {
            "containsAtLeast" => self.kinds,
            "differentChars" => self.different,
            "identicalChars" => self.identical,
            "lengthAtLeast" => self.longer,
            "lengthAtMost" => self.shorter,
            _ => self.letters,
        };
        let number = rule.format.first().map(ToString::to_string).unwrap_or_default();
        text.replace("{}", &number)
    }
}

static EN: Security = Security {
    language: "en",
    account_made: "Your account is ready. You can log in now.",
    breached: "This password is known from a data leak. Choose another one.",
    code_wrong: "This code is wrong, or not good any more.",
    common: "This password is too common. Choose another one.",
    confirm_signup: "Confirm your email address to create your account.",
    create_account: "Create my account",
    different: "at least {} different characters",
    go_on: "Continue",
    guessable: "This password is easy to guess. Choose a longer one, or less usual words.",
    identical: "no more than {} identical characters in a row",
    kinds: "{} of: lower-case letter, upper-case letter, digit, special character",
    leaked_login: "This password is known from a data leak. Choose a new one before you log in.",
    letters: "a lower-case letter, an upper-case letter and a digit",
    longer: "at least {} characters",
    personal: "A password must not contain your name or your email address.",
    shorter: "at most {} characters",
    signup_mail: "A message is on its way to you. Open the link in it to go on.",
    strength: "Choose a stronger password:",
    unblock: "Unblock my account",
    unblock_question: "Your account was blocked after too many wrong passwords.",
    unblocked: "Your account is open again. You can log in now.",
    used: "You have used this password before. Choose another one.",
};

static DE: Security = Security {
    language: "de",
    account_made: "Ihr Konto ist angelegt. Sie können sich jetzt anmelden.",
    breached: "Dieses Passwort ist aus einem Datenleck bekannt. Wählen Sie ein anderes.",
    code_wrong: "Dieser Code ist falsch oder gilt nicht mehr.",
    common: "Dieses Passwort ist zu verbreitet. Wählen Sie ein anderes.",
    confirm_signup: "Bestätigen Sie Ihre E-Mail-Adresse, um Ihr Konto anzulegen.",
    create_account: "Konto anlegen",
    different: "mindestens {} verschiedene Zeichen",
    go_on: "Weiter",
    guessable: "Dieses Passwort ist leicht zu erraten. Wählen Sie ein längeres oder ungewöhnlichere Wörter.",
    identical: "höchstens {} gleiche Zeichen hintereinander",
    kinds: "{} von: Kleinbuchstabe, Großbuchstabe, Ziffer, Sonderzeichen",
    leaked_login: "Dieses Passwort ist aus einem Datenleck bekannt. Wählen Sie ein neues, bevor Sie sich anmelden.",
    letters: "ein Kleinbuchstabe, ein Großbuchstabe und eine Ziffer",
    longer: "mindestens {} Zeichen",
    personal: "Ein Passwort darf weder Ihren Namen noch Ihre E-Mail-Adresse enthalten.",
    shorter: "höchstens {} Zeichen",
    signup_mail: "Eine Nachricht ist an Sie unterwegs. Öffnen Sie den Link darin, um fortzufahren.",
    strength: "Wählen Sie ein stärkeres Passwort:",
    unblock: "Konto entsperren",
    unblock_question: "Ihr Konto wurde nach zu vielen falschen Passwörtern gesperrt.",
    unblocked: "Ihr Konto ist entsperrt. Sie können sich jetzt anmelden.",
    used: "Dieses Passwort haben Sie schon einmal verwendet. Wählen Sie ein anderes.",
};

static ES: Security = Security {
    language: "es",
    account_made: "Su cuenta está lista. Ya puede iniciar sesión.",
    breached: "Esta contraseña se conoce por una filtración de datos. Elija otra.",
    code_wrong: "Este código es incorrecto o ya no es válido.",
    common: "Esta contraseña es demasiado común. Elija otra.",
    confirm_signup: "Confirme su correo electrónico para crear su cuenta.",
    create_account: "Crear mi cuenta",
    different: "al menos {} caracteres distintos",
    go_on: "Continuar",
    guessable: "Esta contraseña es fácil de adivinar. Elija una más larga o palabras menos habituales.",
    identical: "no más de {} caracteres iguales seguidos",
    kinds: "{} de: minúscula, mayúscula, cifra, carácter especial",
    leaked_login: "Esta contraseña se conoce por una filtración de datos. Elija otra antes de iniciar sesión.",
    letters: "una minúscula, una mayúscula y una cifra",
    longer: "al menos {} caracteres",
    personal: "La contraseña no puede contener su nombre ni su correo electrónico.",
    shorter: "como máximo {} caracteres",
    signup_mail: "Un mensaje va en camino. Abra el enlace que contiene para continuar.",
    strength: "Elija una contraseña más segura:",
    unblock: "Desbloquear mi cuenta",
    unblock_question: "Su cuenta fue bloqueada tras demasiadas contraseñas incorrectas.",
    unblocked: "Su cuenta está desbloqueada. Ya puede iniciar sesión.",
    used: "Ya ha usado esta contraseña. Elija otra.",
};

static FR: Security = Security {
    language: "fr",
    account_made: "Votre compte est prêt. Vous pouvez maintenant vous connecter.",
    breached: "Ce mot de passe est connu d’une fuite de données. Choisissez-en un autre.",
    code_wrong: "Ce code est erroné ou n’est plus valable.",
    common: "Ce mot de passe est trop courant. Choisissez-en un autre.",
    confirm_signup: "Confirmez votre adresse e-mail pour créer votre compte.",
    create_account: "Créer mon compte",
    different: "au moins {} caractères différents",
    go_on: "Continuer",
    guessable: "Ce mot de passe est facile à deviner. Choisissez-en un plus long, ou des mots moins courants.",
    identical: "pas plus de {} caractères identiques à la suite",
    kinds: "{} parmi : minuscule, majuscule, chiffre, caractère spécial",
    leaked_login: "Ce mot de passe est connu d’une fuite de données. Choisissez-en un nouveau avant de vous connecter.",
    letters: "une minuscule, une majuscule et un chiffre",
    longer: "au moins {} caractères",
    personal: "Un mot de passe ne doit contenir ni votre nom ni votre adresse e-mail.",
    shorter: "au plus {} caractères",
    signup_mail: "Un message est en route. Ouvrez le lien qu’il contient pour continuer.",
    strength: "Choisissez un mot de passe plus sûr :",
    unblock: "Débloquer mon compte",
    unblock_question: "Votre compte a été bloqué après trop de mots de passe erronés.",
    unblocked: "Votre compte est débloqué. Vous pouvez maintenant vous connecter.",
    used: "Vous avez déjà utilisé ce mot de passe. Choisissez-en un autre.",
};

static IT: Security = Security {
    language: "it",
    account_made: "Il tuo account è pronto. Ora puoi accedere.",
    breached: "Questa password è nota da una fuga di dati. Scegline un’altra.",
    code_wrong: "Questo codice è errato o non è più valido.",
    common: "Questa password è troppo comune. Scegline un’altra.",
    confirm_signup: "Conferma il tuo indirizzo e-mail per creare il tuo account.",
    create_account: "Crea il mio account",
    different: "almeno {} caratteri diversi",
    go_on: "Continua",
    guessable: "Questa password è facile da indovinare. Scegline una più lunga o parole meno comuni.",
    identical: "non più di {} caratteri uguali di seguito",
    kinds: "{} tra: lettera minuscola, lettera maiuscola, cifra, carattere speciale",
    leaked_login: "Questa password è nota da una fuga di dati. Scegline una nuova prima di accedere.",
    letters: "una lettera minuscola, una maiuscola e una cifra",
    longer: "almeno {} caratteri",
    personal: "La password non può contenere il tuo nome né il tuo indirizzo e-mail.",
    shorter: "al massimo {} caratteri",
    signup_mail: "Un messaggio è in arrivo. Apri il link che contiene per continuare.",
    strength: "Scegli una password più sicura:",
    unblock: "Sblocca il mio account",
    unblock_question: "Il tuo account è stato bloccato dopo troppe password errate.",
    unblocked: "Il tuo account è sbloccato. Ora puoi accedere.",
    used: "Hai già usato questa password. Scegline un’altra.",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::password_policy::{Complexity, PasswordPolicy};

    #[test]
    fn every_language_names_what_is_missing() {
        let rules = PasswordPolicy::Excellent.rules("aaa", Complexity { min_length: Some(17) });
        for own in crate::pages::words::ALL {
            let words = of(own.language);
            assert_eq!(words.language, own.language);
            let text = words.weakness(&Weakness::Strength(rules.clone()));
            assert!(text.contains("17") && !text.contains("{}") && text.matches(';').count() == 3, "{text}");
        }
    }
}
