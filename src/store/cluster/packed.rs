//! Many asks for one primary as few commands: verbs go together in one call (`together` in `jeton.lua`), up to so many.
//!
//! A command costs more than what most verbs do: a write to the socket, a place in the vendor's queue, Redis's own
//! bookkeeping.

use fred::error::{Error, ErrorKind};
use fred::types::{CustomCommand, Value};

use super::ask::{Ask, custom};
use super::functions::Verb;

/// The commands that asks of one primary become.
#[derive(Debug, Default)]
pub(super) struct Packed {
    groups: Vec<Vec<Ask>>,
    /// The group of each ask.
    places: Vec<usize>,
}

impl Packed {
    /// Packs `asks`, at most `most` into one call.
    pub(super) fn of(asks: Vec<Ask>, most: usize) -> Self {
        let mut packed = Self { groups: Vec::new(), places: Vec::with_capacity(asks.len()) };
        let mut open = None;
        for ask in asks {
            let together = ask.goes_with_others();
            let place = open.filter(|_| together).unwrap_or(packed.groups.len());
            match packed.groups.get_mut(place) {
                Some(others) => others.push(ask),
                None => packed.groups.push(vec![ask]),
            }
            if together {
                open = Some(place).filter(|place| packed.groups[*place].len() < most);
            }
            packed.places.push(place);
        }
        packed
    }

    /// What the vendor wants to have, in order.
    pub(super) fn commands(&self) -> impl Iterator<Item = (CustomCommand, Vec<Value>)> {
        self.groups.iter().map(|group| match group.as_slice() {
            [alone] => alone.parts(),
            several => together(several),
        })
    }

    /// The answer to each ask, from those to [`Packed::commands`].
    pub(super) fn answers(self, answers: Vec<Result<Value, Error>>) -> Vec<Result<Value, Error>> {
        let sizes = self.groups.iter().map(Vec::len);
        let mut told: Vec<_> =
            answers.into_iter().zip(sizes).map(|(answer, size)| apart(answer, size).into_iter()).collect();
        let answer_at = |place: usize| told.get_mut(place)?.next();
        let answers = self.places.into_iter().map(answer_at);
        answers.map(|answer| answer.unwrap_or_else(|| Err(unexpected()))).collect()
    }
}

/// One call that does what each of `asks` does.
fn together(asks: &[Ask]) -> (CustomCommand, Vec<Value>) {
    let mut arguments = Vec::with_capacity(2 + asks.iter().map(Ask::size).sum::<usize>());
    arguments.extend([Value::String(Verb::Together.name()), Value::Integer(0)]);
    for ask in asks {
        ask.say(&mut arguments);
    }
    (custom("FCALL", asks[0].slot()), arguments)
}

/// What each of `size` asks came to that went as one command.
fn apart(answer: Result<Value, Error>, size: usize) -> Vec<Result<Value, Error>> {
    if size == 1 {
        return vec![answer];
    }
    let parts = match answer {
        Ok(Value::Array(parts)) => <[Value; 2]>::try_from(parts).ok(),
        Ok(_) => None,
        Err(error) => return vec![Err(error); size],
    };
    let Some([Value::Array(answers), Value::Array(failed)]) = parts else {
        return vec![Err(unexpected()); size];
    };
    let mut answers: Vec<_> = answers.into_iter().map(Ok).collect();
    let mut failed = failed.into_iter();
    while let (Some(place), Some(error)) = (failed.next(), failed.next()) {
        let at = place.as_usize().and_then(|place| answers.get_mut(place.checked_sub(1)?));
        if let Some(answer) = at {
            *answer = Err(Error::new(ErrorKind::Unknown, error.as_string().unwrap_or_default()));
        }
    }
    answers
}

fn unexpected() -> Error {
    Error::new(ErrorKind::Protocol, "not one answer for each command")
}

#[cfg(test)]
mod tests {
    use fred::types::Key;

    use super::*;

    fn texts(values: &[Value]) -> Vec<String> {
        values.iter().map(|value| value.as_string().unwrap()).collect()
    }

    fn claim(name: &str) -> Ask {
        Ask::verb(Verb::Claim, Key::from(name)).with("me").number(9)
    }

    fn joining() -> Ask {
        Ask::verb_on_two(Verb::Join, [Key::from("m"), Key::from("l")]).with("org").with("roles")
    }

    #[test]
    fn verbs_go_together_and_what_has_to_go_alone_does() {
        let plain = || Ask::plain("GET", Key::from("k"));
        let redeem = Ask::verb_on_two(Verb::Redeem, [Key::from("s"), Key::from("c")]).with("family");
        let packed = Packed::of(vec![claim("a"), plain(), redeem, joining(), claim("b"), claim("c")], 3);
        assert_eq!(packed.places, [0, 1, 0, 2, 0, 3]);
        let commands: Vec<_> = packed.commands().map(|(_, arguments)| texts(&arguments)).collect();
        let claimed = ["\u{1}\u{2}claim", "a", "me", "9"];
        assert_eq!(commands[0][1..5], [&["0"], &claimed[..3]].concat());
        assert_eq!(commands[0][6..10], ["\u{2}\u{1}redeem", "s", "c", "family"]);
        assert_eq!(commands[0].len(), 2 + 4 + 4 + 4);
        assert!(commands[0][0].starts_with("together_"));
        assert_eq!(commands[1], ["k"]);
        assert_eq!(commands[2][1..], ["2", "m", "l", "org", "roles"]);
        assert_eq!(commands[3][1..], ["1", "c", "me", "9"], "one alone is sent as ever");
        assert_eq!(Packed::of(vec![claim("a"), claim("b")], 1).commands().count(), 2);
        assert_eq!(Packed::of(Vec::new(), 9).commands().count(), 0);
    }

    #[test]
    fn an_ask_with_too_many_arguments_goes_alone() {
        let many = |count| (0..count).fold(Ask::verb(Verb::Log, Key::from("l")), Ask::number);
        assert!(many(255).goes_with_others());
        assert!(!many(256).goes_with_others());
    }

    #[test]
    fn each_hears_what_its_own_verb_came_to() {
        let packed = Packed::of(vec![claim("a"), joining(), claim("b"), claim("c")], 9);
        let list = |values: Vec<Value>| Value::Array(values);
        let together = list(vec![
            list(vec![Value::Null, Value::Null, Value::from("you")]),
            list(vec![Value::from(2), Value::from("OOM command not allowed")]),
        ]);
        let heard = packed.answers(vec![Ok(together), Ok(Value::from(1))]);
        assert_eq!(heard[0], Ok(Value::Null));
        assert_eq!(heard[1], Ok(Value::from(1)));
        assert_eq!(heard[2].as_ref().unwrap_err().details(), "OOM command not allowed");
        assert_eq!(heard[3], Ok(Value::from("you")));
    }

    #[test]
    fn without_an_answer_for_each_nobody_hears_one_of_somebody_else() {
        let asks = || vec![claim("a"), claim("b")];
        let failed = |answers| Packed::of(asks(), 9).answers(answers).iter().all(Result::is_err);
        let refused = Error::new(ErrorKind::Unknown, "READONLY");
        let heard = Packed::of(asks(), 9).answers(vec![Err(refused.clone())]);
        assert_eq!(heard, [Err(refused.clone()), Err(refused)]);
        assert!(failed(Vec::new()));
        assert!(failed(vec![Ok(Value::from(1))]));
        assert!(failed(vec![Ok(Value::Array(vec![Value::from(1), Value::from(2)]))]));
        let one_missing = Value::Array(vec![Value::Array(vec![Value::Null]), Value::Array(Vec::new())]);
        let heard = Packed::of(asks(), 9).answers(vec![Ok(one_missing)]);
        assert_eq!((heard.len(), heard[0].is_ok(), heard[1].is_err()), (2, true, true));
    }
}
