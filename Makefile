# Every target sets up what it needs; on a fresh machine `make run` or `make test` is enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
# Most tests wait for real servers and real time, so two at once cost little more than one. A file
# stays in one process: its fixtures start servers.
PARALLEL ?= -n 2 --dist loadfile
# What fails beside other tests is run again by itself, twice at most, and the summaries of the
# runs before stay above: real time on two busy cores is no fault of ours, and what is broken fails
# each time.
AGAIN = --last-failed --last-failed-no-failures none $(ARGS)
FAILED = { test $$? -eq 1 && echo "Once more, by themselves:"; }
# What the tests run beside ours, as package=command.
DEBIAN := coturn=turnserver chromium=chromium redis-server=redis-server postgresql=pg_lsclusters iproute2=ip
DEBIAN_ALL := $(DEBIAN) firefox-esr=firefox-esr caddy=caddy
PAGE := static/dist/index.html
PAGE_SOURCES := $(shell find static/src static/public static/worker -type f 2>/dev/null) $(wildcard static/*.json static/*.html static/*.ts)

.PHONY: help install run smoke test test-all test-newest check bench soak docs page fuzz lock clean
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED)  ## make .venv with everything pinned in requirements.lock
$(INSTALLED): requirements.lock pyproject.toml
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv .venv || { echo "python cannot make a venv: on Debian, apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

page: $(PAGE)  ## build the page into static/dist
$(PAGE): $(INSTALLED) $(PAGE_SOURCES)
	$(BIN)/python tools/build_page.py
	@touch $@

run: $(INSTALLED) $(PAGE)  ## start everything on this machine and print where to click
	$(BIN)/voip demo $(ARGS)

smoke: $(INSTALLED) $(PAGE)  ## the same without a person: say a sentence, fetch the recording, compare
	$(BIN)/voip demo --smoke

test: $(INSTALLED) $(PAGE)  ## the tests, but for what takes minutes each; installs coturn, chromium and others where missing
	@$(BIN)/python tools/debian.py $(DEBIAN)
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS) || { $(FAILED) && $(BIN)/python -m pytest $(AGAIN); } || { $(FAILED) && $(BIN)/python -m pytest $(AGAIN); }

test-all: $(INSTALLED) $(PAGE)  ## the long simulations and every browser scenario too
	@$(BIN)/python tools/debian.py $(DEBIAN_ALL)
	$(BIN)/python -m pytest --run-long $(PARALLEL) $(ARGS) || { $(FAILED) && $(BIN)/python -m pytest --run-long $(AGAIN); } || { $(FAILED) && $(BIN)/python -m pytest --run-long $(AGAIN); }
	$(BIN)/python tools/newest.py

test-newest: $(INSTALLED)  ## the tests of private parts with the newest aiortc, aioice, pylibsrtp, pyOpenSSL, av
	$(BIN)/python tools/newest.py

check: $(INSTALLED)  ## ruff, mypy --strict, TypeScript strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/build_page.py --check

bench: $(INSTALLED)  ## ours and the alternative side by side; ONLY=name runs one
	$(BIN)/python -m benchmarks $(ONLY)

soak: $(INSTALLED)  ## ten thousand calls of a bot, with its memory; ARGS="--calls 1000 --rate 2"
	$(BIN)/python -m benchmarks._soak $(ARGS)

docs: $(INSTALLED)  ## build the documentation site into build/docs; what leads nowhere is an error
	$(BIN)/python -m tools.build_docs $(ARGS)

fuzz: $(INSTALLED)  ## look for inputs that break us, ten minutes a target; ONLY=target, SECONDS=n
	$(BIN)/python -m tests.fuzz $(ONLY) --seconds $(or $(SECONDS),600)

lock:  ## pin versions and hashes again (needs uv on the PATH)
	uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade -q -o requirements.lock
	@! grep -n '://' requirements.lock

clean:  ## remove what was built (not recordings, not data folders)
	rm -rf .venv build static/dist static/node_modules tools/docs_site/diagrams/node_modules benchmarks/out .mypy_cache .ruff_cache .pytest_cache
