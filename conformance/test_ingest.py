"""Records that applications and people write themselves: in bulk (`PutRecords`), and through channels.

Bulk is ours: NDJSON, plain or compressed, streamed, safe to repeat, acknowledged when durable and searchable.
"""

import base64
import gzip
import hashlib
import http.client
import json
import threading
import uuid

import boto3
import pytest
import zstandard
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from conftest import eventually
from server import Server, credentials, records_of, run_cairn
from signed import Raw

TARGET = "Cairn_20261125.PutRecords"
ACCOUNT = "111122223333"


def record(identifier, more=""):
    """A record as another trail wrote it, with a spelling of numbers that a JSON library would change."""
    return (
        '{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","accountId":"%s","userName":"ann"},'
        '"eventTime":"2026-11-20T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser",'
        '"awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7","requestParameters":{"x":1.50},'
        '"responseElements":null,"eventID":"%s","readOnly":false,"eventType":"AwsApiCall",'
        '"managementEvent":true,"recipientAccountId":"%s","eventCategory":"Management"%s}'
        % (ACCOUNT, identifier, ACCOUNT, more)
    )


def body(records):
    return "".join(f"{record}\n" for record in records).encode()


def packed(data, encoding):
    """The bytes as they go over the wire."""
    if encoding == "gzip":
        return gzip.compress(data, 1)
    return zstandard.ZstdCompressor(level=3).compress(data) if encoding == "zstd" else data


def headers_of(server, encoding, payload, key=None, secret=None):
    """The head of a signed call."""
    known = credentials(server.data)
    headers = {
        "X-Amz-Target": TARGET,
        "Content-Type": "application/x-ndjson",
        "X-Amz-Content-SHA256": payload,
        "Host": server.url.removeprefix("http://"),
    }
    if encoding:
        headers["Content-Encoding"] = encoding
    request = AWSRequest(method="POST", url=f"{server.url}/", headers=headers)
    SigV4Auth(Credentials(key or known[0], secret or known[1]), "cairn", "us-east-1").add_auth(request)
    return dict(request.headers.items())


def put(server, data, encoding=None, payload="UNSIGNED-PAYLOAD", length=None, **who):
    """Status and answer of one call; `length` announces another length than is sent."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
    connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
    for name, value in headers_of(server, encoding, payload, **who).items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(data) if length is None else length))
    try:
        connection.endheaders()
        for at in range(0, len(data), 1 << 16):
            connection.send(data[at : at + (1 << 16)])
        if length is not None:
            connection.close()
            return None, None
    except (BrokenPipeError, ConnectionResetError):
        # The server may answer, and close, before it has read all of a body that it refuses.
        pass
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


def counts(answer):
    return [answer[name] for name in ("Accepted", "Duplicates", "Rejected", "ThroughLine")]


def new_ids(count):
    return [str(uuid.uuid4()) for _ in range(count)]


@pytest.fixture
def own(tmp_path):
    """A server of the test's own."""
    running = Server(tmp_path / "data", "--account-id", ACCOUNT, "--delivery-interval", "1s").start()
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0, running.stderr()


def bytes_kept(server, identifiers):
    """The bytes of these records in a stopped server's directory."""
    done = run_cairn("lookup", "--data", str(server.data), "--json", "--limit", "1000000")
    wanted = set(identifiers)
    return sorted(line for line in done.stdout.splitlines() if json.loads(line).get("eventID") in wanted)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.evidence("assumed", "a body is what its head says, or is refused")
def test_a_compressed_body_that_is_not_said_to_be_is_refused(server, encoding):
    data = packed(body(record(identifier) for identifier in new_ids(5)), encoding)
    status, answer = put(server, data)
    assert (status, answer["__type"].split("#")[-1]) == (400, "InvalidBodyException")
    assert f"compressed with {encoding}" in answer["Message"] and "Content-Encoding" in answer["Message"]
    assert "No line was taken." in answer["Message"]
    status, answer = put(server, data, encoding)
    assert (status, counts(answer)) == (200, [5, 0, 0, 5])


@pytest.mark.evidence("assumed", "ours: bulk ingest keeps bytes, and each record once")
@pytest.mark.parametrize("encoding", [None, "gzip", "zstd"])
def test_records_come_in_once_and_keep_their_bytes(own, encoding):
    ids = new_ids(3_000)
    records = [record(identifier) for identifier in ids]
    data = packed(body(records), encoding)
    status, answer = put(own, data, encoding)
    assert (status, counts(answer)) == (200, [3_000, 0, 0, 3_000]), answer
    status, answer = put(own, data, encoding, payload=hashlib.sha256(data).hexdigest())
    assert (status, counts(answer)) == (200, [0, 3_000, 0, 3_000]), answer
    assert own.stop() == 0
    assert bytes_kept(own, ids) == sorted(records)
    assert run_cairn("fsck", str(own.data)).returncode == 0
    calls = [found for found in records_of(own.data) if found["eventName"] == "PutRecords"]
    assert [call["responseElements"]["accepted"] for call in reversed(calls)] == [3_000, 0]
    assert calls[0]["userIdentity"]["type"] == "Root" and not calls[0]["readOnly"]


@pytest.mark.evidence("assumed", "ours: searchable when acknowledged")
def test_records_are_searchable_when_the_answer_comes(own):
    trail = client(own, "cloudtrail")
    for _ in range(20):
        identifier = str(uuid.uuid4())
        assert put(own, body([record(identifier)]))[0] == 200
        found = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": identifier}])
        assert [event["EventId"] for event in found["Events"]] == [identifier]


@pytest.mark.evidence("assumed", "ours: errors are told by line")
def test_bad_lines_are_told_by_their_numbers(own):
    good = record(str(uuid.uuid4()))
    lines = [good, "", "{", good, '{"eventID":"%s"}' % ("x" * (1 << 20)), '{"Records":[]}', '{"eventName":"A"}', good + "x"]
    status, answer = put(own, "\n".join(lines).encode())
    assert (status, counts(answer)) == (200, [1, 1, 5, 8]), answer
    assert [error["Line"] for error in answer["Errors"]] == [3, 5, 6, 7, 8]
    status, answer = put(own, b"x\n" * 250_000)
    assert (status, counts(answer), len(answer["Errors"])) == (200, [0, 0, 250_000, 250_000], 100)


@pytest.mark.evidence("assumed", "ours: a signature that does not hold lets nothing in, but for groups before the end")
def test_who_may_not_and_what_was_not_signed(own):
    ids = new_ids(10)
    data = body(record(identifier) for identifier in ids)
    status, answer = put(own, data, secret="wrong" * 8)
    assert (status, answer["__type"]) == (400, "InvalidSignatureException"), answer
    status, answer = put(own, data, payload=hashlib.sha256(b"something else").hexdigest())
    assert (status, answer["__type"]) == (400, "XAmzContentSHA256Mismatch"), answer
    assert "No line was taken." in answer["message"], answer
    status, answer = put(own, data, "br")
    assert (status, answer["__type"]) == (400, "InvalidBodyException"), answer
    assert own.stop() == 0
    assert bytes_kept(own, ids) == []


@pytest.mark.evidence("assumed", "ours: what was taken before a break stays, and a repeat brings the rest")
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_truncated_streams_are_told_and_repeated(own, encoding):
    ids = new_ids(20_000)
    records = [record(identifier) for identifier in ids]
    data = packed(body(records), encoding)
    status, answer = put(own, data[: len(data) * 9 // 10], encoding)
    assert (status, answer["__type"]) == (400, "InvalidBodyException"), answer
    assert "taken" in answer["Message"], answer
    # The connection breaks: there is nobody to answer.
    put(own, data[: len(data) // 2], encoding, length=len(data))
    status, answer = put(own, data, encoding)
    assert status == 200 and answer["Rejected"] == 0, answer
    assert answer["Accepted"] + answer["Duplicates"] == 20_000
    assert own.stop() == 0
    assert bytes_kept(own, ids) == sorted(records)


@pytest.mark.evidence("assumed", "design 2.6: limits on decompression")
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_does_not_go_off(own, encoding):
    bomb = packed(b"\n" * (512 << 20), encoding)
    status, answer = put(own, bomb, encoding)
    assert (status, answer["__type"]) == (400, "InvalidBodyException"), answer
    assert "200 times" in answer["Message"]
    with open(f"/proc/{own.process.pid}/status") as status:
        memory = next(line for line in status if line.startswith("VmHWM:"))
    assert int(memory.split()[1]) < 200 << 10, memory
    assert put(own, body([record(str(uuid.uuid4()))]))[0] == 200


@pytest.mark.evidence("assumed", "design 2.3: every crash is harmless")
def test_a_kill_in_the_middle_and_a_repeat_give_each_record_once(tmp_path):
    server = Server(tmp_path / "data", "--account-id", ACCOUNT).start()
    ids = new_ids(60_000)
    records = [record(identifier) for identifier in ids]
    data = packed(body(records), "zstd")
    for _ in range(2):
        answered = []

        def call(target=server):
            try:
                answered.append(put(target, data, "zstd"))
            except (OSError, http.client.HTTPException):
                answered.append(None)

        before = committed(server)
        caller = threading.Thread(target=call)
        caller.start()
        while committed(server) <= before + 2_000 and caller.is_alive():
            pass
        server.kill()
        caller.join()
        server = Server(tmp_path / "data", "--account-id", ACCOUNT).start()
    status, answer = put(server, data, "zstd")
    assert status == 200 and answer["Accepted"] + answer["Duplicates"] == 60_000, answer
    assert server.stop() == 0
    assert bytes_kept(server, ids) == sorted(records)
    assert run_cairn("fsck", str(server.data)).returncode == 0


def committed(server):
    """How many records the log has: the cursor at its end says so."""
    raw = Raw(server)
    status, _, answer = raw.send(*raw.json_call("cairn", "Cairn_20261125.TailRecords", b'{"WaitMs":0}'))
    assert status == 200, answer
    return int(json.loads(answer)["Cursor"].removeprefix("r"))


# ---- channels -------------------------------------------------------------------------------------


def client(server, service, region="us-east-1"):
    key, secret = credentials(server.data)
    return boto3.client(
        service, region, endpoint_url=server.url, aws_access_key_id=key, aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip


def code_of(call):
    """The code of the error that a call ends with."""
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


def make_channel(server, name):
    trail = client(server, "cloudtrail")
    store = trail.list_event_data_stores()["EventDataStores"][0]
    assert store["Name"] == "cairn-event-history"
    assert trail.get_event_data_store(EventDataStore=store["EventDataStoreArn"])["Status"] == "ENABLED"
    destination = {"Type": "EVENT_DATA_STORE", "Location": store["EventDataStoreArn"]}
    made = trail.create_channel(Name=name, Source="Custom", Destinations=[destination])
    return made["ChannelArn"]


def activity(name, **changes):
    """An event of an application."""
    event = {
        "version": "1.0",
        "userIdentity": {"type": "AppUser", "principalId": "ann"},
        "eventSource": "payroll.example.com",
        "eventName": name,
        "eventTime": "2026-11-20T10:00:00Z",
        "UID": str(uuid.uuid4()),
        "recipientAccountId": ACCOUNT,
        "sourceIPAddress": "192.0.2.9",
        "requestParameters": {"amount": 1.5},
    }
    event.update(changes)
    return json.dumps({key: value for key, value in event.items() if value is not None})


def one(name="Pay", **changes):
    return {"id": str(uuid.uuid4()), "eventData": activity(name, **changes)}


@pytest.mark.evidence("documented", "CloudTrail Lake integrations: channels and their events")
def test_an_event_goes_through_a_channel_into_the_log(own):
    arn = make_channel(own, "payroll")
    data = client(own, "cloudtrail-data")
    event = one()
    event["eventDataChecksum"] = base64.b64encode(hashlib.sha256(event["eventData"].encode()).digest()).decode()
    answer = data.put_audit_events(channelArn=arn, auditEvents=[event])
    assert (answer["failed"], [done["id"] for done in answer["successful"]]) == ([], [event["id"]])
    event_id = answer["successful"][0]["eventID"]
    trail = client(own, "cloudtrail")
    status = trail.get_channel(Channel=arn)["IngestionStatus"]
    assert status["LatestIngestionSuccessEventID"] == event_id
    table = run_cairn("lookup", "--attribute", f"EventId={event_id}", environment=own.client_environment()).stdout
    heading, line = table.splitlines()
    assert line[heading.index("USER") :].split()[0] == "ann", table
    assert "LatestIngestionErrorCode" not in status
    # Documented: event history shows management and Insights events only.
    found = trail.lookup_events(LookupAttributes=[{"AttributeKey": "EventId", "AttributeValue": event_id}])
    assert found["Events"] == []
    environment = own.client_environment()
    shown = run_cairn("lookup", "--json", "--attribute", f"EventId={event_id}", environment=environment).stdout
    record = json.loads(shown)
    assert record["eventCategory"] == "ActivityAuditLog" and record["eventType"] == "ActivityLog"
    assert record["metadata"]["channelARN"] == arn
    assert json.dumps(record["eventData"]) == event["eventData"]
    by_name = run_cairn("lookup", "--json", "--attribute", "EventName=Pay", environment=environment).stdout
    assert json.loads(by_name)["eventID"] == event_id
    raw = Raw(own)
    body = json.dumps({"Cursor": "earliest", "MaxResults": 1000}).encode()
    _, _, tail = raw.send(*raw.json_call("cairn", "Cairn_20261125.TailRecords", body))
    assert event_id in tail.decode()
    assert own.stop() == 0
    calls = [found for found in records_of(own.data) if found.get("eventName") == "PutAuditEvents"]
    assert len(calls) == 1 and calls[0]["eventCategory"] == "Data"
    assert calls[0]["resources"] == [{"accountId": ACCOUNT, "type": "AWS::CloudTrail::Channel", "ARN": arn}]
    assert run_cairn("fsck", str(own.data)).returncode == 0
    # What was taken can be imported elsewhere.
    copy = own.data.parent / "copy.jsonl"
    copy.write_text(shown)
    other = own.data.parent / "other"
    done = run_cairn("import", "--data", str(other), "--json", str(copy))
    assert json.loads(done.stdout)["records_imported"] == 1


@pytest.mark.evidence("documented", "ResultErrorEntry; what goes with which code is assumed")
def test_what_is_wrong_with_one_event_is_told_of_it(own):
    arn = make_channel(own, "payroll")
    data = client(own, "cloudtrail-data")
    cases = [
        (one(UID=None), "FieldNotFound"),
        (one(eventName="x" * 1025), "FieldTooLong"),
        (one(recipientAccountId="444455556666"), "InvalidRecipient"),
        (one(eventTime="yesterday"), "InvalidData"),
        ({**one(), "eventData": "no JSON"}, "InvalidData"),
        ({**one(), "eventDataChecksum": "AAAA"}, "InvalidChecksum"),
    ]
    events = [event for event, _ in cases] + [one()]
    answer = data.put_audit_events(channelArn=arn, auditEvents=events)
    assert [(done["id"], done["errorCode"]) for done in answer["failed"]] == [
        (event["id"], code) for event, code in cases
    ]
    assert [done["id"] for done in answer["successful"]] == [events[-1]["id"]]


@pytest.mark.evidence("modelled", "the errors of PutAuditEvents")
def test_what_is_wrong_with_a_call(own):
    arn = make_channel(own, "payroll")
    data, trail = client(own, "cloudtrail-data"), client(own, "cloudtrail")
    event = one()

    def put(channel=arn, events=(event,), **more):
        return lambda: data.put_audit_events(channelArn=channel, auditEvents=list(events), **more)

    assert code_of(put(events=[event, event])) == "DuplicatedAuditEventId"
    assert code_of(put(channel=arn[:-36] + str(uuid.uuid4()))) == "ChannelNotFound"
    assert code_of(put(channel="arn:aws:cloudtrail:us-east-1:1:channel/x")) == "InvalidChannelARN"
    many = [one() for _ in range(101)]
    assert code_of(put(events=many)) == "ValidationException"
    deny = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": {"AWS": ACCOUNT},
                "Action": "cloudtrail-data:PutAuditEvents",
                "Resource": arn,
                "Condition": {"StringNotEquals": {"cloudtrail:ExternalId": "agreed"}},
            }
        ],
    }
    trail.put_resource_policy(ResourceArn=arn, ResourcePolicy=json.dumps(deny))
    assert code_of(put()) == "ChannelInsufficientPermission"
    assert code_of(put(externalId="guessed")) == "ChannelInsufficientPermission"
    assert put(externalId="agreed")()["failed"] == []
    trail.delete_resource_policy(ResourceArn=arn)
    assert put()()["failed"] == []
    trail.delete_channel(Channel=arn)
    assert code_of(put()) == "ChannelNotFound"


@pytest.mark.evidence("documented", "trails select management, data, network activity and Insights events")
def test_trails_deliver_neither_what_channels_bring_nor_what_came_in_bulk(own):
    arn = make_channel(own, "payroll")
    trail, s3 = client(own, "cloudtrail"), client(own, "s3")
    s3.create_bucket(Bucket="delivered")
    policy = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    grants = [
        {**policy, "Action": "s3:GetBucketAcl", "Resource": "arn:aws:s3:::delivered"},
        {**policy, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::delivered/AWSLogs/{ACCOUNT}/*"},
    ]
    s3.put_bucket_policy(Bucket="delivered", Policy=json.dumps({"Version": "2012-10-17", "Statement": grants}))
    trail.create_trail(Name="all", S3BucketName="delivered", IsMultiRegionTrail=True)
    trail.start_logging(Name="all")
    ids = new_ids(3_000)
    assert put(own, body(record(identifier) for identifier in ids))[0] == 200
    answer = client(own, "cloudtrail-data").put_audit_events(channelArn=arn, auditEvents=[one()])
    event_id = answer["successful"][0]["eventID"]
    trail.add_tags(ResourceId=trail.get_trail(Name="all")["Trail"]["TrailARN"], TagsList=[{"Key": "marks-the-end"}])

    def delivered():
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="delivered")
        keys = [found["Key"] for page in pages for found in page.get("Contents", []) if found["Size"]]
        texts = [gzip.decompress(s3.get_object(Bucket="delivered", Key=key)["Body"].read()) for key in keys]
        return b"".join(texts).decode()

    text = eventually(lambda: (found := delivered()) and "marks-the-end" in found and found)
    assert "PutRecords" in text, "the call itself is delivered"
    assert not any(identifier in text for identifier in ids)
    # The call names the id in its answer; the record of the event is not there.
    assert "ActivityAuditLog" not in text and event_id
