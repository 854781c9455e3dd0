"""Fixtures: one server for the session, real clients, and the evidence mark of each expectation."""

import os
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).parent))

from server import Server, credentials  # noqa: E402

EVIDENCE = ("documented", "modelled", "observed", "assumed")
AWAIT_SECONDS_MAX = 20


def pytest_configure(config):
    config.addinivalue_line("markers", "evidence(kind, source): how we know what AWS does")


def pytest_collection_modifyitems(items):
    """Each expectation says how we know it."""
    for item in items:
        mark = item.get_closest_marker("evidence")
        if mark is None or mark.args[0] not in EVIDENCE:
            raise pytest.UsageError(f"{item.nodeid} needs @pytest.mark.evidence({'|'.join(EVIDENCE)}, …)")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("cairn") / "data").start()
    yield running
    assert running.stop() == 0, running.stderr()


@pytest.fixture(scope="session")
def clients(server):
    """boto3 clients by service name, with the credentials that the server made."""
    key, secret = credentials(server.data)
    made = {}

    def client(service, region="us-east-1", **settings):
        name = (service, region, tuple(sorted(settings.items())))
        if name not in made:
            made[name] = boto3.client(
                service,
                region_name=region,
                endpoint_url=server.url,
                aws_access_key_id=settings.pop("key", key),
                aws_secret_access_key=settings.pop("secret", secret),
                config=Config(retries={"max_attempts": 0}, inject_host_prefix=False, **settings),
            )
        return made[name]

    return client


@pytest.fixture(scope="session")
def aws(server):
    """Runs the unmodified AWS CLI as a newcomer would."""
    executable = Path(sys.executable).parent / "aws"

    def run(*arguments, check=True, stdin=None):
        environment = server.client_environment()
        environment["PATH"] = os.environ["PATH"]
        done = subprocess.run(
            [str(executable), *arguments], capture_output=True, text=True, env=environment, input=stdin
        )
        if check and done.returncode != 0:
            raise AssertionError(f"aws {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    return run


def eventually(find, seconds=AWAIT_SECONDS_MAX):
    """Awaits a condition that another process brings about."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = find()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("the condition was not met in time")
