//! What our own messages say, in five languages.

use super::{Letter, Occasion};

/// One language: subject, what stands before the link or code, for each occasion; and what stands after it.
struct Language {
    code: &'static str,
    already_there: (&'static str, &'static str),
    blocked: (&'static str, &'static str),
    code_sent: (&'static str, &'static str),
    login_link: (&'static str, &'static str),
    reset: (&'static str, &'static str),
    signup: (&'static str, &'static str),
    verify: (&'static str, &'static str),
    after: &'static str,
}

const LANGUAGES: [Language; 5] = [EN, DE, ES, FR, IT];

/// Our own words for `occasion` in `language`, or in English.
pub(super) fn of(occasion: Occasion, language: &str) -> Letter {
    let own = LANGUAGES.iter().find(|own| own.code == language).unwrap_or(&EN);
    let (subject, before) = match occasion {
        Occasion::AlreadyThere => own.already_there,
        Occasion::Blocked => own.blocked,
        Occasion::Code => own.code_sent,
        Occasion::LoginLink => own.login_link,
        Occasion::Reset => own.reset,
        Occasion::Signup => own.signup,
        Occasion::Verify | Occasion::Welcome => own.verify,
    };
    Letter { subject, before, after: own.after }
}

const EN: Language = Language {
    code: "en",
    already_there: (
        "You already have an account",
        "Somebody tried to sign up with this address, which already has an account. Log in, or open this link to choose a new password:",
    ),
    blocked: (
        "Your account was blocked",
        "Your account was blocked after too many wrong passwords. If it was you, open this link to unblock it:",
    ),
    code_sent: ("Your code", "Your code to log in is:"),
    login_link: ("Log in", "Open this link to log in:"),
    reset: ("Change your password", "Open this link to choose a new password:"),
    signup: ("Confirm your email address", "Open this link to create your account:"),
    verify: ("Confirm your email address", "Open this link to confirm your email address:"),
    after: "If you did not ask for this, ignore this message.",
};

const DE: Language = Language {
    code: "de",
    already_there: (
        "Sie haben bereits ein Konto",
        "Jemand wollte sich mit dieser Adresse registrieren, zu der es schon ein Konto gibt. Melden Sie sich an, oder öffnen Sie diesen Link, um ein neues Passwort zu wählen:",
    ),
    blocked: (
        "Ihr Konto wurde gesperrt",
        "Ihr Konto wurde nach zu vielen falschen Passwörtern gesperrt. Wenn Sie das waren, öffnen Sie diesen Link, um es zu entsperren:",
    ),
    code_sent: ("Ihr Code", "Ihr Code zum Anmelden lautet:"),
    login_link: ("Anmelden", "Öffnen Sie diesen Link, um sich anzumelden:"),
    reset: ("Passwort ändern", "Öffnen Sie diesen Link, um ein neues Passwort zu wählen:"),
    signup: ("E-Mail-Adresse bestätigen", "Öffnen Sie diesen Link, um Ihr Konto anzulegen:"),
    verify: ("E-Mail-Adresse bestätigen", "Öffnen Sie diesen Link, um Ihre E-Mail-Adresse zu bestätigen:"),
    after: "Wenn Sie das nicht angefordert haben, ignorieren Sie diese Nachricht.",
};

const ES: Language = Language {
    code: "es",
    already_there: (
        "Ya tiene una cuenta",
        "Alguien intentó registrarse con esta dirección, que ya tiene una cuenta. Inicie sesión o abra este enlace para elegir una contraseña nueva:",
    ),
    blocked: (
        "Su cuenta fue bloqueada",
        "Su cuenta fue bloqueada tras demasiadas contraseñas incorrectas. Si fue usted, abra este enlace para desbloquearla:",
    ),
    code_sent: ("Su código", "Su código para iniciar sesión es:"),
    login_link: ("Iniciar sesión", "Abra este enlace para iniciar sesión:"),
    reset: ("Cambiar la contraseña", "Abra este enlace para elegir una contraseña nueva:"),
    signup: ("Confirmar la dirección de correo", "Abra este enlace para crear su cuenta:"),
    verify: ("Confirmar la dirección de correo", "Abra este enlace para confirmar su dirección de correo:"),
    after: "Si no lo ha solicitado, ignore este mensaje.",
};

const FR: Language = Language {
    code: "fr",
    already_there: (
        "Vous avez déjà un compte",
        "Quelqu'un a voulu s'inscrire avec cette adresse, qui a déjà un compte. Connectez-vous, ou ouvrez ce lien pour choisir un nouveau mot de passe :",
    ),
    blocked: (
        "Votre compte a été bloqué",
        "Votre compte a été bloqué après trop de mots de passe erronés. Si c'était vous, ouvrez ce lien pour le débloquer :",
    ),
    code_sent: ("Votre code", "Votre code de connexion est :"),
    login_link: ("Se connecter", "Ouvrez ce lien pour vous connecter :"),
    reset: ("Changer de mot de passe", "Ouvrez ce lien pour choisir un nouveau mot de passe :"),
    signup: ("Confirmer l'adresse e-mail", "Ouvrez ce lien pour créer votre compte :"),
    verify: ("Confirmer l'adresse e-mail", "Ouvrez ce lien pour confirmer votre adresse e-mail :"),
    after: "Si vous n'avez rien demandé, ignorez ce message.",
};

const IT: Language = Language {
    code: "it",
    already_there: (
        "Hai già un account",
        "Qualcuno ha provato a registrarsi con questo indirizzo, che ha già un account. Accedi, oppure apri questo link per scegliere una nuova password:",
    ),
    blocked: (
        "Il tuo account è stato bloccato",
        "Il tuo account è stato bloccato dopo troppe password errate. Se eri tu, apri questo link per sbloccarlo:",
    ),
    code_sent: ("Il tuo codice", "Il tuo codice per accedere è:"),
    login_link: ("Accedi", "Apri questo link per accedere:"),
    reset: ("Cambia la password", "Apri questo link per scegliere una nuova password:"),
    signup: ("Conferma l'indirizzo e-mail", "Apri questo link per creare il tuo account:"),
    verify: ("Conferma l'indirizzo e-mail", "Apri questo link per confermare il tuo indirizzo e-mail:"),
    after: "Se non l'hai chiesto tu, ignora questo messaggio.",
};
