# Everything that is done to this repository, by developers and by CI alike. Needs make, bash and Python 3.11 or newer.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

BIN := .venv/bin
UPGRADE ?=
PYTEST ?= $(BIN)/pytest -n 2
# A module's tests stay with one process, which makes what they share once; the longest come first (tests/conftest.py).
BY_MODULE := --dist loadfile --no-loadscope-reorder
# Else each program that a test starts, and each run, would compile Rapport and its tests anew.
export PYTHONDONTWRITEBYTECODE :=
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 \
	--fork-strategy fewest --generate-hashes --no-annotate --custom-compile-command "make lock" --quiet
PROJECT := pyproject.toml --group build --extra train

# Wheels only: building from source would fetch build tools that no lock file pins.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --only-binary :all: \
	--no-deps --require-hashes
# Of what pip says, keep what is downloaded and how much of it; its errors go another way.
PROGRESS := sed -nE -e 's/^ *Downloading ([^-]+)-([^-]+)-.*[.]whl (\(.*\))/  \1 \2 \3/p' \
	-e 's/^ *Downloading ([^-]+)-([^-]+)[.]tar[.]gz (\(.*\))/  \1 \2 \3/p' \
	-e 's/^Installing collected packages:.*/  unpacking/p'

# Generated pages, each with the module that prints it.
PAGES := features.document:signals.md models.document:rules.md serving.describing.reference:errors.md \
	serving.describing.settings:settings.md serving.describing.snapshot:openapi.json

.PHONY: help demo test check fix docs notebooks spark bench results prove cover starter lock clean

help: ## Show what there is to do (the default)
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: .venv/run.stamp ## Simulate a CRM, train, classify, explain, then serve on 127.0.0.1:8000
	@$(BIN)/rapport demo

test: .venv/dev.stamp ## Run the tests
	@$(PYTEST) $(BY_MODULE)

check: .venv/dev.stamp ## Check format, lint, types, floors and generated pages; change nothing
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@set -o pipefail; for page in $(PAGES); do \
		$(BIN)/python -m $${page%:*} | diff -u docs/$${page#*:} - \
			|| { echo "docs/$${page#*:} is stale: run 'make docs'" >&2; exit 1; }; \
	done

fix: .venv/dev.stamp ## Format, and repair what the linter can repair
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

docs: .venv/dev.stamp ## Write the generated pages: docs/signals.md, rules.md, errors.md, settings.md, openapi.json
	@for page in $(PAGES); do \
		$(BIN)/python -m $${page%:*} > .venv/page.md && mv .venv/page.md docs/$${page#*:} || exit 1; \
	done

notebooks: .venv/dev.stamp ## Run the notebooks from top to bottom
	@if compgen -G 'notebooks/*.ipynb' > /dev/null; then $(PYTEST) --nbmake notebooks/*.ipynb; \
		else echo "There are no notebooks yet: nothing to run."; fi

spark: .venv/spark.stamp ## Install Spark for its tests and `rapport --engine spark`: 450 MB to fetch, and Java 17 beside it
	@command -v java > /dev/null || echo "Spark needs Java 17 too, as by 'apt-get install openjdk-17-jre-headless'."

bench: .venv/dev.stamp .venv/synthesis.stamp ## Measure speed against the alternatives, as ratios on this machine
	@$(BIN)/python -m benchmarks

results: .venv/dev.stamp ## Write docs/results.md: how good it is on public records and simulated accounts (half an hour)
	@$(BIN)/python -m benchmarks.results

prove: .venv/dev.stamp ## Run the long proofs, and every property with 1,000 examples
	@$(PYTEST) -m "slow or hypothesis" --hypothesis-profile=prove

cover: .venv/dev.stamp ## Run the tests and list every branch that none of them takes
	@$(PYTEST) $(BY_MODULE) --cov --cov-report=term-missing

starter: .venv/dev.stamp ## Train the bundle that ships, models/starter
	@$(BIN)/python -m training.starter

lock: .venv/dev.stamp ## Pin the dependencies anew (UPGRADE=--upgrade takes the newest versions)
	@$(COMPILE) $(PROJECT) --extra dev --output-file requirements/dev.lock $(UPGRADE)
	@$(COMPILE) $(PROJECT) --constraint requirements/dev.lock --output-file requirements/run.lock $(UPGRADE)
	@$(COMPILE) --group spark --constraint requirements/dev.lock --output-file requirements/spark.lock $(UPGRADE)
	@$(COMPILE) --group synthesis --output-file requirements/synthesis.lock $(UPGRADE)
	@grep -c '==' requirements/*.lock

clean: ## Remove the environment, caches and measurements; models and data stay
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/made.stamp:
	@for python in python3.11 python3; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then \
			echo "Making .venv with $$($$python --version)"; \
			$$python -m venv .venv && touch $@ && exit 0; exit 1; \
		fi; \
	done; \
	echo "Rapport needs Python 3.11 or newer: neither python3.11 nor python3 on the PATH is." >&2; exit 1

.venv/run.stamp: .venv/made.stamp requirements/run.lock pyproject.toml
	@echo "Installing what requirements/run.lock pins"
	@set -o pipefail; $(INSTALL) -r requirements/run.lock | $(PROGRESS)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.lock
	@echo "Installing what requirements/dev.lock pins"
	@set -o pipefail; $(INSTALL) -r requirements/dev.lock | $(PROGRESS)
	@touch $@

# An environment of its own beside: Featuretools does not run beside pandas 3.
.venv/synthesis.stamp: .venv/dev.stamp requirements/synthesis.lock
	@echo "Installing what requirements/synthesis.lock pins"
	@$(BIN)/python -m venv .venv/featuretools
	@set -o pipefail; $(subst $(BIN)/python,.venv/featuretools/bin/python,$(INSTALL)) -r requirements/synthesis.lock | $(PROGRESS)
	@touch $@

# There is no wheel of pyspark: pip builds one, with the setuptools that requirements/dev.lock pins.
.venv/spark.stamp: .venv/dev.stamp requirements/spark.lock
	@echo "Installing what requirements/spark.lock pins"
	@set -o pipefail; $(INSTALL) --no-binary pyspark --no-build-isolation --use-pep517 -r requirements/spark.lock \
		| $(PROGRESS)
	@touch $@
