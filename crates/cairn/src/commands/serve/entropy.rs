//! Random bytes for ids, keys and salts, from the kernel's generator.
//!
//! A call takes an id for its answer and one for its record. Asking the kernel costs a microsecond
//! each time, whatever the length, so a thread asks for some more and hands them out.

use std::cell::RefCell;
use std::sync::Arc;

use cairn_store::Entropy;

/// So many bytes are asked for at once.
const POOL_BYTES: usize = 512;
/// Longer requests go to the kernel: so do all keys, which are never kept here before their use.
const POOLED_BYTES_MAX: usize = 16;

/// Bytes that nobody has had yet: those from `next` on.
struct Pool {
    bytes: [u8; POOL_BYTES],
    next: usize,
}

impl Pool {
    const EMPTY: Self = Self { bytes: [0; POOL_BYTES], next: POOL_BYTES };

    /// Hands out bytes, each once, and keeps nothing of them.
    fn take(&mut self, buffer: &mut [u8], fill: impl FnOnce(&mut [u8])) {
        if POOL_BYTES - self.next < buffer.len() {
            fill(&mut self.bytes);
            self.next = 0;
        }
        let end = self.next + buffer.len();
        let taken = &mut self.bytes[self.next..end];
        buffer.copy_from_slice(taken);
        taken.fill(0);
        self.next = end;
    }
}

thread_local! {
    static POOL: RefCell<Pool> = const { RefCell::new(Pool::EMPTY) };
}

/// The generator of the system. Aborts the process where the system has none: an id that repeats
/// would be worse.
pub(super) fn entropy() -> Entropy {
    Arc::new(|buffer| {
        if buffer.len() > POOLED_BYTES_MAX {
            fill_or_abort(buffer);
        } else {
            POOL.with_borrow_mut(|pool| pool.take(buffer, fill_or_abort));
        }
    })
}

fn fill_or_abort(buffer: &mut [u8]) {
    // Fails only where there is no kernel to speak of.
    if let Err(error) = getrandom::fill(buffer) {
        eprintln!("cairn: the system gives no random bytes: {error}");
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_byte_is_handed_out_once_and_forgotten() {
        let mut pool = Pool::EMPTY;
        let mut fills = 0_u8;
        let mut seen = Vec::new();
        for _ in 0..2 * POOL_BYTES / 12 {
            let mut buffer = [0; 12];
            pool.take(&mut buffer, |bytes| {
                fills += 1;
                let numbers = (0_u16..).flat_map(u16::to_le_bytes);
                bytes.iter_mut().zip(numbers).for_each(|(byte, number)| *byte = number);
                bytes[0] = fills;
            });
            assert!(pool.bytes[..pool.next].iter().all(|byte| *byte == 0), "kept after its use");
            seen.push((fills, buffer));
        }
        assert!(fills >= 2);
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len());
    }

    #[test]
    fn ids_differ_on_all_threads() {
        let entropy = entropy();
        let ids = |_| {
            let entropy = Arc::clone(&entropy);
            std::thread::spawn(move || {
                let mut ids = Vec::new();
                for _ in 0..200 {
                    let mut id = [0; 16];
                    entropy(&mut id);
                    ids.push(id);
                }
                ids
            })
        };
        let threads: Vec<_> = (0..4).map(ids).collect();
        let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }
}
