# Every command of the project. `make` alone lists them. Needs Python >= 3.11 with pip, nothing else: uv is fetched
# into .tools, everything further into .venv, each version pinned with its hash in requirements/.

PYTHON ?= python3
MEMBERS := $(wildcard services/*/pyproject.toml operator/pyproject.toml)

UV := .tools/bin/uv
PY := .venv/bin/python
# The root holds a folder named operator/; keeping it off sys.path keeps it from ever shadowing the standard library's.
export PYTHONSAFEPATH := 1
# The Python that started this is the one to use.
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# one environment, one lock: targets run one after the other
.NOTPARALLEL:

.PHONY: help
help: ## list the commands
	@awk 'BEGIN { FS = ":.*## "; print "usage: make <command>\n" } /^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- environment ------------------------------------------------------------------------------------------------------

.tools/stamp: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, this is " + sys.version.split()[0] + "; name another one: make PYTHON=python3.12")'
	@$(PYTHON) -m venv --clear --without-pip .tools
	@$(PYTHON) -m pip --python .tools/bin/python install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/uv.txt
	@touch $@

.venv/stamp: .tools/stamp requirements/dev.txt requirements/build.txt pyproject.toml $(MEMBERS)
	@test -x $(PY) || $(UV) venv --quiet --clear --python $(PYTHON) .venv
	@printf -- '-e %s\n' $(MEMBERS:%/pyproject.toml=./%) | $(UV) pip sync --quiet --python $(PY) --build-constraints requirements/build.txt requirements/dev.txt -
	@touch $@

.PHONY: sync
sync: .venv/stamp ## make or update .venv (the other commands do it themselves)

MEMBER_NAMES = $(shell grep -hm1 '^name = ' $(MEMBERS) | cut -d '"' -f 2)
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--custom-compile-command "make lock" $(MEMBER_NAMES:%=--no-emit-package %) $(if $(UPGRADE),--upgrade)
# the events are a library: whoever uses them locks them
LOCKED_MEMBERS := $(filter-out services/shop-events,$(MEMBERS:%/pyproject.toml=%))

.PHONY: lock
lock: .tools/stamp ## recompile requirements/*.txt from the pyproject files (UPGRADE=1: newest versions)
	$(COMPILE) --group tools -o requirements/uv.txt
	$(COMPILE) --group build -o requirements/build.txt
	$(COMPILE) --group dev --all-extras $(MEMBERS) -o requirements/dev.txt
	$(COMPILE) --constraints requirements/dev.txt --group bench -o requirements/bench.txt
	set -e; for member in $(LOCKED_MEMBERS); do \
		$(COMPILE) --constraints requirements/dev.txt --all-extras $$member/pyproject.toml -o requirements/$$(basename $$member).txt; \
	done

# --- tests ------------------------------------------------------------------------------------------------------------

# the root on the path, for tests.support; a folder without __init__.py there shadows nothing
# exec: a signal to make reaches the runner and not a shell before it, and make waits for the runner's end
TIERS := exec env PYTHONPATH=. $(PY) -m tests.support.tiers
PYTEST := $(PY) -m pytest

.PHONY: test
test: sync ## everything: lint, types, layers, unit, integration; ends with the table of tiers
	@$(TIERS)

.PHONY: check
check: sync ## the quick subset: lint, types, layers, unit
	@$(TIERS) lint types layers unit

.PHONY: lint
lint: sync ## style, formatting, dependencies, import layers
	@$(TIERS) lint layers

.PHONY: types
types: sync ## mypy --strict
	@$(TIERS) types

.PHONY: unit
unit: sync ## pure tests, seconds (ARGS="-k name": as for pytest)
	$(PYTEST) tests/unit $(ARGS)

.PHONY: integration
integration: sync ## tests on real servers and processes (ARGS="-k name": as for pytest)
	$(PYTEST) tests/integration $(ARGS)

.PHONY: cluster-test
cluster-test: sync ## tests with a real Kubernetes API server, no nodes (ARGS="-k name": as for pytest)
	$(PYTEST) tests/cluster $(ARGS)

.PHONY: chart
chart: sync ## tests of the Helm charts, rendered (ARGS="-k name": as for pytest)
	$(PYTEST) tests/chart $(ARGS)

.PHONY: e2e
e2e: sync ## tests in a Kubernetes cluster of their own (CLUSTER=name: in that one; ARGS="-k name": as for pytest)
	$(if $(filter-out file,$(origin CLUSTER)),CLUSTER='$(CLUSTER)') $(PYTEST) tests/e2e $(ARGS)

.PHONY: test-mutants
test-mutants: sync ## break each guarantee on purpose and see its tests fail (ONLY=name: one of them)
	@exec env PYTHONPATH=. $(PY) -m tests.support.mutants $(ONLY)

.bench/venv/stamp: .tools/stamp requirements/bench.txt
	@$(UV) venv --quiet --clear --python $(PYTHON) .bench/venv
	@$(UV) pip sync --quiet --python .bench/venv/bin/python requirements/bench.txt
	@touch $@

.PHONY: bench
bench: sync .bench/venv/stamp ## measure beside redis-py and FastStream (ARGS="--only publish --runs 3", --quick)
	@exec env PYTHONPATH=. $(PY) -m tests.bench $(ARGS)

.PHONY: bench-operator
bench-operator: sync ## the operator on a real API server: waking, a burst, failover, a thousand idle (ARGS="--only wake --runs 3")
	@exec env PYTHONPATH=. $(PY) -m tests.bench.operator $(ARGS)

.PHONY: bench-memory
bench-memory: sync ## bytes per event in flight, per pending entry, per remembered event ID
	@exec env PYTHONPATH=. $(PY) -m tests.bench.memory $(ARGS)

.PHONY: bench-docs
bench-docs: sync ## put what bench, bench-memory and soak measured last into docs/performance.md
	@exec env PYTHONPATH=. $(PY) -m tests.bench.document $(ARGS)

.PHONY: soak
soak: sync ## the shop under 70 % load for minutes: does memory grow? (ARGS="--minutes 5 --load http")
	@exec env PYTHONPATH=. $(PY) -m tests.bench.soak $(ARGS)

.PHONY: fmt
fmt: sync ## format, and fix what can be fixed safely
	.venv/bin/ruff format
	.venv/bin/ruff check --fix

# --- Kubernetes -------------------------------------------------------------------------------------------------------

# needs nothing of .venv: it can build the tools while that is still being made
CLUSTER_TOOL := exec env PYTHONPATH=. $(PYTHON) -m hack.cluster
CLUSTER ?= sluiceway
KIND_CONFIG ?= one-node
IMAGE_TAG ?= dev

.PHONY: cluster
cluster: ## a Kubernetes cluster on this machine, created or found (CLUSTER=name, KIND_CONFIG=two-workers)
	@$(CLUSTER_TOOL) up --name '$(CLUSTER)' --config '$(KIND_CONFIG)'

.PHONY: cluster-down
cluster-down: ## remove the cluster and everything that it left (CLUSTER=name)
	@$(CLUSTER_TOOL) down --name '$(CLUSTER)'

.PHONY: images
images: ## build the images and load them into the cluster, if it runs (CLUSTER=name, IMAGE_TAG=dev)
	@$(CLUSTER_TOOL) images --name '$(CLUSTER)' --tag '$(IMAGE_TAG)'

# --- the product ------------------------------------------------------------------------------------------------------

.PHONY: demo
demo: sync ## run the shop and watch it (REDIS_URL=…: on your server, DEMO_ARGS="--orders 2000 --kill")
	@exec $(PY) -m shop_demo $(if $(REDIS_URL),--redis-url '$(REDIS_URL)') $(DEMO_ARGS)

DIST ?= dist

.PHONY: dist
dist: .tools/stamp ## build the wheels of all members into dist/ (DIST=…: elsewhere)
	rm -rf '$(DIST)'
	$(UV) build --quiet --all-packages --wheel --out-dir '$(DIST)' --python $(PYTHON) --build-constraints requirements/build.txt --require-hashes

.PHONY: clean
clean: ## remove everything that the other commands made
	rm -rf .venv .tools .bench dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find services tests examples -name __pycache__ -type d -prune -exec rm -rf {} +
