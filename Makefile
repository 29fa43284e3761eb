# Each target does its whole set-up: a virtual environment in .venv, and Debian's packages that are missing.

PYTHON ?= python3
BIN := .venv/bin
SANDBOX := user-mode-linux kmod iproute2 procps
PACKAGES := $(SANDBOX) ipvsadm iptables nftables ethtool strace bash-completion zsh fish mandoc groff-base less \
            prometheus prometheus-node-exporter keepalived ldirectord
COMPILE := $(BIN)/python -m compileall -q pyipvsadm  # as pip does of what it installs, whatever the environment says

.PHONY: test long systems demo deb pictures check generated setup packages bench clean

test: setup check  # the other Pythons have the processor that waits for the sandbox
	@others=$$(mktemp); trap 'kill $$!; rm -f $$others' EXIT; \
	nice -n 19 tests/pythons.sh > $$others 2>&1 & \
	tests/all.sh $(BIN)/python; status=$$?; \
	wait $$! || status=1; cat $$others; trap 'rm -f $$others' EXIT; exit $$status

generated: setup
	$(BIN)/python -m tests.generate

long: setup
	$(BIN)/python -m pytest -m long

demo:  # takes what it needs and no more
	@tests/packages.sh $(SANDBOX)
	@$(MAKE) --no-print-directory .venv/program
	@$(COMPILE)
	@echo "booting a kernel that has IPVS; the one of this machine stays as it is"
	@PATH="$(CURDIR)/$(BIN):$$PATH" pyipvsadm sandbox -- python tests/demo.py

pictures: setup
	@mkdir -p man/pictures
	@PATH="$(CURDIR)/$(BIN):$$PATH" pyipvsadm sandbox --memory 1G --write man/pictures -- python -m tests.pictures

bench: setup
	$(BIN)/python -m tests.bench $(BENCH)

deb: setup
	@tests/packages.sh dpkg-dev lintian
	@$(BIN)/python -m tests.debian.build
	@lintian --fail-on error dist/pyipvsadm_*.deb

systems: setup
	@tests/packages.sh debootstrap dpkg-dev lintian
	$(BIN)/python -m pytest -m systems tests/debian

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --python-version 3.11
	$(BIN)/mypy

setup: packages .venv/ready
	@$(COMPILE)

packages:
	@tests/packages.sh $(PACKAGES)

.venv/program: pyproject.toml
	@tests/packages.sh --venv $(PYTHON)
	@echo "making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv
	@echo "installing pyipvsadm and the libraries that it needs there"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/ready: .venv/program  # by today's pip, which knows groups and writes programs that start faster
	@echo "installing what tests and checks need there"
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

clean:
	rm -rf .venv .venv-* .bench .mypy_cache .pytest_cache .ruff_cache .hypothesis
