#!/usr/bin/env bash
# The inverse oracle, both ways: what botocore sends is decoded by cairn-wire, what cairn-wire
# answers is parsed by botocore. Every operation of every service, in every protocol it speaks.
#
#   conformance/oracle/run.sh [PYTHON]     a Python with the pinned botocore (.venv/bin/python)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${1:-$root/.venv/bin/python}
case $python in /*) ;; */*) python=$root/$python ;; esac
if ! "$python" -c 'import botocore' 2> /dev/null; then
  echo "$python has no botocore: 'make test' installs it, or 'pip install -r conformance/requirements.txt'" >&2
  exit 1
fi

cd "$root"
out=${CARGO_TARGET_DIR:-target}/oracle
case $out in /*) ;; *) out=$root/$out ;; esac
mkdir -p "$out"

# The requests are the same until the generator or botocore changes.
stamp=$(cat "$here/generate.py" "$here/filler.py" | cksum)
if [ ! -s "$out/requests.jsonl" ] || [ "$(cat "$out/stamp" 2> /dev/null)" != "$stamp" ]; then
  "$python" "$here/generate.py" --out "$out/requests.jsonl"
  echo "$stamp" > "$out/stamp"
fi

CAIRN_ORACLE=$out/requests.jsonl cargo test --locked --package cairn-wire --test it oracle -- --nocapture

cargo run --locked --quiet --package cairn-wire --example answers > "$out/answers.jsonl"
"$python" "$here/answers.py" "$out/answers.jsonl"
