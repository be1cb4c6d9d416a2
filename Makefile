# Everything a person does with this repository. `make demo` and `make test` need only Python >= 3.10.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIENT := editor-client
# Node.js comes with the development packages: nothing but Python has to be there.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --loglevel=error --prefix $(CLIENT)
PIP := $(BIN)/python -m pip --disable-pip-version-check
DATA ?= ../shared/data
# Whole editors for tests/editors, a browser and its fonts for tests/vscode.
EDITORS := neovim emacs-nox elpa-eglot strace chromium fonts-dejavu-core
WORKSPACES ?= ../workspaces
PACKAGES ?= ../packages
CHECKED := server training export tests benchmarks .github/scripts

.PHONY: demo test editors vsix lint typecheck fix bench lock audit audit-python clean

demo: $(VENV)/installed
	$(BIN)/hunch index .
	$(BIN)/hunch search --queries benchmarks/demo_questions.txt --limit 3 --no-update

test: $(VENV)/installed-dev $(VENV)/installed-editors $(VENV)/installed-client
	$(BIN)/python -m pytest -n 2
	$(call with-client,$(NPM) test)

# One file for every editor that takes VS Code's extensions: dist/hunch.vsix, the server's wheel inside.
vsix: $(VENV)/installed-client
	mkdir -p dist
	cd $(CLIENT) && PATH="$(CURDIR)/$(BIN):$$PATH" node scripts/build-wheel.mjs
	$(NPM) run build
	$(NPM) run package
	ls -l dist/hunch.vsix

editors: $(VENV)/installed-editors

lint: $(VENV)/installed-dev $(VENV)/installed-client
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	PYTHONPATH=training:export $(BIN)/lint-imports
	$(call with-client,$(NPM) run lint)

typecheck: $(VENV)/installed-dev $(VENV)/installed-client
	$(BIN)/mypy $(CHECKED)
	$(call with-client,$(NPM) run typecheck)

fix: $(VENV)/installed-dev $(VENV)/installed-client
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)
	$(call with-client,$(NPM) run fix)

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.quality $(DATA) --workspaces $(WORKSPACES)
	$(BIN)/python -m benchmarks.in_context $(DATA)
	$(BIN)/python -m benchmarks.lexical $(PACKAGES)
	$(BIN)/python -m benchmarks.vectors $(PACKAGES)/10k $(DATA)
	$(BIN)/python -m benchmarks.speed $(PACKAGES)
	$(BIN)/python -m benchmarks.lsp $(PACKAGES)
	$(BIN)/python -m benchmarks.soak $(PACKAGES)
	$(BIN)/python -m benchmarks.faults
	$(BIN)/python -m benchmarks.report

# Exact versions with the checksums of their files, for every platform at once: of the server (which the VS Code extension carries), of what
# builds it, and of what tests and training need besides. Versions are those of constraints.txt.
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.10 --constraint constraints.txt \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header
lock: $(VENV)/installed-dev
	$(PIP) install --quiet --group lock
	$(LOCK) --only-binary :all: pyproject.toml --output-file locks/server.lock
	$(LOCK) --only-binary :all: locks/build.in --output-file locks/build.lock
	$(LOCK) locks/dev.in --group pyproject.toml:dev --override locks/without-torch.txt --no-emit-package codehunch \
		--no-emit-package codehunch-training --no-emit-package codehunch-export --output-file locks/dev.lock

# Known weaknesses of what is installed and of what ships in the client; asks databases of advisories.
PIP_AUDIT ?= $(BIN)/pip-audit
audit: $(VENV)/installed-dev
	$(PIP) install --quiet --group audit
	$(MAKE) audit-python
	$(NPM) audit --omit=dev

audit-python:
	for lock in server build dev; do \
		$(PIP_AUDIT) --require-hashes --disable-pip --requirement locks/$$lock.lock || exit 1; \
	done

clean:
	rm -rf $(VENV) build dist

# Files that differ from their checksums are refused. The build runs in this environment: one of its own would take any version.
LOCKED := $(PIP) install --quiet --require-hashes --no-deps --no-build-isolation

$(VENV)/installed: pyproject.toml locks/server.lock locks/build.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Hunch needs Python 3.10 or newer: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(LOCKED) --requirement locks/build.lock
	$(LOCKED) --requirement locks/server.lock
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# Torch has no checksum here: see locks/without-torch.txt. What it needs besides comes with it.
$(VENV)/installed-dev: $(VENV)/installed locks/dev.lock constraints.txt training/pyproject.toml export/pyproject.toml
	$(LOCKED) --requirement locks/dev.lock
	$(PIP) install --quiet --constraint constraints.txt torch
	$(PIP) install --quiet --no-deps --no-build-isolation --editable training --editable export
	touch $@

# The client's tools come from the npm registry. Where it cannot be reached the client is neither checked nor tested, which is said.
with-client = if grep -q ^installed $(VENV)/installed-client; then $(1); else cat $(VENV)/installed-client; fi

$(VENV)/installed-client: $(CLIENT)/package-lock.json | $(VENV)/installed-dev
	if PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix $(CLIENT) ping > /dev/null 2>&1; then \
		$(NPM) ci --no-audit --no-fund --ignore-scripts && echo installed > $@; \
	else echo "client: not checked, the npm registry cannot be reached" | tee $@; fi

# Only root on Debian can have the editors installed. Elsewhere, or without a Debian mirror, those tests are skipped and say so.
$(VENV)/installed-editors: Makefile | $(VENV)/installed-dev
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		{ apt-get -qq update && apt-get -qq install --yes --no-install-recommends \
			$$(apt-cache --no-all-versions show $(EDITORS) 2> /dev/null | sed -n 's/^Package: //p') > /dev/null && \
			echo installed > $@; } || echo "not installed: no Debian mirror could be reached" | tee $@; \
	else echo "not installed: only root on Debian can" > $@; fi
