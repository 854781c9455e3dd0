"""Trails that deliver to other stores: one that verifies nothing, one that verifies signatures, and one that breaks."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.exceptions import ClientError
from conftest import eventually
from moto.server import ThreadedMotoServer
from server import Server, credentials, run_cairn
from trails import Site, digest_keys, log_keys, records

STALL_SECONDS = 3
MOTO_KEY = "testing"


class Store:
    """A store by its address and keys."""

    def __init__(self, url, key, secret):
        self.url, self.key, self.secret = url, key, secret
        self.s3 = boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
        )

    def destination(self, bucket, url=None, secret=None, more=""):
        """The table of the settings for a bucket of this store."""
        return (
            f'[[destination]]\nbucket = "{bucket}"\nendpoint = "{url or self.url}"\nallow-http = true\n'
            f'access-key = "{self.key}"\nsecret = "{secret or self.secret}"\n{more}\n'
        )


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Store(f"http://{host}:{port}", MOTO_KEY, "testing")
    server.stop()


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A second Cairn: it verifies every signature, hash and checksum."""
    server = Server(tmp_path_factory.mktemp("strict") / "data").start()
    yield Store(server.url, *credentials(server.data))
    assert server.stop() == 0, server.stderr()


@pytest.fixture(params=["moto", "strict"])
def store(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def start(tmp_path):
    """Starts servers with destinations."""
    sites = []

    def started(text, **settings):
        config = tmp_path / "cairn.toml"
        config.write_text(text)
        sites.append(Site(tmp_path / "data", "--config", str(config), **settings))
        return sites[-1]

    yield started
    for site in sites:
        site.stop()


def follow(site, name, bucket):
    """A trail that logs to a bucket which is elsewhere."""
    client = site.client("cloudtrail")
    client.create_trail(Name=name, S3BucketName=bucket, EnableLogFileValidation=True)
    client.start_logging(Name=name)
    return client


@pytest.mark.evidence("observed", "what a delivered object is described as")
def test_a_trail_delivers_to_another_store(store, start):
    bucket = "trails-away"
    store.s3.create_bucket(Bucket=bucket)
    site = start(store.destination("*"))
    client = follow(site, "away", bucket)
    eventually(lambda: any(one["eventName"] == "StartLogging" for one in records(store.s3, bucket)))
    assert not site.client("s3").list_buckets()["Buckets"]
    key = log_keys(store.s3, bucket)[0]
    head = store.s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert (head["ContentType"], head["ContentEncoding"], head["Metadata"]) == ("application/json", "gzip", {})
    # moto forgets checksums.
    assert "ChecksumCRC64NVME" in head or store.key == MOTO_KEY
    account = key.split("/")[1]
    marker = store.s3.head_object(Bucket=bucket, Key=f"AWSLogs/{account}/CloudTrail/")
    assert marker["ContentLength"] == 0
    digest = eventually(lambda: digest_keys(store.s3, bucket))[0]
    assert store.s3.head_object(Bucket=bucket, Key=digest)["Metadata"]["signature-algorithm"] == "SHA256withRSA"
    status = client.get_trail_status(Name="away")
    assert "LatestDeliveryError" not in status
    assert status["LatestDeliveryTime"]


@pytest.mark.evidence("assumed", "a verdict is not softened by what somebody who makes files up could do, too")
def test_a_store_says_that_it_does_not_know_the_trails_of_another_server(tmp_path, start):
    host = Server(tmp_path / "store").start()
    store = Store(host.url, *credentials(host.data))
    store.s3.create_bucket(Bucket="trails-of-others")
    site = start(store.destination("*"))
    follow(site, "away", "trails-of-others")
    eventually(lambda: digest_keys(store.s3, "trails-of-others") and log_keys(store.s3, "trails-of-others"))
    site.stop()
    assert host.stop() == 0
    checked = run_cairn("validate", "--data", str(host.data), check=False)
    assert checked.returncode == 1 and "INVALID" in checked.stdout
    assert checked.stdout.count("knows no trail away (us-east-1)") == 1
    assert "cairn validate s3://trails-of-others" in checked.stdout
    away = run_cairn("validate", "--data", str(site.server.data), check=False)
    assert away.returncode == 3 and "has no buckets" in away.stderr
    site.server.start()


@pytest.mark.evidence("assumed", "a bucket of the server's own comes before a destination for all")
def test_an_own_bucket_comes_first(moto, start):
    site = start(moto.destination("*"))
    site.client("s3").create_bucket(Bucket="both")
    moto.s3.create_bucket(Bucket="both")
    # The own one has no policy that lets a trail in.
    with pytest.raises(ClientError) as refused:
        site.client("cloudtrail").create_trail(Name="own", S3BucketName="both")
    assert refused.value.response["Error"]["Code"] == "InsufficientS3BucketPolicyException"
    assert "Contents" not in moto.s3.list_objects_v2(Bucket="both")


@pytest.mark.evidence("documented", "a bucket that is not there, and one that does not let CloudTrail in")
def test_a_store_that_refuses_is_no_destination(strict, start):
    strict.s3.create_bucket(Bucket="refusing")
    tables = strict.destination("refusing", secret="x" * 40) + strict.destination("missing")
    client = start(tables).client("cloudtrail")
    for bucket, code in [
        ("refusing", "InsufficientS3BucketPolicyException"),
        ("missing", "S3BucketDoesNotExistException"),
    ]:
        with pytest.raises(ClientError) as refused:
            client.create_trail(Name="refused", S3BucketName=bucket)
        assert refused.value.response["Error"]["Code"] == code
    assert "Contents" not in strict.s3.list_objects_v2(Bucket="refusing")


class Relay:
    """Stands before a store that verifies nothing, and passes on, refuses, stalls or breaks off as it is told."""

    def __init__(self, store):
        self.mode = "pass"
        self.broken = 0
        self.done = threading.Event()
        relay, target = self, store.url.removeprefix("http://")

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                mode = relay.mode
                if mode != "pass":
                    relay.broken += 1
                if mode == "stall":
                    relay.done.wait(STALL_SECONDS)
                if mode in ("stall", "reset"):
                    self.close_connection = True
                    return
                if mode in ("503 SlowDown", "403 AccessDenied"):
                    status, code = mode.split()
                    return self.answer(int(status), [], f"<Error><Code>{code}</Code></Error>".encode())
                peer = http.client.HTTPConnection(target)
                peer.request(self.command, self.path, body, dict(self.headers))
                answer = peer.getresponse()
                content = answer.read()
                peer.close()
                if mode == "persist":
                    self.close_connection = True
                    return
                self.answer(answer.status, answer.getheaders(), content)

            def answer(self, status, headers, content):
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_HEAD = do_PUT = handle_one

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.done.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def relay(moto):
    made = Relay(moto)
    yield made
    made.close()


@pytest.mark.evidence("documented", "a broken bucket is tried again; GetTrailStatus has the code of S3")
@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("503 SlowDown", "SlowDown"),
        ("403 AccessDenied", "AccessDenied"),
        ("reset", "ServiceUnavailable"),
        ("persist", "ServiceUnavailable"),
        ("stall", "ServiceUnavailable"),
    ],
)
def test_everything_arrives_once_when_a_store_is_mended(mode, code, moto, relay, start):
    bucket = f"broken-{mode.split()[0]}"
    moto.s3.create_bucket(Bucket=bucket)
    site = start(moto.destination("*", url=relay.url, more="request-timeout-ms = 500"))
    client = follow(site, "broken", bucket)
    eventually(lambda: any(one["eventName"] == "StartLogging" for one in records(moto.s3, bucket)))

    relay.mode = mode
    sent = [client.list_trails()["ResponseMetadata"]["RequestId"] for _ in range(20)]
    eventually(lambda: client.get_trail_status(Name="broken").get("LatestDeliveryError") == code)
    assert relay.broken > 0
    relay.mode = "pass"

    def arrived():
        return [one["requestID"] for one in records(moto.s3, bucket) if one["eventName"] == "ListTrails"]

    eventually(lambda: set(sent) <= set(arrived()), 60)
    assert sorted(arrived()) == sorted(sent)
    eventually(lambda: "LatestDeliveryError" not in client.get_trail_status(Name="broken"))
