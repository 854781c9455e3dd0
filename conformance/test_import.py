"""`cairn import`: real files of others, every byte kept, twice is once, broken files named."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from server import ROOT, Server, binary, credentials, run_cairn

CORPUS = ROOT / "corpus"


def lines_of_corpus():
    return [
        line
        for path in sorted((CORPUS / "records").glob("*.jsonl"))
        for line in path.read_bytes().split(b"\n")
        if line.strip()
    ]


def kept(data):
    """The records' own bytes."""
    shown = subprocess.run(
        [binary(), "lookup", "--data", str(data), "--json", "--limit", "1000000"],
        capture_output=True, check=True, env=Server.clean_environment(),
    )  # fmt: skip
    return shown.stdout.split(b"\n")[:-1]


def imported(data, *paths, check=True):
    done = run_cairn("import", "--data", str(data), "--json", *map(str, paths), check=check)
    return done, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.evidence("assumed", "design 7: records keep their bytes")
def test_the_whole_corpus_is_taken_byte_for_byte(tmp_path):
    data = tmp_path / "data"
    done, report = imported(data, CORPUS)
    assert done.returncode == 0, done.stderr
    distinct = set(lines_of_corpus())
    assert distinct <= set(kept(data))
    assert report["files_broken"] == 0
    again, second = imported(data, CORPUS)
    assert second["records_imported"] == 0, again.stderr
    assert run_cairn("fsck", str(data)).returncode == 0


@pytest.mark.evidence("assumed", "a broken file is named, skipped and counted")
def test_broken_files_are_named_and_skipped(tmp_path):
    source = tmp_path / "AWSLogs/123456789012/CloudTrail/us-east-1/2026/11/25"
    source.mkdir(parents=True)
    good = json.dumps({"Records": [json.loads(line) for line in lines_of_corpus()[:20]]}).encode()
    (source / "good.json.gz").write_bytes(gzip.compress(good))
    (source / "truncated.json.gz").write_bytes(gzip.compress(good)[:-200])
    (source / "noise.json.gz").write_bytes(b"\x1f\x8b" + bytes(range(200)))
    (source / "text.json").write_text("this is no JSON")
    (source / "deep.json").write_text("[" * 200_000)
    done, report = imported(tmp_path / "data", tmp_path / "AWSLogs", check=False)
    for name in ("truncated.json.gz", "noise.json.gz", "text.json", "deep.json"):
        assert name in done.stderr
    assert report["files_broken"] == 4
    assert report["records_imported"] >= 20
    assert report["files_read"] == 5


@pytest.mark.evidence("assumed", "what is left out is counted by file, with the place of the first of it")
def test_bad_lines_are_counted_by_file(tmp_path):
    good = [line.decode() for line in lines_of_corpus()[:4]]
    source = tmp_path / "in"
    source.mkdir()
    torn = good[1][: len(good[1]) // 2]
    (source / "a.jsonl").write_text(f'{good[0]}\n\nnonsense\n{torn}\n   {good[2]}\n{{"a": 1}}\n[3, 4]\n{good[3]}\n')
    (source / "b.jsonl").write_text("nonsense\n")
    done, report = imported(tmp_path / "data", source, check=False)
    assert (done.returncode, report["records_imported"]) == (1, 3)
    assert (report["files_broken"], report["damaged"], report["not_records"]) == (2, 3, 3)
    for told in ("a.jsonl: 2 lines or records cannot be read", "in line 3:", "b.jsonl, line 1: "):
        assert told in done.stderr, done.stderr
    at = len(good[0]) + 2
    parts = {(Path(part["name"]).name, part["why"]): part for part in report["left_out"]}
    assert set(parts) == {("a.jsonl", "damaged"), ("a.jsonl", "no-record"), ("b.jsonl", "damaged")}
    first = parts["a.jsonl", "damaged"]
    assert (first["count"], first["line"], first["byte"]) == (2, 3, at)
    first = parts["a.jsonl", "no-record"]
    assert (first["count"], first["line"], first["first"]) == (3, 6, '{"a": 1}')
    done = run_cairn(
        "import", "--data", str(tmp_path / "both"), "--json", "--verbose", str(source / "a.jsonl"), check=False
    )
    assert json.loads(done.stdout)["damaged"] == 2
    assert "left out, no CloudTrail record: " in done.stderr and "left out, cannot be read: " in done.stderr


def record(number, **more):
    """A record as AWS writes it, told from others by its number."""
    return {
        "eventVersion": "1.11", "userIdentity": {"type": "Root"}, "eventTime": "2026-11-20T10:00:00Z",
        "eventSource": "s3.amazonaws.com", "eventName": "CreateBucket", "awsRegion": "us-east-1",
        "requestParameters": {"bucketName": f"b-{number}"}, "eventID": f"0e7a2f83-4a1c-4f0e-8f43-{number:012}",
        "recipientAccountId": "123456789012",
    } | more  # fmt: skip


@pytest.mark.evidence("assumed", "what is well-formed is read as it is, whatever its objects look like")
def test_an_object_inside_a_record_is_no_record(tmp_path):
    inner = json.dumps(record(2))
    forged = json.dumps(record(1, requestParameters="HERE")).replace('"HERE"', f'{{"x":[\n{inner},\n{inner}]\n}}')
    # A file of lines, a log file, and one that was printed without indentation.
    (tmp_path / "lines.jsonl").write_text(f"{json.dumps(record(3))}\n{forged}\n{json.dumps(record(4))}\n")
    (tmp_path / "log.json").write_text(f'{{"Records":[\n{forged}\n]}}')
    (tmp_path / "flat.json").write_text(json.dumps({"Records": [record(5, requestParameters=[record(2)])]}, indent=0))
    done, report = imported(tmp_path / "data", tmp_path)
    assert (report["records_imported"], report["duplicates"], report["files_broken"]) == (4, 1, 0), done.stderr
    found = [json.loads(line)["eventID"][-1] for line in kept(tmp_path / "data")]
    assert sorted(found) == ["1", "3", "4", "5"]


@pytest.mark.evidence("assumed", "the pieces of a torn record are no records")
def test_a_printed_record_that_is_torn_gives_nothing_away(tmp_path):
    inner = [{"eventName": "GetObject", "eventSource": "s3"}, record(2)]
    torn = json.dumps(record(1, requestParameters={"filters": inner}), indent=2)
    at = torn.index("eventTime")
    torn = torn[:at] + torn[at + 20 :]
    whole = json.dumps(record(3), indent=2)
    (tmp_path / "torn.json").write_text(f"{torn}\n{whole}\n{whole}\n")
    done, report = imported(tmp_path / "data", tmp_path, check=False)
    assert (done.returncode, report["records_imported"], report["duplicates"]) == (1, 1, 1), done.stderr
    assert [json.loads(line)["eventID"][-1] for line in kept(tmp_path / "data")] == ["3"]


@pytest.mark.evidence("assumed", "what says neither what was done nor where nor when is no record")
def test_a_version_alone_is_no_record(tmp_path):
    source = tmp_path / "a.jsonl"
    real = [record(1), {"eventVersion": "1.11", "eventName": "A"}, {"eventVersion": "1.11", "eventTime": "soon"}]
    others = [{"eventVersion": "1.11"}, {"eventVersion": "1.0", "userIdentity": {"type": "Root"}, "eventID": "1"}]
    source.write_text("".join(json.dumps(line) + "\n" for line in real + others))
    done = run_cairn("import", "--data", str(tmp_path / "data"), "--verbose", str(source))
    assert done.stdout.startswith("imported 3 records of 1 file"), done.stdout
    for line, told in ((4, '{"eventVersion": "1.11"}'), (5, '{"eventVersion": "1.0", "userIdentity"')):
        assert f"left out, no CloudTrail record: {source}, line {line}: {told}" in done.stdout


@pytest.mark.evidence("documented", "LookupEvents gives the record as text, in CloudTrailEvent")
def test_answers_of_lookup_events_are_read(tmp_path):
    texts = [json.dumps(record(number, userAgent='a "b" \u00e9')) for number in range(6)]
    events = [{"EventId": "1", "EventName": "CreateBucket", "CloudTrailEvent": text} for text in texts]
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.json").write_text(json.dumps({"Events": events[:2], "NextToken": "x"}, indent=4))
    (source / "b.json").write_text(json.dumps({"NextToken": "x", "Events": events[2:3]}))
    (source / "c.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events[3:5]))
    # As a page of an answer, and another one behind it in one object.
    (source / "d.json").write_text(json.dumps({"Records": [], "Events": events[5:]}))
    done, report = imported(tmp_path / "data", source)
    assert (report["records_imported"], report["not_records"]) == (6, 0), done.stderr
    assert sorted(kept(tmp_path / "data")) == sorted(text.encode() for text in texts)


@pytest.mark.evidence("assumed", "every line that is left out is named, up to 20 in a file, with its number")
def test_bad_lines_are_named_one_by_one(tmp_path):
    source = tmp_path / "a.jsonl"
    lines = [json.dumps(record(1)), *["nonsense"] * 21, json.dumps(record(2)), '{"eventVersion":"1.11",']
    source.write_text("\n".join(lines) + "\n")
    done = run_cairn("import", "--data", str(tmp_path / "data"), "--verbose", str(source), check=False)
    told = [line for line in done.stdout.splitlines() if "cannot be read: " in line and "left out" in line]
    for number in range(2, 22):
        assert f"{source}, line {number}: " in told[number - 2]
    assert told[20].endswith("and 2 more"), told
    source.write_text("\n".join(lines[-2:]) + "\n")
    done, report = imported(tmp_path / "other", source, check=False)
    assert report["left_out"][0]["line"] == 2, report


@pytest.mark.evidence("assumed", "an import that fails before anything was taken changes nothing")
def test_an_import_that_takes_nothing_leaves_no_directory(tmp_path):
    (tmp_path / "bad.json").write_text("this is no JSON")
    new = tmp_path / "deep/er/data"
    done = run_cairn("import", "--data", str(new), str(tmp_path / "bad.json"), check=False)
    assert done.returncode == 1 and not (tmp_path / "deep").exists(), done.stderr
    (tmp_path / "deep").mkdir()
    unreachable = ("--endpoint-url", "http://127.0.0.1:1")
    digests = tmp_path / "AWSLogs/1/CloudTrail-Digest"
    digests.mkdir(parents=True)
    (digests / "d.json.gz").write_bytes(gzip.compress(b"{}"))
    run_cairn("import", "--data", str(new), *unreachable, str(tmp_path / "AWSLogs"), check=False)
    assert not (tmp_path / "deep/er").exists() and (tmp_path / "deep").exists()
    # What was there stays, and so does what is taken.
    (tmp_path / "good.jsonl").write_bytes(lines_of_corpus()[0] + b"\n")
    files = [str(tmp_path / "good.jsonl"), str(tmp_path / "bad.json")]
    assert run_cairn("import", "--data", str(new), *files, check=False).returncode == 1
    assert len(kept(new)) == 1
    assert run_cairn("import", "--data", str(new), str(tmp_path / "bad.json"), check=False).returncode == 1
    assert len(kept(new)) == 1


@pytest.mark.evidence("assumed", "import is resumable")
def test_a_killed_import_goes_on(tmp_path):
    events = tmp_path / "events.jsonl.gz"
    made = subprocess.run(
        [sys.executable, str(CORPUS / "gen_events.py"), "--events", "60000", "--seed", "5", "--format", "jsonl"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    halves = made.splitlines(keepends=True)
    source = tmp_path / "in"
    source.mkdir()
    for number in range(6):
        part = b"".join(halves[number * 10_000 : (number + 1) * 10_000])
        (source / f"part-{number}.jsonl.gz").write_bytes(gzip.compress(part, 1))
    data = tmp_path / "data"
    process = subprocess.Popen([binary(), "import", "--data", str(data), str(source)], stderr=subprocess.DEVNULL)
    while not list(Path(data).glob("log/*")) and process.poll() is None:
        pass
    process.kill()
    process.wait()
    _, report = imported(data, source)
    assert run_cairn("fsck", str(data)).returncode == 0
    found = kept(data)
    assert len(found) == len(set(found)) == 60_000
    assert set(found) == {line.rstrip(b"\n") for line in halves}
    assert events.parent.exists() and report["files_broken"] == 0


@pytest.mark.evidence("assumed", "nothing was imported because nothing was found, and that is said")
def test_a_directory_without_records_is_no_success(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "notes.txt").write_text("buy milk")
    done, report = imported(tmp_path / "data", source, check=False)
    assert done.returncode == 1
    assert done.stderr == f"cairn: {source}: nothing to import: no .json, .jsonl, .ndjson, .log or .gz file is in it\n"
    assert report["left_out"] == [{"name": str(source / "notes.txt"), "why": "name"}]
    assert not (tmp_path / "data").exists()
    # Beside one that has some it is told, and no failure; nor is one that was imported before.
    (tmp_path / "events.jsonl").write_bytes(lines_of_corpus()[0] + b'\n{"a": 1}\n')
    for _ in range(2):
        done, report = imported(tmp_path / "data", source, tmp_path / "events.jsonl")
        assert "nothing to import" in done.stderr
    done = run_cairn("import", "--data", str(tmp_path / "other"), "--verbose", str(tmp_path / "events.jsonl"))
    assert 'left out, no CloudTrail record: ' in done.stdout and '{"a": 1}' in done.stdout


@pytest.mark.evidence("documented", "LookupEvents shows the events of the caller's account")
def test_an_archive_of_another_account_says_how_to_see_it(tmp_path):
    source = tmp_path / "events.jsonl"
    record = {
        "eventVersion": "1.11", "userIdentity": {"type": "AWSService"}, "eventTime": "2026-11-20T10:00:00Z",
        "eventSource": "s3.amazonaws.com", "eventName": "CreateBucket", "awsRegion": "us-east-1",
        "eventID": "0e7a2f83-4a1c-4f0e-8f43-6a6a6a6a6a6a", "readOnly": False, "managementEvent": True,
        "eventType": "AwsApiCall", "eventCategory": "Management", "recipientAccountId": "444455556666",
    }  # fmt: skip
    source.write_text(json.dumps(record) + "\n")

    def shown(server):
        done = run_cairn("lookup", "--json", environment=server.client_environment())
        key, secret = credentials(server.data)
        client = boto3.client(
            "cloudtrail", region_name="us-east-1", endpoint_url=server.url,
            aws_access_key_id=key, aws_secret_access_key=secret,
        )  # fmt: skip
        asked = [{"AttributeKey": "EventName", "AttributeValue": "CreateBucket"}]
        events = client.lookup_events(LookupAttributes=asked)["Events"]
        return len([line for line in done.stdout.splitlines() if "444455556666" in line]), len(events)

    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    told = run_cairn("import", "--data", str(theirs), str(source))
    assert "--account-id 444455556666" in told.stderr, told.stderr
    server = Server(theirs, "--account-id", "444455556666").start()
    assert shown(server) == (1, 1)
    assert server.stop() == 0
    source.write_text(json.dumps(record | {"eventID": "1"}) + "\n")
    assert run_cairn("import", "--data", str(theirs), str(source)).stderr == ""

    server = Server(ours).start()
    assert server.stop() == 0
    told = run_cairn("import", "--data", str(ours), str(source))
    assert "that of account 123456789012" in told.stderr, told.stderr
    assert told.stderr.count("\n") == 1
    server.start()
    assert shown(server) == (1, 0)
    assert server.stop() == 0
