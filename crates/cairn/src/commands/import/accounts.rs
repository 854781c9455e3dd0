//! Whose records were read. `LookupEvents` shows those of one account, so a hint says when a
//! directory is, or is about to be, another's.

use std::collections::BTreeMap;

use cairn_event::AccountId;

use crate::commands::serve;
use crate::print;

/// The most accounts that are told apart: their names are the files'.
const ACCOUNTS_MAX: usize = 1_000;
/// Accounts that a hint names.
const NAMED_MAX: usize = 3;

/// How many records each account has.
#[derive(Debug, Default)]
pub(super) struct Accounts(BTreeMap<Box<str>, u64>);

impl Accounts {
    /// Counts a record. One that names no account, or what cannot be one, is nobody's, wherever it is.
    pub(super) fn add(&mut self, account: Option<&str>) {
        let Some(account) = account.filter(|name| AccountId::parse(name).is_ok()) else { return };
        if let Some(records) = self.0.get_mut(account) {
            *records += 1;
        } else if self.0.len() < ACCOUNTS_MAX {
            self.0.insert(account.into(), 1);
        }
    }

    /// The accounts other than the directory's; `None` is that of a directory which nobody has
    /// served.
    pub(super) fn others(self, directory: Option<&str>) -> BTreeMap<Box<str>, u64> {
        let own = directory.unwrap_or(serve::DEFAULT_ACCOUNT);
        self.0.into_iter().filter(|(account, _)| **account != *own).collect()
    }
}

/// What to know about records of others, and to do about it, in a line.
pub(super) fn hint(others: &BTreeMap<Box<str>, u64>, directory: Option<&str>) -> Option<String> {
    let records: u64 = others.values().sum();
    let mut named: Vec<_> = others.iter().collect();
    named.sort_by_key(|(account, records)| (std::cmp::Reverse(**records), *account));
    let (most, _) = named.first()?;
    let mut names: Vec<_> =
        named.iter().take(NAMED_MAX).map(|(account, _)| account.to_string()).collect();
    if named.len() > NAMED_MAX {
        names.push(print::count((named.len() - NAMED_MAX) as u64, "other"));
    }
    let noun = if named.len() == 1 { "account" } else { "accounts" };
    let belong = if records == 1 { "record belongs" } else { "records belong" };
    let found = format!("{records} {belong} to {noun} {}", names.join(", "));
    Some(match directory {
        Some(own) => format!(
            "{found}; this directory is that of account {own}, whose LookupEvents does not show them \
             (`cairn lookup` does): for that, import into a new --data DIR, and serve it with \
             --account-id {most}"
        ),
        None => format!(
            "{found}; LookupEvents shows those of one account, which the first `cairn serve` settles: \
             start it with --account-id {most} (it is {} otherwise; `cairn lookup` shows all)",
            serve::DEFAULT_ACCOUNT
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::{Accounts, hint};

    fn counted(accounts: &[(&str, usize)]) -> Accounts {
        let mut counted = Accounts::default();
        for (account, records) in accounts {
            (0..*records).for_each(|_| counted.add(Some(account)));
        }
        counted.add(None);
        counted
    }

    #[test]
    fn records_of_the_directory_need_no_hint() {
        for directory in [None, Some("123456789012")] {
            let others = counted(&[("123456789012", 2)]).others(directory);
            assert_eq!(hint(&others, directory), None);
        }
    }

    #[test]
    fn a_hint_names_whom_the_records_belong_to_and_what_to_do() {
        let accounts = [("111111111111", 2), ("222222222222", 5), ("123456789012", 1)];
        let says = |directory| hint(&counted(&accounts).others(directory), directory).unwrap();
        let unserved = says(None);
        assert!(unserved.starts_with("7 records belong to accounts 222222222222, 111111111111; "));
        assert!(unserved.contains("start it with --account-id 222222222222 "), "{unserved}");
        let served = says(Some("111111111111"));
        assert!(served.starts_with("6 records belong to accounts 222222222222, 123456789012; "));
        assert!(served.contains("that of account 111111111111"), "{served}");
    }

    #[test]
    fn names_are_the_files_so_there_is_an_end_to_them() {
        let mut accounts = Accounts::default();
        for number in 0..3_000 {
            accounts.add(Some(&format!("{number:012}")));
        }
        // No account is called so, and no --account-id takes it.
        for other in ["", "1\u{1b}[31m", "12345678901"] {
            accounts.add(Some(other));
        }
        let hint = hint(&accounts.others(None), None).unwrap();
        assert!(
            hint.starts_with("1000 records belong to accounts 000000000000, 000000000001, 000000000002, 997 others; "),
            "{hint}"
        );
    }
}
