//! The computations: argon2 under pooled memory, and other kinds for hashes that were imported.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq as _;

use super::foreign::{Bounds, Foreign, Objection};
use super::phc::Phc;
use super::{HashError, Verdict};
use crate::config::passwords::Passwords as Settings;
use crate::model::custom_hash::CustomHash;

/// As much of a password as bcrypt looks at.
const BCRYPT_BYTES: usize = 72;

/// Bytes of a new hash.
const OUTPUT: usize = 32;

/// What hashes are made with and judged by.
pub(crate) struct Argon {
    params: Params,
    memory_kib_max: u32,
    iterations_max: u32,
    bcrypt_cost_max: u32,
    bounds: Bounds,
    /// Fresh memory costs a page fault for every four blocks and doubles the time of a hash. What stays in
    /// it is overwritten by the next hash and opens nothing.
    pool: Mutex<Vec<Vec<Block>>>,
    pooled: usize,
}

impl Argon {
    /// The parameters of `settings`, and memory for `threads` hashes at once.
    pub(crate) fn new(settings: &Settings, threads: usize) -> Result<Self, HashError> {
        let Settings { memory_kib, iterations, parallelism, .. } = *settings;
        let params = Params::new(memory_kib, iterations, parallelism, Some(OUTPUT))
            .map_err(|_| HashError::Malformed)?;
        Ok(Self {
            params,
            memory_kib_max: settings.memory_kib_max.max(memory_kib),
            iterations_max: settings.iterations_max.max(iterations),
            bcrypt_cost_max: settings.bcrypt_cost_max,
            bounds: Bounds::new(settings),
            pool: Mutex::default(),
            pooled: threads,
        })
    }

    /// Why `hash` cannot be verified, or not at a cost that is allowed; `None` when it can.
    pub(crate) fn objection(&self, hash: &str) -> Option<Objection> {
        if let Some(custom) = CustomHash::from_stored(hash) {
            return Foreign::read(&custom, self.bounds).err();
        }
        let expected = if is_bcrypt(hash) {
            let Some(cost) = bcrypt_cost(hash) else { return Some(malformed()) };
            if (4..=self.bcrypt_cost_max).contains(&cost) {
                return None;
            }
            format!("expected a bcrypt cost from 4 to {}", self.bcrypt_cost_max)
        } else {
            let Some(phc) = Phc::read(hash) else { return Some(malformed()) };
            if self.affords(&phc) {
                return None;
            }
            let (memory, passes) = (self.memory_kib_max, self.iterations_max);
            format!("expected argon2 parameters of at most m={memory}, t={passes}, p=16")
        };
        Some(Objection { path: "hash.value", expected })
    }

    /// A PHC string of argon2id.
    pub(crate) fn hash(&self, password: &[u8], salt: &[u8; 16]) -> Result<String, HashError> {
        let mut output = [0_u8; OUTPUT];
        self.compute((Algorithm::Argon2id, Version::V0x13), &self.params, (password, salt), &mut output)?;
        Ok(Phc::write(&self.params, salt, &output))
    }

    /// A hash that costs what [`Argon::hash`]'s cost and that no known password matches.
    pub(crate) fn unmatched(&self, salt: &[u8; 16]) -> String {
        Phc::write(&self.params, salt, &[0; OUTPUT])
    }

    /// Compares `password` with `hash` in the hash's own kind and parameters.
    pub(crate) fn verify(&self, password: &str, hash: &str) -> Result<Verdict, HashError> {
        if let Some(custom) = CustomHash::from_stored(hash) {
            return self.verify_foreign(password, &custom);
        }
        if self.objection(hash).is_some() {
            return Err(HashError::Malformed);
        }
        let password = password.as_bytes();
        if is_bcrypt(hash) {
            let same = bcrypt::verify(password, hash).map_err(|_| HashError::Malformed)?;
            // bcrypt looked at so much only: what follows was not proved and must not become the password.
            return Ok(verdict(same, password.len() <= BCRYPT_BYTES));
        }
        let phc = Phc::read(hash).ok_or(HashError::Malformed)?;
        let mut output = vec![0_u8; phc.output.len()];
        self.compute((phc.algorithm, phc.version), &phc.params, (password, &phc.salt), &mut output)?;
        let same = bool::from(output.ct_eq(&phc.output));
        Ok(verdict(same, self.is_stronger_than(&phc)))
    }

    fn verify_foreign(&self, password: &str, custom: &CustomHash) -> Result<Verdict, HashError> {
        let foreign = Foreign::read(custom, self.bounds).map_err(|_| HashError::Malformed)?;
        let output = foreign.compute(password).ok_or(HashError::Malformed)?;
        let same = bool::from(output.ct_eq(foreign.output()));
        if !same && foreign.is_quick() {
            // A wrong password takes as long as for anybody else; the right one is hashed anew next.
            self.hash(password.as_bytes(), &[0; 16])?;
        }
        Ok(verdict(same, true))
    }

    fn compute(
        &self,
        kind: (Algorithm, Version),
        params: &Params,
        (password, salt): (&[u8], &[u8]),
        output: &mut [u8],
    ) -> Result<(), HashError> {
        let mut memory = self.borrow(params.block_count());
        let argon = Argon2::new(kind.0, kind.1, params.clone());
        let done = argon.hash_password_into_with_memory(password, salt, output, &mut memory[..]);
        self.give_back(memory);
        done.map_err(|_| HashError::Malformed)
    }

    fn borrow(&self, blocks: usize) -> Vec<Block> {
        let pooled = self.pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut memory = pooled.unwrap_or_default();
        if memory.len() < blocks {
            memory.resize(blocks, Block::new());
        }
        memory
    }

    fn give_back(&self, memory: Vec<Block>) {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        // What an unusually costly import needed is not kept.
        if pool.len() < self.pooled && memory.len() <= self.params.block_count() {
            pool.push(memory);
        }
    }

    fn affords(&self, phc: &Phc) -> bool {
        phc.params.m_cost() <= self.memory_kib_max
            && phc.params.t_cost() <= self.iterations_max
            && phc.params.p_cost() <= 16
    }

    fn is_stronger_than(&self, phc: &Phc) -> bool {
        phc.algorithm != Algorithm::Argon2id
            || phc.version != Version::V0x13
            || phc.params.m_cost() < self.params.m_cost()
            || phc.params.t_cost() < self.params.t_cost()
            || phc.params.p_cost() < self.params.p_cost()
            || phc.output.len() < OUTPUT
    }
}

fn malformed() -> Objection {
    let expected = "expected an argon2 hash in PHC form ($argon2id$…) or a bcrypt hash ($2b$…)";
    Objection { path: "hash.value", expected: expected.to_owned() }
}

fn verdict(same: bool, weak: bool) -> Verdict {
    if same { Verdict::Match { needs_rehash: weak } } else { Verdict::Mismatch }
}

fn is_bcrypt(hash: &str) -> bool {
    ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix))
}

fn bcrypt_cost(hash: &str) -> Option<u32> {
    hash.parse::<bcrypt::HashParts>().ok().map(|parts| parts.get_cost())
}
