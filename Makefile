# Everything there is to do, on a machine with only Python 3.11, make, git and gcc. Start with: make help

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && exit; done; echo python3.11)
ARGS ?=
# Four at most: each worker that asks the history loads the engine, 0.5 GB.
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 4 ? cores : 4)))

BIN := .venv/bin
UV := .tools/bin/uv
INSTALLED := .venv/.installed
CONSOLE := src/holdfast/http/console/index.html
PACKAGES := console/node_modules/.package-lock.json
SHAPES := console/src/api/schema.d.ts

##@ To use it
.PHONY: help
help: ## Say what there is to do
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nPass arguments on with ARGS: make demo ARGS="--port 9001 --people 2000"\n'

.PHONY: setup
setup: .tools/.ready ## Make .venv with everything in it, and build the console
	@$(MAKE) --silent -j2 $(INSTALLED) $(CONSOLE)

.PHONY: demo
demo: setup ## A shop with customers, on 127.0.0.1:8787
	@exec $(BIN)/holdfast demo $(ARGS)

##@ To change it
.PHONY: check
check: setup ## Format, lint, types, layers and unit tests, in under a minute
	@$(MAKE) -j3 --keep-going --output-sync=target check-format check-lint check-types check-layers check-unit

.PHONY: check-format check-lint check-types check-layers check-unit
check-format:
	@$(BIN)/ruff format --quiet --diff . || { echo "To format: make format" >&2; exit 1; }
check-lint:
	@$(BIN)/ruff check --quiet .
check-types:
	@$(BIN)/mypy --no-error-summary
check-layers:
	@$(BIN)/lint-imports --no-logo >.tools/layers.log || { cat .tools/layers.log >&2; exit 1; }
check-unit:
	@$(BIN)/pytest -q tests/unit -n $(WORKERS) --dist loadfile

.PHONY: format
format: setup ## Format the Python code
	@$(BIN)/ruff check --quiet --fix-only --select I .
	@$(BIN)/ruff format --quiet .

# Pytest comes last, so that its summary is the last line. What fails among all the others on a busy machine (browsers,
# servers and processes that are killed stand side by side) is run once more, and told of: mend it, though it may pass.
.PHONY: test
test: setup ## Every test: the console's, then Python's
	@scripts/bring-system
	@$(MAKE) --silent $(SHAPES)
	@$(PYTHON) build_console.py check
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --retries 1 --retry-delay 2 $(ARGS)

ROUNDS ?= 100
.PHONY: kill
kill: setup ## Kill -9 of every process at random, over files and over servers; ROUNDS=100 of each
	@scripts/bring-system
	@TEST_KILLS=$(ROUNDS) $(BIN)/pytest -n 0 -rP tests/integration/test_kill.py tests/integration/test_kill_cluster.py $(ARGS)

SEEDS ?= 200
.PHONY: simulate
simulate: setup ## Thirty days of a shop, SEEDS=200 times; SEED=7 lives through one of them, TRACE=1 tells it
	@$(BIN)/python -m tests.simulation $(if $(SEED),$(SEED),1 $(SEEDS) --processes $(WORKERS)) $(if $(TRACE),--trace)

.PHONY: nightly
nightly: setup ## A thousand simulated worlds, and long walks of the models
	@$(MAKE) simulate SEEDS=1000
	@MODEL_STEPS=long $(BIN)/pytest -n $(WORKERS) --dist loadfile tests/models $(ARGS)

.PHONY: bench
bench: setup ## The benchmarks; ARGS="NAME --quick" runs one
	@$(BIN)/python -m bench $(ARGS)

.PHONY: docs
docs: setup ## Write docs/reference anew from the code
	@$(BIN)/python -m holdfast.cli.reference

.PHONY: pictures
pictures: setup ## Take the README's pictures anew, from a demo in Chromium
	@$(BIN)/python -m tests.browser.pictures

.PHONY: shapes
shapes: $(SHAPES) ## Write the console's types of the API, from the code

LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-strip-extras --custom-compile-command "make lock"
.PHONY: lock
lock: .tools/.ready ## Renew the locks; ARGS=--upgrade takes the newest of everything
	@$(LOCK) $(ARGS) pyproject.toml --group dev -o locks/dev.txt
	@$(LOCK) $(ARGS) pyproject.toml -c locks/dev.txt -o locks/runtime.txt
	@$(LOCK) $(ARGS) --group uv -o locks/uv.txt
	@$(LOCK) $(ARGS) --group node -o locks/node.txt

.PHONY: clean
clean: ## Remove everything make made; data directories stay
	@rm -rf .venv .tools dist build console/node_modules src/holdfast/http/console \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What the above is made of.

.tools/.ready: locks/uv.txt locks/node.txt scripts/bring-tools
	@scripts/bring-tools $(PYTHON)
	@touch $@

$(INSTALLED): locks/dev.txt pyproject.toml
	@echo "Installing the Python packages"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes locks/dev.txt
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(PACKAGES): console/package.json console/package-lock.json
	@echo "Installing the console's packages"
	@$(PYTHON) build_console.py install
	@touch $@

# Never committed: made anew from the code, it cannot say otherwise, and what no longer fits it does not compile.
$(SHAPES): $(INSTALLED) $(PACKAGES) $(shell find src/holdfast -name '*.py' 2>/dev/null)
	@$(BIN)/python -m holdfast.cli.openapi >.tools/openapi.json
	@$(PYTHON) build_console.py shapes

$(CONSOLE): $(PACKAGES) $(shell find console -type f -not -path '*/node_modules/*' -not -name schema.d.ts 2>/dev/null)
	@echo "Building the console"
	@$(PYTHON) build_console.py build
	@touch $@
