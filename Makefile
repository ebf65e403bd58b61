# docproc: `make` alone lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
TORCH ?= 2.13.0
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo setup fix lint types imports lines spelling deploy-check check test test-unit test-slow bench chaos watch-chaos up down samples build clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  \033[1m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two stamps: the demo needs the base install alone, the tests need everything. A stamp is remade when pyproject changes.
$(VENV)/base: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/full: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	# torch alone first: this version's build for CPUs has no GPU libraries to bring along
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==$(TORCH)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(VENV)/base $@

setup: $(VENV)/full ## .venv with everything that tests, bench/ and all extras need

demo: $(VENV)/base ## extract samples/ and write records.xlsx, records.jsonl and report.html
	@DOCPROC=$(BIN)/docproc OUT=$(OUT) sh samples/demo.sh

fix: setup ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

lint: setup ## ruff: rules and format
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

# Tests are no packages: each folder of theirs is a place to import from, and they may leave annotations out.
UNTYPED := --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls --allow-any-generics --allow-subclassing-any
types: setup ## mypy: strict, but in tests annotations may be left out
	$(BIN)/mypy && MYPYPATH=tests $(BIN)/mypy bench samples scripts deploy
	MYPYPATH=$$(echo tests tests/unit/*/ | tr ' ' ':') $(BIN)/mypy --explicit-package-bases $(UNTYPED) --cache-dir .mypy_cache/tests tests

imports: setup ## import-linter: the layers hold
	$(BIN)/lint-imports

lines: setup ## no file over 400 lines
	$(BIN)/python scripts/check_max_lines.py

spelling: setup ## codespell
	$(BIN)/codespell docproc migrations deploy docs README.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md

deploy-check: setup ## images, compose, chart, units and alerts: held to their tools and schemas
	$(PYTEST) tests/integration/deploy -q

check: lint types imports lines spelling deploy-check ## all checks that need no test run

test: setup ## the test suite (at most 15 minutes on two cores)
	$(PYTEST) -n 3 --dist loadfile --ignore=tests/integration/deploy

test-unit: setup ## unit tests only (under a minute, no network, no service)
	$(PYTEST) -n 2 --dist loadfile tests/unit

test-slow: setup ## long tests: chaos, big files, the wheel in a fresh environment (at most 30 minutes)
	$(PYTEST) -m slow tests/slow

# Short runs, to see that every script works and where its figures are about; those in docs/ are of each one's defaults.
# Left out: those that need labelled documents (calibrate, score, steps), that train (tile_tags, which_tile), and plans,
# which fills a database with a million pages.
PDFS := samples/documents/*/*.pdf
bench: setup ## what of bench/ needs no GPU and no labels, in short runs, one JSON line each
	@mkdir -p build
	$(BIN)/python bench/prepare.py $(PDFS)
	$(BIN)/python bench/layout.py $(PDFS)
	$(BIN)/python bench/page_images.py $(PDFS)
	$(BIN)/python bench/memory.py --pages 50 500
	$(BIN)/python bench/service.py --documents 10 --single 5
	$(BIN)/python bench/watch_burst.py --files 100 1000
	$(BIN)/python bench/api.py --requests 20
	$(BIN)/python bench/backlog.py --waiting 5000 --runs 1 --documents 5
	$(BIN)/python bench/fairness.py --waiting 5000 --runs 1
	$(BIN)/python bench/gpu_nvlm.py --roofline-only H200 --plot build/gpu_nvlm.png

SEED ?= 1
PROFILE ?= full
READER ?= quick
chaos: setup ## a service whose workers and servers die: SEED=1 PROFILE=full|short READER=quick|vlm, leaves build/chaos-SEED
	PYTHONPATH=bench:tests $(BIN)/python -m chaos --seed $(SEED) --profile $(PROFILE) --reader $(READER)

watch-chaos: setup ## watchers killed while files are dropped in every bad way: SEED=1 PROFILE=full|short
	PYTHONPATH=bench:tests $(BIN)/python -m watch_chaos --seed $(SEED) --profile $(PROFILE)

up: setup ## the whole service on this machine, from packages: Postgres, Valkey, S3, two workers
	@$(BIN)/python deploy/local/stack.py up

down: setup ## end what `make up` started
	@$(BIN)/python deploy/local/stack.py down

samples: setup ## make the sample documents again
	$(BIN)/python samples/make.py

build: setup ## wheel and source archive in dist/
	$(BIN)/python -m hatchling build

clean: ## remove what was built (not .venv)
	rm -rf dist build $(OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis
