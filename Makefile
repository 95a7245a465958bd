# make check     what every change must pass, a few minutes on two cores
# make test      every test, including the slow ones
# make format    format the sources

PYTHON ?= .venv/bin/python
BIN := $(dir $(PYTHON))

.PHONY: check lint types imports fast test format

check: lint types imports fast

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

imports:
	$(BIN)lint-imports

fast:
	$(PYTHON) -m pytest -q -m "not slow"

test:
	$(PYTHON) -m pytest -q

format:
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .
