//! The table of operations: what is served, and by which file.

use std::future::Future;
use std::pin::Pin;

use cairn_wire::model::Operation;
use cairn_wire::validate::Violation;
use cairn_wire::value::{BridgeError, Value, from_value, to_value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cairn::{self, search_records, tail_records};
use crate::cloudtrail::{self, CloudTrailError};
use crate::cloudtrail_data;
use crate::kms;
use crate::sts::get_caller_identity;
use crate::{ApiError, Ctx, Internal};

/// Every operation that is served, beside S3's (which take whole requests: see [`crate::s3`]).
const OPERATIONS: &[Row] = &[
    row("cairn", "SearchRecords", |ctx, op, input| {
        run(op, input, |input| search_records::handle(ctx, input))
    }),
    row("cairn", "TailRecords", |ctx, op, input| {
        run(op, input, |input| tail_records::handle(ctx, input))
    }),
    row("cloudtrail", "AddTags", |ctx, op, input| {
        run(op, input, |input| cloudtrail::add_tags::handle(ctx, input))
    }),
    row("cloudtrail", "CreateChannel", |ctx, op, input| {
        run(op, input, |input| cloudtrail::create_channel::handle(ctx, input))
    }),
    row("cloudtrail", "CreateTrail", |ctx, op, input| {
        run(op, input, |input| cloudtrail::create_trail::handle(ctx, input))
    }),
    row("cloudtrail", "DeleteChannel", |ctx, op, input| {
        run(op, input, |input| cloudtrail::delete_channel::handle(ctx, input))
    }),
    row("cloudtrail", "DeleteResourcePolicy", |ctx, op, input| {
        run(op, input, |input| cloudtrail::delete_resource_policy::handle(ctx, input))
    }),
    row("cloudtrail", "DeleteTrail", |ctx, op, input| {
        run(op, input, |input| cloudtrail::delete_trail::handle(ctx, input))
    }),
    row("cloudtrail", "DescribeTrails", |ctx, op, input| {
        run(op, input, |input| cloudtrail::describe_trails::handle(ctx, input))
    }),
    row("cloudtrail", "GetChannel", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_channel::handle(ctx, input))
    }),
    row("cloudtrail", "GetEventConfiguration", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_event_configuration::handle(ctx, input))
    }),
    row("cloudtrail", "GetEventDataStore", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_event_data_store::handle(ctx, input))
    }),
    row("cloudtrail", "GetEventSelectors", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_event_selectors::handle(ctx, input))
    }),
    row("cloudtrail", "GetInsightSelectors", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_insight_selectors::handle(ctx, input))
    }),
    row("cloudtrail", "GetResourcePolicy", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_resource_policy::handle(ctx, input))
    }),
    row("cloudtrail", "GetTrail", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_trail::handle(ctx, input))
    }),
    row("cloudtrail", "GetTrailStatus", |ctx, op, input| {
        run(op, input, |input| cloudtrail::get_trail_status::handle(ctx, input))
    }),
    row("cloudtrail", "ListChannels", |ctx, op, input| {
        run(op, input, |input| cloudtrail::list_channels::handle(ctx, input))
    }),
    row("cloudtrail", "ListEventDataStores", |ctx, op, input| {
        run(op, input, |input| cloudtrail::list_event_data_stores::handle(ctx, input))
    }),
    row("cloudtrail", "ListPublicKeys", |ctx, op, input| {
        run(op, input, |input| cloudtrail::list_public_keys::handle(ctx, input))
    }),
    row("cloudtrail", "ListTags", |ctx, op, input| {
        run(op, input, |input| cloudtrail::list_tags::handle(ctx, input))
    }),
    row("cloudtrail", "ListTrails", |ctx, op, input| {
        run(op, input, |input| cloudtrail::list_trails::handle(ctx, input))
    }),
    row("cloudtrail", "LookupEvents", |ctx, op, input| {
        run(op, input, |input| cloudtrail::lookup_events::handle(ctx, input))
    }),
    row("cloudtrail", "PutEventConfiguration", |ctx, op, input| {
        run(op, input, |input| cloudtrail::put_event_configuration::handle(ctx, input))
    }),
    row("cloudtrail", "PutEventSelectors", |ctx, op, input| {
        run(op, input, |input| cloudtrail::put_event_selectors::handle(ctx, input))
    }),
    row("cloudtrail", "PutResourcePolicy", |ctx, op, input| {
        run(op, input, |input| cloudtrail::put_resource_policy::handle(ctx, input))
    }),
    row("cloudtrail", "RemoveTags", |ctx, op, input| {
        run(op, input, |input| cloudtrail::remove_tags::handle(ctx, input))
    }),
    row("cloudtrail", "StartLogging", |ctx, op, input| {
        run(op, input, |input| cloudtrail::start_logging::handle(ctx, input))
    }),
    row("cloudtrail", "StopLogging", |ctx, op, input| {
        run(op, input, |input| cloudtrail::stop_logging::handle(ctx, input))
    }),
    row("cloudtrail", "UpdateChannel", |ctx, op, input| {
        run(op, input, |input| cloudtrail::update_channel::handle(ctx, input))
    }),
    row("cloudtrail", "UpdateTrail", |ctx, op, input| {
        run(op, input, |input| cloudtrail::update_trail::handle(ctx, input))
    }),
    row("cloudtrail-data", "PutAuditEvents", |ctx, op, input| {
        run(op, input, |input| cloudtrail_data::put_audit_events::handle(ctx, input))
    }),
    row("kms", "CancelKeyDeletion", |ctx, op, input| {
        run(op, input, |input| kms::cancel_key_deletion::handle(ctx, input))
    }),
    row("kms", "CreateAlias", |ctx, op, input| {
        run(op, input, |input| kms::create_alias::handle(ctx, input))
    }),
    row("kms", "CreateKey", |ctx, op, input| {
        run(op, input, |input| kms::create_key::handle(ctx, input))
    }),
    row("kms", "Decrypt", |ctx, op, input| {
        run(op, input, |input| kms::decrypt::handle(ctx, input))
    }),
    row("kms", "DeleteAlias", |ctx, op, input| {
        run(op, input, |input| kms::delete_alias::handle(ctx, input))
    }),
    row("kms", "DescribeKey", |ctx, op, input| {
        run(op, input, |input| kms::describe_key::handle(ctx, input))
    }),
    row("kms", "DisableKey", |ctx, op, input| {
        run(op, input, |input| kms::disable_key::handle(ctx, input))
    }),
    row("kms", "DisableKeyRotation", |ctx, op, input| {
        run(op, input, |input| kms::disable_key_rotation::handle(ctx, input))
    }),
    row("kms", "EnableKey", |ctx, op, input| {
        run(op, input, |input| kms::enable_key::handle(ctx, input))
    }),
    row("kms", "EnableKeyRotation", |ctx, op, input| {
        run(op, input, |input| kms::enable_key_rotation::handle(ctx, input))
    }),
    row("kms", "Encrypt", |ctx, op, input| {
        run(op, input, |input| kms::encrypt::handle(ctx, input))
    }),
    row("kms", "GenerateDataKey", |ctx, op, input| {
        run(op, input, |input| kms::generate_data_key::handle(ctx, input))
    }),
    row("kms", "GenerateDataKeyWithoutPlaintext", |ctx, op, input| {
        run(op, input, |input| kms::generate_data_key_without_plaintext::handle(ctx, input))
    }),
    row("kms", "GenerateRandom", |ctx, op, input| {
        run(op, input, |input| kms::generate_random::handle(ctx, input))
    }),
    row("kms", "GetKeyPolicy", |ctx, op, input| {
        run(op, input, |input| kms::get_key_policy::handle(ctx, input))
    }),
    row("kms", "GetKeyRotationStatus", |ctx, op, input| {
        run(op, input, |input| kms::get_key_rotation_status::handle(ctx, input))
    }),
    row("kms", "ListAliases", |ctx, op, input| {
        run(op, input, |input| kms::list_aliases::handle(ctx, input))
    }),
    row("kms", "ListKeyPolicies", |ctx, op, input| {
        run(op, input, |input| kms::list_key_policies::handle(ctx, input))
    }),
    row("kms", "ListKeys", |ctx, op, input| {
        run(op, input, |input| kms::list_keys::handle(ctx, input))
    }),
    row("kms", "ListResourceTags", |ctx, op, input| {
        run(op, input, |input| kms::list_resource_tags::handle(ctx, input))
    }),
    row("kms", "PutKeyPolicy", |ctx, op, input| {
        run(op, input, |input| kms::put_key_policy::handle(ctx, input))
    }),
    row("kms", "ReEncrypt", |ctx, op, input| {
        run(op, input, |input| kms::re_encrypt::handle(ctx, input))
    }),
    row("kms", "ScheduleKeyDeletion", |ctx, op, input| {
        run(op, input, |input| kms::schedule_key_deletion::handle(ctx, input))
    }),
    row("kms", "TagResource", |ctx, op, input| {
        run(op, input, |input| kms::tag_resource::handle(ctx, input))
    }),
    row("kms", "UntagResource", |ctx, op, input| {
        run(op, input, |input| kms::untag_resource::handle(ctx, input))
    }),
    row("kms", "UpdateAlias", |ctx, op, input| {
        run(op, input, |input| kms::update_alias::handle(ctx, input))
    }),
    row("kms", "UpdateKeyDescription", |ctx, op, input| {
        run(op, input, |input| kms::update_key_description::handle(ctx, input))
    }),
    row("sts", "GetCallerIdentity", |ctx, op, input| {
        run(op, input, |input| get_caller_identity::handle(ctx, input))
    }),
];

/// Services whose operations are all answered: those that are not in the table with a modelled
/// error.
const ANSWERED_WHOLLY: &[&str] = &["cloudtrail"];

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>>;
type Handler = for<'a> fn(&'a Ctx, Operation<'static>, &'a Value) -> Answer<'a>;

struct Row {
    service: &'static str,
    operation: &'static str,
    handler: Handler,
}

const fn row(service: &'static str, operation: &'static str, handler: Handler) -> Row {
    Row { service, operation, handler }
}

fn find(service: &str, operation: &str) -> Option<&'static Row> {
    OPERATIONS.iter().find(|row| row.service == service && row.operation == operation)
}

/// From the tree to the handler's type, and back.
fn run<'a, I, O, E, F>(
    operation: Operation<'static>,
    input: &'a Value,
    handle: impl FnOnce(I) -> F + Send + 'a,
) -> Answer<'a>
where
    I: DeserializeOwned + Send,
    O: Serialize + Send,
    E: Into<ApiError> + Send,
    F: Future<Output = Result<O, E>> + Send + 'a,
{
    Box::pin(async move {
        let fault = |doing, error: BridgeError| ApiError::Internal(Internal::new(doing, error));
        let typed = from_value(input).map_err(|error| fault("read an input", error))?;
        let output = handle(typed).await.map_err(Into::into)?;
        match operation.output() {
            None => Ok(Value::empty()),
            Some(shape) => {
                to_value(&output, shape).map_err(|error| fault("write an output", error))
            }
        }
    })
}

/// Answers a call. The input has been checked against the model's own constraints.
pub async fn handle(
    ctx: &Ctx,
    operation: Operation<'static>,
    input: &Value,
) -> Result<Value, ApiError> {
    let (service, name) = (operation.service().id(), operation.name());
    match find(service, name) {
        Some(row) => (row.handler)(ctx, operation, input).await,
        None if ANSWERED_WHOLLY.contains(&service) => {
            Err(CloudTrailError::UnsupportedOperation { operation: name }.into())
        }
        None => Err(ApiError::NotServed { service, operation: name }),
    }
}

/// Whether [`handle`] answers an operation: of CloudTrail it answers all. A service is named by its
/// id in the models.
pub fn serves(service: &str, operation: &str) -> bool {
    ANSWERED_WHOLLY.contains(&service) || find(service, operation).is_some()
}

/// The services of which [`handle`] or [`crate::s3`] answers something, sorted, by their ids in the
/// models.
pub fn services() -> Vec<&'static str> {
    let named = OPERATIONS.iter().map(|row| row.service).chain(["s3"]);
    named.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

/// The modelled error that an operation has for an input which breaks a rule of the model. `None`:
/// it has none of its own, and the service's general one is the answer.
pub fn violation(operation: Operation<'static>, violation: &Violation) -> Option<ApiError> {
    match (operation.service().id(), operation.name()) {
        ("cloudtrail", name) => cloudtrail::violation(name, violation).map(Into::into),
        ("cloudtrail-data", _) => cloudtrail_data::violation(violation).map(Into::into),
        ("cairn", _) => cairn::violation(violation).map(Into::into),
        _ => None,
    }
}

/// The operations of services that are answered wholly that are not built yet, one a line: what
/// `coverage.txt` holds.
pub fn not_built() -> Vec<String> {
    let services = ANSWERED_WHOLLY.iter().filter_map(|id| cairn_wire::model::service(id));
    services
        .flat_map(|service| service.operations().map(|operation| (service.id(), operation.name())))
        .filter(|(service, operation)| find(service, operation).is_none())
        .map(|(service, operation)| format!("{service}:{operation}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `coverage.txt` may only shrink: when an operation is built, take its line out and lower
    /// this.
    const NOT_BUILT_MAX: usize = 31;

    #[test]
    fn coverage_is_what_the_table_says() {
        let committed = include_str!("../coverage.txt");
        let listed: Vec<&str> = committed.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(listed, not_built(), "crates/cairn-api/coverage.txt differs from the table");
        assert_eq!(listed.len(), NOT_BUILT_MAX, "coverage.txt may only shrink");
    }

    #[test]
    fn every_row_is_in_the_models_once() {
        for row in OPERATIONS {
            let service = cairn_wire::model::service(row.service).unwrap();
            assert!(service.find_operation(row.operation).is_some(), "{}", row.operation);
            assert!(serves(row.service, row.operation));
        }
        let mut names: Vec<_> = OPERATIONS.iter().map(|row| (row.service, row.operation)).collect();
        names.dedup();
        assert_eq!(names.len(), OPERATIONS.len());
        assert!(names.is_sorted());
        assert!(serves("cloudtrail", "CreateTrail"));
        assert!(!serves("ec2", "DescribeInstances"));
    }

    #[test]
    fn services_are_those_of_the_table_and_s3() {
        let expected = ["cairn", "cloudtrail", "cloudtrail-data", "kms", "s3", "sts"];
        assert_eq!(services(), expected);
        assert!(services().iter().all(|id| cairn_wire::model::service(id).is_some()));
    }

    #[tokio::test]
    async fn what_is_not_built_answers_a_modelled_error() {
        let world = crate::testing::World::new();
        let ctx = world.ctx("111122223333", "us-east-1");
        for line in not_built() {
            let (service, name) = line.split_once(':').unwrap();
            let service = cairn_wire::model::service(service).unwrap();
            let operation = service.find_operation(name).unwrap();
            let error = handle(&ctx, operation, &Value::empty()).await.unwrap_err();
            assert_eq!(
                (error.code(), error.status()),
                ("UnsupportedOperationException", 400),
                "{line}"
            );
            assert!(
                error.message().contains(name)
                    && error.sender_fault()
                    && error.log_text().is_none()
            );
        }
        let ec2 =
            cairn_wire::model::service("ec2").unwrap().find_operation("DescribeVpcs").unwrap();
        let error = handle(&ctx, ec2, &Value::empty()).await.unwrap_err();
        assert_eq!((error.code(), error.status()), ("NotImplemented", 501));
    }
}
