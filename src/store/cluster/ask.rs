//! One command for one slot, before it is known over which connection it goes.

use fred::types::{ClusterHash, CustomCommand, Key, Value};

use super::functions::Verb;

/// A command with its arguments and the slot that it is for.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    command: CustomCommand,
    arguments: Vec<Value>,
    slot: u16,
}

impl Ask {
    /// A Redis command whose first argument is its only key.
    pub(super) fn plain(command: &'static str, key: Key) -> Self {
        let slot = key.cluster_hash();
        Self { command: custom(command, slot), arguments: vec![key.into()], slot }
    }

    /// A Redis command whose key stands behind other arguments.
    pub(super) fn spelled(command: &'static str, slot: u16) -> Self {
        Self { command: custom(command, slot), arguments: Vec::new(), slot }
    }

    /// A verb of `jeton.lua` on one key.
    pub(super) fn verb(verb: Verb, key: Key) -> Self {
        let slot = key.cluster_hash();
        let mut arguments = Vec::with_capacity(8);
        arguments.extend([Value::String(verb.name()), Value::Integer(1), key.into()]);
        Self { command: custom("FCALL", slot), arguments, slot }
    }

    /// A verb of `jeton.lua` on two keys of one slot.
    pub(super) fn verb_on_two(verb: Verb, keys: [Key; 2]) -> Self {
        let slot = keys[0].cluster_hash();
        Self::verb_on(verb, slot, keys.into())
    }

    /// A verb of `jeton.lua` on keys of `slot`.
    pub(super) fn verb_on(verb: Verb, slot: u16, keys: Vec<Key>) -> Self {
        let mut arguments = Vec::with_capacity(8 + keys.len());
        let count = i64::try_from(keys.len()).unwrap_or(i64::MAX);
        arguments.extend([Value::String(verb.name()), Value::Integer(count)]);
        arguments.extend(keys.into_iter().map(Value::from));
        Self { command: custom("FCALL", slot), arguments, slot }
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

/// A command that goes to the primary of `slot`.
pub(super) fn custom(command: &'static str, slot: u16) -> CustomCommand {
    CustomCommand::new_static(command, ClusterHash::Custom(slot), false)
}
