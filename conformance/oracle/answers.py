#!/usr/bin/env python3
"""Parses our answers by botocore and compares them with what they were made from.

Reads the JSON lines of `cargo run -p cairn-wire --example answers`.

    answers.py FILE [--share-min 0.999]
"""

import argparse
import base64
import collections
import datetime
import json
import multiprocessing
import sys

import botocore
import botocore.loaders
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel
from botocore.parsers import PROTOCOL_PARSERS

BOTOCORE = "1.44.5"
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
# Whatever the share, these answer for themselves: all of their answers must be equal.
OURS = ("sts", "s3", "cloudtrail")
SHOWN_MAX = 40
# The deprecated configuration has the same element twice, for one event and for many.
KNOWN = {("s3", "GetBucketNotification")}
# What we lay over the models and botocore does not have.
LAID_OVER = {("s3", "PostObject")}
# Members that carry the code and the fault itself.
WRAPPING = ("Code", "code", "Type")

LOADER = botocore.loaders.Loader()
MODELS = {}


def model(service):
    if service not in MODELS:
        MODELS.clear()
        MODELS[service] = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
    return MODELS[service]


def difference(shape, expected, got, path=""):
    """The path of the first difference, or nothing."""
    streaming = shape.serialization.get("streaming") or shape.serialization.get("eventstream")
    if expected is None and streaming:
        return None
    if getattr(shape, "is_document_type", False) or shape.serialization.get("jsonvalue"):
        return None if expected == got else f"{path}: {expected!r} != {got!r}"
    if shape.type_name == "structure":
        return members(shape, expected, got, path)
    if shape.type_name == "list":
        if not isinstance(got, list) or len(expected) != len(got):
            return f"{path}: {expected!r} != {got!r}"
        pairs = ((shape.member, e, g, f"{path}[{i}]") for i, (e, g) in enumerate(zip(expected, got)))
    elif shape.type_name == "map":
        if not isinstance(got, dict) or sorted(expected) != sorted(got):
            return f"{path}: {expected!r} != {got!r}"
        pairs = ((shape.value, expected[key], got[key], f"{path}.{key}") for key in expected)
    else:
        return None if scalar(shape, got) == expected else f"{path}: {expected!r} != {got!r}"
    return next((told for pair in pairs if (told := difference(*pair))), None)


def members(shape, expected, got, path):
    if not isinstance(got, dict):
        return f"{path}: {expected!r} != {got!r}"
    for name, value in expected.items():
        member = shape.members.get(name)
        if member is None:
            continue  # a patch of ours: S3 says more in its errors than its model does
        if value is None and (
            member.serialization.get("streaming") or member.serialization.get("eventstream")
        ):
            continue
        if name not in got:
            return f"{path}.{name}: missing"
        told = difference(member, value, got[name], f"{path}.{name}")
        if told:
            return told
    return None


def scalar(shape, got):
    if shape.type_name == "timestamp" and isinstance(got, datetime.datetime):
        return round((got - EPOCH).total_seconds() * 1000)
    if shape.type_name == "blob" and isinstance(got, bytes):
        return base64.b64encode(got).decode()
    if isinstance(got, Streamed):
        return base64.b64encode(got.read()).decode()
    return got


class Streamed:
    """A body that the parser takes for a stream."""

    def __init__(self, content):
        self.content = content

    def read(self):
        return self.content


def judge(line):
    """The difference between what we wrote and what botocore reads, or nothing."""
    service = model(line["service"])
    if line["protocol"] not in (service.metadata.get("protocols") or [service.metadata["protocol"]]):
        return None  # SQS's older protocol, which botocore gave up
    operation = service.operation_model(line["operation"])
    body = base64.b64decode(line["body"])
    response = {
        "headers": HeadersDict((name, value) for name, value in line["headers"]),
        "status_code": line["status"],
        "body": body,
        "context": {"operation_name": operation.name},
    }
    parser, expected = PROTOCOL_PARSERS[line["protocol"]](), line["expected"]
    output = operation.output_shape
    if "error" in expected:
        return error(parser, response, operation, line)
    if output is not None and output.serialization.get("payload"):
        payload = output.members[output.serialization["payload"]]
        if output.event_stream_name or payload.type_name == "blob":
            response["body"] = Streamed(body)
    elif output is not None and output.event_stream_name:
        return None  # the members travel in the first event of the stream
    parsed = parser.parse(response, output)
    told = difference(output, expected["output"], parsed) if output else None
    if output is None and line["protocol"] == "smithy-rpc-v2-cbor":
        return None  # botocore does not look for a request id without an output shape
    return told or request_id(parsed)


def request_id(parsed):
    told = parsed.get("ResponseMetadata", {}).get("RequestId")
    return None if told == "79104EXAMPLEB723" else f"request id {told!r}"


def error(parser, response, operation, line):
    """As botocore's endpoint does it: once for the code, once for the modelled members."""
    expected = line["expected"]
    parsed = parser.parse(response, operation.output_shape)
    told = parsed.get("Error", {})
    # A service that came from the query protocol answers its old codes beside the new ones.
    if told.get("Code") not in {expected["name"], expected["code"]}:
        return f"code {told.get('Code')!r} instead of {expected['name']!r}"
    if told.get("Message") != expected["message"]:
        return f"message {told.get('Message')!r}"
    if line["protocol"] == "ec2":
        return None  # of its errors only the code is on the wire
    shape = next(shape for shape in operation.error_shapes if shape.name == expected["name"])
    fields = {name: value for name, value in expected["error"].items() if not wraps(shape, name)}
    return difference(shape, fields, parser.parse(response, shape))


def wraps(shape, name):
    """Whether botocore does not look: what the protocol itself says, or what our patches add."""
    if name not in shape.members:
        return True
    header = shape.members[name].serialization.get("name", "").lower()
    return name in WRAPPING or header == "x-amzn-errortype"


def work(lines):
    out = []
    for text in lines:
        line = json.loads(text)
        if line["service"] == "cairn" or (line["service"], line["operation"]) in LAID_OVER:
            continue
        try:
            told = judge(line)
        except Exception as failure:  # noqa: BLE001 - a parser that fails is a difference
            told = f"{type(failure).__name__}: {failure}"
        kind = "error" if "error" in line["expected"] else "output"
        out.append((line["protocol"], kind, line["service"], line["operation"], told))
    return out


def chunks(file, size=500):
    chunk = []
    for text in file:
        chunk.append(text)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield chunk


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--share-min", type=float, default=0.999, help="equal answers, of all")
    options = parser.parse_args()
    if botocore.__version__ != BOTOCORE:
        sys.exit(f"the oracle is pinned to botocore {BOTOCORE}, this is {botocore.__version__}")
    counts, wrong = collections.Counter(), []
    with multiprocessing.Pool() as pool, open(options.file, encoding="utf-8") as file:
        for part in pool.imap(work, chunks(file)):
            for protocol, kind, service, operation, told in part:
                counts[protocol, kind] += 1
                if told:
                    wrong.append((protocol, kind, service, operation, told))
    for protocol, kind, service, operation, told in wrong[:SHOWN_MAX]:
        print(f"{service}:{operation} {protocol} {kind} {told[:300]}")
    bad = collections.Counter((protocol, kind) for protocol, kind, *_ in wrong)
    print(f"{'protocol':20} {'kind':7} {'answers':>8} {'equal':>8}")
    for (protocol, kind), count in sorted(counts.items()):
        print(f"{protocol:20} {kind:7} {count:>8} {count - bad[protocol, kind]:>8}")
    total = sum(counts.values())
    share = 1 - len(wrong) / max(total, 1)
    print(f"{total} answers, {100 * share:.2f} % equal")
    ours = [entry for entry in wrong if entry[2] in OURS and entry[2:4] not in KNOWN]
    if total < 40_000 or share < options.share_min or ours:
        sys.exit(f"too few equal answers; of our own services {len(ours)} differ")


if __name__ == "__main__":
    main()
