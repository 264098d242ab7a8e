# The commands of this repository; `make` alone lists them, and .ci/run calls the same ones.
# A fresh machine needs only make, bash and a Python from 3.11 on. Once set up, everything but
# `setup`, `lock` and `peers` works without network.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

# Where the packages come from is the machine's business (PIP_INDEX_URL, PIP_CERT, pip.conf …) and stays;
# what is installed, and where to, is the lock's, and these would change it.
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PIP_CONSTRAINT PIP_NO_BINARY PIP_ONLY_BINARY PIP_NO_DEPS PIP_PREFIX PIP_PRE PIP_REQUIREMENT PIP_ROOT \
	PIP_TARGET PIP_UPGRADE PYTHONHOME PYTHONPATH
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif

# A stamp carries the checksum of what it was made from: setting up again is free until one of them changes.
checksum = $(shell cat $(1) | cksum | cut -d ' ' -f 1)
PAGES := gateway/web/built/made-$(call checksum,$(sort $(wildcard gateway/web/.npmrc gateway/web/*.* $(addprefix gateway/web/source/,*.* */*.* */*/*.*))))
INSTALLED := .venv/installed-$(call checksum,requirements/dev.txt pyproject.toml)
WHEELHOUSE := .venv/wheelhouse/filled-$(call checksum,requirements/gateway.txt requirements/build.txt)

PEERS := prometheus prometheus-alertmanager victoria-metrics prometheus-node-exporter prometheus-process-exporter \
	chromium docker.io busybox-static podman runc strace
PROTOS := $(wildcard remotewrite/wire/*.proto tests/remotewrite/schema/*.proto)

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: $(INSTALLED) $(WHEELHOUSE) $(PAGES) ## Make .venv from the lock (PYTHON=… chooses the interpreter)

.PHONY: pages
pages: $(PAGES) ## Build the web pages, where Node.js is

.PHONY: demo
demo: setup ## Start a gateway and an agent on loopback
	.venv/bin/fleetgauge demo

.PHONY: test
test: setup ## Run the tests (ARGS=… goes to pytest)
	.venv/bin/python -m pytest $(ARGS)

.PHONY: promqltest
promqltest: setup ## Run scripts in Prometheus' test language (DIR=… or a file; ARGS=-v names every eval)
	.venv/bin/python -m tests.promqltest $(ARGS) $(or $(DIR),tests/promql/scripts)

.PHONY: differential
differential: setup ## Ask a real Prometheus and the gateway 5,000 generated queries, and run rules in both
	FLEETGAUGE_TEST_SEEDS=0-4999 .venv/bin/python -m pytest tests/peers/differential $(ARGS)
	FLEETGAUGE_TEST_SEEDS=0-4 .venv/bin/python -m pytest tests/peers/test_rules_beside_prometheus.py $(ARGS)
	FLEETGAUGE_TEST_PACKS=all .venv/bin/python -m pytest --timeout=600 tests/alertrules/packs/test_our_tests.py $(ARGS)

.PHONY: fuzz
fuzz: setup ## Ask the whole gateway 100,000 requests made of its own description, and nonsense
	FLEETGAUGE_TEST_SEEDS=0-99999 .venv/bin/python -m pytest --timeout=3000 tests/gateway/test_fuzz.py $(ARGS)

.PHONY: faults
faults: setup ## Kill store and gateway 60 times under load, and make its disk fail
	FLEETGAUGE_TEST_KILLS=60 .venv/bin/python -m pytest --timeout=600 tests/gateway/storage/test_crash.py \
		tests/gateway/storage/test_faults.py tests/gateway/storage/test_failing_disk.py \
		tests/gateway/test_failing_disk.py tests/gateway/test_crash.py tests/gateway/test_alerts_killed.py \
		$(ARGS)

.PHONY: lint
lint: setup ## Check style, layers, shell scripts, the Dockerfile and the pages' sources
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/lint-imports --no-logo
	.venv/bin/shellcheck .ci/run
	.venv/bin/hadolint Dockerfile
	@$(call web,lint)

.PHONY: types
types: setup ## Check the types
	.venv/bin/mypy
	@$(call web,types)

# A script of gateway/web/package.json.
web = if command -v npm >/dev/null; then \
		echo "npm run $(1)"; npm --prefix gateway/web run --silent $(1); \
	else \
		echo "There is no Node.js (npm) here: the web pages are not checked."; \
	fi

.PHONY: bench
bench: setup ## Run the benchmarks (BENCH=… chooses some)
	.venv/bin/python -m benchmarks $(BENCH)

.PHONY: screenshots
screenshots: setup ## Make the pictures of the documentation anew
	.venv/bin/python -m tests.web.screenshots docs/images

.PHONY: check
check: lint types test ## All of lint, types, test

.PHONY: peers
peers: ## Install the real servers that tests talk to (Debian packages)
	@missing=(); \
	for package in $(PEERS); do \
		[ "$$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null)" = installed ] || missing+=("$$package"); \
	done; \
	if [ $${#missing[@]} = 0 ]; then echo "All peers are installed."; exit; fi; \
	if ! command -v apt-get >/dev/null; then \
		echo "There is no apt-get here. Install these programs in your system's way: $${missing[*]}." >&2; exit 1; \
	fi; \
	root=(); \
	if [ "$$(id -u)" != 0 ]; then \
		command -v sudo >/dev/null || { echo "Installing $${missing[*]} needs root or sudo." >&2; exit 1; }; \
		root=(sudo); \
	fi; \
	apt_get() { "$${root[@]}" env DEBIAN_FRONTEND=noninteractive SYSTEMD_OFFLINE=1 apt-get -qq "$$@" </dev/null; }; \
	echo "Installing $${missing[*]}."; \
	apt_get update; \
	apt_get install --yes --no-install-recommends "$${missing[@]}"

.PHONY: lock
lock: setup ## Pin what pyproject.toml asks for into requirements/ (ARGS=--upgrade for newer versions)
	@$(call compile,dev) --extra dev pyproject.toml
	@$(call compile,gateway) --extra gateway --constraint requirements/dev.txt pyproject.toml
	@$(call compile,agent) --constraint requirements/dev.txt pyproject.toml
	@.venv/bin/python -c '$(BUILD_REQUIRES)' | $(call compile,build) --constraint requirements/dev.txt -
	@echo "requirements/ is up to date; the next command installs it."

BUILD_REQUIRES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")

# One lock for every Python and platform; --system-certs trusts the authorities that the machine trusts.
compile = .venv/bin/uv pip compile --quiet --system-certs --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-header --annotation-style line $(ARGS) --output-file requirements/$(1).txt

.PHONY: proto
proto: setup ## Generate the protobuf modules anew
	.venv/bin/python -m grpc_tools.protoc --proto_path=. --python_out=. --pyi_out=. $(PROTOS)

.PHONY: clean
clean: ## Remove caches and build leftovers (.venv stays)
	rm -rf build dist .cache .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -path ./.venv -prune -o -name __pycache__ -exec rm -rf {} +

# A name that is there but cannot run (a version manager's shim) is passed over; a half-made .venv is made anew.
$(INSTALLED):
	@if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then \
		rm -rf .venv; \
		recent=; \
		for python in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3); do \
			"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
			recent="$$python"; \
			"$$python" -c 'import ensurepip, venv' 2>/dev/null || continue; \
			echo "Making .venv with $$python."; \
			"$$python" -m venv .venv; \
			break; \
		done; \
		if [ -z "$$recent" ]; then \
			echo "No Python from 3.11 on was found: install one, or name it: make setup PYTHON=/path/to/python3" >&2; \
			exit 1; \
		elif [ ! -d .venv ]; then \
			echo "$$recent cannot make a virtual environment: on Debian, install the package python3-venv." >&2; \
			exit 1; \
		fi; \
	fi
	@echo "Installing requirements/dev.txt into .venv."
	@.venv/bin/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
	@.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@rm -f .venv/installed-*
	@touch $@

# The web pages. Without Node.js there are none, and all else works.
$(PAGES):
	@if command -v npm >/dev/null; then \
		echo "Building the web pages."; \
		npm --prefix gateway/web ci --ignore-scripts --silent && npm --prefix gateway/web run --silent build && touch $@; \
	else \
		echo "There is no Node.js (npm) here: the web pages are not built. The API works without them."; \
	fi

# The tests install these into empty environments, without network.
$(WHEELHOUSE): | $(INSTALLED)
	@echo "Keeping the wheels of requirements/gateway.txt and build.txt in .venv/wheelhouse."
	@rm -rf .venv/wheelhouse
	@for lock in gateway build; do \
		.venv/bin/python -m pip download --quiet --no-deps --require-hashes \
			--dest .venv/wheelhouse --requirement "requirements/$$lock.txt"; \
	done
	@touch $@
