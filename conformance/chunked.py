"""Uploads to S3 in `aws-chunked` framing, signed chunk by chunk by hand: no client of Python's makes them over HTTP."""

import base64
import hashlib
import hmac
import http.client
import zlib

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CHUNK_BYTES = 64 << 10
EMPTY = hashlib.sha256(b"").hexdigest()


class Signer(S3SigV4Auth):
    """Signs for a payload that is named, not hashed."""

    def __init__(self, credentials, payload):
        super().__init__(credentials, "s3", "us-east-1")
        self.named = payload

    def payload(self, request):
        return self.named

    def signed_chunk(self, request, previous, body):
        text = "\n".join(
            ["AWS4-HMAC-SHA256-PAYLOAD", request.context["timestamp"], self.credential_scope(request), previous, EMPTY]
        )
        return self.signature(f"{text}\n{hashlib.sha256(body).hexdigest()}", request)

    def signed_trailer(self, request, previous, lines):
        text = "\n".join(
            ["AWS4-HMAC-SHA256-TRAILER", request.context["timestamp"], self.credential_scope(request), previous]
        )
        return self.signature(f"{text}\n{hashlib.sha256(lines).hexdigest()}", request)


def signature_of(request) -> str:
    return request.headers["Authorization"].rsplit("Signature=", 1)[1]


def upload(url, path, content, key, secret, trailer=False, signed=True):
    """Puts an object; the answer. With `trailer` a CRC-32 follows the last chunk; without `signed`
    only the head is signed."""
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" if signed else "STREAMING-UNSIGNED-PAYLOAD"
    payload = kind + ("-TRAILER" if trailer else "")
    request = AWSRequest("PUT", f"{url}{path}", data=b"")
    request.headers["Host"] = url.removeprefix("http://")
    request.headers["Content-Encoding"] = "aws-chunked"
    request.headers["X-Amz-Content-SHA256"] = payload
    request.headers["X-Amz-Decoded-Content-Length"] = str(len(content))
    if trailer:
        request.headers["X-Amz-Trailer"] = "x-amz-checksum-crc32"
    signer = Signer(Credentials(key, secret), payload)
    signer.add_auth(request)
    body, previous = b"", signature_of(request)
    pieces = [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)] + [b""]
    for piece in pieces:
        extension = ""
        if signed:
            previous = signer.signed_chunk(request, previous, piece)
            extension = f";chunk-signature={previous}"
        body += f"{len(piece):x}{extension}\r\n".encode() + piece + (b"\r\n" if piece else b"")
    if trailer:
        crc = base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
        lines = f"x-amz-checksum-crc32:{crc}\n".encode()
        body += lines.replace(b"\n", b"\r\n")
        if signed:
            body += f"x-amz-trailer-signature:{signer.signed_trailer(request, previous, lines)}\r\n".encode()
    body += b"\r\n"
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    connection.putrequest("PUT", path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    return connection.getresponse()
