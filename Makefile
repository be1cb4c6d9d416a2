# Everything a person does with this repository. `make demo` and `make test` need only Python >= 3.10.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DATA ?= ../shared/data
# Whole editors for tests/editors.
EDITORS := neovim emacs-nox elpa-eglot strace
WORKSPACES ?= ../workspaces
PACKAGES ?= ../packages
CHECKED := server training export tests benchmarks

.PHONY: demo test editors lint typecheck fix bench clean

demo: $(VENV)/installed
	$(BIN)/hunch index .
	$(BIN)/hunch search --queries benchmarks/demo_questions.txt --limit 3 --no-update

test: $(VENV)/installed-dev $(VENV)/installed-editors
	$(BIN)/python -m pytest -n 2

editors: $(VENV)/installed-editors

lint: $(VENV)/installed-dev
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	PYTHONPATH=training:export $(BIN)/lint-imports

typecheck: $(VENV)/installed-dev
	$(BIN)/mypy $(CHECKED)

fix: $(VENV)/installed-dev
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.quality $(DATA) --workspaces $(WORKSPACES)
	$(BIN)/python -m benchmarks.lexical $(PACKAGES)
	$(BIN)/python -m benchmarks.vectors $(PACKAGES)/10k $(DATA)
	$(BIN)/python -m benchmarks.speed $(PACKAGES)
	$(BIN)/python -m benchmarks.lsp $(PACKAGES)
	$(BIN)/python -m benchmarks.soak $(PACKAGES)
	$(BIN)/python -m benchmarks.report

clean:
	rm -rf $(VENV) build dist

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Hunch needs Python 3.10 or newer: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(PIP) install --quiet --constraint constraints.txt --group dev
	touch $@

# Only root on Debian can have the editors installed. Elsewhere, or without a Debian mirror, those tests are skipped and say so.
$(VENV)/installed-editors: | $(VENV)/installed-dev
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		{ apt-get -qq update && apt-get -qq install --yes --no-install-recommends \
			$$(apt-cache --no-all-versions show $(EDITORS) 2> /dev/null | sed -n 's/^Package: //p') > /dev/null && \
			echo installed > $@; } || echo "not installed: no Debian mirror could be reached" | tee $@; \
	else echo "not installed: only root on Debian can" > $@; fi
