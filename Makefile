# The front door: one word for each thing people do.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
# uv trusts the certificates this machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1
PACKAGES := python3-venv postgresql-15 openssl

.PHONY: help setup packages lock lint fmt unit integration test test-slow perf clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

packages: ## the Debian packages pgladder needs (as root)
	@.ci/system-packages $(PACKAGES)

setup: .venv/ready ## the environment, with locked dependencies

.venv/ready: requirements/dev.txt pyproject.toml
	@.ci/system-packages $(PACKAGES)
	python3 -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --no-deps --requirement <(sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt)
	$(BIN)/uv pip install --quiet --require-hashes --requirement requirements/dev.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock: .venv/ready ## resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --upgrade --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 --output-file requirements/box.txt
	$(BIN)/uv pip compile pyproject.toml --upgrade --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 --extra control --extra dev --output-file requirements/dev.txt

lint: .venv/ready ## style, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

fmt: .venv/ready ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: .venv/ready ## the fast tests
	$(BIN)/pytest -n auto tests/unit

integration: .venv/ready ## the tests on a real PostgreSQL 15
	$(BIN)/pytest tests/integration -m "not slow"

test: lint unit integration ## everything CI runs

test-slow: .venv/ready ## what takes long
	$(BIN)/pytest tests -m slow

perf: .venv/ready ## benchmarks of pgladder itself
	$(BIN)/python -m tests.perf

clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
