//! Variables of the environment that are nearly settings: a misspelt one would be passed over in
//! silence.

use std::collections::BTreeSet;

use strsim::damerau_levenshtein;

/// How the names of all settings begin.
const PREFIX: &str = "CAIRN_";
/// What is read without a flag.
const OTHERS: [&str; 1] = ["CAIRN_LOG"];

/// A line for each variable that is none of a command's, and is like one. Others that begin so are
/// somebody else's: Kubernetes sets `CAIRN_PORT` beside a service of that name.
pub(crate) fn hints(command: &clap::Command, set: impl Iterator<Item = String>) -> Vec<String> {
    let known = known(command);
    let set: BTreeSet<_> = set.filter(|name| name.starts_with(PREFIX)).collect();
    let unknown = set.into_iter().filter(|name| !known.contains(name));
    let hint = |name: String| {
        let near = nearest(&name, &known)?;
        Some(format!("the variable {name} is no setting; did you mean {near}?"))
    };
    unknown.filter_map(hint).collect()
}

/// The names that a command and those below it read.
fn known(command: &clap::Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(clap::Arg::get_env);
    let own = own.filter_map(|name| name.to_str().map(str::to_owned));
    let below = command.get_subcommands().flat_map(known);
    own.chain(below).chain(OTHERS.map(str::to_owned)).collect()
}

/// The name that was meant, if there is one that can have been.
fn nearest<'k>(name: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    let rest = |name: &str| name.trim_start_matches(PREFIX).to_ascii_uppercase();
    let asked = rest(name);
    let distance = |known: &str| {
        let known = rest(known);
        // A word too many or too few counts for one letter.
        let words = |text: &str| text.split('_').map(str::to_owned).collect::<BTreeSet<_>>();
        let (these, those) = (words(&asked), words(&known));
        let is_part = these.is_subset(&those) || those.is_subset(&these);
        let letters = damerau_levenshtein(&asked, &known);
        if is_part { letters.min(1) } else { letters }
    };
    let (distance, near) = known.iter().map(|name| (distance(name), name.as_str())).min()?;
    (distance <= asked.len().max(3) / 3).then_some(near)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::hints;

    fn told(name: &str) -> Option<String> {
        let command = crate::Arguments::command();
        let set = ["HOME".to_owned(), "CAIRN_DATA".to_owned(), name.to_owned()];
        let mut hints = hints(&command, set.into_iter());
        assert!(hints.len() <= 1, "{hints:?}");
        hints.pop()
    }

    #[test]
    fn a_misspelt_variable_is_told_with_the_nearest_name() {
        for (misspelt, meant) in [
            ("CAIRN_DATE", "CAIRN_DATA"),
            ("CAIRN_DATA_DIR", "CAIRN_DATA"),
            ("CAIRN_ACCOUNT", "CAIRN_ACCOUNT_ID"),
            ("CAIRN_UPSTREAM", "CAIRN_UPSTREAMS"),
            ("CAIRN_LISTEN_ADDRESS", "CAIRN_LISTEN"),
            ("CAIRN_RETENTION_DAYS", "CAIRN_HISTORY_RETENTION_DAYS"),
            ("CAIRN_LOG_LEVEL", "CAIRN_LOG"),
            ("CAIRN_listen", "CAIRN_LISTEN"),
            ("CAIRN_TLS_CERTS", "CAIRN_TLS_CERT"),
        ] {
            let told = told(misspelt).unwrap_or_else(|| panic!("{misspelt} is passed over"));
            assert!(told.contains(misspelt) && told.ends_with(&format!("{meant}?")), "{told}");
        }
    }

    #[test]
    fn settings_and_names_of_others_are_not() {
        for name in [
            "CAIRN_LOG",
            "CAIRN_CONFIG",
            "CAIRN_TLS_KEY",
            "CAIRN_PORT",
            "CAIRN_SERVICE_HOST",
            "CAIRN_PORT_4580_TCP_ADDR",
            "CAIRN_BINARY",
            "AWS_REGION",
        ] {
            assert_eq!(told(name), None);
        }
    }
}
