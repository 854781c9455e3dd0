"""Writes vectors.jsonl: requests signed by botocore, as they would go over the wire.

    python vectors.py > vectors.jsonl

Deterministic: time, keys and the choice of odd names are fixed. Signed chunks, which botocore does not
make, are signed here from the published rules with hmac and hashlib alone.
"""

import base64
import datetime
import hashlib
import hmac
import io
import itertools
import json
import random
import sys
from urllib.parse import quote, urlsplit

import botocore.auth
import botocore.httpchecksum
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MOMENT = datetime.datetime(2026, 11, 25, 17, 0, 0)
MOMENT_MS = int(MOMENT.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
botocore.auth.get_current_datetime = lambda *_, **__: MOMENT

CREDENTIALS = [
    Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    Credentials("ASIAY34FZKBOKMUTVV7A", "s+cr/et00000000000000000000000000000000",
                "IQoJb3JpZ2luX2VjEXAMPLE//////////+token/with+odd=="),
]
CHOICE = random.Random(20261125)
COUNT = itertools.count()


def emit(kind, name, cred, service, region, request, body=b"", extra=None):
    """One line: what came over the wire, and what a verifier has to know."""
    prepared = request.prepare()
    parts = urlsplit(prepared.url)
    headers = [["host", parts.netloc]]
    for key, value in prepared.headers.items():
        if key.lower() == "host":
            continue
        headers.append([key.lower(), value.decode() if isinstance(value, bytes) else value])
    line = {
        "name": f"{next(COUNT)}-{name}", "kind": kind, "method": prepared.method, "path": parts.path,
        "query": parts.query, "headers": headers, "service": service, "region": region,
        "cred": CREDENTIALS.index(cred), "time": MOMENT_MS,
    }
    if body:
        line["body"] = base64.b64encode(body).decode()
    line.update(extra or {})
    json.dump(line, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


def sign(kind, name, cred, service, region, method, url, headers=None, body=b"", context=None, params=None):
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body, params=params or {})
    request.context.update(context or {})
    s3 = service in ("s3", "s3express")
    if kind == "presigned":
        signer = botocore.auth.S3SigV4QueryAuth if s3 else botocore.auth.SigV4QueryAuth
        signer(cred, service, region, expires=900).add_auth(request)
    else:
        signer = botocore.auth.S3SigV4Auth if s3 else botocore.auth.SigV4Auth
        signer(cred, service, region).add_auth(request)
    emit(kind, name, cred, service, region, request, body)


KEYS = [
    "", "plain", "dir/", "dir//twice", "/lead", "a b", "a+b", "a%b", "a%2Fb", "ü/ß/漢字", "~tilde", "-._~", "semi;colon",
    "q?mark", "amp&ersand=x", "(paren)", "star*!'", "col:on@at", "$,#", "dots/../up", "./here", "...", "🪨/cairn", "tab\there",
    "[brackets]{braces}|pipe\\back^caret`tick", 'quo"te', "<xml>", "\x7f", "trailing.", "é", "A" * 200,
]
QUERIES = [
    "", "acl", "acl=", "list-type=2&prefix=a%2Fb", "prefix=%C3%BC&delimiter=%2F", "b=2&a=1&a=0&c", "A=1&a=2&B=3",
    "versionId=null&partNumber=10&uploadId=x.y_z~-", "marker=%2B%20%25", "x-id=GetObject", "a=%7Bjson%7D",
    "response-content-disposition=attachment%3B%20filename%3D%22%C3%A9.txt%22", "empty=&none&a-b=1&a.b=2&a_b=3",
    "uploads", "tagging&versionId=1", "k=v%26w&k%3Dk=v",
]


def s3_requests():
    for cred in CREDENTIALS:
        for key in KEYS:
            path = "/bucket/" + quote(key, safe="/~")
            query = CHOICE.choice(QUERIES)
            url = "http://127.0.0.1:4580" + path + ("?" + query if query else "")
            method = CHOICE.choice(["GET", "PUT", "HEAD", "DELETE", "POST"])
            body = b"body of " + key.encode() if method in ("PUT", "POST") else b""
            headers = {"x-amz-meta-a": "  two   spaces  ", "Content-Type": "text/plain; charset=utf-8"} if body else {}
            sign("header", "s3-key", cred, "s3", "us-east-1", method, url, headers, body)
            sign("presigned", "s3-key", cred, "s3", "eu-central-1", method, url)
        for query in QUERIES:
            url = "https://bucket.s3.eu-west-1.amazonaws.com/k" + ("?" + query if query else "")
            sign("header", "s3-query", cred, "s3", "eu-west-1", "GET", url)
            sign("header", "s3-unsigned", cred, "s3", "eu-west-1", "PUT", url, {"content-length": "4"}, b"1234",
                 {"payload_signing_enabled": False})
            sign("presigned", "s3-query", cred, "s3", "eu-west-1", "GET", url, {"x-amz-acl": "private"})
    sign("header", "s3express", CREDENTIALS[1], "s3express", "us-west-2", "GET", "http://localhost:4580/b--usw2-az1--x-s3?session")


def other_requests():
    json_headers = {"Content-Type": "application/x-amz-json-1.1",
                    "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"}
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    paths = [
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations",
        "/2015-03-31/functions/f%20g/", "//double//slash", "/restapis/abc/resources/~1pets", "/x/%E6%BC%A2",
        "/tags/a+b;c=d,e", "/@connections/abc%3D", "/%2e%2e/x", "/a%2Fb",
    ]
    for cred in CREDENTIALS:
        for body in (b"{}", b'{"MaxResults":50}', '{"a":"ü"}'.encode(), b""):
            sign("header", "json", cred, "cloudtrail", "eu-west-1", "POST", "http://127.0.0.1:4580/", json_headers, body)
        for body in (b"Action=GetCallerIdentity&Version=2011-06-15", b"Action=ListUsers&Version=2010-05-08&Marker=%2B"):
            sign("header", "query", cred, "sts", "us-east-1", "POST", "http://localhost:4580/", form, body)
        params = {"Action": "GetCallerIdentity", "Version": "2011-06-15", "Odd name": "a b+c/ü~", "Empty": ""}
        sign("header", "query-get", cred, "sts", "us-east-1", "GET", "http://localhost:4580/", params=params)
        sign("presigned", "query-get", cred, "sts", "us-east-1", "GET",
             "https://sts.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15", {"x-k8s-aws-id": "cluster"})
        for path in paths:
            for method in ("GET", "PUT"):
                body = b'{"x":1}' if method == "PUT" else b""
                sign("header", "rest", cred, "lambda", "ap-south-1", method, "http://127.0.0.1:4580" + path, {}, body)
            sign("presigned", "rest", cred, "execute-api", "us-east-1", "GET", "https://x.amazonaws.com" + path + "?a=b&a")
        sign("header", "unsigned-body", cred, "polly", "us-east-1", "POST", "https://polly.us-east-1.amazonaws.com/v1/speech",
             {}, b"stream", {"payload_signing_enabled": False})
    odd = {"X-Amz-Meta-Unicode": "héllo wörld", "X-Custom": "\t tabs\t\tand   spaces \t", "X-Quoted": '"a   b"', "X-Empty": "",
           "User-Agent": "not signed", "Expect": "100-continue", "X-Amzn-Trace-Id": "Root=1", "Range": "bytes=0-9"}
    sign("header", "headers", CREDENTIALS[0], "s3", "us-east-1", "PUT", "http://127.0.0.1:4580/b/k", odd, b"x")
    for region in ("us-gov-west-1", "cn-north-1", "aws-global", "local", "us_east_1"):
        sign("header", "region", CREDENTIALS[0], "iam", region, "POST", "http://h/", form, b"Action=ListUsers")


def hmac_hex(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def derive(cred, region, service):
    key = ("AWS4" + cred.secret_key).encode()
    for part in (MOMENT.strftime("%Y%m%d"), region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def signed_chunks(cred, pieces, trailer):
    """A request whose body is a stream of signed chunks, with or without a signed trailer."""
    word = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    headers = {"content-encoding": "aws-chunked", "x-amz-content-sha256": word,
               "x-amz-decoded-content-length": str(sum(map(len, pieces)))}
    if trailer:
        headers["x-amz-trailer"] = ",".join(name for name, _ in trailer)
    request = AWSRequest(method="PUT", url="http://127.0.0.1:4580/bucket/stream", headers=headers)

    class Signer(botocore.auth.SigV4Auth):  # S3's own would put another word into the header
        def _modify_request_before_signing(self, request):
            super()._modify_request_before_signing(request)
            request.headers.replace_header("x-amz-content-sha256", word)

    Signer(cred, "s3", "us-east-1").add_auth(request)
    previous = request.headers["Authorization"].rsplit("=", 1)[1]
    middle = f"{MOMENT:%Y%m%dT%H%M%SZ}\n{MOMENT:%Y%m%d}/us-east-1/s3/aws4_request"
    key, wire = derive(cred, "us-east-1", "s3"), b""
    for piece in pieces + [b""]:
        hashes = [hashlib.sha256(text).hexdigest() for text in (b"", piece)]
        previous = hmac_hex(key, "\n".join(["AWS4-HMAC-SHA256-PAYLOAD", middle, previous, *hashes]))
        wire += f"{len(piece):x};chunk-signature={previous}\r\n".encode() + piece + (b"\r\n" if piece else b"")
    lines = "".join(f"{name}:{value}\n" for name, value in trailer)
    if trailer:
        digest = hashlib.sha256(lines.encode()).hexdigest()
        signature = hmac_hex(key, "\n".join(["AWS4-HMAC-SHA256-TRAILER", middle, previous, digest]))
        wire += (lines + f"x-amz-trailer-signature:{signature}\n").replace("\n", "\r\n").encode()
    wire += b"\r\n"
    extra = {"decoded": base64.b64encode(b"".join(pieces)).decode(), "trailers": trailer}
    emit("chunked", "signed-chunks", cred, "s3", "us-east-1", request, wire, extra)


def unsigned_trailer(cred, pieces):
    """What botocore streams over TLS: unsigned chunks with a checksum behind them."""
    checksum = botocore.httpchecksum.Crc32Checksum
    name, whole = "x-amz-checksum-crc32", b"".join(pieces)

    class Raw(io.BytesIO):
        def __init__(self):
            super().__init__(whole)
            self.sizes = iter([len(piece) for piece in pieces])

        def read(self, size=-1):
            return super().read(next(self.sizes, 0))

    wire = botocore.httpchecksum.AwsChunkedWrapper(Raw(), checksum, name).read()
    headers = {"content-encoding": "aws-chunked", "x-amz-trailer": name, "x-amz-decoded-content-length": str(len(whole))}
    request = AWSRequest(method="PUT", url="https://bucket.s3.us-east-1.amazonaws.com/stream", headers=headers)
    request.context["checksum"] = {"request_algorithm": {"in": "trailer", "algorithm": "crc32", "name": name}}
    botocore.auth.S3SigV4Auth(cred, "s3", "us-east-1").add_auth(request)
    value = checksum()
    value.update(whole)
    extra = {"decoded": base64.b64encode(whole).decode(), "trailers": [[name, value.b64digest()]]}
    emit("chunked", "unsigned-trailer", cred, "s3", "us-east-1", request, wire, extra)


def chunked_requests():
    streams = [[], [b"x"], [b"hello ", b"world"], [b"\r\n0\r\n\r\n", b"a" * 300, b"0;chunk-signature="]]
    for cred in CREDENTIALS:
        for pieces in streams:
            signed_chunks(cred, pieces, [])
            signed_chunks(cred, pieces, [["x-amz-checksum-crc32", "AAAAAA=="]])
            signed_chunks(cred, pieces, [["x-amz-checksum-crc32c", "sOO8/Q=="], ["x-amz-trailing", "more text: here"]])
            unsigned_trailer(cred, pieces)


s3_requests()
other_requests()
chunked_requests()
