"""Servers that stand behind Cairn in tests: moto, a second Cairn, and small ones that misbehave."""

import contextlib
import socket
import ssl
import threading
from pathlib import Path

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer
from server import Server, credentials, records_of

ACCOUNT = "123456789012"
# A key that Cairn does not know, and that tells no account.
KEY, SECRET = "stranger", "c2VjcmV0"


@contextlib.contextmanager
def moto():
    """A moto server; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@contextlib.contextmanager
def gateway(data: Path, *arguments, config: str | None = None, authority: Path | None = None):
    """A Cairn with upstreams; stopped at the end, its records are then read with `records`."""
    if config is not None:
        path = data.with_suffix(".toml")
        path.write_text(config)
        arguments = ("--config", str(path), *arguments)
    server = Server(data, *arguments, authority=authority).start()
    try:
        yield server
    finally:
        if server.process.poll() is None:
            assert server.stop() == 0, server.stderr()


def resolve_localhost(monkeypatch) -> None:
    """Makes every name below `localhost` this machine, as browsers and many resolvers do."""
    real = socket.getaddrinfo

    def resolve(host, *rest, **more):
        is_ours = isinstance(host, str) and host.endswith(".localhost")
        return real("127.0.0.1" if is_ours else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def client(service, url, key=KEY, secret=SECRET, region="us-east-1", token=None, **settings):
    """A boto3 client that tries once."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 0}, inject_host_prefix=False, **settings),
    )


def own_client(service, server, **settings):
    """A client with the keys that a Cairn made for itself."""
    key, secret = credentials(server.data)
    return client(service, server.url, key, secret, **settings)


def records(server) -> list[dict]:
    """All records of a server, oldest first; stops it."""
    assert server.stop() == 0, server.stderr()
    return list(reversed(records_of(server.data)))


class Raw:
    """An upstream that sees bytes and sends bytes: `answer(request_bytes, socket)` does the rest."""

    def __init__(self, answer, tls: ssl.SSLContext | None = None):
        self.requests = []
        self.answer = answer
        self.tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.listener.getsockname()[1]}"
        self.threads = [threading.Thread(target=self.accept, daemon=True)]
        self.threads[0].start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def serve(self, connection):
        if self.tls:
            try:
                connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                return
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            self.requests.append(head)
            self.answer(head, connection)

    def close(self):
        self.listener.close()
