//! The sixteen characters of a file's name.

use aws_lc_rs::digest::{SHA256, digest};
use cairn_event::key::{Folder, UNIQUE_CHARACTERS};
use cairn_event::{AccountId, Region};

use super::record::Round;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What tells a file from every other file of the same minute, account and region.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a> {
    pub trail_id: &'a str,
    pub round: &'a Round,
    pub account: &'a AccountId,
    pub region: &'a Region,
    pub folder: Folder,
    pub part: u32,
}

/// Sixteen letters and digits that follow from what the file is, so that a repeat gives the same.
pub(super) fn unique(file: &Identity<'_>) -> String {
    let Identity { trail_id, round, account, region, folder, part } = file;
    let (from, to, folder) = (round.from, round.to, folder.as_str());
    let text = format!("{trail_id}\n{from}\n{to}\n{account}\n{region}\n{folder}\n{part}");
    let hash = digest(&SHA256, text.as_bytes());
    let mut number = hash.as_ref().iter().take(16).fold(0_u128, |n, b| n << 8 | u128::from(*b));
    let base = ALPHABET.len() as u128;
    (0..UNIQUE_CHARACTERS)
        .map(|_| {
            let digit = (number % base) as usize;
            number /= base;
            char::from(ALPHABET[digit])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cairn_event::Timestamp;
    use cairn_store::Offset;

    use super::*;

    #[test]
    fn a_name_follows_from_what_the_file_is() {
        let (from, at) = (Offset::new(7), Timestamp::from_ms(5));
        let round = Round::new(from, Offset::new(9), at, 6);
        let account = AccountId::parse("111122223333").unwrap();
        let (east, west) = ("us-east-1".parse().unwrap(), "us-west-2".parse().unwrap());
        let file = Identity {
            trail_id: "0123456789abcdef",
            round: &round,
            account: &account,
            region: &east,
            folder: Folder::CloudTrail,
            part: 0,
        };
        let name = unique(&file);
        assert_eq!(name, unique(&file));
        assert_eq!(name.len(), UNIQUE_CHARACTERS);
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        // When and how hard it was compressed is no part of it.
        let later = Round { at: Timestamp::from_ms(6), level: 1, ..round.clone() };
        assert_eq!(name, unique(&Identity { round: &later, ..file }));
        let longer = Round { to: Offset::new(10), ..round.clone() };
        let others = [
            unique(&Identity { trail_id: "0123456789abcdee", ..file }),
            unique(&Identity { round: &longer, ..file }),
            unique(&Identity { region: &west, ..file }),
            unique(&Identity { folder: Folder::Insight, ..file }),
            unique(&Identity { part: 1, ..file }),
            name,
        ];
        assert_eq!(BTreeSet::from(others.clone()).len(), others.len());
    }
}
