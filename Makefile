# make setup | demo | test | lint | types | tests | browser      CLIP=path.mp4 make demo
PYTHON ?= python3
CLIP ?=
OUT ?= out/demo
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: setup demo test lint types tests browser
setup: $(INSTALLED)

$(INSTALLED): pyproject.toml
	@echo "Installing into .venv: about 3 GB to download (torch is most of it), 6 GB on disk."
	$(PYTHON) -m venv .venv
	SAM2_BUILD_CUDA=0 $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,demo,ray,robot]'
	@touch $@

demo: setup
	$(BIN)/python -m vidmem example --out $(OUT) $(if $(CLIP),--clip '$(CLIP)')

test: lint types tests

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

tests: setup
	-@$(MAKE) --no-print-directory browser
	$(BIN)/python -m pytest -n 2

# Chromium for the web demo's tests, from Debian's packages where that is allowed.
browser:
	@command -v chromium >/dev/null || { \
		echo "Installing chromium for the tests of the web demo."; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }
