"""The server's own log: what an operator has to act on stands out, and people can read it."""

import json
import os
import pty
import subprocess

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from server import Server, binary, credentials


def client(server, service, **settings):
    key, secret = credentials(server.data)
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret} | settings
    return boto3.client(
        service, region_name="us-east-1", endpoint_url=server.url,
        config=Config(retries={"max_attempts": 0}, parameter_validation=False), **keys,
    )  # fmt: skip


@pytest.mark.evidence("assumed", "an error in the log is for an operator to act on")
def test_the_mistakes_of_callers_are_no_errors(tmp_path):
    server = Server(tmp_path / "data").start()
    cloudtrail, s3, kms = (client(server, service) for service in ("cloudtrail", "s3", "kms"))
    read_only = [{"AttributeKey": "ReadOnly", "AttributeValue": "yes"}]
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    s3.create_bucket(Bucket="without-a-policy")
    mistakes = [
        lambda: cloudtrail.lookup_events(LookupAttributes=read_only),
        lambda: cloudtrail.create_trail(Name="audit", S3BucketName="nowhere"),
        lambda: cloudtrail.create_trail(Name="audit", S3BucketName="without-a-policy"),
        lambda: cloudtrail.get_trail(Name="audit"),
        lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=1),
        lambda: s3.get_object(Bucket="without-a-policy", Key="none"),
        lambda: s3.put_bucket_policy(Bucket="without-a-policy", Policy="{"),
        lambda: client(server, "sqs").list_queues(),
        lambda: client(server, "s3", aws_secret_access_key="x" * 40).list_buckets(),
    ]
    for mistake in mistakes:
        with pytest.raises(ClientError):
            mistake()
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.stderr().splitlines()]
    assert lines and not [line for line in lines if line["level"] in ("ERROR", "WARN")]


def log_of(data, *arguments, terminal):
    """What a server logs that is asked to stop at once, on a terminal or not."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [binary(), "serve", "--data", str(data), "--listen", "127.0.0.1:0", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=theirs, text=True, env=Server.clean_environment()
    )
    os.close(theirs)
    for line in process.stdout:
        if "AWS_SHARED_CREDENTIALS_FILE=" in line:
            break
    process.terminate()
    assert process.wait(timeout=60) == 0
    process.stdout.close()
    text = b""
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # The end of a terminal.
            break
        if not read:
            break
        text += read
    os.close(ours)
    return text.decode()


@pytest.mark.evidence("assumed", "people read terminals, programs read files")
def test_people_read_text_and_programs_json(tmp_path):
    def messages(log):
        return [json.loads(line)["message"] for line in log.splitlines()]

    lines = ["started", "stopping: calls under way are finished first", "stopped"]
    for terminal in (True, False):
        assert messages(log_of(tmp_path / "data", "--log-format", "json", terminal=terminal)) == lines
    on_terminal = log_of(tmp_path / "data", terminal=True)
    assert all(line in on_terminal for line in lines) and "{" not in on_terminal
    assert messages(log_of(tmp_path / "data", terminal=False)) == lines
    as_text = log_of(tmp_path / "data", "--log-format", "text", terminal=False)
    assert all(line in as_text for line in lines)
    assert "INFO" in as_text and "{" not in as_text and "\x1b" not in as_text


@pytest.mark.evidence("assumed", "a log tells which server wrote it, and how that ended")
def test_a_log_begins_with_the_server_and_ends_with_its_end(tmp_path):
    log = log_of(tmp_path / "data", "--account-id", "111122223333", "--region", "eu-west-1", terminal=False)
    first, _, last = [json.loads(line) for line in log.splitlines()]
    assert (first["message"], first["level"]) == ("started", "INFO")
    assert first["data"] == str(tmp_path / "data") and first["address"].startswith("127.0.0.1:")
    assert (first["account"], first["region"]) == ("111122223333", "eu-west-1")
    assert first["version"] and first["tls"] is False
    assert (last["message"], last["level"]) == ("stopped", "INFO")
    assert (last["signal"], last["outcome"]) == ("SIGTERM", "whole")
