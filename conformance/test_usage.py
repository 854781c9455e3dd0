"""What a wrong call of the program does: exit code 2, a message that names the fault, and nothing written."""

import os
import re
import signal
import socket
import subprocess

import pytest

from server import Server, binary, run_cairn

TRAIL = "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit"
SERVE = ("serve", "--data", "new", "--listen", "127.0.0.1:0")
IMPORT = ("import", "--data", "new")

WRONG = [
    # Arguments, and what the message has.
    ((*SERVE, "--config", "nowhere.toml"), "nowhere.toml"),
    ((*SERVE, "--config", "notes.txt"), "notes.txt"),
    ((*SERVE, "--config", "sqs.toml"), "Cairn itself serves cairn, cloudtrail, cloudtrail-data, kms, s3, sts"),
    ((*SERVE, "--config", "destination.toml"), "[[destination]]"),
    (("serve", "--data", "new", "--listen", "localhost:4580"), "such as 127.0.0.1:4580"),
    (("serve", "--data", "new", "--listen", "4580"), "such as 127.0.0.1:4580"),
    (("serve", "--data", "notes.txt", "--listen", "127.0.0.1:0"), "notes.txt"),
    (("serve", "--data", "full", "--listen", "127.0.0.1:0"), "it has page"),
    ((*SERVE, "--account-id", "12"), "--account-id"),
    ((*SERVE, "--region", "US East"), "--region"),
    ((*SERVE, "--region", "mars"), "--region"),
    ((*SERVE, "--region", "us-east-1a"), "--region"),
    ((*SERVE, "--log-format", "xml"), "--log-format"),
    ((*SERVE, "--history-retention-days", "0"), "--history-retention-days"),
    ((*SERVE, "--history-retention-days", "-1"), "neither a number of days"),
    ((*SERVE, "--history-retention-days", "4294967296"), "neither a number of days"),
    ((*SERVE, "--log-retention-days", "soon"), "neither a number of days"),
    ((*SERVE, "--log-segment-bytes-max", "1"), "--log-segment-bytes-max"),
    ((*SERVE, "--log-segment-bytes-max", "18446744073709551615"), "--log-segment-bytes-max"),
    ((*SERVE, "--base-domain", "a b"), "--base-domain"),
    ((*SERVE, "--base-domain", ""), "--base-domain"),
    ((*SERVE, "--tls-cert", "notes.txt"), "--tls-key"),
    ((*SERVE, "--tls-cert", "notes.txt", "--tls-key", "notes.txt"), "notes.txt"),
    ((*SERVE, "--tls-cert", "nowhere.pem", "--tls-key", "notes.txt"), "nowhere.pem"),
    ((*SERVE, "--tls-check-interval", "0s"), "no interval"),
    ((*SERVE, "--delivery-interval", "9223372036854775807ms"), "longer than"),
    ((*SERVE, "--digest-interval", "1500ms"), "whole seconds"),
    ((*SERVE, "--digest-key-validity", "1ms"), "--digest-key-validity"),
    ((*SERVE, "--trails-per-region-max", "1"), "--trails-per-region-max"),
    ((*SERVE, "--trusted-proxy", "proxy"), "--trusted-proxy"),
    ((*SERVE, "--upstream", "nonsense"), "http://HOST"),
    ((*SERVE, "--upstream", "http://a:99999"), "port"),
    ((*SERVE, "--upstream", "http://a/path"), "without a path"),
    ((*SERVE, "--upstream", "dynamo=http://a"), "no AWS service"),
    ((*SERVE, "--upstream", "sqs=local"), "Cairn itself serves cairn, cloudtrail, cloudtrail-data, kms, s3, sts"),
    ((*SERVE, "--upstream", "cairn=http://a"), "it cannot have an upstream"),
    ((*SERVE, "--upstream", "http://a", "--upstream", "http://b"), "`default` is given twice"),
    ((*SERVE, "--upstream", "s3=http://a", "--upstream", "s3=local"), "`s3` is given twice"),
    ((*SERVE, "--insecure-accept-any-credentials=maybe"), "true"),
    (("serve", "--data", "new", "--listen", "0.0.0.0:0", "--insecure-accept-any-credentials"), "loopback"),
    (("lookup", "--attribute", "x"), "--attribute"),
    (("lookup", "--attribute", "Colour=x"), "SourceIPAddress"),
    (("lookup", "--prefix", "x"), "--prefix"),
    (("lookup", "--contains", "EventName="), "--contains"),
    (("lookup", "--text", ""), "--text"),
    (("lookup", "--ip", ""), "--ip"),
    (("lookup", "--error-code", ""), "--error-code"),
    (("lookup", "--since", "yesterday"), "--since"),
    (("lookup", "--until", "99999999999999999d"), "--until"),
    (("lookup", "--since", "1h", "--until", "2h"), "--since"),
    (("lookup", "--limit", "x"), "--limit"),
    (("lookup", "--json", "--csv"), "--csv"),
    (("lookup", "--data", "full", "--endpoint-url", "http://127.0.0.1:9"), "--data <DIR>' cannot be used with '--end"),
    (("lookup", "--data", "full", "--region", "eu-west-1"), "--data <DIR>' cannot be used with '--region"),
    (("lookup", "--data", "full", "--profile", "default"), "--data <DIR>' cannot be used with '--profile"),
    (("lookup", "--data", "nowhere"), "nowhere"),
    (("lookup", "--data", "full"), "full"),
    (("lookup", "--endpoint-url", "nonsense"), "http://"),
    (("lookup", "--endpoint-url", "http://127.0.0.1:99999"), "port"),
    (("lookup", "--profile", "nobody"), "nobody"),
    (("lookup", "--region", "US East"), "Region"),
    (("tail", "--endpoint-url", "nonsense"), "http://"),
    (("tail", "--profile", "nobody"), "nobody"),
    (("tail", "--attribute", "Colour=x"), "SourceIPAddress"),
    (("tail", "--region", "US East"), "Region"),
    ((*IMPORT,), "PATH"),
    ((*IMPORT, "nowhere"), "nowhere"),
    ((*IMPORT, "full", "nowhere"), "nowhere"),
    ((*IMPORT, "s3://"), "bucket"),
    ((*IMPORT, "full", "--public-keys", "nowhere"), "--public-keys"),
    ((*IMPORT, "full", "--public-keys", "notes.txt"), "--public-keys"),
    ((*IMPORT, "full", "--head", "nowhere"), "--head"),
    ((*IMPORT, "full", "--head", "notes.txt"), "--head"),
    ((*IMPORT, "full", "--endpoint-url", "nonsense"), "--endpoint-url"),
    ((*IMPORT, "full", "--region", "US East"), "--region"),
    ((*IMPORT, "s3://bucket", "--profile", "nobody"), "nobody"),
    (("import", "--data", "notes.txt", "full"), "notes.txt"),
    (("import", "--data", "full", "full"), "it has page"),
    (("validate",), "--trail-arn"),
    (("validate", "nowhere"), "nowhere"),
    (("validate", "notes.txt"), "notes.txt"),
    (("validate", "s3://"), "bucket"),
    (("validate", "full", "--data", "full"), "--data"),
    (("validate", "stopped"), "--data stopped"),
    (("validate", "--data", "full", "--endpoint-url", "http://127.0.0.1:9"), "--data <DIR>' cannot be used with '--end"),
    (("validate", "--data", "full", "--profile", "default"), "--data <DIR>' cannot be used with '--profile"),
    (("validate", "full", "--public-keys", "notes.txt", "--endpoint-url", "http://a"), "--endpoint-url names a server"),
    (("validate", "full", "--public-keys", "notes.txt", "--profile", "default"), "--profile names a server"),
    (("validate", "s3://bucket", "--bucket", "bucket"), "--bucket"),
    (("validate", "--trail-arn", TRAIL, "--bucket", "bucket"), "--bucket"),
    (("validate", "--data", "nowhere"), "nowhere"),
    (("validate", "full", "--trail-arn", "audit"), "--trail-arn"),
    (("validate", "full", "--account-id", "12"), "--account-id"),
    (("validate", "full", "--region", "US East"), "--region"),
    (("validate", "full", "--start-time", "soon"), "--start-time"),
    (("validate", "full", "--end-time", "soon"), "--end-time"),
    (("validate", "full", "--start-time", "1h", "--end-time", "2h"), "--end-time"),
    (("validate", "full", "--public-keys", "nowhere"), "--public-keys"),
    (("validate", "full", "--pin", "x"), "--pin"),
    (("validate", "full", "--head", "nowhere"), "--head"),
    (("validate", "full", "--remember", "nowhere/heads"), "--remember"),
    (("validate", "full", "--bucket", ""), "--bucket"),
    (("validate", "--trail-arn", TRAIL, "--endpoint-url", "nonsense"), "--endpoint-url"),
    (("validate", "--trail-arn", TRAIL, "--profile", "nobody"), "nobody"),
    (("fsck",), "DIR"),
    (("fsck", "nowhere"), "nowhere"),
    (("fsck", "full", "--data", "full"), "--data"),
    (("inspect", "nowhere"), "nowhere"),
    (("inspect", "--data", "full"), "full"),
    (("serv",), "serve"),
]


@pytest.fixture
def folder(tmp_path):
    """What a user has around."""
    (tmp_path / "notes.txt").write_text("buy milk")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "page").write_text("one")
    (tmp_path / "stopped" / "log").mkdir(parents=True)
    (tmp_path / "stopped" / "meta.sqlite").touch()
    (tmp_path / "sqs.toml").write_text("[upstreams]\ndefault = 'http://127.0.0.1:5000'\nsqs = 'local'\n")
    (tmp_path / "destination.toml").write_text("[[destination]]\nbucket = 'UPPER CASE'\n")
    key = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n"
    (tmp_path / "credentials").write_text(key)
    return tmp_path


def run(folder, *arguments, **variables):
    environment = {**Server.clean_environment(), **variables}
    environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    environment["AWS_SHARED_CREDENTIALS_FILE"] = str(folder / "credentials")
    return subprocess.run(
        [binary(), *arguments], capture_output=True, text=True, cwd=folder, env=environment, timeout=60
    )


def everything(folder):
    return sorted(str(path) for path in folder.rglob("*"))


@pytest.mark.parametrize("arguments, says", WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
@pytest.mark.evidence("assumed", "README: 2, the command line is wrong")
def test_a_wrong_call_is_told_before_anything_is_written(folder, arguments, says):
    before = everything(folder)
    done = run(folder, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert done.stdout == ""
    assert everything(folder) == before


@pytest.mark.evidence("assumed", "README: 2, a variable with settings is wrong")
@pytest.mark.parametrize("value", ["inof", "info,bogus", "cairn_gateway=loud"])
def test_a_mistyped_filter_of_the_log_silences_nothing(folder, value):
    before = everything(folder)
    done = run(folder, *SERVE, CAIRN_LOG=value)
    assert done.returncode == 2, done.stdout + done.stderr
    assert f'CAIRN_LOG: "{value}" is no filter' in done.stderr
    assert done.stdout == "" and everything(folder) == before
    assert "CAIRN_LOG`" in run(folder, "serve", "--help").stdout


@pytest.mark.evidence("assumed", "README: 1, it failed")
def test_what_fails_for_another_reason_is_no_wrong_call(folder):
    for arguments in (("lookup",), ("tail",)):
        assert run(folder, *arguments).returncode == 1
    assert run(folder, "validate", "--trail-arn", TRAIL).returncode == 3


@pytest.mark.evidence("assumed", "a first start that fails is as if it had not been")
def test_a_port_in_use_leaves_nothing_behind(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "%s:%d" % taken.getsockname()
        before = everything(folder)
        done = run(folder, "serve", "--data", "new/deep", "--listen", address)
        assert done.returncode == 1 and f"cannot listen on {address}" in done.stderr
        assert everything(folder) == before
    second = Server(folder / "new" / "deep").start()
    key = (folder / "new" / "deep" / "credentials").read_text()
    assert second.stop() == 0
    # Nor does a failure later take anything away.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "%s:%d" % taken.getsockname()
        assert run(folder, "serve", "--data", "new/deep", "--listen", address).returncode == 1
    assert (folder / "new" / "deep" / "credentials").read_text() == key


@pytest.mark.evidence("assumed", "errors say what to do next")
def test_a_directory_in_use_says_by_whom_and_what_to_do(folder):
    server = Server(folder / "data").start()
    pid = server.process.pid
    with_server = {**server.client_environment(), "PATH": os.environ["PATH"]}
    advice = {
        ("serve", "--listen", server.url.removeprefix("http://")): "another --data DIR",
        ("lookup",): "leave --data out",
        ("import", "notes.txt"): "PutRecords",
        ("validate",): "--trail-arn",
        ("fsck",): "cairn lookup",
        ("inspect",): "cairn lookup",
    }
    for arguments, instead in advice.items():
        done = run(folder, *arguments, "--data", "data")
        assert done.returncode == (3 if arguments == ("validate",) else 1), done.stderr
        assert f"in use by process {pid} (`cairn serve`): stop it first (`kill {pid}`), or " in done.stderr
        assert instead in done.stderr
    # The advice is right: the server answers, and ends when it is asked to.
    assert run_cairn("lookup", "--limit", "1", environment=with_server).returncode == 0
    os.kill(int(re.search(r"kill (\d+)", done.stderr).group(1)), signal.SIGTERM)
    assert server.process.wait(timeout=60) == 0
    server.process.stdout.close()
    assert run(folder, "fsck", "--data", "data").returncode == 0


@pytest.mark.evidence("assumed", "the help is for people")
@pytest.mark.parametrize("command", ["", "serve", "lookup", "tail", "import", "validate", "fsck", "inspect"])
def test_help_names_values_as_people_would(command):
    told = run_cairn(*command.split(), "--help").stdout
    assert not re.findall(r"<[A-Z]+_[A-Z_]+>", told)
    assert "possible values" not in told
