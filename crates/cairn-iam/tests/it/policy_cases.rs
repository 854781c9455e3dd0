//! The folder `tests/cases/policies`: each file is a policy with requests, or with the fault that it has.
//! The end of its name is the verdict: `allow`, `deny`, `not-mentioned` or `malformed`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use cairn_iam::policy::{AwsCaller, Caller, Context, Decision, Policy, PolicyFault, Request};
use serde_json::Value;
use serde_json::value::RawValue;

/// One file.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) verdict: String,
    /// The document's text.
    pub(crate) text: String,
    document: Value,
}

/// One request of a file.
pub(crate) struct Asked {
    pub(crate) caller: Caller<'static>,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) context: Context,
}

impl Asked {
    pub(crate) fn of(&self, policy: &Policy) -> Decision {
        policy.decide(&Request {
            principal: self.caller.clone(),
            action: &self.action,
            resource: &self.resource,
            context: &self.context,
        })
    }
}

impl Case {
    /// Every file, in the order of names.
    pub(crate) fn all() -> &'static [Self] {
        static CASES: LazyLock<Vec<Case>> = LazyLock::new(Case::read);
        &CASES
    }

    fn read() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/policies");
        let read = |path: &Path| {
            let file = std::fs::read(path).unwrap();
            let document: Value = serde_json::from_slice(&file).unwrap();
            let members: BTreeMap<String, &RawValue> = serde_json::from_slice(&file).unwrap();
            // A policy that JSON cannot hold is quoted; any other keeps its bytes.
            let text = match &document["policy"] {
                Value::String(text) => text.clone(),
                _ => members["policy"].get().to_owned(),
            };
            let name = path.file_stem().unwrap().to_str().unwrap();
            let (name, verdict) = name.rsplit_once('.').unwrap();
            Self { name: name.to_owned(), verdict: verdict.to_owned(), text, document }
        };
        let mut cases: Vec<Self> =
            folder.read_dir().unwrap().map(|entry| read(&entry.unwrap().path())).collect();
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        assert!(cases.len() > 200);
        cases
    }

    /// The same case with another text.
    pub(crate) fn with_text(&self, text: String) -> Self {
        let (name, verdict) = (self.name.clone(), self.verdict.clone());
        Self { name, verdict, text, document: self.document.clone() }
    }

    pub(crate) fn is_identity(&self) -> bool {
        self.document.get("identity").is_some()
    }

    pub(crate) fn parse(&self) -> Result<Policy, PolicyFault> {
        if self.is_identity() {
            Policy::parse_identity(&self.text)
        } else {
            Policy::parse(&self.text)
        }
    }

    pub(crate) fn requests(&self) -> Vec<Asked> {
        let requests = self.document["requests"].as_array().map_or(&[][..], Vec::as_slice);
        requests.iter().map(asked).collect()
    }
}

fn asked(request: &Value) -> Asked {
    let text = |name: &str| request[name].as_str().unwrap().to_owned();
    let mut context = Context::new();
    for (key, value) in request["context"].as_object().unwrap() {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            context.add(key, value.as_str().unwrap());
        }
    }
    Asked {
        caller: caller(&request["caller"]),
        action: text("action"),
        resource: text("resource"),
        context,
    }
}

fn caller(value: &Value) -> Caller<'static> {
    if let Value::Object(parts) = value {
        let part = |name: &str| parts.get(name).map(|text| text.as_str().unwrap().to_owned());
        return Caller::Aws(AwsCaller {
            arn: part("arn").unwrap().into(),
            account: part("account").unwrap().into(),
            role_arn: part("role").map(Into::into),
            id: part("id").map(Into::into),
            canonical_user: part("canonicalUser").map(Into::into),
        });
    }
    let text = value.as_str().unwrap().to_owned();
    match text.split_once(' ') {
        Some(("cloudtrail", region)) => Caller::cloudtrail(region),
        Some(("service", name)) => Caller::service(name.to_owned()),
        Some(("federated", name)) => Caller::Federated { provider: name.to_owned().into() },
        _ if text == "anonymous" => Caller::Anonymous,
        _ => {
            let account = text.split(':').nth(4).unwrap().to_owned();
            Caller::aws(text, account)
        }
    }
}

#[test]
fn verdicts() {
    let mut wrong = Vec::new();
    for case in Case::all() {
        let (name, verdict) = (&case.name, case.verdict.as_str());
        let expected = match verdict {
            "allow" => Decision::Allow,
            "deny" => Decision::Deny,
            "not-mentioned" => Decision::NotMentioned,
            "malformed" => {
                let found = case.parse().map(|_| ()).map_err(|fault| fault.to_string());
                if found != Err(case.document["fault"].as_str().unwrap().to_owned()) {
                    wrong.push(format!("{name}: {found:?}"));
                }
                continue;
            }
            other => panic!("{name} has the verdict {other}"),
        };
        let policy = case.parse().unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let requests = case.requests();
        assert!(!requests.is_empty(), "{name} asks nothing");
        for (number, asked) in requests.iter().enumerate() {
            let found = asked.of(&policy);
            if found != expected {
                wrong.push(format!("{name}, request {number}: {found:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_verdict_occurs() {
    let mut verdicts = BTreeMap::new();
    for case in Case::all() {
        *verdicts.entry(&case.verdict).or_insert(0) += 1;
    }
    assert!(verdicts.len() == 4 && verdicts.values().all(|count| *count >= 10), "{verdicts:?}");
}

#[test]
fn limits() {
    let statement = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let fault = |text: &str| Policy::parse(text).err();
    let long = format!("{{\"Statement\":[{statement}],\"Id\":\"{}\"}}", "x".repeat(32 << 10));
    assert_eq!(fault(&long), Some(PolicyFault::TooLong));
    let values = vec!["1"; 9_000].join(",");
    let many = format!("{{\"Statement\":[{values}]}}");
    assert_eq!(fault(&many), Some(PolicyFault::TooMany { name: "values", max: 8_192 }));
    let many = format!("{{\"Statement\":[{}]}}", vec!["{}"; 513].join(","));
    assert_eq!(fault(&many), Some(PolicyFault::TooMany { name: "statements", max: 512 }));
    let many = format!("{{\"Statement\":[{}]}}", vec![statement; 512].join(","));
    assert_eq!(fault(&many), None);
}
