"""Trails as boto3, the AWS CLI and Terraform see them: made, changed, read from other regions, refused."""

import json

import pytest
from botocore.exceptions import ClientError
from conftest import eventually
from trails import ACCOUNT, Site, keys, make_bucket, policy

HOME, AWAY = "us-east-1", "eu-west-1"
ID = "1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("trails") / "data", "--account-id", ACCOUNT)
    make_bucket(made.client("s3"), "trail-logs")
    yield made
    made.stop()


@pytest.fixture
def trails(site):
    """A client; trails that a test leaves are deleted, since a region has room for five."""
    client = site.client("cloudtrail")
    yield client
    for page in client.get_paginator("list_trails").paginate():
        for trail in page["Trails"]:
            site.client("cloudtrail", trail["HomeRegion"]).delete_trail(Name=trail["TrailARN"])


def arn(name, region=HOME):
    return f"arn:aws:cloudtrail:{region}:{ACCOUNT}:trail/{name}"


def refused(call, **arguments):
    """The code and the text with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    return answer["Error"]["Code"], answer["Error"]["Message"]


def cli(site, *arguments, region=HOME):
    done = site.aws("cloudtrail", *arguments, region=region)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.mark.evidence("observed", "members of CreateTrail, GetTrail and the first GetTrailStatus")
def test_the_cli_makes_starts_stops_and_deletes_a_trail(site, trails):
    made = cli(site, "create-trail", "--name", "by-cli", "--s3-bucket-name", "trail-logs", "--is-multi-region-trail")
    made.pop("RecursiveLogging", None)  # Hidden by older versions of the CLI.
    assert made == {
        "Name": "by-cli",
        "S3BucketName": "trail-logs",
        "IncludeGlobalServiceEvents": True,
        "IsMultiRegionTrail": True,
        "TrailARN": arn("by-cli"),
        "LogFileValidationEnabled": False,
        "IsOrganizationTrail": False,
    }
    trail = cli(site, "get-trail", "--name", "by-cli")["Trail"]
    assert (trail["HomeRegion"], trail["HasCustomEventSelectors"], trail["HasInsightSelectors"]) == (HOME, False, False)
    fresh = cli(site, "get-trail-status", "--name", "by-cli")
    assert fresh == {
        "IsLogging": False,
        "LatestDeliveryAttemptTime": "",
        "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "",
        "LatestDeliveryAttemptSucceeded": "",
        "TimeLoggingStarted": "",
        "TimeLoggingStopped": "",
    }
    for _ in range(2):
        assert cli(site, "start-logging", "--name", "by-cli") is None
    started = cli(site, "get-trail-status", "--name", arn("by-cli"))
    assert started["IsLogging"] and started["StartLoggingTime"] and started["TimeLoggingStarted"].endswith("Z")
    for _ in range(2):
        assert cli(site, "stop-logging", "--name", arn("by-cli")) is None
    stopped = cli(site, "get-trail-status", "--name", "by-cli")
    assert not stopped["IsLogging"] and stopped["StopLoggingTime"] and stopped["TimeLoggingStopped"].endswith("Z")
    assert stopped["TimeLoggingStarted"] == started["TimeLoggingStarted"]
    assert cli(site, "delete-trail", "--name", "by-cli") is None
    assert cli(site, "describe-trails") == {"trailList": []}


@pytest.mark.evidence("observed", "GetTrail shows the bare name, GetTrailStatus the ARN")
def test_an_unknown_trail_has_two_texts(trails):
    code, text = refused(trails.get_trail, Name=arn("nothing"))
    assert (code, text) == ("TrailNotFoundException", f"Unknown trail: nothing for the user: {ACCOUNT}")
    code, text = refused(trails.get_trail_status, Name="nothing")
    assert (code, text) == ("TrailNotFoundException", f"Unknown trail: {arn('nothing')} for the user: {ACCOUNT}")


@pytest.mark.evidence("observed", "one text for every cause; both calls are made, the marker stays")
@pytest.mark.parametrize(
    "name,document",
    [
        ("none", None),
        ("no-acl", [1]),
        ("no-put", [0]),
        ("other-prefix", "prefix"),
        ("other-trail", {"aws:SourceArn": arn("another")}),
        ("other-account", {"aws:SourceAccount": "444455556666"}),
        ("service-only", {"aws:PrincipalType": "Service"}),
    ],
)
def test_a_bucket_policy_that_is_not_enough_is_refused(site, trails, name, document):
    s3, bucket = site.client("s3"), f"refused-{name}"
    s3.create_bucket(Bucket=bucket)
    given = json.loads(policy(bucket, "elsewhere" if document == "prefix" else ""))
    if isinstance(document, list):
        given["Statement"] = [given["Statement"][index] for index in document]
    if isinstance(document, dict):
        for statement in given["Statement"]:
            statement.setdefault("Condition", {}).setdefault("StringEquals", {}).update(document)
    if document is not None:
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(given))
    code, text = refused(trails.create_trail, Name="refused", S3BucketName=bucket)
    assert code == "InsufficientS3BucketPolicyException"
    assert text == f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    left = [f"AWSLogs/{ACCOUNT}/CloudTrail/"] if name == "no-acl" else []
    assert [entry["Key"] for entry in listed] == left
    assert trails.describe_trails()["trailList"] == []


@pytest.mark.evidence("observed", "a condition on the trail or on the account is enough; markers without content")
def test_a_bucket_policy_that_names_the_trail_is_accepted(site, trails):
    s3, bucket = site.client("s3"), "accepted"
    s3.create_bucket(Bucket=bucket)
    given = json.loads(policy(bucket, "a/b"))
    for statement in given["Statement"]:
        conditions = statement.setdefault("Condition", {}).setdefault("StringEquals", {})
        conditions.update({"aws:SourceArn": arn("strict"), "aws:SourceAccount": ACCOUNT})
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(given))
    strict = {"S3BucketName": bucket, "S3KeyPrefix": "a/b", "EnableLogFileValidation": True}
    made = trails.create_trail(Name="strict", **strict)
    assert (made["S3KeyPrefix"], made["LogFileValidationEnabled"]) == ("a/b", True)
    code, _ = refused(trails.create_trail, Name="lax", **strict)
    assert code == "InsufficientS3BucketPolicyException"
    folder = f"a/b/AWSLogs/{ACCOUNT}"
    for marker in (f"{folder}/CloudTrail-Digest/", f"{folder}/CloudTrail/"):
        head = s3.head_object(Bucket=bucket, Key=marker)
        assert (head["ContentLength"], head["ContentType"], head["Metadata"]) == (0, "application/json", {})
        assert head["ContentEncoding"] == "gzip"
    # The check is made anew with each update, and a refused one changes nothing.
    s3.delete_bucket_policy(Bucket=bucket)
    code, _ = refused(trails.update_trail, Name="strict", RecursiveLogging=False)
    assert code == "InsufficientS3BucketPolicyException"
    assert trails.get_trail(Name="strict")["Trail"]["RecursiveLogging"] is True
    # A trail and its bucket are two things.
    trails.delete_trail(Name="strict")
    assert len(s3.list_objects_v2(Bucket=bucket)["Contents"]) == 2


@pytest.mark.evidence("observed", "codes and texts of CreateTrail")
@pytest.mark.parametrize(
    "more,code,text",
    [
        ({"S3BucketName": "no-such-bucket"}, "S3BucketDoesNotExistException", "S3 bucket no-such-bucket does not exist!"),
        (
            {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False},
            "InvalidParameterCombinationException",
            "Multi-Region trail must include global service events.",
        ),
        (
            {"SnsTopicName": "no-such-topic"},
            "InsufficientSnsTopicPolicyException",
            "SNS Topic does not exist or the topic policy is incorrect!",
        ),
        (
            {"CloudWatchLogsRoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"},
            "InvalidCloudWatchLogsLogGroupArnException",
            "You must specify a log group and a role ARN.",
        ),
        (
            {"CloudWatchLogsLogGroupArn": f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:g:*"},
            "InvalidCloudWatchLogsRoleArnException",
            "You must specify a log group and a role ARN.",
        ),
        ({"KmsKeyId": "not a key"}, "KmsKeyNotFoundException", None),
        (
            {"KmsKeyId": ID},
            "InsufficientEncryptionPolicyException",
            f"Insufficient permissions to access S3 bucket trail-logs or KMS key {ID}.",
        ),
        ({"IsOrganizationTrail": True}, "OrganizationsNotInUseException", None),
        (
            {"TagsList": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]},
            "InvalidTagParameterException",
            None,
        ),
    ],
)
def test_what_does_not_go_has_its_error(trails, more, code, text):
    found = refused(trails.create_trail, **{"Name": "refused", "S3BucketName": "trail-logs", **more})
    assert found[0] == code
    assert text is None or found[1] == text


@pytest.mark.evidence("observed", "names: codes and texts")
@pytest.mark.parametrize(
    "name,text",
    [
        ("ab", "Trail name too short. Minimum allowed length: 3 characters. Specified name length: 2 characters."),
        (
            "a" * 129,
            "Trail name too long. Maximum allowed length: 128 characters. Specified name length: 129 characters.",
        ),
        ("-audit", "Trail name must starts with a letter or number."),
        ("audit-", "Trail name must ends with a letter or number."),
        (
            "an audit",
            "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), "
            "hyphens (-), and underscores (_).",
        ),
    ],
)
def test_a_name_has_rules(trails, name, text):
    assert refused(trails.create_trail, Name=name, S3BucketName="trail-logs") == ("InvalidTrailNameException", text)


@pytest.mark.evidence("observed", "texts; that a shadow counts is documented")
def test_a_region_has_room_for_five_trails(site, trails):
    site.client("cloudtrail", AWAY).create_trail(Name="shadow", S3BucketName="trail-logs", IsMultiRegionTrail=True)
    for number in range(4):
        trails.create_trail(Name=f"trail-{number}", S3BucketName="trail-logs")
    again = refused(trails.create_trail, Name="trail-0", S3BucketName="trail-logs")
    assert again == ("TrailAlreadyExistsException", f"Trail trail-0 already exists for customer: {ACCOUNT}")
    hidden = refused(trails.create_trail, Name="shadow", S3BucketName="trail-logs")
    assert hidden[0] == "TrailAlreadyExistsException"
    sixth = refused(trails.create_trail, Name="sixth", S3BucketName="trail-logs")
    text = f"User: {ACCOUNT} already has 5 trails in {HOME}."
    assert sixth == ("MaximumNumberOfTrailsExceededException", text)


@pytest.mark.evidence("documented", "shadow trails; that a bare name does not reach them is observed")
def test_a_shadow_is_read_by_its_arn_and_never_changed(site, trails):
    trails.create_trail(Name="everywhere", S3BucketName="trail-logs", IsMultiRegionTrail=True)
    trails.create_trail(Name="only-here", S3BucketName="trail-logs")
    away = site.client("cloudtrail", AWAY)
    (shadow,) = away.describe_trails()["trailList"]
    assert (shadow["TrailARN"], shadow["HomeRegion"]) == (arn("everywhere"), HOME)
    assert away.describe_trails(includeShadowTrails=False)["trailList"] == []
    both = away.describe_trails(trailNameList=[arn("everywhere"), arn("only-here"), "everywhere", arn("nothing")])
    assert [trail["Name"] for trail in both["trailList"]] == ["everywhere", "only-here"]
    assert [trail["Name"] for trail in away.list_trails()["Trails"]] == ["everywhere", "only-here"]
    assert away.get_trail(Name=arn("everywhere"))["Trail"]["HomeRegion"] == HOME
    assert away.get_trail_status(Name=arn("everywhere"))["IsLogging"] is False
    assert away.get_event_selectors(TrailName=arn("everywhere"))["EventSelectors"]
    assert refused(away.get_trail_status, Name="everywhere")[0] == "TrailNotFoundException"
    wrong = "Region in ARN is wrong, you can only access resources in region eu-west-1."
    assert refused(away.get_trail_status, Name=arn("only-here")) == ("CloudTrailARNInvalidException", wrong)
    for change in (away.start_logging, away.stop_logging, away.delete_trail, away.update_trail):
        assert refused(change, Name=arn("everywhere"))[0] == "InvalidHomeRegionException"
    trails.update_trail(Name="everywhere", IsMultiRegionTrail=False)
    assert away.describe_trails()["trailList"] == []


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


@pytest.mark.evidence("documented", "the calls that Terraform's aws_cloudtrail makes")
def test_terraform_makes_reads_changes_and_destroys_a_trail(site, trails):
    made = trails.create_trail(
        Name="managed",
        S3BucketName="trail-logs",
        IncludeGlobalServiceEvents=True,
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        IsOrganizationTrail=False,
        TagsList=[{"Key": "made-by", "Value": "terraform"}],
    )
    own = made["TrailARN"]
    trails.start_logging(Name=own)

    def read():
        (trail,) = trails.describe_trails(trailNameList=[own])["trailList"]
        code, text = refused(trails.get_insight_selectors, TrailName=own)
        assert code == "InsightNotEnabledException"
        assert text.startswith(f"Trail {own} does not have Insights enabled.")
        return {
            "trail": trail,
            "logging": trails.get_trail_status(Name=own)["IsLogging"],
            "selectors": trails.get_event_selectors(TrailName=own).get("EventSelectors"),
            "tags": trails.list_tags(ResourceIdList=[own])["ResourceTagList"][0]["TagsList"],
        }

    before = read()
    assert before["logging"] and before["trail"]["LogFileValidationEnabled"]
    assert before == read()
    trails.update_trail(
        Name=own,
        S3BucketName="trail-logs",
        S3KeyPrefix="",
        SnsTopicName="",
        CloudWatchLogsLogGroupArn="",
        CloudWatchLogsRoleArn="",
        KmsKeyId="",
        EnableLogFileValidation=True,
        IncludeGlobalServiceEvents=True,
        IsMultiRegionTrail=True,
        IsOrganizationTrail=False,
    )
    assert before == read()
    trails.stop_logging(Name=own)
    assert read() == before | {"logging": False}
    trails.delete_trail(Name=own)
    assert trails.describe_trails(trailNameList=[own])["trailList"] == []
    assert refused(trails.delete_trail, Name=own)[0] == "TrailNotFoundException"


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


@pytest.mark.evidence("observed", "the same second in three members; an error only from a real attempt")
def test_the_status_follows_deliveries(site, trails):
    s3, bucket = site.client("s3"), "followed"
    make_bucket(s3, bucket)
    trails.create_trail(Name="followed", S3BucketName=bucket)
    trails.start_logging(Name="followed")

    def status(member):
        return lambda: trails.get_trail_status(Name="followed").get(member)

    eventually(status("LatestDeliveryTime"))
    found = trails.get_trail_status(Name="followed")
    text = found["LatestDeliveryTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (found["LatestDeliveryAttemptTime"], found["LatestDeliveryAttemptSucceeded"]) == (text, text)
    assert "LatestDeliveryError" not in found
    s3.delete_bucket_policy(Bucket=bucket)
    trails.list_trails()
    assert eventually(status("LatestDeliveryError")) == "AccessDenied"
    failed = trails.get_trail_status(Name="followed")
    assert failed["IsLogging"] and failed["LatestDeliveryTime"] >= found["LatestDeliveryTime"]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    eventually(lambda: "LatestDeliveryError" not in trails.get_trail_status(Name="followed"))
    assert keys(s3, bucket, "/CloudTrail/")


@pytest.mark.evidence("assumed", "trails are kept over a restart")
def test_a_restart_keeps_trails(site):
    trails = site.client("cloudtrail")
    trails.create_trail(Name="kept", S3BucketName="trail-logs", S3KeyPrefix="")
    trails.start_logging(Name="kept")
    before = trails.get_trail(Name="kept")["Trail"]
    site.restart(kill=True)
    trails = site.client("cloudtrail")
    assert trails.get_trail(Name="kept")["Trail"] == before
    assert trails.get_trail_status(Name="kept")["IsLogging"] is True
    trails.delete_trail(Name="kept")
