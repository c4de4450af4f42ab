# `make demo` and `make test` need nothing but make, Python 3.11 or later and a package index.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first interpreter that is new enough and can make environments; or say PYTHON=...
CANDIDATES := python3.11 python3.12 python3.13 python3.14 python3 python
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach python,$(CANDIDATES),$(shell \
	$(python) -c '$(SUITABLE)' >/dev/null 2>&1 && echo $(python))))

VENV := .venv
BIN := $(VENV)/bin
# More options for pip, for instance another index that has a CPU build of torch.
PIP_ARGS ?=
PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt $(PIP_ARGS)

# Packages of the operating system that some tests need: dciodvfy judges DICOM objects, and
# Orthanc is the PACS of the round trip, in a network namespace that ip sets up; the queue
# runs on PostgreSQL too.
DEBIAN_PACKAGES ?= dicom3tools orthanc orthanc-dicomweb iproute2 chromium fonts-dejavu-core poppler-utils postgresql
JOBS ?= 2
RUN ?= runs/demo

.PHONY: help
help: ## list the targets
	@echo "Tumorscope. Research use only. Not a medical device."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: demo
demo: $(VENV)/installed ## set up, then train and report on a synthetic cohort
	$(BIN)/tumorscope demo --out $(RUN)

.PHONY: setup
setup: $(VENV)/installed-dev ## make .venv with all that development needs

.PHONY: test
test: $(VENV)/installed-dev ## all checks, the documentation and the tests
	@scripts/test.sh $(BIN) $(JOBS) default $(DEBIAN_PACKAGES)

.PHONY: test-full
test-full: $(VENV)/installed-dev ## the same with the longest tests and drills, and coverage
	@scripts/test.sh $(BIN) $(JOBS) full $(DEBIAN_PACKAGES)

.PHONY: check
check: format lint types contracts docstrings spelling ## all fast checks without tests

.PHONY: format
format: $(VENV)/installed-dev ## is the code laid out by ruff?
	$(BIN)/ruff format --check .

.PHONY: lint
lint: $(VENV)/installed-dev ## ruff's rules
	$(BIN)/ruff check .

.PHONY: types
types: $(VENV)/installed-dev ## mypy, strict
	$(BIN)/mypy

.PHONY: contracts
contracts: $(VENV)/installed-dev ## which package may import which
	$(BIN)/lint-imports

.PHONY: docstrings
docstrings: $(VENV)/installed-dev ## every test says the promise that it keeps
	$(BIN)/interrogate --quiet tests

.PHONY: spelling
spelling: $(VENV)/installed-dev ## codespell
	$(BIN)/codespell

.PHONY: page
page: ## build the page of the service; needs Node 20.19 or later
	@scripts/build_page.sh

.PHONY: docs
docs: $(VENV)/installed-dev ## build docs/_build/html, warnings are errors
	$(BIN)/python -m sphinx -W --keep-going --quiet -b html docs docs/_build/html

.PHONY: benchmark
benchmark: $(VENV)/installed ## measure speed and memory; writes benchmarks/results
	$(BIN)/python benchmarks/run.py

.PHONY: release
release: $(VENV)/bin/python ## sdist, wheel, list of parts (SBOM) and audit, in dist/
	@scripts/release.sh $(BIN)/python $(PIP_ARGS)

.PHONY: clean
clean: ## remove the environment, caches and build results; runs/ stays
	rm -rf $(VENV) build dist docs/_build docs/reference/specs.md docs/reference/api.md .coverage .coverage.* \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
		src/tumorscope/serve/static src/tumorscope/serve/ui/node_modules
	find src tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { \
		echo "No suitable Python among: $(CANDIDATES)." >&2; \
		echo "Tumorscope needs Python 3.11 or later with venv and pip. On Debian and" >&2; \
		echo "Ubuntu: apt install python3 python3-venv; or name one: make PYTHON=/path" >&2; \
		exit 2; }
	@$(PYTHON) -c '$(SUITABLE)' || { \
		echo "$(PYTHON) is older than 3.11, or lacks venv (Debian: python3-venv)." >&2; \
		exit 2; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)

# A failed installation leaves no stamp, so that the next call tries again.
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP_INSTALL) --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP_INSTALL) --editable '.[dev,docs,onnx,openvino,postgres]'
	@touch $@ $(VENV)/installed
