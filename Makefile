# Every verb of the project, once. `make run` is all a newcomer needs.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/.stamps
ASSETS := platform_core/web/static/manifest.json
NODE_MODULES := node_modules/.package-lock.json
# One more than the cores that a small machine has: browsers and servers keep their workers waiting.
WORKERS ?= 3
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
# What is installed into the folder: the core, the plugins, and the agent for workstations, which imports neither.
PACKAGES := . $(PLUGINS) agent
SOURCES := platform_core bench $(wildcard plugins/*/baton_plugins) agent/baton_agent
ASSET_SOURCES := $(shell find platform_core/web/static_src themes -type f 2>/dev/null) \
	$(wildcard platform_core/web/assets.py platform_core/web/icons.py)

# A virtual environment holds absolute paths: a checkout that was moved or copied makes its own again.
ifneq ($(file <$(STAMPS)/where),$(CURDIR))
.PHONY: $(STAMPS)/uv
endif

.PHONY: help
help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

.PHONY: setup
setup: $(STAMPS)/python $(ASSETS) $(STAMPS)/compiled ## dependencies, plugins and front-end assets into this folder

$(STAMPS)/uv: requirements-bootstrap.lock
	@echo 'Making $(VENV)'
	@PYTHON='$(PYTHON)' scripts/make-venv $(VENV)
	@mkdir -p $(STAMPS)
	@printf '%s' '$(CURDIR)' >$(STAMPS)/where
	@touch $@

$(STAMPS)/python: $(STAMPS)/uv requirements.lock $(PACKAGES:%=%/pyproject.toml)
	@echo 'Installing Python packages'
	@scripts/with-caches $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode \
		--require-hashes -r requirements.lock
	@# Our own packages have no hash; they are built by what the lock brought, without asking the network.
	@scripts/with-caches $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation \
		$(foreach package,$(PACKAGES),-e ./$(package))
	@scripts/with-caches $(BIN)/uv pip check --quiet --python $(BIN)/python
	@touch $@

# Where nothing may write byte code beside the sources at run time, each start would compile them anew: half a second.
$(STAMPS)/compiled: $(STAMPS)/python $(shell find $(SOURCES) migrations -name '*.py' -newer $(STAMPS)/compiled 2>/dev/null)
	@$(BIN)/python -m compileall -q $(SOURCES) migrations
	@touch $@

$(NODE_MODULES): package-lock.json requirements-node.lock | $(STAMPS)/uv
	@echo 'Installing front-end packages'
	@scripts/with-caches scripts/npm ci --loglevel=error --no-audit --no-fund --no-update-notifier
	@touch $@

$(ASSETS): $(STAMPS)/python $(NODE_MODULES) $(ASSET_SOURCES)
	@$(BIN)/python -m platform_core.web.assets
	@touch $@

.PHONY: run
run: setup ## the demo on http://127.0.0.1:$PORT (8000)
	@exec $(BIN)/baton quickstart

.PHONY: test-tools
test-tools: setup
	@scripts/test-tools
	@scripts/tools lint
	@scripts/tools attack

.PHONY: test
test: test-tools ## all tests, or a part: make test ONLY=tests/core
	@$(BIN)/pytest -n $(WORKERS) --dist loadscope --durations=60 --durations-min=5 $(ONLY)

.PHONY: lint
lint: setup ## ruff, mypy, import contracts, bandit, house rules
	@scripts/tools lint
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports
	@$(BIN)/python -m lint.run

.PHONY: attack
attack: test-tools ## schemathesis, wapiti and sqlmap, each for its time, against a house on both databases
	@BATON_ATTACK=long $(BIN)/pytest -q -s tests/security/test_openapi.py tests/security/test_scanners.py $(ONLY)

.PHONY: fix
fix: setup ## what ruff can mend and format by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: bench
bench: test-tools ## the benchmarks, or some: make bench ONLY=list,search
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

.PHONY: docs
docs: setup ## the generated pages under docs/
	@$(BIN)/baton docs

.PHONY: lock
lock: $(STAMPS)/uv ## new versions into the lock files, within pyproject.toml's bounds
	@scripts/with-caches scripts/lock

.PHONY: clean
clean: ## everything that was made here, except var/
	rm -rf $(VENV) node_modules platform_core/web/static .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
