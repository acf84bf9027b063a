# Everything runs in .venv and node_modules, which `make setup` fills; nothing is installed outside this folder.
PYTHON ?= python3
PORT ?= 7071
BIN := .venv/bin
READY := .venv/.ready
CODE := function_app.py functions shared local tests bench tools

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

.PHONY: setup
setup: $(READY) ## install what the other targets need (they do it by themselves)

$(READY): requirements.txt requirements-dev.txt package-lock.json local/setup.py
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11 to 3.13 is needed; name one with: make $(MAKECMDGOALS) PYTHON=python3.13"; exit 1; }
	@echo "Setting up in this folder, once (one to five minutes): Python packages, then Azurite."
	$(PYTHON) -m venv .venv
	@echo "Installing Python packages ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@echo "Installing Azurite and the API page ..."
	@$(BIN)/python -m local.setup
	@touch $(READY)
	@echo "Set up."

.PHONY: run
run: $(READY) ## serve everything on port 7071 (or: make run PORT=7072); Ctrl-C stops it
	@PORT=$(PORT) exec $(BIN)/python -m local

PYTEST := $(BIN)/python -m pytest --dist worksteal --durations=10 --durations-min=1
# What takes minutes: real hosts, a real browser, the platform's own worker, and every way to fail in its turn.
PROOFS := tests/browser tests/conformance tests/interop tests/journeys tests/model tests/soak tests/sweeps

.PHONY: test
test: $(READY) ## run the tests of a day's work, in five minutes (or some: make test ARGS='tests/unit -k accept')
	$(PYTEST) -n auto $(ARGS)

.PHONY: prove
prove: $(READY) ## run all other tests, in some twenty minutes: browser, journeys, faults at every call, kills, the model
	@# Half as many again as there are processors: for a part of the time they wait for a browser, a host or a deadline.
	$(PYTEST) -n $$(( 3 * $$($(BIN)/python -c 'import os; print(os.cpu_count() or 1)') / 2 )) $(PROOFS)

.PHONY: check
check: $(READY) ## format, lint, types and import contracts
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/bicep_lint.py infra

.PHONY: secrets
secrets: $(READY) ## look for what looks like a secret in every file that git knows
	$(BIN)/python -m tools.secret_scan

.PHONY: audit
audit: $(READY) ## ask for known vulnerabilities of what is deployed; says so where nobody answers
	$(BIN)/python -m tools.audit

.PHONY: format
format: $(READY) ## write the format that `check` wants
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

.PHONY: pictures
pictures: $(READY) ## take the pictures of the workspace page in docs/pictures anew (needs a Chromium)
	$(BIN)/python -m tools.pictures

.PHONY: bench
bench: $(READY) ## measure, each figure beside its bar (some twenty minutes on two idle cores; searches want a PostgreSQL)
	$(BIN)/python -m bench.cold_start
	$(BIN)/python -m bench.main_job
	$(BIN)/python -m bench.cost
	$(BIN)/python -m bench.operations
	$(BIN)/python -m bench.pages
	$(BIN)/python -m bench.lists
	$(BIN)/python -m bench.directory
	$(BIN)/python -m bench.insights
	$(BIN)/python -m bench.similar
	$(BIN)/python -m bench.erasure
	$(BIN)/python -m bench.http_stack
	$(BIN)/python -m bench.deadlines
	$(BIN)/python -m bench.export
	$(BIN)/python -m bench.deliver
	$(BIN)/python -m bench.tell
	$(BIN)/python -m bench.simulate

.PHONY: soak
soak: $(READY) ## kill two hosts again and again for five minutes, and see that all is well (MODEL=1: the model; SEED=1)
	$(BIN)/python -m tests.soak $(if $(MODEL),--model) $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS))

.PHONY: interop
interop: $(READY) ## open an export in LibreOffice (which must be installed) and compare cell by cell
	$(BIN)/python -m tests.interop.libreoffice

# What is locked already stays as it is, unless UPGRADE names what shall be newer: make lock UPGRADE='--upgrade-package pydantic'
LOCK = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--only-binary :all: --emit-build-options --custom-compile-command 'make lock' $(UPGRADE)

.PHONY: lock
lock: ## write what requirements*.in bring along, with the hash of each file, into requirements*.txt
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet -r tools/lock-requirements.txt
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt
	rm -rf .venv-lock

.PHONY: tables
tables: ## write the generated tables of shared/domain anew
	$(PYTHON) -m venv .venv-tables
	.venv-tables/bin/python -m pip install --quiet -r tools/requirements.txt
	.venv-tables/bin/python tools/generate_tables.py
	rm -rf .venv-tables

.PHONY: properties
properties: ## write the properties that Bicep files are checked with anew
	$(PYTHON) -m venv .venv-properties
	.venv-properties/bin/python -m pip install --quiet -r tools/bicep-requirements.txt
	.venv-properties/bin/python tools/make_bicep_properties.py > tools/bicep_properties.json
	rm -rf .venv-properties

.PHONY: clean
clean: ## forget the local leads, the moved clock and all caches
	@$(PYTHON) tools/clean.py
