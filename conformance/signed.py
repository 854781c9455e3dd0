"""Requests made by hand: signed by botocore, then bent, then sent byte for byte."""

import http.client
import urllib.parse

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from server import credentials


class Raw:
    """One server, spoken to without a client library."""

    def __init__(self, server):
        self.server = server
        self.host = server.url.removeprefix("http://")
        self.key, self.secret = credentials(server.data)

    def signed(self, method, path, service, body=b"", headers=None, region="us-east-1", secret=None, key=None):
        """Method, path, headers and body of a request that verifies."""
        request = AWSRequest(
            method=method, url=f"{self.server.url}{path}", data=body, headers=dict(headers or {})
        )
        request.headers["Host"] = self.host
        signer = S3SigV4Auth if service == "s3" else SigV4Auth
        signer(Credentials(key or self.key, secret or self.secret), service, region).add_auth(request)
        return method, path, dict(request.headers.items()), body

    def send(self, method, path, headers, body):
        """Status, headers and body of the answer."""
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body and "Transfer-Encoding" not in headers and "Content-Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        try:
            connection.endheaders(body or None)
        except (BrokenPipeError, ConnectionResetError):
            # The server may answer, and close, before it has read a body that is too long.
            pass
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), text

    def json_call(self, service, target, body, version="1.1", **changes):
        """A JSON call that verifies."""
        headers = {"X-Amz-Target": target, "Content-Type": f"application/x-amz-json-{version}"}
        return self.signed("POST", "/", service, body, headers, **changes)


LOOKUP = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"


def changed(url_part, old, new):
    """The part with one thing changed; fails when there was nothing to change."""
    assert old in url_part
    return url_part.replace(old, new)


def query_of(url):
    """Path and query of a URL."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"
