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


records()
requests()
bodies()
policies()
selectors()
