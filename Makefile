# 链驿 Lianyi. `make run` sets everything up and starts it; `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
NODE := tools/with-node
APP := miniprogram
H5 := $(APP)/dist/build/h5
WEAPP := $(APP)/dist/build/mp-weixin

# A stamp lies inside the thing it vouches for: delete the thing and it is made again.
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
MODULES := $(APP)/node_modules/.installed
APP_SOURCES := $(shell find $(APP)/src $(APP)/public $(APP)/build $(APP)/index.html $(APP)/*.json $(APP)/*.ts -type f 2>/dev/null)
PIP := $(PY) -m pip install -q --no-input --disable-pip-version-check --require-hashes

export PYTHONUNBUFFERED := 1
ifeq ($(shell test -w "$$HOME" && echo yes),)
export PIP_CACHE_DIR := $(CURDIR)/var/cache/pip
export XDG_CACHE_HOME := $(CURDIR)/var/cache
endif

CHECKS := check-format check-lint check-types check-imports check-migrations check-openapi check-front check-rules

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run build test check $(CHECKS) format openapi bench screenshots lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | awk -F'|' '{printf "make %-12s %s\n", $$1, $$2}'

run: $(RUNTIME) $(H5)/.built ## set up what is missing, then web server, scheduler and stand-in WeChat (PORT=8000)
	@exec $(PY) -m server up --port $(PORT)

build: $(H5)/.built $(WEAPP)/.built ## the phone's front end, for H5 and for WeChat

test: $(DEV) build ## every test: front-end units, built mini-program, Python on SQLite and PostgreSQL, Chromium
	tools/ensure-chromium
	cd $(APP) && ../$(NODE) npm test
	cd $(APP) && ../$(NODE) npm run test:weapp
	$(PY) -m pytest

# `make -k check` goes on after a finding, so that one run shows all.
check: $(CHECKS) ## format, lint, types, import contracts, migrations, OpenAPI document, rules ledger
$(CHECKS): $(DEV) $(MODULES)

check-format:
	$(PY) -m ruff format --check --quiet .
check-lint:
	$(PY) -m ruff check --quiet .
check-types:
	$(PY) -m mypy
check-imports:
	$(VENV)/bin/lint-imports
check-migrations:
	$(PY) -m tools.check_migrations
check-openapi:
	$(PY) -m tools.check_openapi
check-front:
	cd $(APP) && ../$(NODE) npm run --silent typecheck
check-rules:
	$(PY) -m tools.check_rules

format: $(DEV) ## put the code into its form
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

openapi: $(DEV) $(MODULES) ## write docs/openapi.json and the front end's types anew
	$(PY) -m tools.check_openapi --write

bench: $(DEV) ## every benchmark, each as a ratio against its floor
	$(PY) -m bench

screenshots: $(DEV) $(H5)/.built ## the main screens into docs/screenshots (light, dark, large text)
	tools/ensure-chromium
	$(PY) -m tools.screenshots

lock: $(DEV) ## pin the hand-written requirement lists with hashes
	for list in requirements requirements-dev requirements-node; do \
	  $(VENV)/bin/uv pip compile -q --universal --no-annotate --no-header --generate-hashes \
	    --python-version 3.11 $$list.in -o $$list.txt || exit 1; done

clean: ## remove what was built and installed; data in var/ stays
	rm -rf $(VENV) $(APP)/node_modules $(APP)/dist var/node var/cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(PY)
	$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	$(PIP) -r requirements-dev.txt
	@touch $@

$(MODULES): $(APP)/package-lock.json | $(RUNTIME)
	cd $(APP) && ../$(NODE) npm ci --no-progress --ignore-scripts
	@touch $@

$(H5)/.built: $(MODULES) $(APP_SOURCES)
	cd $(APP) && ../$(NODE) npm run --silent build:h5
	@touch $@

$(WEAPP)/.built: $(MODULES) $(APP_SOURCES)
	cd $(APP) && ../$(NODE) npm run --silent build:weapp
	@touch $@
