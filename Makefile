# Few verbs; the build server calls the same ones. Everything runs from .venv, which `setup` makes and keeps.
.DEFAULT_GOAL := help
.PHONY: help setup lint test test-rest proofs test-browser test-all mocks demo samples dev sample new-function lock clean

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed.txt
export PYTHONPATH := functions
# Compiling what is compiled already would cost each test process ten seconds.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What was installed is kept beside it: the comparison, unlike file times, survives a fresh checkout.
setup: ## Make .venv with the locked dependencies; does nothing while they stay the same
	@cmp -s requirements-dev.txt $(INSTALLED) || $(MAKE) --no-print-directory $(INSTALLED)
	@grep -qsF '="$(CURDIR)"' $(BIN)/ops || { printf '#!/bin/sh\n%s\n' 'PYTHONPATH="$(CURDIR)" exec "$(CURDIR)/$(BIN)/python" -P -m infra.operate.ops "$$@"' \
	  >$(BIN)/ops && chmod +x $(BIN)/ops; }

.PHONY: $(INSTALLED)
$(INSTALLED):
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=...") if sys.version_info < (3, 11) else 0'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@cp requirements-dev.txt $(INSTALLED)

lint: setup ## Style, types, import rules, and known security slips
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive functions

# Three processes keep two cores busy: each waits now and then. They begin with what tests/conftest.py puts first.
PYTEST := $(BIN)/pytest -n 3 --dist loadgroup --no-loadscope-reorder
FUNCTIONS := tests/unit tests/integration tests/simulation tests/fuzz
AROUND := tests/contract tests/e2e tests/infra tests/operate

test: setup clock ## The functions' tests; ARGS goes to pytest, CLOCK=+400d sets the clock ahead
	$(ON_CLOCK) $(PYTEST) -m "not proof" $(FUNCTIONS) $(ARGS)

test-rest: setup mocks clock ## Tests of what is around them: infra, ops, whole chains; needs node, TERRAFORM, CPython 3.12 (PYTHON312)
	$(ON_CLOCK) $(PYTEST) -m "not proof" $(AROUND) $(ARGS)

# libfaketime sets the clock for `make test CLOCK=+400d` and all of its children; what is waited for stays as long.
.PHONY: clock
ifdef CLOCK
LIBFAKETIME := $(firstword $(wildcard /usr/lib/*/faketime/libfaketimeMT.so.1))
UNMOVED_SLEEP := $(CURDIR)/.local/unmoved_sleep.so
ON_CLOCK := env LD_PRELOAD=$(UNMOVED_SLEEP):$(LIBFAKETIME) FAKETIME=$(CLOCK) FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
clock: $(UNMOVED_SLEEP)
	@test -n "$(LIBFAKETIME)" || { echo "CLOCK needs libfaketime: apt-get install faketime"; exit 1; }
$(UNMOVED_SLEEP): tests/support/unmoved_sleep.c
	@mkdir -p $(@D)
	$(CC) -shared -fPIC -o $@ $< -ldl
endif

proofs: setup mocks ## What takes minutes, before a release: known holes put back, a soak, Terraform's refusals, the small scopes whole
	$(PYTEST) -m proof $(ARGS)
	$(MAKE) --no-print-directory simulate-deep

test-browser: setup ## The page of an export in Debian's chromium (CHROMIUM); leaves screenshots in .local/browser
	$(BIN)/pytest -m browser tests/browser $(ARGS)

test-all: setup mocks ## All tests
	$(PYTEST) $(ARGS)

# Node's packages: of the mock servers, and of the example. As with .venv: what was installed is kept beside it, and no network is needed while it stays the same.
MOCKS := tests/contract/aimock tests/contract/prism tests/contract/asyncapi events/examples/node
mocks:
	@for mock in $(MOCKS); do \
	  cmp -s $$mock/package-lock.json $$mock/node_modules/installed.json || ( \
	    cd $$mock && npm ci --cache $(CURDIR)/.local/npm && cp package-lock.json node_modules/installed.json ) || exit 1; \
	done

contract: setup ## Write events/asyncapi.yaml and the schemas anew; dist/contract.html where node is. RELEASE=1: compare with these from now on
	@$(BIN)/python -m infra.operate.contract $(if $(RELEASE),--release)
	@! command -v npm >/dev/null || ( $(MAKE) --no-print-directory mocks && mkdir -p dist && \
	  node tests/contract/asyncapi/page.mjs events/asyncapi.yaml dist/contract.html )

demo: setup ## A story in two chapters: answered, throttled, mended; then registered, held, erased, swept, sealed, proved
	@$(BIN)/python -m infra.local.demo

samples: setup ## Play the samples of events/, and show how each ended; FUNCTION=delete_response END=rejected for some
	@$(BIN)/python -m infra.local.play $(if $(FUNCTION),--function $(FUNCTION)) $(if $(END),--end $(END)) $(ARGS)

dev: setup ## Leave the local environment running, for .venv/bin/ops; make dev MAX_AGE=1m for settings of your own
	@exec $(BIN)/python -m infra.local.dev $(ARGS)

sample: setup ## Print a sample with the times of now, for the test console: make sample NAME=delete_response/plain
	@$(BIN)/python -m infra.local.samples "$$NAME"

new-function: setup ## Write the files of a further function: make new-function NAME=count_tokens; ONCE=1 where it must not repeat
	@$(BIN)/python -m infra.local.new_function "$$NAME" $(if $(ONCE),--once)

LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make lock" $(ARGS)

lock: setup ## Write the hashed requirements files anew; ARGS=--upgrade takes the newest versions that fit
	$(BIN)/uv pip compile $(LOCKED) pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile $(LOCKED) pyproject.toml --group dev --output-file requirements-dev.txt
	$(BIN)/uv pip compile $(LOCKED) tests/benchmarks/rivals/requirements.in --output-file tests/benchmarks/rivals/requirements.txt

clean: ## Remove all that was made, .venv included
	rm -rf .venv .local .local.env .local.env.lock $(MOCKS:=/node_modules) dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

include infra/infra.mk tests/tests.mk tests/simulation/simulation.mk
