# Every target does its own set-up: `make run` and `make test` work on a fresh clone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
DEMO   := var/demo/extracts

.DEFAULT_GOAL := help
.PHONY: help setup run ui demo test check format lock bench bench-kpis bench-publish olist sfo incidents \
        superset superset-setup clean

help:             ## Show the targets
	@grep -hE '^[a-z -]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## */\t/' | expand -t 22

setup: $(READY)   ## Install the locked environment into .venv

# uv installs the locked environment; where it is absent, pip brings a pinned one of its own.
$(READY): requirements.lock requirements.bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; try make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then uv=uv; else \
	  test -x .uv/bin/uv || { $(PYTHON) -m venv .uv && .uv/bin/pip install -q --require-hashes \
	    --disable-pip-version-check -r requirements.bootstrap.lock; }; uv=.uv/bin/uv; fi; \
	echo "Setting up .venv …"; \
	$$uv venv -q --allow-existing --no-python-downloads --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV) && \
	$$uv pip sync -q --python $(VENV) requirements.lock && \
	$$uv pip install -q --python $(VENV) --no-deps --no-build-isolation -e .
	@touch $@

$(DEMO)/manifest.json: | $(READY)
	@$(BIN)/python -m demo --out $(DEMO)

demo: $(DEMO)/manifest.json  ## Make the demo company's extracts

run: $(READY) $(DEMO)/manifest.json  ## Run the demo company's pipeline and publish
	@$(BIN)/barometer run

# Superset pins what the pipeline has in newer versions: it gets an environment of its own.
.superset/.ready: deploy/superset/requirements.lock | $(READY)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12)})' \
	  || { echo "Superset needs Python 3.11 or 3.12; try make PYTHON=python3.12 superset"; exit 1; }
	@uv=$$(command -v uv || echo .uv/bin/uv); echo "Setting up .superset …"; \
	$$uv venv -q --allow-existing --no-python-downloads --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .superset && \
	$$uv pip sync -q --python .superset $<
	@touch $@

superset-setup: .superset/.ready  ## Install the locked Superset into .superset

superset: run .superset/.ready  ## Serve the demo's dashboard in Apache Superset
	@deploy/superset/serve.sh

ui: run           ## Serve Dagster's UI with the demo loaded
	@$(BIN)/barometer ui

test: $(READY)    ## Run the tests
	@$(BIN)/python -m pytest

check: $(READY)   ## Lint, types, architecture, freshness of generated docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pipelines.docs --check

format: $(READY)  ## Format the code and write the generated docs
	@$(BIN)/ruff check --fix-only -q .
	@$(BIN)/ruff format -q .
	@$(BIN)/python -m pipelines.docs

lock: $(READY)    ## Resolve requirements.lock anew
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" -q -o requirements.lock

olist sfo incidents: $(READY)  ## Run an example on real extracts and compare its figures
	@$(BIN)/python -m examples.verify $@

bench: $(READY)   ## Measure the whole path against a bare script
	@$(BIN)/python -m benchmarks.bench

bench-kpis: $(READY) ## Measure states and values of every KPI against a bare script
	@$(BIN)/python -m benchmarks.bench_kpis

bench-publish: $(READY) ## Measure a publish to PostgreSQL against a bare COPY
	@$(BIN)/python -m benchmarks.bench_publish

clean:            ## Remove what runs made (not the environment)
	rm -rf var
