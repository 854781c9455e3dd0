"""Settings of buckets, as Terraform and AWS's own modules set and read them for a trail's bucket."""

import pytest
from botocore.exceptions import ClientError

BUCKET = "settings-of-tests"


@pytest.fixture(scope="module")
def s3(clients):
    return clients("s3")


@pytest.fixture
def bucket(s3):
    s3.create_bucket(Bucket=BUCKET)
    yield BUCKET
    for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])
    s3.delete_bucket(Bucket=BUCKET)


def code(call, **arguments):
    """The status and the code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


# What a refresh of `aws_s3_bucket` asks of a bucket on which nothing was set: the operation, and the part
# of the answer that counts, or the refusal that stands for "not set".
REFRESH = [
    ("head_bucket", None),
    ("get_bucket_policy", (404, "NoSuchBucketPolicy")),
    ("get_bucket_acl", lambda answer: [grant["Permission"] for grant in answer["Grants"]] == ["FULL_CONTROL"]),
    ("get_bucket_cors", (404, "NoSuchCORSConfiguration")),
    ("get_bucket_website", (404, "NoSuchWebsiteConfiguration")),
    ("get_bucket_versioning", lambda answer: "Status" not in answer),
    ("get_bucket_accelerate_configuration", lambda answer: "Status" not in answer),
    ("get_bucket_request_payment", lambda answer: answer["Payer"] == "BucketOwner"),
    ("get_bucket_logging", lambda answer: "LoggingEnabled" not in answer),
    ("get_bucket_lifecycle_configuration", (404, "NoSuchLifecycleConfiguration")),
    ("get_bucket_replication", (404, "ReplicationConfigurationNotFoundError")),
    ("get_bucket_encryption", lambda answer: default(answer) == ("AES256", None)),
    ("get_object_lock_configuration", (404, "ObjectLockConfigurationNotFoundError")),
    ("get_bucket_tagging", (404, "NoSuchTagSet")),
    ("get_bucket_location", lambda answer: answer["LocationConstraint"] is None),
    ("get_bucket_notification_configuration", lambda answer: "TopicConfigurations" not in answer),
    (
        "get_public_access_block",
        lambda answer: set(answer["PublicAccessBlockConfiguration"].values()) == {True},
    ),
    (
        "get_bucket_ownership_controls",
        lambda answer: answer["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}],
    ),
]


def default(answer):
    """Algorithm and key of a bucket's default encryption."""
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    applied = rules[0]["ApplyServerSideEncryptionByDefault"]
    return applied["SSEAlgorithm"], applied.get("KMSMasterKeyID")


@pytest.mark.evidence("documented", "a new bucket, as Terraform's refresh of aws_s3_bucket reads it")
@pytest.mark.parametrize("operation, wanted", REFRESH, ids=[operation for operation, _ in REFRESH])
def test_a_new_bucket_answers_a_refresh(s3, bucket, operation, wanted):
    call = getattr(s3, operation)
    if isinstance(wanted, tuple):
        assert code(call, Bucket=bucket) == wanted
    else:
        answer = call(Bucket=bucket)
        assert wanted is None or wanted(answer), answer


@pytest.mark.evidence("documented", "PutBucketEncryption: objects whose writers do not say are encrypted so")
def test_new_objects_have_the_encryption_of_their_bucket(s3, clients, bucket):
    arn = clients("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}}
    rules = {"Rules": [rule | {"BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    assert default(s3.get_bucket_encryption(Bucket=bucket)) == ("aws:kms", arn)
    put = s3.put_object(Bucket=bucket, Key="key", Body=b"plain")
    assert (put["ServerSideEncryption"], put["SSEKMSKeyId"]) == ("aws:kms", arn)
    read = s3.get_object(Bucket=bucket, Key="key")
    assert (read["Body"].read(), read["SSEKMSKeyId"]) == (b"plain", arn)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert default(s3.get_bucket_encryption(Bucket=bucket)) == ("AES256", None)
    assert s3.put_object(Bucket=bucket, Key="key", Body=b"x").get("ServerSideEncryption") != "aws:kms"


@pytest.mark.evidence("documented", "PutBucketLifecycleConfiguration")
def test_lifecycle_rules_come_back(s3, bucket):
    rules = [
        {
            "ID": "expire",
            "Filter": {"Prefix": "AWSLogs/"},
            "Status": "Enabled",
            "Expiration": {"Days": 365},
            "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
    s3.put_object(Bucket=bucket, Key="AWSLogs/young", Body=b"x")
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    assert s3.head_object(Bucket=bucket, Key="AWSLogs/young")["ContentLength"] == 1
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert code(s3.get_bucket_lifecycle_configuration, Bucket=bucket)[1] == "NoSuchLifecycleConfiguration"


@pytest.mark.evidence("documented", "Object Ownership; ACLs where they are on")
def test_ownership_controls_and_acls(s3, bucket):
    assert code(s3.put_bucket_acl, Bucket=bucket, ACL="private") == (400, "AccessControlListNotSupported")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=controls)
    assert s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"] == controls
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    s3.delete_bucket_ownership_controls(Bucket=bucket)
    assert code(s3.get_bucket_ownership_controls, Bucket=bucket) == (404, "OwnershipControlsNotFoundError")


@pytest.mark.evidence("documented", "PutPublicAccessBlock, PutBucketLogging")
def test_public_access_and_logging(s3, bucket):
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    block = dict.fromkeys(names, True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    s3.delete_public_access_block(Bucket=bucket)
    refused = code(s3.get_public_access_block, Bucket=bucket)
    assert refused == (404, "NoSuchPublicAccessBlockConfiguration")
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
