# Python 3.11 with venv and make are all that a machine needs; everything else is installed into .venv.
PYTHON ?= python3.11
WORKERS ?= 2# of pytest in the integration tests, each with servers of its own; 0: in one process
SEEDS ?= 500# of make simulate
TWICE ?= 50# of them, in two processes
FIRST ?= 1
TIMES ?= 20# of make explore
BIN := .venv/bin
# The requirements name everything, so nothing is resolved (--no-deps): a newer release can't get in the way.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
STAMP := .venv/.installed
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help install run demo test explore test-unit test-integration coverage check format lint types contracts shape simulate plants faults faults-short \
	bench bench-quick requirements map new hooks clean

help: ## what can be asked for
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## make .venv with everything pinned by hash (nothing to do when it is up to date)

$(STAMP): requirements-dev.txt pyproject.toml
	@echo "Installing into .venv (the first time this takes a few minutes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements-dev.txt
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) install --quiet --no-build-isolation --no-deps --no-index -e .
	@touch $@

run: install ## set up, migrate, load the demo shop, buy something, and stay up (Ctrl-C stops everything)
	@exec $(BIN)/telocompro up --demo

demo: install ## the same, write build/demo.json and end
	@exec $(BIN)/telocompro demo

test: test-unit simulate test-integration faults-short ## all tests: unit, 500 seeds, real servers, real faults

test-integration: install ## only the tests on embedded real servers
	@$(BIN)/pytest -m integration -n $(WORKERS) --dist worksteal --durations=10 --ignore=tests/architecture

test-unit: install ## only the tests that need no server
	@$(BIN)/pytest -m "not integration" -n 2 --dist worksteal --durations=5 --ignore=tests/architecture

explore: install ## look for examples that break a property: TIMES as many as in the suite, and others each time (TIMES=20)
	@TELOCOMPRO_EXAMPLES=$(TIMES) $(BIN)/pytest -n 2 --timeout=1200 --durations=5 \
		tests/proof tests/properties tests/write_model/payment/test_answers.py tests/read_api/test_ws_resume.py

coverage: install ## which lines the unit tests reach
	@$(BIN)/pytest -m "not integration" -n 2 --ignore=tests/architecture --cov --cov-report=term-missing:skip-covered

check: lint types contracts shape ## format, lint, strict types, import contracts, planted violations, shape

format: install ## put every file into the one format
	@$(BIN)/ruff check --quiet --fix-only . && $(BIN)/ruff format .

lint: install ## format and lint, changing nothing
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: install ## mypy --strict over all packages
	@$(BIN)/mypy

contracts: install ## who may import whom (pyproject.toml, importlinter)
	@$(BIN)/lint-imports --no-cache

shape: install ## what imports can't show, and planted violations of every rule
	@$(BIN)/pytest tests/architecture --durations=5

simulate: install ## run the platform under SEEDS seeds, with faults, on two cores (SEEDS=500 FIRST=1 TWICE=50)
	@TELOCOMPRO_TWICE=$(TWICE) $(BIN)/python -m tests.simulation $(SEEDS) $(FIRST)

plants: install ## how many seeds find each planted bug, and by which check (PLANTS="name name"; else all, some minutes)
	@$(BIN)/python -m tests.simulation.measuring $(PLANTS)

faults: install ## kill, pause, cut off and set back real processes for half an hour, then 5,000 seeds
	@$(BIN)/python -m tests.faults --seeds 5000 $(if $(SEED),--seed $(SEED))

faults-short: install ## a few of each of the quick faults, in less than 100 seconds
	@$(BIN)/python -m tests.faults --short --seed 1 $(if $(SEED),--seed $(SEED))

bench: install ## every figure, each beside its limit (build/bench.json)
	@$(BIN)/telocompro bench

bench-quick: install ## the figures that the append must hold, in under two minutes
	@$(BIN)/telocompro bench --quick

requirements: ## pin pyproject.toml's dependencies with hashes (the only target that needs uv)
	@for file in requirements.txt requirements-dev.txt; do \
		test $$file = requirements.txt || extra="--extra dev"; \
		$(COMPILE) $$extra --output-file $$file > /dev/null && \
		printf '%s\n' '# Made by `make requirements`; edit pyproject.toml instead.' > $$file.new && \
		sed '/^# Made by `make requirements`/d' $$file >> $$file.new && mv $$file.new $$file || exit 1; \
	done

map: install ## write docs/map.md, docs/errors.md and docs/schema.graphql anew from the code
	@$(BIN)/python -m tools.map && $(BIN)/python -m tools.schema

new: install ## start an event, a view, a room or a process: make new what=event room=order name=OrderConfirmed
	@$(BIN)/python -m tools.new what=$(what) name=$(name) room=$(room)

hooks: install ## run the quick checks before each commit
	@$(BIN)/pre-commit install

clean: ## remove caches and build results; data and .venv stay
	@rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
