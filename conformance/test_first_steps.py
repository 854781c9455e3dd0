"""The newcomer's five minutes: two exported lines, then plain AWS CLI commands."""

import json

import pytest
from conftest import eventually

from server import run_cairn


@pytest.mark.evidence("documented", "LookupEvents, AWS CLI reference")
def test_a_bucket_is_made_and_its_record_found(aws, server):
    assert "make_bucket: first" in aws("s3", "mb", "s3://first").stdout
    aws("s3", "cp", "-", "s3://first/hello.txt", stdin="hello\n")
    assert "hello.txt" in aws("s3", "ls", "s3://first").stdout

    found = aws(
        "cloudtrail", "lookup-events", "--lookup-attributes",
        "AttributeKey=EventName,AttributeValue=CreateBucket", "--output", "json",
    )  # fmt: skip
    (event,) = [e for e in json.loads(found.stdout)["Events"] if '"first"' in e["CloudTrailEvent"]]
    assert event["EventSource"] == "s3.amazonaws.com"
    assert event["ReadOnly"] == "false"
    assert {"ResourceType": "AWS::S3::Bucket", "ResourceName": "first"} in event["Resources"]
    record = json.loads(event["CloudTrailEvent"])
    assert record["eventID"] == event["EventId"]
    assert record["eventVersion"] == "1.11"
    assert record["userIdentity"]["type"] == "Root"
    assert record["requestParameters"]["bucketName"] == "first"
    assert record["sourceIPAddress"] == "127.0.0.1"
    assert record["userAgent"].startswith("[aws-cli/")
    assert record["eventCategory"] == "Management"
    assert record["managementEvent"] is True
    assert record["recipientAccountId"] == record["userIdentity"]["accountId"]


@pytest.mark.evidence("documented", "data events are not shown in Event history")
def test_data_events_stay_out_of_event_history_but_are_kept(clients, server):
    s3 = clients("s3")
    s3.create_bucket(Bucket="quiet")
    s3.put_object(Bucket="quiet", Key="a", Body=b"x")
    found = clients("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutObject"}]
    )
    assert found["Events"] == []
    shown = run_cairn(
        "lookup", "--attribute", "EventName=PutObject", "--text", "quiet", "--json",
        environment=server.client_environment(),
    )  # fmt: skip
    (record,) = [json.loads(line) for line in shown.stdout.splitlines()]
    assert record["eventCategory"] == "Data"
    assert record["managementEvent"] is False
    assert record["requestParameters"]["key"] == "a"


@pytest.mark.evidence("observed", "native-observations 65: a LookupEvents call is itself recorded")
def test_a_lookup_is_recorded(clients):
    trail = clients("cloudtrail")
    trail.lookup_events(MaxResults=7)

    def own_record():
        answer = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "LookupEvents"}]
        )
        records = [json.loads(event["CloudTrailEvent"]) for event in answer["Events"]]
        return [r for r in records if (r["requestParameters"] or {}).get("maxResults") == 7]

    (record,) = eventually(own_record)
    assert record["readOnly"] is True
    assert record["responseElements"] is None


@pytest.mark.evidence("assumed", "what reaches the door is recorded, also when nobody serves it")
def test_a_call_that_nobody_serves_is_refused_and_recorded(clients):
    with pytest.raises(Exception) as refused:
        clients("ec2").run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)
    assert "NotImplemented" in str(refused.value)
    answer = clients("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RunInstances"}]
    )
    record = json.loads(answer["Events"][0]["CloudTrailEvent"])
    assert record["eventSource"] == "ec2.amazonaws.com"
    assert "NotImplemented" in record["errorCode"]
    assert record["requestParameters"]["instancesSet"]["items"][0]["imageId"] == "ami-12345678"
