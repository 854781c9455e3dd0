"""The command line, as a person uses it."""

import csv
import io
import json
import subprocess
import threading
import time

import pytest
from conftest import eventually

from server import Server, binary, run_cairn


@pytest.mark.evidence("assumed", "design 4: table, JSON and CSV")
def test_lookup_prints_what_was_asked(clients, server):
    clients("s3").create_bucket(Bucket="asked-for")
    environment = server.client_environment()
    asked = ["lookup", "--attribute", "EventName=CreateBucket", "--text", "asked-for", "--prefix", "EventSource=s3"]
    (record,) = [json.loads(x) for x in run_cairn(*asked, "--json", environment=environment).stdout.splitlines()]
    assert record["requestParameters"]["bucketName"] == "asked-for"
    rows = list(csv.DictReader(io.StringIO(run_cairn(*asked, "--csv", environment=environment).stdout)))
    assert [row["EventName"] for row in rows] == ["CreateBucket"]
    table = run_cairn(*asked, environment=environment).stdout
    assert "CreateBucket" in table and "s3.amazonaws.com" in table
    heading, line = table.splitlines()
    assert heading.split()[-1] == "RESOURCES" and line.split()[-1] == "asked-for"
    nothing = run_cairn(*asked, "--error-code", "AccessDenied", "--json", environment=environment)
    assert (nothing.stdout, nothing.stderr) == ("", "")


@pytest.mark.evidence("assumed", "errors say what to do next")
def test_a_lookup_that_can_find_nothing_says_why(server):
    for asked, says in [
        (("--attribute", "ReadOnly=yes"), "true or false"),
        (("--attribute", "EventSource=s3"), "--prefix EventSource=s3"),
        (("--attribute", "EventId=42"), "UUIDs"),
        (("--ip", "10.0.0.0/8"), "--prefix SourceIPAddress=10.0."),
        (("--until", "2020-01-01"), "--history-retention-days"),
        (("--since", "2999-01-01"), "has yet to come"),
    ]:
        done = run_cairn("lookup", "--json", *asked, environment=server.client_environment())
        assert (done.stdout, done.stderr.count("\n")) == ("", 1), done.stderr
        assert says in done.stderr
    found = run_cairn("lookup", "--json", "--limit", "1", environment=server.client_environment())
    assert found.stdout and "hint" not in found.stderr


@pytest.mark.evidence("assumed", "design 4: tail follows live, and never itself")
def test_tail_shows_a_call_as_it_happens(clients, server):
    following = subprocess.Popen(
        [binary(), "tail", "--json"], stdout=subprocess.PIPE, text=True, env=server.client_environment()
    )
    seen = []
    reader = threading.Thread(
        target=lambda: seen.extend(json.loads(line)["eventName"] for line in following.stdout), daemon=True
    )
    reader.start()
    try:

        def call_until_seen():
            clients("sts").get_caller_identity()
            return "GetCallerIdentity" in seen

        eventually(call_until_seen)
        assert "TailRecords" not in seen
    finally:
        following.kill()
        following.wait()
        reader.join()


@pytest.mark.evidence("assumed", "a tail shows what a search with the same conditions finds")
def test_a_tail_takes_the_conditions_of_a_search(clients, server):
    wanted = ("--attribute", "EventName=GetCallerIdentity", "--prefix", "EventSource=sts.", "--contains", "UserAgent=Boto3")
    following = subprocess.Popen(
        [binary(), "tail", "--json", "--from-start", *wanted],
        stdout=subprocess.PIPE, text=True, env=server.client_environment(),
    )  # fmt: skip
    ended = threading.Timer(60, following.kill)
    ended.start()
    try:
        clients("s3").list_buckets()
        clients("sts").get_caller_identity()
        assert json.loads(following.stdout.readline())["eventName"] == "GetCallerIdentity"
    finally:
        ended.cancel()
        following.kill()
        following.wait()
        following.stdout.close()


@pytest.mark.evidence("assumed", "README: a tail's questions are recorded as any call is")
def test_the_questions_of_a_tail_are_in_event_history(clients, server):
    following = subprocess.Popen(
        [binary(), "tail"], stdout=subprocess.PIPE, text=True, env=server.client_environment()
    )
    try:
        assert following.stdout.readline().startswith("TIME")
        asked = [{"AttributeKey": "EventName", "AttributeValue": "TailRecords"}]
        (event, *_) = clients("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]
        record = json.loads(event["CloudTrailEvent"])
        assert (event["EventSource"], record["eventCategory"]) == ("cairn.amazonaws.com", "Management")
    finally:
        following.kill()
        following.wait()
        following.stdout.close()


@pytest.mark.evidence("assumed", "errors say what to do next")
def test_errors_help(tmp_path, server):
    locked = run_cairn("lookup", "--data", str(server.data), check=False)
    assert locked.returncode == 1 and "leave --data out" in locked.stderr
    absent = run_cairn("fsck", str(tmp_path / "nowhere"), check=False)
    assert absent.returncode == 2 and "nowhere" in absent.stderr
    wrong = run_cairn("serve", "--data", str(tmp_path / "d"), "--account-id", "12", check=False)
    assert wrong.returncode == 2 and "account" in wrong.stderr


@pytest.mark.evidence("assumed", "a stop does not wait for those who only follow")
def test_a_tail_does_not_hold_up_a_stop(tmp_path):
    server = Server(tmp_path / "data").start()
    following = subprocess.Popen(
        [binary(), "tail"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env=server.client_environment(),
    )  # fmt: skip
    try:
        assert following.stdout.readline().startswith("TIME")
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 10
    finally:
        following.kill()
        following.wait()
        following.stdout.close()


@pytest.mark.evidence("assumed", "files of others are not mixed with ours")
def test_a_directory_of_others_is_refused(tmp_path):
    (tmp_path / "HEAD").write_text("ref")
    refused = run_cairn("serve", "--data", str(tmp_path), "--listen", "127.0.0.1:0", check=False)
    assert refused.returncode == 2 and "HEAD" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["HEAD"]


def follow(server, *arguments):
    """What a tail that ends by itself prints, as records."""
    done = run_cairn("tail", "--json", *arguments, environment=server.client_environment())
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.evidence("assumed", "a tail with --since shows what a search finds first, and then what comes")
def test_a_tail_shows_the_past_first(tmp_path):
    own = Server(tmp_path / "data").start()
    asked = ["lookup", "--json", "--attribute", "EventSource=cairn.amazonaws.com", "--text"]
    environment = own.client_environment()
    for number in range(3):
        run_cairn(*asked, f"past-{number}", environment=environment)
    searches = ("--attribute", "EventName=SearchRecords", "--text", "past-")
    texts = [record["requestParameters"]["filters"][1]["value"] for record in follow(own, "--since", "1h", "--limit", "3", *searches)]
    assert texts == ["past-0", "past-1", "past-2"]
    assert follow(own, "--since", "2026-11-25", "--limit", "1", *searches)[0]["requestParameters"]
    # What comes next comes once, and ends it.
    following = subprocess.Popen(
        [binary(), "tail", "--json", "--since", "10m", "--limit", "4", "--attribute", "EventName=SearchRecords", "--text", "past-0"],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    first = json.loads(following.stdout.readline())
    lines = [first] + [json.loads(following.stdout.readline())]
    # Its own search, which asked for the same text, came after it took its place.
    run_cairn(*asked, "past-0", environment=environment)
    run_cairn(*asked, "past-0", environment=environment)
    lines += [json.loads(line) for line in following.stdout]
    assert following.wait(timeout=60) == 0
    ids = [line["eventID"] for line in lines]
    assert len(ids) == len(set(ids)) == 4
    following.stdout.close()
    both = run_cairn("tail", "--since", "1h", "--from-start", environment=environment, check=False)
    assert both.returncode == 2 and "--from-start" in both.stderr
    assert own.stop() == 0


@pytest.mark.evidence("documented", "LookupEvents lists the bucket of a data event, not its object")
def test_an_object_is_found_by_its_name(clients, server):
    s3 = clients("s3")
    s3.create_bucket(Bucket="shelf")
    s3.put_object(Bucket="shelf", Key="deep/stone \u00e9.png", Body=b"x")
    s3.get_object(Bucket="shelf", Key="deep/stone \u00e9.png")
    environment = server.client_environment()

    def found(*asked):
        done = run_cairn("lookup", "--json", *asked, environment=environment)
        return sorted(json.loads(line)["eventName"] for line in done.stdout.splitlines())

    name = "shelf/deep/stone \u00e9.png"
    both = ["GetObject", "PutObject"]
    assert found("--attribute", f"ResourceName={name}") == both
    assert found("--attribute", f"ResourceName=arn:aws:s3:::{name}") == both
    assert found("--prefix", "ResourceName=shelf/deep/") == both
    assert found("--contains", "ResourceName=/stone") == both
    assert found("--attribute", "ResourceName=shelf/deep") == []
    assert found("--attribute", "ResourceName=shelf") == ["CreateBucket", *both]
    rows = run_cairn("lookup", "--csv", "--attribute", f"ResourceName={name}", environment=environment).stdout
    for row in csv.DictReader(io.StringIO(rows)):
        assert f"AWS::S3::Object {name}" in row["Resources"].split("; ")
    asked = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
    assert clients("cloudtrail").lookup_events(LookupAttributes=asked)["Events"] == []


@pytest.mark.evidence("assumed", "errors say what to do next")
def test_hints_about_the_environment(server):
    environment = server.client_environment()
    tls = environment | {"AWS_ENDPOINT_URL": server.url.replace("http://", "https://")}
    refused = run_cairn("lookup", environment=tls, check=False)
    assert refused.returncode == 1 and "it speaks no TLS; try http://" in refused.stderr
    hidden = environment | {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "s"}
    refused = run_cairn("lookup", environment=hidden, check=False)
    assert refused.returncode == 1 and "AWS_ACCESS_KEY_ID of the environment goes before" in refused.stderr
    misspelt = environment | {"CAIRN_DATE": "x", "CAIRN_PORT": "tcp://10.0.0.1:80"}
    told = run_cairn("lookup", "--limit", "1", environment=misspelt)
    assert told.stderr.splitlines()[0] == "cairn: the variable CAIRN_DATE is no setting; did you mean CAIRN_DATA?"
    assert "CAIRN_PORT" not in told.stderr


@pytest.mark.evidence("assumed", "commands for a stopped server find the directory that it had")
def test_the_usual_directory_is_found(tmp_path):
    server = Server(tmp_path / "cairn-data").start()
    assert server.stop() == 0
    (tmp_path / "cairn.toml").write_text(f'data = "{tmp_path / "cairn-data"}"\n')
    for variables, place in [
        ({}, tmp_path),
        ({"CAIRN_DATA": str(tmp_path / "cairn-data")}, "/"),
        ({"CAIRN_CONFIG": str(tmp_path / "cairn.toml")}, "/"),
    ]:
        for command in ("fsck", "inspect"):
            environment = Server.clean_environment() | variables
            done = subprocess.run([binary(), command, "--json"], capture_output=True, text=True, cwd=place, env=environment)
            assert done.returncode == 0 and "segments" in json.loads(done.stdout), done.stderr
            assert "no directory is named; taking" in done.stderr
    # What is named goes before the variable.
    environment = Server.clean_environment() | {"CAIRN_DATA": "/nowhere"}
    assert run_cairn("fsck", str(tmp_path / "cairn-data"), environment=environment).returncode == 0
