//! Composition root: config → store → actors → engine → routes → listeners.
