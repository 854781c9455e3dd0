"""What a trail has beside its destination, as boto3 sees it: selectors, tags, a key; and what is recorded of it."""

import json

import pytest
from trails import ACCOUNT, Site, arn, clear, make_bucket, refused

AWAY = "eu-west-1"
ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("settings") / "data", "--account-id", ACCOUNT)
    make_bucket(made.client("s3"), "trail-logs")
    yield made
    made.stop()


@pytest.fixture
def trails(site):
    """A client; trails that a test leaves are deleted, since a region has room for five."""
    client = site.client("cloudtrail")
    yield client
    clear(site)


@pytest.mark.evidence("observed", "the order of conditions, the texts; defaults are documented")
def test_selectors_are_put_and_shown(site, trails):
    trails.create_trail(Name="chosen", S3BucketName="trail-logs")
    default = {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    assert trails.get_event_selectors(TrailName="chosen")["EventSelectors"] == [default]
    conditions = [
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::one/", "arn:aws:s3:::two/"]},
    ]
    advanced = [{"Name": "objects", "FieldSelectors": conditions}]
    echoed = trails.put_event_selectors(TrailName="chosen", AdvancedEventSelectors=advanced)
    assert (echoed["TrailARN"], echoed["AdvancedEventSelectors"]) == (arn("chosen"), advanced)
    shown = trails.get_event_selectors(TrailName="chosen")
    (selector,) = shown["AdvancedEventSelectors"]
    assert "EventSelectors" not in shown and selector["Name"] == "objects"
    fields = [condition["Field"] for condition in selector["FieldSelectors"]]
    assert fields == ["eventCategory", "resources.ARN", "resources.type"]
    assert trails.get_trail(Name="chosen")["Trail"]["HasCustomEventSelectors"] is True
    code = "InvalidEventSelectorsException"
    table = [
        (
            {"EventSelectors": [{}], "AdvancedEventSelectors": advanced},
            "You can select events by using either EventSelectors or AdvancedEventSelectors, but not both.",
        ),
        ({"EventSelectors": []}, "Specify a valid number of selectors (1 to 5) for your trail"),
        ({"AdvancedEventSelectors": []}, "Specify between 1 and 500 selectors for your trail."),
        ({"EventSelectors": [{"ReadWriteType": "read-only"}]}, "Value read-only for ReadWriteType is invalid."),
        (
            {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "readOnly", "Equals": ["true"]}]}]},
            "The following fields are required: [eventCategory].",
        ),
    ]
    for given, text in table:
        assert refused(trails.put_event_selectors, TrailName="chosen", **given) == (code, text)
    assert trails.get_event_selectors(TrailName="chosen") | {"ResponseMetadata": 0} == shown | {"ResponseMetadata": 0}
    basic = {"ReadWriteType": "WriteOnly", "ExcludeManagementEventSources": ["kms.amazonaws.com"]}
    (echoed,) = trails.put_event_selectors(TrailName="chosen", EventSelectors=[basic])["EventSelectors"]
    assert echoed == default | basic


@pytest.mark.evidence("documented", "limits; the text for another region is observed")
def test_tags_come_and_go_by_arn(site, trails):
    trails.create_trail(Name="tagged", S3BucketName="trail-logs", TagsList=[{"Key": "a", "Value": "1"}])
    own = arn("tagged")
    trails.add_tags(ResourceId=own, TagsList=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "3"}])
    (listed,) = trails.list_tags(ResourceIdList=[own])["ResourceTagList"]
    assert listed == {"ResourceId": own, "TagsList": [{"Key": "a", "Value": "3"}, {"Key": "b", "Value": "2"}]}
    trails.remove_tags(ResourceId=own, TagsList=[{"Key": "a"}])
    pages = trails.get_paginator("list_tags").paginate(ResourceIdList=[own])
    assert [tag["Key"] for page in pages for tag in page["ResourceTagList"][0]["TagsList"]] == ["b"]
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]
    assert refused(trails.add_tags, ResourceId=own, TagsList=many)[0] == "TagsLimitExceededException"
    reserved = [{"Key": "aws:a", "Value": "v"}]
    assert refused(trails.add_tags, ResourceId=own, TagsList=reserved)[0] == "InvalidTagParameterException"
    assert refused(trails.list_tags, ResourceIdList=[arn("nothing")])[0] == "ResourceNotFoundException"
    assert refused(trails.list_tags, ResourceIdList=["tagged"])[0] == "CloudTrailARNInvalidException"
    away = site.client("cloudtrail", AWAY)
    assert refused(away.list_tags, ResourceIdList=[own])[0] == "CloudTrailARNInvalidException"


@pytest.mark.evidence("observed", "a key is kept by its ARN; a disabled one is refused")
def test_a_key_is_found_by_its_alias_and_kept(site, trails):
    kms = site.client("kms")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "kms:GenerateDataKey*",
        "Resource": "*",
    }
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [root, statement]})
    key = kms.create_key(Policy=document)["KeyMetadata"]
    kms.create_alias(AliasName="alias/trails", TargetKeyId=key["KeyId"])
    made = trails.create_trail(Name="sealed", S3BucketName="trail-logs", KmsKeyId="alias/trails")
    assert made["KmsKeyId"] == key["Arn"]
    marker = site.client("s3").head_object(Bucket="trail-logs", Key=f"AWSLogs/{ACCOUNT}/CloudTrail/")
    assert (marker["ServerSideEncryption"], marker["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    bare = kms.create_key()["KeyMetadata"]
    without = refused(trails.update_trail, Name="sealed", KmsKeyId=bare["Arn"])
    assert without[0] == "InsufficientEncryptionPolicyException"
    kms.disable_key(KeyId=key["KeyId"])
    assert refused(trails.update_trail, Name="sealed")[0] == "KmsException"
    open_again = trails.update_trail(Name="sealed", KmsKeyId="")
    assert "KmsKeyId" not in open_again and "KmsKeyId" not in trails.get_trail(Name="sealed")["Trail"]


@pytest.mark.evidence("documented", "aggregations of trails; the rest of an event configuration is of event data stores")
def test_an_event_configuration_is_kept(trails):
    trails.create_trail(Name="counted", S3BucketName="trail-logs")
    asked = [{"EventCategory": "Data", "Templates": ["API_ACTIVITY"]}]
    put = trails.put_event_configuration
    assert refused(put, TrailName="counted", AggregationConfigurations=asked)[0] == "InvalidParameterException"
    data = [{"DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}]
    trails.put_event_selectors(TrailName="counted", EventSelectors=data)
    assert put(TrailName="counted", AggregationConfigurations=asked)["AggregationConfigurations"] == asked
    shown = trails.get_event_configuration(TrailName="counted")
    assert (shown["TrailARN"], shown["AggregationConfigurations"]) == (arn("counted"), asked)
    large = refused(put, TrailName="counted", MaxEventSize="Large")
    assert large[0] == "InvalidParameterCombinationException"
    missing = refused(trails.get_event_configuration, EventDataStore=ID)
    assert missing[0] == "EventDataStoreNotFoundException"


@pytest.mark.evidence("observed", "records of trail operations, and what LookupEvents lists with them")
def test_what_is_recorded_of_a_trail(site, trails):
    settings = {"S3BucketName": "trail-logs", "EnableLogFileValidation": True}
    trails.create_trail(Name="recorded", **settings)
    selector = {"ReadWriteType": "ReadOnly", "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]}
    trails.put_event_selectors(TrailName="recorded", EventSelectors=[selector])
    trails.start_logging(Name="recorded")
    trails.get_trail(Name="recorded")
    refused(trails.get_trail_status, Name="missing")
    trails.delete_trail(Name="recorded")

    def found(name):
        by = [{"AttributeKey": "EventName", "AttributeValue": name}]
        event = trails.lookup_events(LookupAttributes=by)["Events"][0]
        record = json.loads(event["CloudTrailEvent"])
        assert "resources" not in record and record["managementEvent"] is True and "apiVersion" not in record
        return record, [(entry["ResourceType"], entry["ResourceName"]) for entry in event["Resources"]]

    kind = "AWS::CloudTrail::Trail"
    record, resources = found("CreateTrail")
    assert record["requestParameters"] == {
        "name": "recorded",
        "s3BucketName": "trail-logs",
        "enableLogFileValidation": True,
    }
    assert record["responseElements"] == {
        "name": "recorded",
        "s3BucketName": "trail-logs",
        "includeGlobalServiceEvents": True,
        "isMultiRegionTrail": False,
        "trailARN": arn("recorded"),
        "logFileValidationEnabled": True,
        "isOrganizationTrail": False,
        "recursiveLogging": True,
    }
    assert record["readOnly"] is False
    assert resources == [(kind, arn("recorded")), (kind, "recorded"), ("AWS::S3::Bucket", "trail-logs")]
    record, resources = found("PutEventSelectors")
    asked = {"readWriteType": "ReadOnly", "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}
    assert record["requestParameters"] == {"trailName": "recorded", "eventSelectors": [asked]}
    full = asked | {"includeManagementEvents": True, "excludeManagementEventSources": []}
    assert record["responseElements"] == {"trailARN": arn("recorded"), "eventSelectors": [full]}
    assert resources == [(kind, arn("recorded")), (kind, "recorded")]
    for name, read_only in (("StartLogging", False), ("GetTrail", True), ("DeleteTrail", False)):
        record, resources = found(name)
        assert (record["requestParameters"], record["responseElements"]) == ({"name": "recorded"}, None)
        assert (record["readOnly"], resources) == (read_only, [(kind, "recorded")])
    record, _ = found("GetTrailStatus")
    assert (record["errorCode"], record["requestParameters"]) == ("TrailNotFoundException", {"name": "missing"})
    assert record["errorMessage"] == f"Unknown trail: {arn('missing')} for the user: {ACCOUNT}"
