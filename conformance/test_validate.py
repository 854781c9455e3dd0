"""`cairn validate` beside the unmodified AWS CLI, on what a real trail delivered, tampered with in many ways."""

import gzip
import json
import subprocess

import pytest
from conftest import eventually
from server import binary
from trails import Site, digest_keys, log_keys, make_trail

BUCKET = "tampered"
CLI = ("cloudtrail", "validate-logs", "--start-time", "2020-01-01T00:00:00Z", "--trail-arn")


class Delivered:
    """A trail that was stopped, and every object of its bucket as it was."""

    def __init__(self, site):
        self.site = site
        self.arn = make_trail(site, "audit", BUCKET, EnableLogFileValidation=True)
        self.s3 = site.client("s3")
        for turn in range(3):
            for _ in range(4):
                site.client("sts").get_caller_identity()
            eventually(lambda turn=turn: len(log_keys(self.s3, BUCKET)) > turn)
        digests = len(digest_keys(self.s3, BUCKET))
        eventually(lambda: len(digest_keys(self.s3, BUCKET)) >= digests + 3)
        site.client("cloudtrail").stop_logging(Name=self.arn)
        eventually(self.is_covered)
        self.objects = {}
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for entry in page.get("Contents", []):
                found = self.s3.get_object(Bucket=BUCKET, Key=entry["Key"])
                self.objects[entry["Key"]] = (found["Body"].read(), found["Metadata"])
        self.digests = sorted(key for key in self.objects if "CloudTrail-Digest" in key and key.endswith(".gz"))
        self.vouched = [
            file["s3Object"] for key in self.digests for file in json.loads(self.content(key))["logFiles"]
        ]
        assert len(self.digests) >= 4 and len(self.vouched) >= 3

    def is_covered(self):
        """Whether the last digest is a final one that names the stop."""
        named = set()
        for key in digest_keys(self.s3, BUCKET):
            body = gzip.decompress(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
            named |= {file["s3Object"] for file in json.loads(body)["logFiles"]}
        stopped = any(
            b'"StopLogging"' in gzip.decompress(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
            for key in named
        )
        return stopped and set(log_keys(self.s3, BUCKET)) <= named

    def content(self, key):
        return gzip.decompress(self.objects[key][0])

    def put(self, key, body, metadata=None):
        kept = self.objects.get(key, (b"", {}))[1] if metadata is None else metadata
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=kept)

    def delete(self, *keys):
        for key in keys:
            self.s3.delete_object(Bucket=BUCKET, Key=key)

    def restore(self):
        """The bucket as it was."""
        there = set()
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            there |= {entry["Key"] for entry in page.get("Contents", [])}
        self.delete(*(there - set(self.objects)))
        for key, (body, metadata) in self.objects.items():
            found = self.s3.get_object(Bucket=BUCKET, Key=key) if key in there else None
            if found is None or found["Body"].read() != body or found["Metadata"] != metadata:
                self.put(key, body, metadata)

    def cairn(self, *arguments):
        """Our own validator, as a user runs it; its findings and its exit code."""
        done = subprocess.run(
            [binary(), "validate", "--json", *arguments],
            capture_output=True, text=True, env=self.site.server.client_environment(),
        )  # fmt: skip
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return done.returncode, lines, done.stderr


@pytest.fixture(scope="module")
def delivered(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("validate") / "data")
    yield Delivered(site)
    site.stop()


def edit(bucket, key):
    bucket.put(key, gzip.compress(bucket.content(key).replace(b"e", b"E", 1)))


def cut(bucket, key):
    bucket.put(key, bucket.objects[key][0][:-40])


def cut_trailer(bucket, key):
    bucket.put(key, bucket.objects[key][0][:-8])


def append(bucket, key):
    bucket.put(key, bucket.objects[key][0] + b"more")


def replace(bucket, key):
    bucket.put(key, b"something else")


def delete(bucket, key):
    bucket.delete(key)


def strip(bucket, key):
    bucket.put(key, bucket.objects[key][0], {})


def forge(bucket, key):
    metadata = dict(bucket.objects[key][1])
    metadata["signature"] = metadata["signature"][:-1] + ("0" if metadata["signature"][-1] != "0" else "1")
    bucket.put(key, bucket.objects[key][0], metadata)


def swap(bucket, key):
    others = bucket.digests if key in bucket.digests else bucket.vouched
    other = others[(others.index(key) + 1) % len(others)]
    bucket.put(key, *bucket.objects[other])
    bucket.put(other, *bucket.objects[key])


LOGS = [edit, cut, cut_trailer, append, replace, delete, swap]
DIGESTS = [edit, cut, append, replace, delete, strip, forge, swap]
BLIND = {(cut_trailer, "log"), (append, "digest")}
PLACES = ("first", "middle", "last")


def at(items, place):
    return items[{"first": 0, "middle": len(items) // 2, "last": -1}[place]]


@pytest.mark.evidence("documented", "AWS CLI reference, cloudtrail validate-logs")
def test_both_find_an_untouched_bucket_valid(delivered):
    assert delivered.site.aws(*CLI, delivered.arn).returncode == 0
    code, lines, errors = delivered.cairn("--trail-arn", delivered.arn)
    assert code == 0, (lines, errors)
    summary = lines[-1]
    assert summary["outcome"] == "valid" and len(lines) == 1
    assert summary["digests"]["valid"] == len(delivered.digests)
    assert summary["logs"]["valid"] == len(delivered.vouched)


CASES = [(act, "log", place) for act in LOGS for place in PLACES]
CASES += [(act, "digest", place) for act in DIGESTS for place in PLACES]


@pytest.mark.evidence("observed", "validate-logs of awscli 1.46, what it says and what it misses")
@pytest.mark.parametrize("act,kind,place", CASES, ids=lambda value: getattr(value, "__name__", value))
def test_each_tampering_is_flagged(delivered, act, kind, place):
    key = at(delivered.vouched if kind == "log" else delivered.digests, place)
    try:
        act(delivered, key)
        code, lines, errors = delivered.cairn(f"s3://{BUCKET}")
        assert code == 1, (lines, errors)
        assert any(line.get("key") == key and line["outcome"] == "INVALID" for line in lines[:-1]) or (
            act is delete and kind == "digest" and any("not found" in (line.get("why") or "") for line in lines[:-1])
        ), lines
        is_blind = (act, kind) in BLIND or (act is delete and kind == "digest" and place == "last")
        if place == "middle" or is_blind:
            assert delivered.site.aws(*CLI, delivered.arn).returncode == (0 if is_blind else 1)
    finally:
        delivered.restore()


@pytest.mark.evidence("observed", "what validate-logs of awscli 1.46 does not see")
def test_what_the_aws_cli_does_not_see(delivered):
    middle = delivered.digests[1]
    stamp = middle.rsplit("_", 1)[1]
    extra = delivered.vouched[0].replace(".json.gz", "")[:-16] + "0" * 16 + ".json.gz"
    for act in (
        lambda: delivered.put(middle.replace(stamp, "99991231T235959Z.json.gz"), b"planted", {}),
        lambda: delivered.put(extra, gzip.compress(delivered.content(delivered.vouched[0]))),
        lambda: delivered.put(extra, gzip.compress(b'{"Records":[]}')),
        lambda: delivered.delete(*delivered.digests),
    ):
        try:
            act()
            assert delivered.site.aws(*CLI, delivered.arn).returncode == 0
            code, lines, errors = delivered.cairn(f"s3://{BUCKET}")
            assert code == 1, (lines, errors)
        finally:
            delivered.restore()


@pytest.mark.evidence("assumed", "a head that was remembered shows that the end of a chain is gone")
def test_the_newest_digests_are_missed_once_they_were_remembered(delivered, tmp_path):
    heads = tmp_path / "heads.json"
    code, lines, errors = delivered.cairn(f"s3://{BUCKET}", "--remember", str(heads))
    assert code == 0, (lines, errors)
    try:
        delivered.delete(*delivered.digests[-2:])
        code, lines, errors = delivered.cairn(f"s3://{BUCKET}", "--head", str(heads))
        gone = [line["why"] for line in lines if line.get("key") == delivered.digests[-1]]
        assert code == 1 and gone, json.dumps(lines) + heads.read_text()
    finally:
        delivered.restore()


@pytest.mark.evidence("assumed", "a plain copy proves all but the newest digest")
def test_a_copy_is_checked_offline_and_imported_with_its_proof(delivered, tmp_path):
    copy, keys = tmp_path / "copy", tmp_path / "keys.json"
    for key, (body, _) in delivered.objects.items():
        if not key.endswith("/"):
            (copy / key).parent.mkdir(parents=True, exist_ok=True)
            (copy / key).write_bytes(body)
    listed = delivered.site.aws("cloudtrail", "list-public-keys", "--start-time", "2020-01-01T00:00:00Z")
    keys.write_text(listed.stdout)
    code, lines, errors = delivered.cairn(str(copy), "--public-keys", str(keys))
    assert code == 3 and lines[-1]["digests"]["unanchored"] == 1, (lines, errors)
    newest = copy / f"{delivered.digests[-1]}.metadata.json"
    newest.write_text(json.dumps({"Metadata": delivered.objects[delivered.digests[-1]][1]}))
    code, lines, errors = delivered.cairn(str(copy), "--public-keys", str(keys))
    assert code == 0, (lines, errors)
    (copy / delivered.vouched[0]).write_bytes(gzip.compress(b'{"Records":[]}'))
    done = subprocess.run(
        [binary(), "import", "--json", "--data", str(tmp_path / "data"), "--public-keys", str(keys), str(copy)],
        capture_output=True, text=True, env=delivered.site.server.clean_environment(),
    )  # fmt: skip
    proof = json.loads(done.stdout.splitlines()[-1])["proof"]
    assert done.returncode == 1 and len(proof["contradicted"]) == 1, (done.stdout, done.stderr)
    assert proof["vouched_files"] == len(delivered.vouched) - 1 and proof["vouched_records"] > 0
    assert (proof["files_unvouched"], proof["files_unanchored"]) == (0, 0)


@pytest.mark.evidence("assumed", "an import says of each file without a proof what it lacks")
def test_an_import_tells_unsigned_from_unnamed(delivered, tmp_path):
    copy, keys = tmp_path / "copy", tmp_path / "keys.json"
    naming = [key for key in delivered.digests if names(delivered, key, delivered.vouched[-1])]
    wanted = [key for key in delivered.digests if key <= naming[-1]]
    for key in [*wanted, *delivered.vouched]:
        (copy / key).parent.mkdir(parents=True, exist_ok=True)
        (copy / key).write_bytes(delivered.objects[key][0])
    extra = copy / delivered.vouched[0].replace(".json.gz", "x.json.gz")
    extra.write_bytes(gzip.compress(b'{"Records":[]}'))
    listed = delivered.site.aws("cloudtrail", "list-public-keys", "--start-time", "2020-01-01T00:00:00Z")
    keys.write_text(listed.stdout)
    command = [binary(), "import", "--data", str(tmp_path / "data"), "--public-keys", str(keys), str(copy)]
    environment = delivered.site.server.clean_environment()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=environment)
    proof = json.loads(done.stdout.splitlines()[-1])["proof"]
    assert proof["unvouched"] == [str(extra)], proof
    assert str(copy / delivered.vouched[-1]) in proof["unanchored"], proof
    assert proof["files_unanchored"] == len(proof["unanchored"])
    command[3] = str(tmp_path / "again")
    text = subprocess.run(command, capture_output=True, text=True, env=environment).stdout
    assert f"unanchored, its digest has no signature here: {copy / delivered.vouched[-1]}" in text
    assert f"no valid digest names: {extra}" in text


def names(delivered, digest, log):
    """Whether a digest names a log file."""
    content = json.loads(gzip.decompress(delivered.objects[digest][0]))
    return log in [file["s3Object"] for file in content["logFiles"]]


@pytest.mark.evidence("assumed", "import takes s3:// sources, and trails do not deliver what was imported")
def test_a_bucket_is_imported_over_s3(delivered, tmp_path):
    done = subprocess.run(
        [binary(), "import", "--json", "--data", str(tmp_path / "data"), f"s3://{BUCKET}/AWSLogs"],
        capture_output=True, text=True, env=delivered.site.server.client_environment(),
    )  # fmt: skip
    report = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert report["files_read"] == len(delivered.vouched)
    assert report["proof"]["vouched_records"] == report["records_imported"] > 0
