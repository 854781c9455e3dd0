"""Large documents keep nobody else waiting: they are read beside the threads that serve connections."""

import gzip
import random
import re
import time
import urllib.request

import pytest
from by_hand import ANSWER, answer_of, connect, json_call, one_after_another, whole
from upstreams import Raw, gateway, own_client, records

pytestmark = pytest.mark.evidence("assumed", "a stranger's large documents are the stranger's own delay")

STRANGERS = 480
CALL_SECONDS_MAX = 4
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n"


def form(body, more=b"", path=b"/"):
    return b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n%s" % (path, len(body), more, body)


def pairs(bytes_wanted):
    """A form whose text repeats itself little, which names an operation at its end."""
    dice = random.Random(1)
    text = "&".join(f"MetricData.member.{n}.Value={dice.random()}" for n in range(bytes_wanted // 48))
    return (text + "&Version=2010-08-01&Action=PutMetricData").encode()


def beside(server):
    """How much was done beside the lanes, by the kind of work."""
    page = urllib.request.urlopen(f"{server.url}/_cairn/metrics").read().decode()
    found = re.findall(r'^cairn_gateway_beside_total\{work="(\w+)"\} (\d+)$', page, re.MULTILINE)
    return {work: int(count) for work, count in found}


BOMB = gzip.compress(b"Action=ListUsers&Version=2010-05-08" + b"&a=b" * (7 << 18))
DENSE = gzip.compress(pairs(900_000))


@pytest.mark.parametrize("body", [BOMB, DENSE], ids=["bomb", "dense"])
def test_calls_are_answered_while_strangers_send_large_forms(tmp_path, body):
    with gateway(tmp_path / "data") as server:
        clients = [own_client("sts", server) for _ in range(4)]
        for client in clients:
            client.get_caller_identity()
        strangers = [connect(server) for _ in range(STRANGERS)]
        for stranger in strangers:
            stranger.sendall(form(body, FORM))
        took = []
        for client in clients * 5:
            begun = time.monotonic()
            client.get_caller_identity()
            took.append(time.monotonic() - begun)
        print(f"calls beside {STRANGERS} forms of {len(body)} bytes: at most {max(took) * 1000:.0f} ms")
        assert max(took) < CALL_SECONDS_MAX
        statuses = {answer_of(stranger).split(b" ")[1] for stranger in strangers}
        assert statuses <= {b"400", b"403", b"413", b"503"}, statuses
        assert beside(server)["form"] > 0


def test_only_what_is_large_leaves_its_lane(tmp_path):
    upstream = Raw(one_after_another([]))
    with gateway(tmp_path / "data", "--upstream", f"dynamodb={upstream.url}") as server:
        own_client("sts", server).get_caller_identity()
        own_client("cloudtrail", server).lookup_events()
        own_client("dynamodb", server).list_tables()
        assert beside(server) == {}
        # The form, what it calls, the call, and its record.
        name = "x" * (100 << 10)
        with pytest.raises(Exception, match="NotImplemented|ValidationError"):
            own_client("iam", server).get_user(UserName=name)
        assert beside(server) == {"form": 1, "document": 1, "call": 1, "record": 1}
        own_client("dynamodb", server, parameter_validation=False).describe_table(TableName=name)
        assert beside(server) == {"form": 1, "document": 1, "call": 1, "record": 2}
        written = records(server)
    assert [record["eventName"] for record in written][-2:] == ["GetUser", "DescribeTable"]
    upstream.close()


def test_a_form_unpacks_to_no_more_than_anybody_needs(tmp_path):
    upstream = Raw(lambda head, connection: connection.sendall(ANSWER))
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for body, status in [
            (BOMB, b"413"),
            (gzip.compress(pairs(1_200_000)), b"413"),
            (BOMB[: len(BOMB) // 2], b"413"),
            (DENSE[: len(DENSE) // 2], b"400"),
            (b"\x1f\x8b&Action=DeleteUser", b"400"),
            # Who reads the form as it came would find another action in it.
            (named(b"&Action=DeleteUser&", b"Action=ListUsers&Version=2010-05-08"), b"400"),
        ]:
            with connect(server) as connection:
                connection.sendall(form(body, FORM + b"Connection: close\r\n"))
                answer = whole(connection)
            assert answer.split(b" ")[1] == status, (body[:40], answer)
        assert upstream.requests == [] and records(server) == []
    upstream.close()


def named(name, plain):
    """A gzip file that says its name."""
    packed = gzip.compress(plain)
    return packed[:3] + b"\x08" + packed[4:10] + name + b"\0" + packed[10:]


def test_a_large_call_behind_the_gateway_is_recorded_whole(tmp_path):
    upstream = Raw(one_after_another([]))
    body = b'{"TableName":"stones","Tags":[%s]}' % b",".join(b'{"Key":"k%d","Value":"v"}' % n for n in range(3000))
    with gateway(tmp_path / "data", "--upstream", upstream.url) as server:
        for sent, more in [(body, b""), (gzip.compress(body), b"Content-Encoding: gzip\r\n")]:
            with connect(server) as connection:
                connection.sendall(json_call(b"DynamoDB_20120810.CreateTable", sent, more))
                assert answer_of(connection).startswith(b"HTTP/1.1 200")
        assert beside(server) == {"record": 2}
        written = records(server)
    for record in written:
        assert record["requestParameters"]["tableName"] == "stones", record
        assert len(record["requestParameters"]["tags"]) == 3000
    upstream.close()
