//! Two JSON trees beside each other: what AWS wrote, and what we write of the same call.

use serde_json::Value as Json;

use super::invert::{is_mask, moment};

/// How one place differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    /// AWS has the key, we have not.
    Unexplained,
    /// We have the key, AWS has not.
    Added,
    /// AWS hides what we show.
    Leaked,
    /// We hide what AWS shows.
    Hidden,
    /// The same moment in another form, of which records have had several.
    Date,
    /// Another kind of value, such as a number for a text.
    Kind,
    /// The same kind, but another value.
    Value,
}

/// All differences below one object, each with its path; places in lists do not count.
pub(super) fn differences(real: &Json, ours: &Json) -> Vec<(Difference, String)> {
    let mut found = Vec::new();
    walk(real, ours, "", &mut found);
    found.sort();
    found.dedup();
    found
}

fn walk(real: &Json, ours: &Json, path: &str, found: &mut Vec<(Difference, String)>) {
    match (real, ours) {
        (Json::Object(real), Json::Object(ours)) => {
            for (key, value) in real {
                let path = format!("{path}.{key}");
                match ours.get(key) {
                    Some(same) => walk(value, same, &path, found),
                    None => found.push((Difference::Unexplained, path)),
                }
            }
            for key in ours.keys().filter(|key| !real.contains_key(*key)) {
                found.push((Difference::Added, format!("{path}.{key}")));
            }
        }
        (Json::Array(real), Json::Array(ours)) => {
            if real.len() != ours.len() {
                found.push((Difference::Value, path.to_owned()));
            }
            for (real, ours) in real.iter().zip(ours) {
                walk(real, ours, path, found);
            }
        }
        _ => found.extend(leaf(real, ours).map(|difference| (difference, path.to_owned()))),
    }
}

fn leaf(real: &Json, ours: &Json) -> Option<Difference> {
    let masked = |json: &Json| json.as_str().is_some_and(is_mask);
    match (masked(real), masked(ours)) {
        (true, false) => return Some(Difference::Leaked),
        (false, true) => return Some(Difference::Hidden),
        _ if real == ours => return None,
        _ => {}
    }
    if let Some((a, b)) = real.as_f64().zip(ours.as_f64())
        && a.to_bits() == b.to_bits()
    {
        return None;
    }
    if let (Some(a), Some(b)) = (moment(real), moment(ours))
        && a.as_seconds() == b.as_seconds()
    {
        return Some(Difference::Date);
    }
    if std::mem::discriminant(real) != std::mem::discriminant(ours) {
        return Some(Difference::Kind);
    }
    Some(Difference::Value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Difference, differences};

    #[test]
    fn every_kind_of_difference_is_seen() {
        let real = json!({
            "same": {"a": [1, 2.0]}, "ours_lacks": 1, "secret": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "shown": "x", "date": "Jul 10, 2023 12:24:29 PM", "kind": "1", "value": "a",
        });
        let ours = json!({
            "same": {"a": [1, 2]}, "ours_has": {}, "secret": "x", "shown": "***",
            "date": "2023-07-10T12:24:29Z", "kind": 1, "value": "b",
        });
        let found = differences(&real, &ours);
        let expected = [
            (Difference::Unexplained, ".ours_lacks"),
            (Difference::Added, ".ours_has"),
            (Difference::Leaked, ".secret"),
            (Difference::Hidden, ".shown"),
            (Difference::Date, ".date"),
            (Difference::Kind, ".kind"),
            (Difference::Value, ".value"),
        ];
        assert_eq!(found, expected.map(|(d, path)| (d, path.to_owned())));
    }
}
