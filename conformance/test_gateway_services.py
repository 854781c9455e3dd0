"""The services of AWS behind Cairn, by boto3: each answer is the one without Cairn, each call is recorded."""

import collections
import logging

import gateway_calls
import gateway_expected as expected
import pytest
from gateway_runs import AWAY, CBOR, PATH, QUERY, VIRTUAL, Runner, Way, reset
from upstreams import gateway, moto, records

pytestmark = pytest.mark.evidence(
    "assumed", "gateway-facts 2 to 4: a gateway changes no answer and misses no call"
)

ABROAD = Way("abroad", region=AWAY, services=frozenset(expected.HOMES))
# Calls that are made at all: a way on which there are none would pass everything.
MADE_MIN = {PATH: 640, VIRTUAL: 50, CBOR: 60, QUERY: 95, ABROAD: 50}
# Services and operations that moto answers without an error; it knows no CBOR at all.
SERVED_MIN = {PATH: (130, 550), VIRTUAL: (1, 35), CBOR: (0, 0), QUERY: (12, 75), ABROAD: (8, 40)}


@pytest.fixture(scope="module")
def emulator():
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    with moto() as url:
        yield url
        # All motos of a process share their state.
        reset(url)


@pytest.fixture(scope="module")
def runner():
    return Runner()


class Compared:
    """The same calls with Cairn and without, and what Cairn recorded of them."""

    def __init__(self, way, data, emulator, runner):
        self.way = way
        reset(emulator)
        with gateway(data, "--upstream", emulator) as server:
            self.through = runner.run(server.url, way, gateway_calls.CALLS)
            written = records(server)
        reset(emulator)
        self.direct = runner.run(emulator, way, gateway_calls.CALLS)
        self.records = collections.defaultdict(list)
        for record in written:
            self.records[record["userAgent"].strip("[]")].append(record)

    def pairs(self):
        """Each call with its record; each has one, and there are no others."""
        numbers = [f"call/{number}" for number in range(len(self.through))]
        counts = {agent: len(found) for agent, found in self.records.items()}
        assert counts == dict.fromkeys(numbers, 1)
        return [(done, self.records[number][0]) for done, number in zip(self.through, numbers)]


@pytest.fixture(scope="module", params=[PATH, VIRTUAL, CBOR, QUERY, ABROAD], ids=lambda way: way.name)
def compared(request, tmp_path_factory, emulator, runner):
    return Compared(request.param, tmp_path_factory.mktemp("services") / "data", emulator, runner)


def test_each_answer_is_the_one_without_cairn(compared):
    different = []
    for through, direct in zip(compared.through, compared.direct, strict=True):
        mine, theirs = expected.comparable(through.answer), expected.comparable(direct.answer)
        if (mine, through.status) != (theirs, direct.status):
            different.append(f"{through}: {through.status} {mine} and not {direct.status} {theirs}")
        mine, theirs = expected.comparable_headers(through), expected.comparable_headers(direct)
        if mine != theirs:
            different.append(f"{through}: {mine} and not {theirs}")
    assert not different, "\n".join(different)


def test_each_call_is_recorded_by_its_name(compared):
    wrong = []
    for done, record in compared.pairs():
        facts = {
            "eventSource": expected.source(done),
            "eventName": expected.event_name(done),
            "readOnly": expected.reads(done),
            "awsRegion": expected.region(done, compared.way.region),
        }
        found = {name: record[name] for name in facts}
        if found != facts:
            wrong.append(f"{done}: {found} and not {facts}")
    assert not wrong, "\n".join(wrong)


def test_each_outcome_is_recorded(compared):
    wrong = []
    for done, record in compared.pairs():
        code = record.get("errorCode")
        if (code is None) != (done.error is None) or code and code not in expected.codes(done):
            wrong.append(f"{done}: {code} and not {done.error}")
        told = expected.request_id(done)
        if told and record["requestID"] != told:
            wrong.append(f"{done}: {record['requestID']} and not {told}")
    assert not wrong, "\n".join(wrong)


def test_what_was_sent_is_recorded(compared):
    wrong = []
    for done, record in compared.pairs():
        missing = expected.gaps(done, record["requestParameters"])
        if missing:
            wrong.append(f"{done}: {missing} in {record['requestParameters']}")
    assert not wrong, "\n".join(wrong)


def test_calls_are_made_and_most_are_served(compared):
    """Refusals are compared too, but a list of nothing else would prove little."""
    served = {(done.service, done.operation) for done in compared.through if done.error is None}
    assert len(compared.through) >= MADE_MIN[compared.way]
    services_min, operations_min = SERVED_MIN[compared.way]
    assert len({service for service, _ in served}) >= services_min
    assert len(served) >= operations_min
