# Cairn's two commands are `make run` and `make test`. The rest is for people who change it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
DATA ?= cairn-data
LISTEN ?= 127.0.0.1:4580

.PHONY: help run build test test-rust test-oracle test-conformance check fmt bench fuzz kill clean tools-rust tools-python

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | column -t -s "$$(printf '\t')"

run: build ## build the release binary and serve on the embedded default
	target/release/cairn serve --data $(DATA) --listen $(LISTEN)

build: tools-rust ## the release binary
	cargo build --release --locked --package cairn

test: tools-rust $(VENV)/ready test-rust test-oracle test-conformance ## everything that proves the promises

test-rust: tools-rust ## unit, property, fault and end-to-end tests in Rust
	cargo test --locked --workspace --no-fail-fast -- --format terse

test-oracle: tools-rust $(VENV)/ready ## every operation of every service, serialised by botocore, decoded by us
	conformance/oracle/run.sh $(PYTHON)

test-conformance: tools-rust $(VENV)/ready ## the unmodified AWS CLI and boto3 against the real binary
	cargo build --locked --package cairn
	$(PYTHON) -m pytest -q conformance

check: tools-rust ## format, house rules, lints, licences
	cargo fmt --all --check
	cargo xtask tidy
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	@if command -v cargo-deny > /dev/null; then cargo deny --offline check bans licenses sources; \
	else echo "cargo-deny is not installed; 'cargo install --locked cargo-deny' adds the licence check"; fi

fmt: ## format everything
	cargo fmt --all

bench: build $(VENV)/ready ## the numbers of docs/benchmarks.md, each beside a peer in the same run
	$(PYTHON) bench/run.py

fuzz: ## a minute for each fuzz target
	fuzz/run.sh 60

kill: tools-rust $(VENV)/ready ## the long kill test: 20 rounds of load and kill -9
	cargo build --locked --package cairn
	CAIRN_KILL_ROUNDS=20 $(PYTHON) -m pytest -q -s conformance/test_kill.py

clean: ## remove what was built
	cargo clean
	rm -rf $(VENV)

tools-rust:
	@command -v cargo > /dev/null || { echo "cargo is missing: install Rust 1.95 or newer with rustup (https://rustup.rs)"; exit 1; }
	@command -v cc > /dev/null || { echo "a C compiler is missing: apt-get install build-essential"; exit 1; }

$(VENV)/ready: conformance/requirements.txt
	@command -v python3 > /dev/null || { echo "python3 is missing: apt-get install python3 python3-venv"; exit 1; }
	python3 -m venv $(VENV) || { echo "venv is missing: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --requirement conformance/requirements.txt
	touch $@
