//! What a record costs against the selectors of 1, 10, 100 and 1,000 trails, each with selectors of
//! its own: nanoseconds for reading its head and matching it, without writing anything.
//!
//! The records are those of `corpus/records`, as many data events that are made up here, and those
//! of the files that are named.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use cairn_event::RecordHead;
use cairn_event::selector::{
    AdvancedEventSelector, DataResource, EventSelector, FieldSelector, SelectorSet, Selectors,
};

/// Passes over the records; the fastest counts, so that a busy machine does not.
const PASSES: usize = 15;
const TRAILS: [usize; 4] = [1, 10, 100, 1000];

struct Row {
    trails: usize,
    record_ns: f64,
    taken: f64,
    compile_ms: f64,
    set: SelectorSet,
}

/// What to match besides the corpus.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files of records, one a line.
    files: Vec<PathBuf>,
}

/// Matches, and prints what it costs as JSON.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let records = records(&arguments.files)?;
    let mut rows: Vec<_> = TRAILS.into_iter().map(compiled).collect();
    let mut head_ns = f64::INFINITY;
    // Taken in turns, so that what disturbs one disturbs all.
    for _ in 0..PASSES {
        let heads = timed(&records, |head| usize::from(head.event_name.is_some()));
        head_ns = head_ns.min(heads.0);
        for row in &mut rows {
            let mut found = Vec::new();
            let (ns, taken) = timed(&records, |head| {
                row.set.matches(head, &mut found);
                found.len()
            });
            row.record_ns = row.record_ns.min(ns);
            row.taken = taken as f64 / records.len() as f64;
        }
    }
    let (first, last) = rows.first().zip(rows.last()).context("there are rows")?;
    let record_ratio = last.record_ns / first.record_ns;
    let rows = rows.iter().map(|row| {
        serde_json::json!({
            "trails": row.trails, "record_ns": row.record_ns, "taken": row.taken,
            "compile_ms": row.compile_ms,
        })
    });
    let report = serde_json::json!({
        "records": records.len(), "head_ns": head_ns, "rows": rows.collect::<Vec<_>>(),
        "record_ratio": record_ratio,
    });
    println!("{report}");
    Ok(())
}

fn compiled(trails: usize) -> Row {
    let selectors: Vec<_> = (0..trails).map(selectors).collect();
    let clock = Instant::now();
    let set = SelectorSet::compile(&selectors.iter().collect::<Vec<_>>());
    let compile_ms = clock.elapsed().as_secs_f64() * 1e3;
    Row { trails, record_ns: f64::INFINITY, taken: 0.0, compile_ms, set }
}

/// Nanoseconds for each record to read its head and do something with it, and the sum of that.
fn timed(records: &[Vec<u8>], mut with: impl FnMut(&RecordHead<'_>) -> usize) -> (f64, usize) {
    let clock = Instant::now();
    let heads = records.iter().filter_map(|record| RecordHead::parse(black_box(record)).ok());
    let sum = heads.map(|head| with(&head)).sum();
    (clock.elapsed().as_nanos() as f64 / records.len() as f64, black_box(sum))
}

fn records(files: &[PathBuf]) -> anyhow::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/records");
    let entries = fs::read_dir(&folder).with_context(|| format!("no {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    paths.sort();
    paths.extend(files.iter().cloned());
    let mut records: Vec<Vec<u8>> = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
        records.extend(text.lines().map(|line| line.as_bytes().to_vec()));
    }
    let data: Vec<_> = (0..records.len()).map(data_record).collect();
    records.extend(data);
    Ok(records)
}

fn bucket(number: usize) -> String {
    format!("arn:aws:s3:::team-{:03}-data-{}", number % 997, ["eu", "us", "ap"][number % 3])
}

fn function(number: usize) -> String {
    format!(
        "arn:aws:lambda:us-east-1:{:012}:function:orders-{number}",
        111_122_223_333 + number % 7
    )
}

fn table(number: usize) -> String {
    format!("arn:aws:dynamodb:us-east-1:{:012}:table/orders-{number}", 111_122_223_333 + number % 7)
}

/// A data event on something that some trail may have named, in the shape of real ones.
fn data_record(number: usize) -> Vec<u8> {
    let number = number * 7919 % 2500;
    let (source, name, read_only, resources) = match number % 5 {
        0 => ("lambda", "Invoke", false, resource("AWS::Lambda::Function", &function(number))),
        1 => ("dynamodb", "PutItem", false, resource("AWS::DynamoDB::Table", &table(number))),
        other => {
            let (bucket, name) =
                (bucket(number), ["GetObject", "PutObject", "HeadObject"][other - 2]);
            let object = resource("AWS::S3::Object", &format!("{bucket}/in/2026/{number}.csv"));
            let resources = format!("{},{object}", resource("AWS::S3::Bucket", &bucket));
            ("s3", name, name != "PutObject", resources)
        }
    };
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:s{number}","arn":"arn:aws:sts::111122223333:assumed-role/app-{number}/s{number}","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLE","arn":"arn:aws:iam::111122223333:role/app-{number}","accountId":"111122223333","userName":"app-{number}"}},"attributes":{{"creationDate":"2026-11-25T17:00:00Z","mfaAuthenticated":"false"}}}}}},"eventTime":"2026-11-25T17:00:00Z","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.1","userAgent":"[aws-sdk-java/2.31.0 Linux/6.1 Java/21]","requestParameters":{{"key":"in/2026/{number}.csv"}},"responseElements":null,"additionalEventData":{{"SignatureVersion":"SigV4","bytesTransferredIn":0,"bytesTransferredOut":4096}},"requestID":"EXAMPLE{number}","eventID":"8d2c6a3e-0000-4000-8000-000000000000","readOnly":{read_only},"resources":[{resources}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"{source}.us-east-1.amazonaws.com"}}}}"#
    )
    .into_bytes()
}

fn resource(kind: &str, arn: &str) -> String {
    format!(r#"{{"accountId":"111122223333","type":"{kind}","ARN":"{arn}"}}"#)
}

/// The selectors of a trail, as people write them; no two trails have the same.
fn selectors(number: usize) -> Selectors {
    let own = bucket(number);
    match number % 8 {
        0 => basic("All", "AWS::S3::Object", vec![format!("{own}/")]),
        1 => basic(
            "WriteOnly",
            "AWS::Lambda::Function",
            (0..5).map(|n| function(number + n)).collect(),
        ),
        2 => basic("All", "AWS::DynamoDB::Table", vec![table(number), table(number + 1)]),
        3 => advanced(vec![
            management(Some("false")),
            data(
                "AWS::S3::Object",
                starts("resources.ARN", &[&format!("{own}/in/"), &format!("{own}/out/")]),
            ),
        ]),
        4 => advanced(vec![management(None), objects_but(&own)]),
        5 => advanced(vec![data(
            "AWS::S3::Object",
            ends("userIdentity.arn", &format!("/s{number}")),
        )]),
        6 => advanced(vec![
            management(Some("true")),
            data("AWS::Lambda::Function", equals("resources.ARN", &[&function(number)])),
            data("AWS::SQS::Queue", equals("eventName", &["SendMessage"])),
        ]),
        _ => advanced(vec![
            vec![
                equals("eventCategory", &["NetworkActivity"]),
                equals("eventSource", &["s3.amazonaws.com"]),
                equals("vpcEndpointId", &[&format!("vpce-{number:08x}")]),
            ],
            data("AWS::DynamoDB::Table", starts("resources.ARN", &[&table(number)])),
        ]),
    }
}

fn basic(kind: &str, resource: &str, values: Vec<String>) -> Selectors {
    Selectors::Basic(vec![EventSelector {
        read_write_type: Some(kind.to_owned()),
        include_management_events: Some(true),
        data_resources: Some(vec![DataResource {
            kind: Some(resource.to_owned()),
            values: Some(values),
        }]),
        exclude_management_event_sources: None,
    }])
}

fn advanced(selectors: Vec<Vec<FieldSelector>>) -> Selectors {
    let named = |field_selectors| AdvancedEventSelector { name: None, field_selectors };
    Selectors::Advanced(selectors.into_iter().map(named).collect())
}

fn management(read_only: Option<&str>) -> Vec<FieldSelector> {
    let excluded = Some(vec!["kms.amazonaws.com".to_owned()]);
    let mut conditions = vec![
        equals("eventCategory", &["Management"]),
        FieldSelector { not_equals: excluded, ..of("eventSource") },
    ];
    conditions.extend(read_only.map(|value| equals("readOnly", &[value])));
    conditions
}

fn data(kind: &str, condition: FieldSelector) -> Vec<FieldSelector> {
    vec![equals("eventCategory", &["Data"]), equals("resources.type", &[kind]), condition]
}

/// All writes of objects but those of the trail's own bucket.
fn objects_but(own: &str) -> Vec<FieldSelector> {
    let excluded = Some(vec![format!("{own}/")]);
    let mut conditions =
        data("AWS::S3::Object", FieldSelector { not_starts_with: excluded, ..of("resources.ARN") });
    conditions.push(equals("eventName", &["PutObject", "DeleteObject"]));
    conditions
}

fn of(field: &str) -> FieldSelector {
    FieldSelector { field: field.to_owned(), ..FieldSelector::default() }
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn equals(field: &str, values: &[&str]) -> FieldSelector {
    FieldSelector { equals: Some(texts(values)), ..of(field) }
}

fn starts(field: &str, values: &[&str]) -> FieldSelector {
    FieldSelector { starts_with: Some(texts(values)), ..of(field) }
}

fn ends(field: &str, value: &str) -> FieldSelector {
    FieldSelector { ends_with: Some(texts(&[value])), ..of(field) }
}
