//! Numbers in as few bytes as they need: seven bits a byte, low bits first.

/// Adds a number.
pub(crate) fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the front; `None` if the bytes end in it or it is longer than 64 bits.
pub(crate) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut number = u64::from(first & 0x7f);
    let mut last = first;
    let mut shift = 7;
    while last & 0x80 != 0 {
        let (&next, left) = rest.split_first()?;
        if shift > 63 || (shift == 63 && next > 1) {
            return None;
        }
        number |= u64::from(next & 0x7f) << shift;
        shift += 7;
        last = next;
        rest = left;
    }
    *bytes = rest;
    Some(number)
}

/// Folds a signed number so that those near zero are short.
pub(crate) const fn zigzag(number: i64) -> u64 {
    (number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned()
}

/// Undoes [`zigzag`].
pub(crate) const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{put, take, unzigzag, zigzag};

    proptest! {
        #[test]
        fn what_is_put_is_taken(numbers: Vec<u64>) {
            let mut bytes = Vec::new();
            for number in &numbers {
                put(&mut bytes, *number);
            }
            let mut at = &bytes[..];
            for number in &numbers {
                prop_assert_eq!(take(&mut at), Some(*number));
            }
            prop_assert_eq!(take(&mut at), None);
        }

        #[test]
        fn any_bytes_are_survived(bytes: Vec<u8>) {
            let mut at = &bytes[..];
            while take(&mut at).is_some() {}
        }

        #[test]
        fn zigzag_is_undone(number: i64) {
            prop_assert_eq!(unzigzag(zigzag(number)), number);
        }
    }

    #[test]
    fn a_number_beyond_64_bits_is_refused() {
        let mut long: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        assert_eq!(take(&mut long), None);
    }
}
