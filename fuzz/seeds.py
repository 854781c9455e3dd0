"""Fills fuzz/corpus with first inputs from data that the repository holds anyway."""

import base64
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(data)


def records():
    """Every 20th record, alone and in the forms that a file can have."""
    lines = []
    for path in sorted((ROOT / "corpus" / "records").glob("*.jsonl")):
        lines += path.read_bytes().splitlines()[::20]
    for number, line in enumerate(lines):
        write("record", number, line)
        if number % 10 == 0:
            pair = lines[number:number + 2]
            write("split", f"file-{number}", b'\x20{"Records":[' + b",".join(pair) + b"]}")
            write("split", f"lines-{number}", b"\x07" + b"\n".join(pair))
            wrapped = {"Events": [{"CloudTrailEvent": text.decode()} for text in pair]}
            write("split", f"lookup-{number}", b"\x03" + json.dumps(wrapped).encode())
            write("split", f"detail-{number}", b"\x50" + b'{"id":"1","detail":' + line + b"}")


def requests():
    """Signed requests, and the bodies of chunked ones."""
    path = ROOT / "crates" / "cairn-wire" / "tests" / "it" / "sigv4" / "vectors.jsonl"
    for number, line in enumerate(path.read_text().splitlines()):
        request = json.loads(line)
        body = base64.b64decode(request.get("body", ""))
        head = [request["method"], request["path"], request["query"]]
        head += [f"{name}: {value}" for name, value in request["headers"]]
        if number % 4 == 0:
            text = "\n".join(head).encode() + b"\n\n" + body
            for target in ("sigv4_request", "resolve"):
                write(target, number, text)
            write("decode", number, bytes([number % 16, number % 50, number % 3]) + text)
        if request["kind"] == "chunked":
            declared = len(base64.b64decode(request["decoded"])) % 256
            write("sigv4_chunks", number, bytes([7, declared, bool(request["trailers"])]) + body)


def bodies():
    """One small body in each syntax, for every service and protocol that the target knows."""
    texts = [
        b'{"MaxResults":5,"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"x"}],"StartTime":1.5e9}',
        b'{"TableName":"t","Key":{"k":{"S":"v"},"n":{"N":"1"},"b":{"B":"AAE="},"l":{"L":[{"NULL":true}]}}}',
        b"Action=X&Version=1&Name=a&Tags.member.1.Key=k&Tags.member.1.Value=v&Filter.1.Name=n&Filter.1.Value.1=x",
        b"<Root xmlns='urn:x'><Name>a&amp;b</Name><List><member>1</member></List><Empty/></Root>",
        b"\xbf\x69NamespaceaN\x6aMetricData\x81\xa2\x6aMetricName\x61m\x65Value\xfb\x3f\xf0\0\0\0\0\0\0\xff",
        b"\xa1\x64Name\x63abc",
    ]
    for service in range(16):
        for protocol in range(3):
            for number, text in enumerate(texts):
                name = f"body-{service}-{protocol}-{number}"
                write("decode", name, bytes([service, number * 7 + service, protocol]) + b"POST\n/a/b\nx=1\n\n" + text)


def selectors():
    """The cases of selectors: a list, and each record beside it."""
    cases = ROOT / "crates" / "cairn-event" / "tests" / "cases" / "selectors" / "match"
    for folder in sorted(cases.iterdir()):
        request = json.loads((folder / "selectors.json").read_text())
        line = json.dumps(next(iter(request.values()))).encode()
        for path in sorted(folder.glob("*s-*.json")):
            record = json.dumps(json.loads(path.read_text())).encode()
            write("selector", f"{folder.name}-{path.stem}", line + b"\n" + record)


def policies():
    """Each policy of the cases behind its first question."""
    for path in sorted((ROOT / "crates" / "cairn-iam" / "tests" / "cases" / "policies").glob("*.json")):
        case = json.loads(path.read_text())
        policy = case["policy"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        request = (case.get("requests") or [{"action": "s3:GetObject", "resource": "*", "context": {}}])[0]
        value = next(iter(request["context"].values()), "")
        value = value if isinstance(value, str) else value[0]
        write("policy", path.stem, "\n".join([request["action"], request["resource"], value, text]).encode())


def digests():
    """A starting digest, an empty one and one with files, as AWS prints them; and ones that miss a field."""
    account, region, trail = "111122223333", "us-east-1", "audit"
    folder = f"AWSLogs/{account}/CloudTrail-Digest/{region}/2026/01/10"

    def digest(hour, files, previous):
        stamp = f"20260110T{hour:02}1728Z"
        key = f"{folder}/{account}_CloudTrail-Digest_{region}_{trail}_{region}_{stamp}.json.gz"
        times = [file["newestEventTime"] for file in files] or [None]
        before = previous or {}
        return {
            "awsAccountId": account,
            "digestStartTime": f"2026-01-10T{hour - 1:02}:17:28Z",
            "digestEndTime": f"2026-01-10T{hour:02}:17:28Z",
            "digestS3Bucket": "logs",
            "digestS3Object": key,
            "digestPublicKeyFingerprint": "7f3f401420072e50a65a141430817ab3",
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": times[-1],
            "oldestEventTime": times[0],
            "previousDigestS3Bucket": before.get("digestS3Bucket"),
            "previousDigestS3Object": before.get("digestS3Object"),
            "previousDigestHashValue": "ab" * 32 if previous else None,
            "previousDigestHashAlgorithm": "SHA-256" if previous else None,
            "previousDigestSignature": "cd" * 256 if previous else None,
            "logFiles": files,
        }

    def log(minute):
        name = f"{account}_CloudTrail_{region}_20260110T02{minute:02}Z_{minute:016}.json.gz"
        at = f"2026-01-10T02:{minute:02}:00Z"
        return {
            "s3Bucket": "logs",
            "s3Object": f"AWSLogs/{account}/CloudTrail/{region}/2026/01/10/{name}",
            "hashValue": "ef" * 32,
            "hashAlgorithm": "SHA-256",
            "newestEventTime": at,
            "oldestEventTime": at,
        }

    first = digest(1, [], None)
    second = digest(2, [], first)
    third = digest(3, [log(20), log(25), log(30)], second)
    for name, document in (("starting", first), ("empty", second), ("files", third)):
        write("digest", name, json.dumps(document, separators=(",", ":")).encode())
        for number, field in enumerate(document):
            rest = {key: value for key, value in document.items() if key != field}
            write("digest", f"{name}-without-{number}", json.dumps(rest).encode())


records()
requests()
bodies()
policies()
selectors()
digests()
