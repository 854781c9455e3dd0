"""Runs a list of calls with boto3, and keeps what each of them sent and was answered."""

import dataclasses
import random
import string
import urllib.parse
import urllib.request

import boto3
import jmespath
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody
from moto.moto_api._internal import mock_random
from upstreams import KEY, SECRET

REGION = "us-east-1"
# Another one than the server's own, in which no global service has its records.
AWAY = "eu-west-1"
# Clients are made once, and told with each call where it goes.
NOWHERE = 1


@dataclasses.dataclass(frozen=True)
class Way:
    """How the calls are made."""

    name: str
    # The protocol of the services that know it; the others are left out.
    protocol: str | None = None
    addressing: str = "path"
    # The region that requests are signed for.
    region: str = REGION
    # The only services; all, if there are none.
    services: frozenset = frozenset()

    def takes(self, service, listed) -> bool:
        """Whether a service's requests are others on this way than on the first one."""
        if self.services:
            return service in self.services
        if self.protocol:
            return self.protocol in listed
        return self.addressing == "path" or service == "s3"


PATH = Way("path style")
VIRTUAL = Way("virtual host", addressing="virtual")
CBOR = Way("cbor", protocol="smithy-rpc-v2-cbor")
QUERY = Way("query", protocol="query", region=AWAY)


@dataclasses.dataclass
class Done:
    """A call that is over."""

    service: str
    operation: str
    sent: dict
    answer: dict
    error: dict | None
    status: int
    headers: dict
    model: object

    def __str__(self):
        return f"{self.service} {self.operation}({self.sent})"


def reset(moto: str) -> None:
    """Makes a moto as new."""
    request = urllib.request.Request(f"{moto}/moto-api/reset", data=b"", method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


def draw_from(number: int) -> None:
    """moto is in our process: calls of the same number make the same ids in each run."""
    mock_random.seed(number)
    random.seed(number)


class Kept(dict):
    """What earlier answers gave; a name in its place where they gave nothing."""

    def __missing__(self, name):
        return f"there-is-no-{name}-12345678"


class Runner:
    """boto3's clients, one of each service for each protocol and region."""

    def __init__(self):
        self.session = boto3.Session(KEY, SECRET)
        self.loader = self.session._session.get_component("data_loader")
        self.clients = {}
        self.port = self.number = 0
        self.kept = Kept()

    def run(self, url, way, calls) -> list[Done]:
        """Makes those of the calls that this way takes; the n-th has the user agent `call/n`."""
        self.port, self.number, self.kept = urllib.parse.urlsplit(url).port, 0, Kept()
        return [self.call(way, *call) for call in calls if way.takes(call[0], self.listed(call[0]))]

    def metadata(self, service) -> dict:
        return self.loader.load_service_model(service, "service-2")["metadata"]

    def listed(self, service) -> list:
        """The protocols that a service lists."""
        metadata = self.metadata(service)
        return metadata.get("protocols") or [metadata["protocol"]]

    def client(self, way, service):
        key = (service, way.protocol, way.addressing, way.region)
        if key not in self.clients:
            self.clients[key] = self.make(way, service)
        return self.clients[key]

    def make(self, way, service):
        metadata, listed = self.metadata(service), self.listed(service)
        metadata["protocols"] = [way.protocol] if way.protocol else listed
        # Names need a name to stand before.
        host = "localhost" if way.addressing == "virtual" or service == "s3control" else "127.0.0.1"
        client = self.session.client(
            service,
            region_name=way.region,
            endpoint_url=f"http://{host}:{NOWHERE}",
            config=Config(
                retries={"max_attempts": 0},
                inject_host_prefix=False,
                s3={"addressing_style": way.addressing},
            ),
        )
        metadata["protocols"] = listed
        client.meta.events.register_last("before-call", self.direct)
        client.meta.events.register_last("request-created", self.mark)
        client.meta.events.register_last("before-parse", self.look)
        return client

    def direct(self, params, **_):
        """Gives a request its address."""
        parts = urllib.parse.urlsplit(params["url"])
        # Not every machine knows the names below `localhost`.
        params["headers"]["Host"] = f"{parts.hostname}:{self.port}"
        params["url"] = parts._replace(netloc=f"127.0.0.1:{self.port}").geturl()

    def mark(self, request, **_):
        """Gives a request its number."""
        del request.headers["User-Agent"]
        request.headers["User-Agent"] = f"call/{self.number}"

    def look(self, response_dict, **_):
        """Keeps what botocore may not be able to read."""
        self.status, self.headers = response_dict["status_code"], response_dict["headers"]
        self.body = response_dict["body"]

    def call(self, way, service, operation, parameters, keep) -> Done:
        client = self.client(way, service)
        sent = filled(parameters, self.kept)
        model = client.meta.service_model.operation_model(operation)
        error = None
        draw_from(self.number)
        try:
            answer = client._make_api_call(operation, sent)
        except ClientError as refused:
            answer, error = refused.response, refused.response["Error"]
        except ResponseParserError:
            # moto does not know the protocol, and says so in HTML.
            answer, error = {"body": self.body}, {"Code": str(self.status)}
        for name, path in keep.items():
            found = jmespath.search(path, answer)
            if found:
                self.kept[name] = found
        answer.pop("ResponseMetadata", None)
        self.number += 1
        answer = {name: read(value) for name, value in answer.items()}
        return Done(service, operation, sent, answer, error, self.status, self.headers, model)


def read(value):
    """What streams is read."""
    return value.read() if isinstance(value, StreamingBody) else value


def filled(value, kept):
    """The value with what earlier answers gave."""
    if isinstance(value, str):
        return string.Template(value).substitute(kept) if "$" in value else value
    if isinstance(value, dict):
        return {name: filled(inner, kept) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, kept) for inner in value]
    return value
