#!/usr/bin/env python3
"""Serialises every operation of every service in every protocol it lists, by botocore.

Writes JSON lines: what botocore would send, signed, beside the service, the operation, the
signing name and the input. `cairn-wire`'s test `oracle` decodes each line and compares.

    generate.py --out DIR [--services sts,s3] [--sample N]
"""

import argparse
import base64
import json
import multiprocessing
import pathlib
import sys
from urllib.parse import urlsplit

import botocore
import botocore.loaders
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.credentials import Credentials
from botocore.model import ServiceModel
from botocore.serialize import SERIALIZERS, create_serializer

from filler import Filler

BOTOCORE = "1.44.5"
ENDPOINT = "http://localhost:4580"
REGION = "eu-central-1"
CREDENTIALS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def protocols(model):
    listed = model.metadata.get("protocols") or [model.metadata["protocol"]]
    return [protocol for protocol in listed if protocol in SERIALIZERS]


def lines(loader, service, stride):
    """All lines of one service; with a stride, every so many operations only."""
    model = ServiceModel(loader.load_service_model(service, "service-2"), service)
    for number, name in enumerate(model.operation_names):
        if number % stride:
            continue
        operation = model.operation_model(name)
        for protocol in protocols(model):
            for full in (True, False):
                yield line(service, model, operation, protocol, full)


def line(service, model, operation, protocol, full):
    given, expected = {}, {}
    if operation.input_shape is not None:
        hollow = protocol not in ("query", "ec2")
        given, expected = Filler(full, hollow).members(operation.input_shape)
    serializer = create_serializer(protocol, include_validation=False)
    request = serializer.serialize_to_request(given, operation)
    prepare_request_dict(request, endpoint_url=endpoint(operation, given))
    http = AWSRequest(
        method=request["method"], url=request["url"], data=request["body"], headers=request["headers"]
    )
    signing_name = model.signing_name
    signed = operation.auth_type != "none"
    if signed:
        SigV4Auth(CREDENTIALS, signing_name, REGION).add_auth(http)
    prepared = http.prepare()
    url = urlsplit(prepared.url)
    headers = [[name, text(value)] for name, value in prepared.headers.items()]
    headers.append(["Host", url.netloc])
    body = prepared.body or b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        body = body.encode()
    return {
        "service": service,
        "operation": operation.name,
        "signing_name": signing_name,
        "signed": signed,
        "protocol": protocol,
        "full": full,
        "method": prepared.method,
        "path": url.path,
        "query": url.query,
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "input": expected,
    }


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def endpoint(operation, given):
    """What boto3 makes of a custom endpoint when the operation has a host prefix."""
    if not operation.endpoint:
        return ENDPOINT
    labels = {name: value for name, value in given.items() if isinstance(value, str)}
    prefix = operation.endpoint.get("hostPrefix", "").format(**labels)
    return ENDPOINT.replace("//", f"//{prefix}")


def work(task):
    service, stride = task
    loader = botocore.loaders.Loader()
    out = [json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in lines(loader, service, stride)]
    return service, len(out), "".join(entry + "\n" for entry in out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the file to write")
    parser.add_argument("--services", help="only these, joined by commas")
    parser.add_argument("--stride", type=int, default=1, help="every so many operations")
    options = parser.parse_args()
    if botocore.__version__ != BOTOCORE:
        sys.exit(f"the oracle is pinned to botocore {BOTOCORE}, this is {botocore.__version__}")
    services = botocore.loaders.Loader().list_available_services("service-2")
    if options.services:
        services = [service for service in services if service in options.services.split(",")]
    # The biggest first, so that no worker is left with ec2 at the end.
    services.sort(key=lambda service: service not in ("ec2", "sagemaker", "quicksight", "connect", "glue"))
    count = 0
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with multiprocessing.Pool() as pool, options.out.open("w", encoding="utf-8") as out:
        tasks = [(service, options.stride) for service in services]
        for done, (_service, lines_written, chunk) in enumerate(pool.imap_unordered(work, tasks), 1):
            out.write(chunk)
            count += lines_written
            if sys.stderr.isatty():
                print(f"\r{done}/{len(services)} services, {count} requests", end="", file=sys.stderr)
    print(f"\r{len(services)} services, {count} requests -> {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
