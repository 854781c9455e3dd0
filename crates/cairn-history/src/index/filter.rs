//! A split-block Bloom filter over keys: one cache line a question, eight bits a key, and one
//! wrong "maybe" in forty. (The construction is that of Putze, Sanders and Singler, as Parquet uses
//! it.)

use crate::key::KEY_BITS;

/// The length of a block: eight words, of which a key sets one bit each.
pub(super) const BLOCK_BYTES: usize = 32;
const BITS_PER_KEY: u64 = 8;
/// Odd multipliers that spread a key over the words of a block; part of the format.
const SALTS: [u32; 8] = [
    0x9e37_79b1,
    0x85eb_ca77,
    0xc2b2_ae3d,
    0x27d4_eb2f,
    0x1656_67b1,
    0x2545_f491,
    0xd6e8_feb9,
    0xff51_afd7,
];

/// A filter for so many keys, all bits clear.
pub(super) fn sized(keys: u64) -> Vec<u8> {
    let blocks = (keys * BITS_PER_KEY).div_ceil(BLOCK_BYTES as u64 * 8).max(1);
    vec![0; blocks as usize * BLOCK_BYTES]
}

/// Adds a key.
pub(super) fn add(filter: &mut [u8], key: u64) {
    let block = block_of(filter.len(), key);
    let Some(block) = filter.get_mut(block..block + BLOCK_BYTES) else { return };
    for (word, salt) in block.chunks_exact_mut(4).zip(SALTS) {
        let bit = bit_of(key, salt);
        word[bit / 8] |= 1 << (bit % 8);
    }
}

/// Whether a key may have been added; certain if not.
pub(super) fn may_hold(filter: &[u8], key: u64) -> bool {
    let block = block_of(filter.len(), key);
    // An empty filter knows nothing, so it excludes nothing.
    let Some(block) = filter.get(block..block + BLOCK_BYTES) else { return true };
    block.chunks_exact(4).zip(SALTS).all(|(word, salt)| {
        let bit = bit_of(key, salt);
        word[bit / 8] & 1 << (bit % 8) != 0
    })
}

fn block_of(filter_bytes: usize, key: u64) -> usize {
    let blocks = (filter_bytes / BLOCK_BYTES) as u128;
    ((u128::from(key) * blocks) >> KEY_BITS) as usize * BLOCK_BYTES
}

fn bit_of(key: u64, salt: u32) -> usize {
    ((key as u32).wrapping_mul(salt) >> 27) as usize
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::{add, may_hold, sized};
    use crate::key::KEY_BITS;

    #[test]
    fn it_knows_all_that_was_added_and_few_others() {
        let key = |number: u64| xxh3_64(&number.to_le_bytes()) >> (64 - KEY_BITS);
        let mut filter = sized(10_000);
        for number in 0..10_000 {
            add(&mut filter, key(number));
        }
        assert!((0..10_000).all(|number| may_hold(&filter, key(number))));
        let wrong = (10_000..110_000).filter(|number| may_hold(&filter, key(*number))).count();
        assert!(wrong < 3_500, "{wrong} of 100,000");
    }

    #[test]
    fn an_empty_filter_excludes_nothing() {
        assert!(may_hold(&[], 7));
    }
}
