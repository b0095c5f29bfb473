//! One command for one slot, before it is known over which connection it goes.

use std::collections::HashMap;

use fred::types::{ClusterHash, CustomCommand, Key, Value};

use super::functions::Verb;

/// A command with its arguments and the slot that it is for.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    command: CustomCommand,
    arguments: Vec<Value>,
    /// How many keys a verb has that does for many callers in one call what it does for each; 0 for all others.
    joinable_keys: usize,
    slot: u16,
}

/// The commands that asks of one primary become.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// What the vendor wants to have, in order.
    pub(super) commands: Vec<(CustomCommand, Vec<Value>)>,
    /// Which of them answers each ask.
    pub(super) places: Vec<usize>,
}

impl Ask {
    /// A Redis command whose first argument is its only key.
    pub(super) fn plain(command: &'static str, key: Key) -> Self {
        let slot = key.cluster_hash();
        Self { command: custom(command, slot), arguments: vec![key.into()], joinable_keys: 0, slot }
    }

    /// A Redis command whose key stands behind other arguments.
    pub(super) fn spelled(command: &'static str, slot: u16) -> Self {
        Self { command: custom(command, slot), arguments: Vec::new(), joinable_keys: 0, slot }
    }

    /// A verb of `jeton.lua` on one key.
    pub(super) fn verb(verb: Verb, key: Key) -> Self {
        let slot = key.cluster_hash();
        let mut arguments = Vec::with_capacity(8);
        arguments.extend([Value::String(verb.name()), Value::Integer(1), key.into()]);
        Self { command: custom("FCALL", slot), arguments, joinable_keys: 0, slot }
    }

    /// A verb of `jeton.lua` on two keys of one slot.
    pub(super) fn verb_on_two(verb: Verb, keys: [Key; 2]) -> Self {
        let slot = keys[0].cluster_hash();
        Self::verb_on(verb, slot, keys.into())
    }

    /// A verb of `jeton.lua` on keys of `slot`.
    pub(super) fn verb_on(verb: Verb, slot: u16, keys: Vec<Key>) -> Self {
        let mut arguments = Vec::with_capacity(8 + keys.len());
        let joinable_keys = if matches!(verb, Verb::List) { keys.len() } else { 0 };
        let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        arguments.extend([Value::String(verb.name()), Value::Integer(count)]);
        arguments.extend(keys.into_iter().map(Value::from));
        Self { command: custom("FCALL", slot), arguments, joinable_keys, slot }
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
        self.with(bytes::Bytes::copy_from_slice(bytes))
    }

    /// The slot that it is for.
    pub(super) fn slot(&self) -> u16 {
        self.slot
    }

    /// What the vendor wants to have.
    pub(super) fn parts(&self) -> (CustomCommand, Vec<Value>) {
        (self.command.clone(), self.arguments.clone())
    }
}

impl Packed {
    /// Packs `asks`: those that list something in the same slot become one call.
    pub(super) fn of(asks: Vec<Ask>) -> Self {
        let mut groups: Vec<Vec<Ask>> = Vec::new();
        let mut joined: HashMap<u16, usize> = HashMap::new();
        let mut places = Vec::new();
        for ask in asks {
            let fresh = groups.len();
            let at = if ask.joinable_keys > 0 { *joined.entry(ask.slot).or_insert(fresh) } else { fresh };
            if at == fresh {
                groups.push(Vec::new());
            }
            groups[at].push(ask);
            places.push(at);
        }
        Self { commands: groups.into_iter().filter_map(in_one_call).collect(), places }
    }
}

/// The call that does what each of `group` does: name, number of keys, all keys, all arguments.
fn in_one_call(mut group: Vec<Ask>) -> Option<(CustomCommand, Vec<Value>)> {
    const KEYS_AT: usize = 2;
    if group.len() == 1 {
        return group.pop().map(|ask| (ask.command, ask.arguments));
    }
    let first = group.first()?;
    let keys: usize = group.iter().map(|ask| ask.joinable_keys).sum();
    let mut arguments = vec![first.arguments[0].clone(), Value::Integer(i64::try_from(keys).ok()?)];
    for ask in &group {
        arguments.extend_from_slice(&ask.arguments[KEYS_AT..KEYS_AT + ask.joinable_keys]);
    }
    for ask in &group {
        arguments.extend_from_slice(&ask.arguments[KEYS_AT + ask.joinable_keys..]);
    }
    Some((first.command.clone(), arguments))
}

/// A command that goes to the primary of `slot`.
pub(super) fn custom(command: &'static str, slot: u16) -> CustomCommand {
    CustomCommand::new_static(command, ClusterHash::Custom(slot), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[Value]) -> Vec<String> {
        values.iter().map(|value| value.as_string().unwrap()).collect()
    }

    #[test]
    fn what_is_listed_in_one_slot_is_listed_in_one_call() {
        let list = |slot, keys: &[&str], entries: &[&str]| {
            let ask = Ask::verb_on(Verb::List, slot, keys.iter().map(|key| Key::from(*key)).collect());
            entries.iter().fold(ask, |ask, entry| ask.with(*entry))
        };
        let claim = || Ask::verb(Verb::Claim, Key::from("name")).with("me");
        let asks = [
            list(5, &["a", "b"], &["1", "2"]),
            claim(),
            list(6, &["c"], &["3"]),
            list(5, &["a"], &["4"]),
            claim(),
        ];
        let packed = Packed::of(asks.into());
        assert_eq!(packed.places, [0, 1, 2, 0, 3]);
        let commands: Vec<_> = packed.commands.iter().map(|(_, arguments)| texts(&arguments[1..])).collect();
        assert_eq!(commands[0], ["3", "a", "b", "a", "1", "2", "4"]);
        assert_eq!(commands[2], ["1", "c", "3"]);
        assert_eq!((&commands[1], &commands[3]), (&commands[1], &commands[1]));
        assert_eq!(commands[1], ["1", "name", "me"]);
        let packed = Packed::of(vec![claim(), claim()]);
        assert_eq!((packed.commands.len(), packed.places), (2, vec![0, 1]));
        assert!(Packed::of(Vec::new()).commands.is_empty());
    }
}
