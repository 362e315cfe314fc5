//! Chance as an argument.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

/// The only source of random bytes.
///
/// Implementations must be fit for keys. Bytes come straight from the operating system each time:
/// a generator kept in user space repeats itself after a virtual machine is cloned or restored.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    /// When the operating system has no randomness to give: nothing may be encrypted then.
    #[allow(clippy::disallowed_methods)] // The one place that may.
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// Repeatable bytes for tests and vector files: SHA-256 over seed and counter. Never for real keys.
#[derive(Debug)]
pub struct SeededRandom(Mutex<(u64, u64)>);

impl SeededRandom {
    /// A generator that gives the same bytes for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new((seed, 0)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self
            .0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        for chunk in buffer.chunks_mut(32) {
            let digest = Sha256::new()
                .chain_update(state.0.to_be_bytes())
                .chain_update(state.1.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
            state.1 += 1;
        }
    }
}
