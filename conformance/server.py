"""A real `cairn serve` process for tests: started on a free port, awaited by its own readiness."""

import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS_MAX = 30


def binary() -> str:
    """The binary under test; CAIRN_BINARY names another one."""
    return os.environ.get("CAIRN_BINARY", str(ROOT / "target" / "debug" / "cairn"))


class Server:
    """One server process on one data directory."""

    def __init__(self, data: Path, *arguments: str, authority: Path | None = None):
        """`authority` is whom its certificate comes from, if it speaks TLS."""
        self.data = Path(data)
        self.authority = authority
        self.arguments = list(arguments)
        self.process = None
        self.url = None
        self.output = []

    def start(self) -> "Server":
        """Starts the process and returns once it says where it listens."""
        listen = [] if "--listen" in self.arguments else ["--listen", "127.0.0.1:0"]
        command = [binary(), "serve", "--data", str(self.data), *listen, *self.arguments]
        # Gone with this object.
        self.log = tempfile.NamedTemporaryFile("w+", prefix="cairn-serve-", suffix=".log")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, text=True, env=self.clean_environment()
        )
        for line in self.process.stdout:
            self.output.append(line)
            found = re.search(r"AWS_ENDPOINT_URL=(https?://\S+)", line)
            if found:
                self.url = found.group(1)
            if "AWS_SHARED_CREDENTIALS_FILE=" in line:
                break
        if self.url is None:
            raise RuntimeError(f"the server did not start: {''.join(self.output)}{self.stderr()}")
        trust = ssl.create_default_context(cafile=self.authority) if self.authority else None
        ready = f"{self.url}/_cairn/ready"
        with urllib.request.urlopen(ready, timeout=START_SECONDS_MAX, context=trust) as answer:
            assert answer.status == 200
        return self

    @staticmethod
    def clean_environment() -> dict:
        """No setting of the machine reaches the server."""
        return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CAIRN_"))}

    def stderr(self) -> str:
        """What the server logged so far."""
        return Path(self.log.name).read_text()

    def client_environment(self) -> dict:
        """What a user exports after reading the two lines that the server prints."""
        environment = self.clean_environment()
        environment["AWS_ENDPOINT_URL"] = self.url
        environment["AWS_SHARED_CREDENTIALS_FILE"] = str(self.data / "credentials")
        environment["AWS_CONFIG_FILE"] = os.devnull
        environment["AWS_EC2_METADATA_DISABLED"] = "true"
        return environment

    def kill(self) -> None:
        """kill -9, as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """A graceful stop; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code


def run_cairn(*arguments: str, environment: dict | None = None, check: bool = True):
    """Runs one `cairn` command and returns the finished process."""
    return subprocess.run(
        [binary(), *arguments],
        capture_output=True,
        text=True,
        check=check,
        env=environment or Server.clean_environment(),
    )


def credentials(data: Path) -> tuple[str, str]:
    """Access key and secret of the root principal, from the file that the first start wrote."""
    text = (Path(data) / "credentials").read_text()
    key = re.search(r"aws_access_key_id\s*=\s*(\S+)", text).group(1)
    secret = re.search(r"aws_secret_access_key\s*=\s*(\S+)", text).group(1)
    return key, secret


def records_of(data: Path, *arguments: str) -> list[dict]:
    """All records in the data directory of a stopped server, newest first."""
    done = run_cairn("lookup", "--data", str(data), "--json", "--limit", "1000000", *arguments)
    return [json.loads(line) for line in done.stdout.splitlines()]
