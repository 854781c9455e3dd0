"""What an answer is compared by, and what the record of a call has to say."""

import datetime
import re
import urllib.parse

# What no two runs have in common: moto takes it from the clock, from the system's randomness, or
# from where it was called.
VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"
    r"|\b1[78]\d{8}(\d{3})?(\.\d+)?\b"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{3,4}(-[0-9a-f]{4}-[0-9a-f]{12})?"
    r"|\b(fs|snap|vpc|subnet|sg|dx-moto)-[0-9a-z-]+"
    r"|\b[a-z0-9.-]+:\d{4,5}\b"
)
VOLATILE_MEMBERS = {
    "CiphertextBlob",
    "KeyFingerprint",
    "KeyMaterial",
    "NextShardIterator",
    "Plaintext",
    "Serial",
    "SessionToken",
    "ShardIterator",
    "SizeBytes",
    "UploadId",
    "certificateAuthority",
}


def comparable(value):
    """An answer without what is another in each run."""
    if isinstance(value, dict):
        return {k: "volatile" if k in VOLATILE_MEMBERS else comparable(v) for k, v in value.items()}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, datetime.datetime):
        return "volatile"
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return VOLATILE.sub("volatile", str(value))
    return value


def comparable_headers(done):
    """The headers of an answer: their names, and what the few say that no two runs disagree on."""
    said = ("content-type", "content-range", "etag", "x-amzn-errortype", "location")
    headers = {name.lower(): value for name, value in done.headers.items()}
    # The hop's own.
    headers.pop("connection", None)
    return {name: comparable(value) if name in said else "" for name, value in headers.items()}


# Observed, documented or modelled: recorder/tables and gateway-facts name the evidence.
SOURCES = {
    "application-autoscaling": "autoscaling",
    "cloudwatch": "monitoring",
    "dynamodbstreams": "dynamodb",
    "mq": "amazonmq",
    "pinpoint": "pinpoint",
    "polly": "tts",
    "resourcegroupstaggingapi": "tagging",
    "servicecatalog-appregistry": "servicecatalog-appregistry",
}
NAMES = {
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3", "PutBucketLifecycleConfiguration"): "PutBucketLifecycle",
    ("s3", "GetBucketLifecycleConfiguration"): "GetBucketLifecycle",
    ("s3", "ListObjectsV2"): "ListObjects",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "DeleteAccountPublicAccessBlock",
    ("lambda", "CreateFunction"): "CreateFunction20150331",
    ("lambda", "DeleteFunction"): "DeleteFunction20150331",
    ("lambda", "ListFunctions"): "ListFunctions20150331",
    ("lambda", "ListVersionsByFunction"): "ListVersionsByFunction20150331",
    ("lambda", "CreateAlias"): "CreateAlias20150331",
    ("lambda", "GetAlias"): "GetAlias20150331",
    ("lambda", "GetFunction"): "GetFunction20150331v2",
    ("lambda", "GetFunctionConfiguration"): "GetFunctionConfiguration20150331v2",
    ("lambda", "GetPolicy"): "GetPolicy20150331v2",
    ("lambda", "UpdateFunctionCode"): "UpdateFunctionCode20150331v2",
    ("lambda", "UpdateFunctionConfiguration"): "UpdateFunctionConfiguration20150331v2",
    ("lambda", "AddPermission"): "AddPermission20150331v2",
    ("lambda", "PutFunctionConcurrency"): "PutFunctionConcurrency20171031",
    ("lambda", "ListTags"): "ListTags20170331",
    ("lambda", "TagResource"): "TagResource20170331v2",
    ("lambda", "UntagResource"): "UntagResource20170331v2",
}
# Global services are recorded in their home (documented), wherever a call was signed for.
HOMES = {
    "account": "us-east-1",
    "budgets": "us-east-1",
    "ce": "us-east-1",
    "cloudfront": "us-east-1",
    "iam": "us-east-1",
    "organizations": "us-east-1",
    "route53": "us-east-1",
    "route53domains": "us-east-1",
    "shield": "us-east-1",
    "support": "us-east-1",
}
# Signatures of version 2 name no region: the server's own it is.
UNSCOPED = {"sdb": "us-east-1"}

READS = re.compile(r"(Get|List|Describe|Head|BatchGet|Query|Scan|Select|Detect|Validate)(?![a-z])")
# How services class what their names do not tell.
READ_ALL_THE_SAME = {
    ("sts", "AssumeRole"),
    ("kms", "Encrypt"),
    ("kms", "GenerateDataKey"),
    ("ses", "SendEmail"),
    ("sqs", "ReceiveMessage"),
}
WRITE_ALL_THE_SAME = {("sts", "GetSessionToken"), ("sts", "GetFederationToken")}


def source(done) -> str:
    name = SOURCES.get(done.service, done.model.service_model.signing_name)
    return f"{name}.amazonaws.com"


def event_name(done) -> str:
    return NAMES.get((done.service, done.operation), done.operation)


def reads(done) -> bool:
    call = (done.service, done.operation)
    return call in READ_ALL_THE_SAME or call not in WRITE_ALL_THE_SAME and bool(READS.match(done.operation))


# Failures that have no code: of HEAD, and of moto where it breaks or does not know the protocol.
BARE = {
    "404": {"NotFound", "NoSuchBucket", "NoSuchKey", "UnknownError"},
    "500": {"InternalFailure", "UnknownError"},
}


def region(done, called) -> str:
    return (HOMES | UNSCOPED).get(done.service, called)


def codes(done) -> set:
    """The codes that a failure may be recorded with."""
    code = done.error["Code"]
    if done.service == "events" and code == "ResourceNotFoundException":
        # Observed: EventBridge does not say that a rule is missing.
        return {"UnknownError"}
    named = {shape.name for shape in done.model.error_shapes if shape.error_code == code}
    # EC2 says whose fault an error is; an answer without a body has its status alone.
    return (
        named
        | {code, f"Client.{code}", f"Server.{code}", done.error.get("QueryErrorCode")}
        | BARE.get(code, set())
    )


def request_id(done) -> str | None:
    """The id that the upstream gave the call, in whichever header."""
    names = ("x-amzn-requestid", "x-amz-request-id")
    return next((done.headers[name] for name in names if name in done.headers), None)


# Names of the wire instead of lower first letters.
AS_IS = {
    "account",
    "ce",
    "connect",
    "databrew",
    "greengrass",
    "pinpoint",
    "resource-groups",
    "securityhub",
    "synthetics",
}
# Rules of their own: every value that was sent has to be in the record, under whatever name.
BY_VALUE = {"ec2", "s3", "s3control", "apigateway", "dynamodb"}
# What records leave out or hide: service, operation or `*`, and the key below which it stands.
HIDDEN = {
    ("athena", "StartQueryExecution", "QueryString"),
    ("cloudfront", "CreateDistribution", "DistributionConfig.Comment"),
    ("cloudwatch", "PutMetricData", "MetricData.Timestamp"),
    ("cloudwatch", "PutMetricData", "MetricData.Unit"),
    ("cloudwatch", "PutMetricData", "MetricData.Value"),
    ("comprehend", "DetectSentiment", "Text"),
    ("events", "PutEvents", "Entries.Detail"),
    ("iam", "*", "Password"),
    ("identitystore", "CreateGroup", "DisplayName"),
    ("polly", "SynthesizeSpeech", "Text"),
    ("rds", "CreateDBInstance", "MasterUserPassword"),
    ("redshift", "CreateCluster", "MasterUserPassword"),
    ("secretsmanager", "*", "SecretString"),
    ("ses", "SendEmail", "Destination"),
    ("ses", "SendEmail", "Message"),
    ("sns", "Publish", "Message"),
    ("sns", "Publish", "Subject"),
    ("sns", "Subscribe", "Endpoint"),
    ("sqs", "SendMessage", "MessageBody"),
    ("ssm", "CreateDocument", "Content"),
    ("ssm", "PutParameter", "Value"),
    ("ssm", "SendCommand", "Parameters"),
    ("stepfunctions", "CreateStateMachine", "definition"),
    ("stepfunctions", "StartExecution", "input"),
    ("support", "CreateCase", "communicationBody"),
    ("support", "CreateCase", "subject"),
    ("transcribe", "StartTranscriptionJob", "Media.MediaFileUri"),
    # As documents of their own, or under other names.
    ("s3", "PutBucketPolicy", "Policy"),
    ("pinpoint", "CreateApp", "CreateApplicationRequest"),
    # Headers that no record shows.
    ("s3", "GetObject", "Range"),
    ("s3", "PutObject", "Metadata"),
    ("s3control", "*", "AccountId"),
    # The contents of items: their keys are shown.
    ("dynamodb", "PutItem", "Item"),
    ("dynamodb", "UpdateItem", "ExpressionAttributeValues"),
    ("dynamodb", "Query", "ExpressionAttributeValues"),
    ("dynamodb", "BatchWriteItem", "RequestItems"),
}
# Calls that show nothing at all where they fail this way.
BARE_FAILURES = {("kms", "NotFoundException")}
# Labels that stay as they stood in the path.
ENCODED = {("eks", "resourceArn"), ("mediaconnect", "FlowArn")}


def gaps(done, request_parameters):
    """What was sent and is not in the record, as text."""
    record = request_parameters or {}
    if done.error and (done.service, done.error["Code"]) in BARE_FAILURES:
        return []
    if done.service in BY_VALUE:
        there = {text(value) for value in scalars(record)}
        sent = {name: value for name, value in done.sent.items() if not is_hidden(done, (name,))}
        return [f"{value!r}" for value in scalars(sent) if text(value) not in there]
    return list(members(done, done.sent, done.model.input_shape, record, ()))


def members(done, sent, shape, record, path):
    if not isinstance(record, dict):
        yield f"{'.'.join(path)}: {record!r} is no object"
        return
    for name, value in sent.items():
        member = shape.members[name]
        wire = member.serialization.get("name", name)
        key = wire if done.service in AS_IS else name[:1].lower() + name[1:]
        if not is_hidden(done, (*path, name)):
            yield from gap(done, value, member, record.get(key), (*path, name))


def gap(done, value, shape, record, path):
    if isinstance(value, (bytes, bytearray)) or shape.type_name == "blob":
        return
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        yield from members(done, value, shape, record, path)
    elif isinstance(value, list):
        if not isinstance(record, list) or len(record) != len(value):
            yield f"{'.'.join(path)}: {record!r} for {value!r}"
            return
        for mine, theirs in zip(value, record):
            yield from gap(done, mine, shape.member, theirs, path)
    elif isinstance(value, dict):
        if not isinstance(record, dict) or set(record) != set(value):
            yield f"{'.'.join(path)}: {record!r} for {value!r}"
            return
        for key, mine in value.items():
            yield from gap(done, mine, shape.value, record[key], (*path, key))
    elif (done.service, path[-1]) in ENCODED:
        if urllib.parse.quote(value, safe="") != record:
            yield f"{'.'.join(path)}: {record!r} for {value!r}"
    elif text(value) != text(record):
        yield f"{'.'.join(path)}: {record!r} for {value!r}"


def is_hidden(done, path) -> bool:
    name = ".".join(path)
    return any((done.service, operation, name) in HIDDEN for operation in (done.operation, "*"))


def scalars(value):
    """All values in a document, without content."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from scalars(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from scalars(inner)
    elif isinstance(value, (str, int, float, datetime.datetime)):
        yield value


def text(value) -> str:
    """A value as text: numbers and words alike, whatever type the record gives them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
