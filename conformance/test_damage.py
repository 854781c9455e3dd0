"""Whatever happens to the files of a data directory: `cairn fsck` names it, and no search passes it over."""

import shutil
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import Server, credentials, run_cairn

SMALL_SEGMENTS = ("--log-segment-bytes-max", "65536")


def client(server, service):
    key, secret = credentials(server.data)
    return boto3.client(
        service, region_name="us-east-1", endpoint_url=server.url, aws_access_key_id=key,
        aws_secret_access_key=secret, config=Config(retries={"max_attempts": 0}),
    )  # fmt: skip


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """The directory of a stopped server, with several segments and an object."""
    data = tmp_path_factory.mktemp("damage") / "data"
    server = Server(data, *SMALL_SEGMENTS).start()
    s3, sts = client(server, "s3"), client(server, "sts")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="object", Body=b"x" * 5000)
    for _ in range(400):
        sts.get_caller_identity()
    assert server.stop() == 0
    assert len(list((data / "log").iterdir())) >= 4
    assert run_cairn("fsck", str(data)).returncode == 0
    return data


@pytest.fixture
def data(original, tmp_path):
    """A copy to damage."""
    return shutil.copytree(original, tmp_path / "data")


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def segments(data):
    return sorted((data / "log").glob("*.seg"))


DAMAGE = {
    "last segments": lambda data: segments(data)[-1].unlink(),
    "it begins at record": lambda data: segments(data)[0].unlink(),
    "are missing before": lambda data: segments(data)[1].unlink(),
    "at byte": lambda data: flip(segments(data)[1], 30_000),
    "meta.sqlite: it is missing": lambda data: (data / "meta.sqlite").unlink(),
    "meta.sqlite: ": lambda data: flip(data / "meta.sqlite", 20),
    "do not match their checksum": lambda data: flip(
        next(p for p in (data / "objects/data").rglob("*") if p.is_file()), 4321
    ),
    "cannot be read": lambda data: next(p for p in (data / "objects/data").rglob("*") if p.is_file()).unlink(),
    "index.sqlite is missing": lambda data: (data / "objects/index.sqlite").unlink(),
}


@pytest.mark.parametrize("named", DAMAGE)
@pytest.mark.evidence("assumed", "fsck reads every byte and names what does not hold")
def test_fsck_names_the_damage(data, named):
    DAMAGE[named](data)
    checked = run_cairn("fsck", str(data), check=False)
    assert checked.returncode == 1, checked.stdout
    assert named in checked.stdout
    assert "DAMAGED" in checked.stdout


@pytest.mark.evidence("assumed", "nothing that is missing is passed over")
def test_a_server_does_not_start_over_missing_records(data):
    segments(data)[-1].unlink()
    with pytest.raises(RuntimeError, match="accept-missing-records"):
        Server(data).start()
    server = Server(data, "--accept-missing-records").start()
    assert client(server, "sts").get_caller_identity()["Account"]
    assert server.stop() == 0
    assert run_cairn("fsck", str(data)).returncode == 0


def created(server, bucket):
    client(server, "s3").create_bucket(Bucket=bucket)
    named = [{"AttributeKey": "ResourceName", "AttributeValue": bucket}]
    events = client(server, "cloudtrail").lookup_events(LookupAttributes=named)["Events"]
    return [event["EventName"] for event in events]


@pytest.mark.parametrize("lost", ["the last segment", "a segment that is damaged", "the log"])
@pytest.mark.evidence("assumed", "a number that was given out is not given out again")
def test_what_comes_after_a_loss_is_found(data, lost):
    """History and delivery had seen what is gone; new records are not taken for it."""
    if lost == "the last segment":
        segments(data)[-1].unlink()
    elif lost == "the log":
        shutil.rmtree(data / "log")
    else:
        flip(segments(data)[-1], 100)
        with pytest.raises(RuntimeError, match="move it away and start"):
            Server(data).start()
        (data / "log").rename(data.with_name("log-that-was"))
    with pytest.raises(RuntimeError, match="accept-missing-records"):
        Server(data).start()
    server = Server(data, "--accept-missing-records").start()
    assert created(server, "after-the-loss") == ["CreateBucket"]
    assert created(server, "after-it-too") == ["CreateBucket"]
    assert server.stop() == 0
    checked = run_cairn("fsck", str(data), check=False)
    assert checked.returncode == 0, checked.stdout
    lines = run_cairn("lookup", "--data", str(data), "--limit", "0").stdout.splitlines()
    marks = [line for line in lines if "lost" in line]
    assert f"note: the log: {len(marks)} of its records stand for lost ones" in checked.stdout
    assert marks and all(line.split()[:4] == ["-", "(record", "lost)", "-"] for line in marks)
    assert all(line.split()[-2:] == ["lost", "-"] for line in marks), marks
    server = Server(data).start()
    assert created(server, "and-after-a-restart") == ["CreateBucket"]
    assert server.stop() == 0


@pytest.mark.evidence("assumed", "the keys of the root are state that is not made anew in silence")
def test_a_server_does_not_start_over_missing_state(data):
    (data / "meta.sqlite").unlink()
    with pytest.raises(RuntimeError, match="meta.sqlite is gone"):
        Server(data).start()


@pytest.mark.evidence("assumed", "an answer without the newest records would look whole")
def test_a_damaged_segment_is_not_an_empty_answer(data):
    shutil.rmtree(data / "history")
    flip(segments(data)[1], 30_000)
    server = Server(data)
    with pytest.raises(urllib.error.HTTPError) as not_ready:
        server.start()
    assert not_ready.value.code == 503
    with pytest.raises(ClientError) as refused:
        client(server, "cloudtrail").lookup_events()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    health = urllib.request.urlopen(f"{server.url}/_cairn/health")
    assert health.status == 200
    assert server.stop() == 0


@pytest.mark.evidence("assumed", "a copy for evidence is read as it is")
def test_a_read_only_copy_is_checked(data):
    for path in [data, *data.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    checked = run_cairn("fsck", str(data), check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "records" in run_cairn("inspect", str(data)).stdout
