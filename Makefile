# Each target does its whole set-up: a virtual environment in .venv, and Debian's packages that are missing.

PYTHON ?= python3
BIN := .venv/bin
PACKAGES := user-mode-linux kmod ipvsadm iproute2 iptables nftables strace procps \
            bash-completion zsh fish mandoc groff-base

.PHONY: test long demo pictures check generated setup packages bench clean

test: setup check  # the other Pythons have the processor that waits for the sandbox
	@others=$$(mktemp); trap 'kill $$!; rm -f $$others' EXIT; \
	nice -n 19 tests/pythons.sh > $$others 2>&1 & \
	$(BIN)/python -m pytest; status=$$?; \
	wait $$! || status=1; cat $$others; trap 'rm -f $$others' EXIT; exit $$status

generated: setup
	$(BIN)/python -m tests.generate

long: setup
	$(BIN)/python -m pytest -m long

demo: setup
	@PATH="$(CURDIR)/$(BIN):$$PATH" pyipvsadm sandbox -- python tests/demo.py

pictures: setup
	@mkdir -p man/pictures
	@PATH="$(CURDIR)/$(BIN):$$PATH" pyipvsadm sandbox --memory 1G --write man/pictures -- python -m tests.pictures

bench: setup
	$(BIN)/python -m tests.bench $(BENCH)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: packages .venv/ready
	@$(BIN)/python -m compileall -q pyipvsadm  # as pip does of what it installs, whatever the environment says

packages:
	@tests/packages.sh $(PACKAGES)

.venv/ready: pyproject.toml
	@tests/packages.sh --venv $(PYTHON)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

clean:
	rm -rf .venv .venv-3.* .bench .mypy_cache .pytest_cache .ruff_cache .hypothesis
