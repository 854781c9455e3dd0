"""Trails as boto3, the AWS CLI and Terraform see them: made, changed, read from other regions, refused."""

import json

import pytest
from conftest import eventually
from trails import ACCOUNT, Site, arn, clear, keys, make_bucket, policy, refused

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
    clear(site)


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
