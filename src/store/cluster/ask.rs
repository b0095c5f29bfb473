//! One command for one slot, before it is known over which connection it goes.

use bytes::Bytes;
use fred::types::{ClusterHash, CustomCommand, Key, Value};

use super::functions::Verb;

/// A command with its arguments and the slot that it is for.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    command: CustomCommand,
    arguments: Vec<Value>,
    /// The verb and how many keys it has, if it is one.
    verb: Option<(Verb, usize)>,
    slot: u16,
}

impl Ask {
    /// A Redis command whose first argument is its only key.
    pub(super) fn plain(command: &'static str, key: Key) -> Self {
        let slot = key.cluster_hash();
        Self { command: custom(command, slot), arguments: vec![key.into()], verb: None, slot }
    }

    /// A Redis command whose key stands behind other arguments.
    pub(super) fn spelled(command: &'static str, slot: u16) -> Self {
        Self { command: custom(command, slot), arguments: Vec::new(), verb: None, slot }
    }

    /// A verb of `jeton.lua` on one key.
    pub(super) fn verb(verb: Verb, key: Key) -> Self {
        let slot = key.cluster_hash();
        Self::verb_on(verb, slot, [key])
    }

    /// A verb of `jeton.lua` on two keys of one slot.
    pub(super) fn verb_on_two(verb: Verb, keys: [Key; 2]) -> Self {
        let slot = keys[0].cluster_hash();
        Self::verb_on(verb, slot, keys)
    }

    /// A verb of `jeton.lua` on keys of `slot`.
    pub(super) fn verb_on<K>(verb: Verb, slot: u16, keys: K) -> Self
    where
        K: IntoIterator<Item = Key, IntoIter: ExactSizeIterator>,
    {
        let keys = keys.into_iter();
        let count = keys.len();
        let mut arguments = Vec::with_capacity(KEYS_AT + count + 5);
        arguments.extend([Value::String(verb.name()), i64::try_from(count).unwrap_or(i64::MAX).into()]);
        arguments.extend(keys.map(Value::from));
        Self { command: custom("FCALL", slot), arguments, verb: Some((verb, count)), slot }
    }

    /// With a further argument.
    pub(super) fn with(mut self, argument: impl Into<Value>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// With a further argument that is a number.
    pub(super) fn number(self, number: u64) -> Self {
        self.with(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// With a further argument that is bytes.
    pub(super) fn bytes(self, bytes: &[u8]) -> Self {
        self.with(Bytes::copy_from_slice(bytes))
    }

    /// The slot that it is for.
    pub(super) fn slot(&self) -> u16 {
        self.slot
    }

    /// Whether it may go in one call with others, for other slots of the same primary. While a slot moves, a verb that
    /// wrote to one key before it found another gone would have run by half: no verb with more keys than one may go,
    /// unless it can be run again.
    pub(super) fn goes_with_others(&self) -> bool {
        let Some((verb, keys)) = self.verb else { return false };
        let again = matches!(verb, Verb::List | Verb::Redeem | Verb::Unlist);
        (keys == 1 || again) && self.numbers().is_some()
    }

    /// How many arguments it takes in a call with others.
    pub(super) fn size(&self) -> usize {
        self.arguments.len() - 1
    }

    /// What it says in a call with others: numbers of keys and arguments and name of the verb, keys, arguments.
    pub(super) fn say(&self, arguments: &mut Vec<Value>) {
        let Some(((verb, _), numbers)) = self.verb.zip(self.numbers()) else { return };
        let header = [numbers.as_slice(), verb.plain_name().as_bytes()].concat();
        arguments.push(Value::Bytes(header.into()));
        arguments.extend_from_slice(&self.arguments[KEYS_AT..]);
    }

    /// How many keys and arguments a verb has, a byte each.
    fn numbers(&self) -> Option<[u8; 2]> {
        let (_, keys) = self.verb?;
        let arguments = self.arguments.len() - KEYS_AT - keys;
        Some([u8::try_from(keys).ok()?, u8::try_from(arguments).ok()?])
    }

    /// What the vendor wants to have.
    pub(super) fn parts(&self) -> (CustomCommand, Vec<Value>) {
        (self.command.clone(), self.arguments.clone())
    }
}

/// Where the keys of a verb begin, behind its name and their number.
const KEYS_AT: usize = 2;

/// A command that goes to the primary of `slot`.
pub(super) fn custom(command: &'static str, slot: u16) -> CustomCommand {
    CustomCommand::new_static(command, ClusterHash::Custom(slot), false)
}
