# make env       environment in .venv, from requirements.lock
# make study     the default study on all cores of this machine
# make test      everything that must pass before a commit
# make validate  the long physics tests
# make slurm     a small study through a Slurm started on this machine
# make gallery   standard problems beside what they should give: results/_gallery/index.html
# make bench     speed of the kernels and solvers
# make docs      rewrite the files generated from the configuration models and the schema
# make clean     remove results and caches, keep .venv

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
READY := .venv/.ready

.PHONY: env study test lint unit validate slurm gallery bench docs clean

env: $(READY)

$(READY): requirements.lock pyproject.toml
	@echo "environment: creating .venv"
	@$(PYTHON) -m venv .venv
	@echo "environment: installing the locked packages (a few minutes at first)"
	@$(BIN)/pip install --quiet --disable-pip-version-check --progress-bar off --require-hashes -r requirements.lock
	@echo "environment: installing qkepipe"
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@$(BIN)/pip check --disable-pip-version-check
	@touch $@

study: $(READY)
	$(BIN)/snakemake --cores $(CORES)

test: lint unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/python -m qkepipe.study.document --check

# the longest files first, so that both processes end together
unit: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/workflow tests/unit tests/physics

validate: $(READY)
	$(BIN)/python -m pytest -q -m slow

slurm: $(READY)
	$(BIN)/python -m pytest -q -rs -m slurm

gallery: $(READY)
	$(BIN)/snakemake --cores $(CORES) gallery

bench: $(READY)
	$(BIN)/python -m benchmarks

docs: $(READY)
	$(BIN)/python -m qkepipe.study.document

clean:
	rm -rf results logs .snakemake .pytest_cache .ruff_cache .import_linter_cache
	find benchmarks -name '*.tsv' -delete
	find qkepipe tests -name __pycache__ -type d -prune -exec rm -rf {} +
