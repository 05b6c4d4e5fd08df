# SPDX-License-Identifier: Apache-2.0
# Every target does its own set-up. Needs Python 3.11-3.13 and a package index, nothing else.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.12 python3.13 python3.11; do \
	$$p -c '$(IN_RANGE)' 2>/dev/null && echo $$p && break; done)

BIN := .venv/bin
UV := $(BIN)/uv --quiet
DISTRIBUTIONS := chaincode clustering client fabric-network services apps benchmarks
PROJECTS := $(DISTRIBUTIONS:%=%/pyproject.toml)
GROUPS_DEV := --group tests --group typing --group build --group benchmarks/pyproject.toml:bench

.PHONY: help demo test lint kernels docs site standalone lock clean
help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: .venv/run.ready  ## the whole story on an embedded network: a table and report.html
	@$(BIN)/pmcb demo

test: .venv/dev.ready  ## lint, types, layers, and every test, with coverage
	@$(MAKE) --no-print-directory --jobs=2 lint kernels
	@$(BIN)/pytest -n 2 --cov --cov-report=
	@$(BIN)/coverage report
	@$(BIN)/coverage report --include='*/pmcb_chaincode/bridge/*,*/pmcb_chaincode/contract/*' --fail-under=100

lint: .venv/dev.ready  ## ruff, mypy --strict, the arrows between packages, generated pages
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy $(DISTRIBUTIONS:%=%/src) tests
	@$(BIN)/lint-imports --no-logo | tail -n 3
	@$(BIN)/cog --check README.md docs/*.md

kernels: .venv/dev.ready
	@$(BIN)/python -m tests.kernels

docs: .venv/dev.ready  ## write the generated parts of README and docs/ anew
	@$(BIN)/cog -r README.md docs/*.md

site: .venv/docs.ready  ## build the documentation as a web site in site/, with the reference from docstrings
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet && echo "The site is in site/index.html."

standalone: .venv/dev.ready  ## install each distribution alone, without development tools, and import it
	@bash tests/meta/standalone.sh

lock: .venv/dev.ready  ## resolve requirements/*.txt anew, with hashes and without index addresses
	@printf 'uv\n' | $(UV) pip compile $(LOCK) --output-file requirements/uv.txt -
	@$(UV) pip compile $(LOCK) --group build $(PROJECTS) --output-file requirements/run.txt
	@$(UV) pip compile $(LOCK) $(GROUPS_DEV) $(PROJECTS) --output-file requirements/dev.txt
	@$(UV) pip compile $(LOCK) --constraint requirements/dev.txt --group docs --output-file requirements/docs.txt
LOCK = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--no-header --no-annotate --constraint requirements/constraints.in \
	$(foreach d,apps benchmarks chaincode client clustering network services,--no-emit-package pmcb-$(d))

clean:  ## remove the environment
	@rm -rf .venv

.venv/uv.ready: requirements/uv.txt
	@[ -n "$(PYTHON)" ] || { echo "PMCB needs Python 3.11, 3.12 or 3.13 on PATH (or make PYTHON=/path/to/python3)." >&2; exit 2; }
	@echo "Setting up .venv ($$($(PYTHON) --version)); the first time takes a minute or two."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/run.ready: .venv/uv.ready requirements/run.txt $(PROJECTS)
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements/run.txt
	@$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation $(DISTRIBUTIONS:%=-e ./%)
	@touch $@

# Compiled here, as tests start hundreds of processes and PYTHONDONTWRITEBYTECODE may be set.
.venv/dev.ready: .venv/run.ready requirements/dev.txt
	@$(UV) pip install --python $(BIN)/python --compile-bytecode --require-hashes -r requirements/dev.txt
	@touch $@

.venv/docs.ready: .venv/run.ready requirements/docs.txt
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements/docs.txt
	@touch $@
