# make check     what every change must pass, a few minutes on two cores
# make test      every test, the slow ones too
# make format    rewrite the sources in the house style

PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: check lint types floors fast test format

check: lint types floors fast

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

floors:
	$(BIN)lint-imports

fast:
	$(PYTHON) -m pytest -q -m "not slow"

test:
	$(PYTHON) -m pytest -q

format:
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .
