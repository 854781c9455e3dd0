#!/usr/bin/env bash
# Runs every fuzz target for SECONDS (60 unless told), or only those that are named behind it.
#
#   fuzz/run.sh 60
#   fuzz/run.sh 600 sigv4_request record
#
# What is found lands in fuzz/artifacts/TARGET and makes the run fail; fuzz/corpus/TARGET grows from run to run.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
shift || true

if ! command -v cargo-fuzz > /dev/null; then
    echo "cargo-fuzz is missing: cargo install --locked cargo-fuzz" >&2
    exit 1
fi

# The code under test is safe Rust on a stable toolchain, so no sanitizer: coverage, assertions, overflow checks.
flags=(--fuzz-dir . --sanitizer none)
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(cargo fuzz list --fuzz-dir .)
fi

python3 seeds.py

failed=()
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target"
    options=("-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1)
    [ -f "dictionaries/$target.dict" ] && options+=("-dict=dictionaries/$target.dict")
    echo "== $target, $seconds s"
    if ! cargo fuzz run "${flags[@]}" "$target" "corpus/$target" -- "${options[@]}"; then
        failed+=("$target")
    fi
done

if [ ${#failed[@]} -gt 0 ]; then
    echo "found something: ${failed[*]} (see fuzz/artifacts)" >&2
    exit 1
fi
