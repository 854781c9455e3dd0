use super::*;

#[test]
fn every_service_decodes() {
    let mut operations = 0;
    for head in services() {
        let service = head.service().unwrap_or_else(|| panic!("{} does not decode", head.id));
        operations += service.operations().count();
        assert!(!service.protocols().is_empty(), "{}", head.id);
    }
    assert!(services().count() >= 440);
    assert!(operations > 19_790, "{operations}");
}

#[test]
fn cloudtrail_is_as_the_model_says() {
    let service = service("cloudtrail").unwrap();
    assert_eq!(service.operations().count(), 60);
    let lookup = service.find_operation("LookupEvents").unwrap();
    assert!(lookup.read_only() && !lookup.data_event());
    let input = lookup.input().unwrap();
    let names: Vec<_> = input.members().map(Member::name).collect();
    assert_eq!(
        names,
        ["LookupAttributes", "StartTime", "EndTime", "EventCategory", "MaxResults", "NextToken"]
    );
    let most = input.member("MaxResults").unwrap().shape();
    assert_eq!((most.min(), most.max()), (Some(1.0), Some(50.0)));
    let errors: Vec<_> = lookup.errors().filter_map(Shape::error_name).collect();
    assert!(errors.contains(&"InvalidLookupAttributesException"));
}

#[test]
fn bits_come_from_traits_verbs_and_exceptions() {
    let find = |id: &str, name: &str| service(id).unwrap().find_operation(name).unwrap();
    assert!(find("sts", "AssumeRole").read_only());
    assert!(!find("sts", "GetSessionToken").read_only());
    assert!(find("s3", "GetObject").read_only() && find("s3", "GetObject").data_event());
    assert!(!find("s3", "CreateBucket").data_event());
    assert!(find("ec2", "RunInstances").ec2_legacy());
    assert!(!find("ec2", "CreateFlowLogs").ec2_legacy());
    assert!(find("cognito-idp", "InitiateAuth").unsigned());
    assert!(service("sqs").unwrap().protocols().contains(&Protocol::Query));
}

#[test]
fn s3_members_travel_where_the_model_says() {
    let put = service("s3").unwrap().find_operation("PutObject").unwrap();
    let input = put.input().unwrap();
    assert_eq!(input.member("Key").unwrap().location(), Location::Uri);
    assert_eq!(input.member("Metadata").unwrap().location(), Location::Headers);
    assert_eq!(input.member("ACL").unwrap().wire_name(), "x-amz-acl");
    assert_eq!(input.payload().unwrap().name(), "Body");
    assert!(input.payload().unwrap().streaming() || input.payload().unwrap().shape().streaming());
}
