# Every target makes what it needs: a virtual environment of its own, from PyPI only, kept and reused.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# pytest-xdist: half as many workers again as there are cores, because tests wait for sockets and processes
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 2) * 3 // 2)')

# Hundreds of processes are started; without kept bytecode each of them compiles all of its modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-long bench check lint docs words lock clean

demo: $(VENV)/.server
	@$(BIN)/mailwake demo $(if $(EXIT),--exit)

# Types are looked at beside the tests, for a minute in a new tree; what is wrong with them stands below the tests' summary.
test: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@told=$$(mktemp); $(BIN)/mypy > $$told 2>&1 & types=$$!; \
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not long"; failed=$$?; \
	wait $$types || { failed=$$?; cat $$told; }; rm -f $$told; exit $$failed

test-long: $(VENV)/.dev
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -v -m "long or hypothesis"

# The peers live in an environment of their own, so that nothing of theirs reaches ours.
bench: .bench/.ready
	.bench/bin/mailwake bench all

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Apart from the tests: an advisory that appears tomorrow must not fail a tree that passed today.
lint: check
	$(BIN)/python tools/audit_dependencies.py

docs: $(VENV)/.dev
	$(BIN)/python tools/regenerate_docs.py

# What translators start from; see docs/howto/translate.md.
words: $(VENV)/.dev
	$(BIN)/python tools/collect_messages.py

# Locks hold for every platform and Python from 3.11 on; they name no index.
lock: $(VENV)/bin/uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade \
		pyproject.toml --extra server -o requirements/server.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade \
		pyproject.toml requirements/build.in --extra server --extra sqs --group dev -o requirements/dev.txt
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --upgrade \
		requirements/bench.in -c requirements/server.txt -o requirements/bench.txt

$(VENV)/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mailwake needs Python 3.11 or newer; this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"

$(VENV)/.server: $(VENV)/bin/uv requirements/server.txt pyproject.toml
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/server.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/uv requirements/dev.txt pyproject.toml emulators/salesforce/pyproject.toml
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps --no-build-isolation --editable . --editable emulators/salesforce
	@touch $@ $(VENV)/.server

.bench/.ready: $(VENV)/bin/uv requirements/server.txt requirements/bench.txt pyproject.toml
	@$(PYTHON) -m venv .bench
	@$(BIN)/uv pip install --quiet --compile-bytecode --python .bench/bin/python --require-hashes -r requirements/server.txt -r requirements/bench.txt
	@$(BIN)/uv pip install --quiet --compile-bytecode --python .bench/bin/python --no-deps --editable .
	@touch $@

clean:
	rm -rf $(VENV) .bench demo-data
