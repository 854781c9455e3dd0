//! `tests/cases/selectors`: files whose name is the verdict.
//!
//! `check/accepts-*.json` and `check/refuses-*.json` are requests; one that is refused says with
//! which text, and one that is accepted may say what is kept. A folder of `match` holds a request,
//! and records that it `takes-` or `leaves-`.

use std::fs;
use std::path::{Path, PathBuf};

use cairn_event::selector::{SelectorSet, Selectors};
use serde::Deserialize;
use serde_json::Value;

use super::{Request, matching, naive};

fn entries(under: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/selectors").join(under);
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[derive(Deserialize)]
struct CheckCase {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    kept: Option<Value>,
    #[serde(flatten)]
    request: Request,
}

#[test]
fn requests_are_accepted_or_refused_as_their_names_say() {
    let mut count = 0;
    for path in entries("check") {
        let case: CheckCase = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let outcome = case.request.check();
        if name(&path).starts_with("accepts-") {
            let kept = outcome.unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
            let again = match kept.clone() {
                Selectors::Basic(all) => Selectors::check_basic(all),
                Selectors::Advanced(all) => Selectors::check_advanced(all),
            };
            assert_eq!(again.as_ref(), Ok(&kept), "{}", path.display());
            let kept = match kept {
                Selectors::Basic(all) => serde_json::to_value(all).unwrap(),
                Selectors::Advanced(all) => serde_json::to_value(all).unwrap(),
            };
            assert!(case.kept.is_none_or(|wanted| wanted == kept), "{}: {kept}", path.display());
        } else {
            assert!(name(&path).starts_with("refuses-"), "{}", path.display());
            let fault = outcome.expect_err(&path.display().to_string());
            assert_eq!(Some(fault.to_string()), case.text, "{}", path.display());
        }
        count += 1;
    }
    assert!(count > 50, "{count}");
}

#[test]
fn records_are_taken_or_left_as_their_names_say() {
    let mut count = 0;
    for folder in entries("match") {
        let files = entries(&format!("match/{}", name(&folder)));
        let (requests, records): (Vec<_>, Vec<_>) =
            files.iter().partition(|path| name(path) == "selectors.json");
        let [request] = requests.as_slice() else { panic!("{}", folder.display()) };
        let request: Request = serde_json::from_str(&fs::read_to_string(request).unwrap()).unwrap();
        let selectors = request.check().unwrap();
        let set = SelectorSet::compile(&[&selectors]);
        for path in records {
            let record = fs::read_to_string(path).unwrap();
            let takes = name(path).starts_with("takes-");
            assert!(takes || name(path).starts_with("leaves-"), "{}", path.display());
            assert_eq!(!matching(&set, &record).is_empty(), takes, "{}", path.display());
            assert_eq!(naive::takes(&selectors, &record), takes, "{}", path.display());
            count += 1;
        }
    }
    assert!(count > 60, "{count}");
}
