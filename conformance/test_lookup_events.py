"""LookupEvents: attributes, order, pages, tokens and errors."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError


def code(refused):
    return refused.value.response["Error"]["Code"]


@pytest.fixture(scope="module")
def trail(clients):
    """A history with seven calls of one name."""
    s3 = clients("s3")
    for number in range(7):
        s3.create_bucket(Bucket=f"looked-up-{number}")
    return clients("cloudtrail")


def lookup(trail, key, value, **more):
    return trail.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more)


@pytest.mark.evidence("documented", "LookupEvents: the eight attributes")
@pytest.mark.parametrize(
    "attribute,of",
    [
        ("EventId", lambda event: event["EventId"]),
        ("EventName", lambda event: event["EventName"]),
        ("ReadOnly", lambda event: event["ReadOnly"]),
        ("Username", lambda event: event["Username"]),
        ("ResourceType", lambda event: event["Resources"][0]["ResourceType"]),
        ("ResourceName", lambda event: event["Resources"][0]["ResourceName"]),
        ("EventSource", lambda event: event["EventSource"]),
        ("AccessKeyId", lambda event: event["AccessKeyId"]),
    ],
)
def test_each_attribute_finds_the_event(trail, attribute, of):
    (sample,) = lookup(trail, "ResourceName", "looked-up-3")["Events"]
    found = lookup(trail, attribute, of(sample), MaxResults=50)
    pages = [found]
    while "NextToken" in pages[-1]:
        pages.append(lookup(trail, attribute, of(sample), NextToken=pages[-1]["NextToken"], MaxResults=50))
    assert sample["EventId"] in [event["EventId"] for page in pages for event in page["Events"]]


@pytest.mark.evidence("documented", "newest first; a page holds at most MaxResults")
def test_pages_are_newest_first_and_complete(trail):
    paginator = trail.get_paginator("lookup_events")
    pages = list(
        paginator.paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateBucket"}],
            PaginationConfig={"PageSize": 3},
        )
    )
    events = [event for page in pages for event in page["Events"]]
    assert all(len(page["Events"]) <= 3 for page in pages)
    times = [event["EventTime"] for event in events]
    assert times == sorted(times, reverse=True)
    identifiers = [event["EventId"] for event in events]
    assert len(identifiers) == len(set(identifiers))
    names = [json.loads(e["CloudTrailEvent"])["requestParameters"]["bucketName"] for e in events]
    assert {f"looked-up-{number}" for number in range(7)} <= set(names)


@pytest.mark.evidence("documented", "matching is exact and case-sensitive")
@pytest.mark.parametrize("value", ["createbucket", "CreateBucke", "CreateBucket*", "x" * 2000])
def test_nothing_but_equality_matches(trail, value):
    answer = lookup(trail, "EventName", value)
    assert answer["Events"] == [] and "NextToken" not in answer


@pytest.mark.evidence("observed", "native-observations 4: an empty answer has no NextToken")
def test_the_raw_shape_of_an_event(trail):
    (event,) = lookup(trail, "ResourceName", "looked-up-0")["Events"]
    assert set(event) == {
        "EventId", "EventName", "ReadOnly", "AccessKeyId", "EventTime", "EventSource", "Username",
        "Resources", "CloudTrailEvent",
    }  # fmt: skip
    assert event["ReadOnly"] in ("true", "false")
    assert event["Username"] == "root"


NOW = datetime.datetime.now(datetime.timezone.utc)


@pytest.mark.evidence("documented", "LookupEvents: errors")
@pytest.mark.parametrize(
    "arguments,expected",
    [
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"StartTime": NOW, "EndTime": NOW - datetime.timedelta(hours=1)}, "InvalidTimeRangeException"),
        ({"StartTime": NOW + datetime.timedelta(days=2)}, "InvalidTimeRangeException"),
        ({"NextToken": "no-token-of-ours"}, "InvalidNextTokenException"),
        ({"EventCategory": "management"}, "InvalidEventCategoryException"),
        (
            {
                "LookupAttributes": [
                    {"AttributeKey": "EventName", "AttributeValue": "A"},
                    {"AttributeKey": "EventSource", "AttributeValue": "B"},
                ]
            },
            "InvalidLookupAttributesException",
        ),
        (
            {"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "True"}]},
            "InvalidLookupAttributesException",
        ),
    ],
)
def test_bad_input_gets_the_modelled_error(trail, arguments, expected):
    with pytest.raises(ClientError) as refused:
        trail.lookup_events(**arguments)
    assert code(refused) == expected
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.evidence("documented", "a token goes with the parameters that it came from")
def test_a_token_is_bound_to_its_parameters(trail):
    first = lookup(trail, "EventName", "CreateBucket", MaxResults=2)
    with pytest.raises(ClientError) as refused:
        lookup(trail, "EventName", "DeleteBucket", MaxResults=2, NextToken=first["NextToken"])
    assert code(refused) == "InvalidNextTokenException"


@pytest.mark.evidence("documented", "EventCategory insight: no anomaly, no event")
def test_insight_events_are_a_history_of_their_own(trail):
    assert trail.lookup_events(EventCategory="insight")["Events"] == []


@pytest.mark.evidence("documented", "history is per Region")
def test_another_region_has_its_own_history(clients):
    elsewhere = clients("cloudtrail", region="eu-west-1")
    assert lookup(elsewhere, "EventName", "CreateBucket")["Events"] == []


@pytest.mark.evidence("modelled", "CloudTrail: UnsupportedOperationException is in every operation's list")
def test_operations_that_are_not_built_say_so(trail):
    with pytest.raises(ClientError) as refused:
        trail.list_dashboards()
    assert code(refused) == "UnsupportedOperationException"
