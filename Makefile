# Every target works on a fresh clone: it makes the environment that it needs under .venv/.
# Another interpreter: make test PYTHON=python3.13.  More for the program behind it: make test ARGS="-k cookie".

PYTHON ?= python3
ARGS ?=
ENVIRONMENTS = $(PYTHON) -m tools.environments
CHECK = $(ENVIRONMENTS) check

.DEFAULT_GOAL := help
.PHONY: help run scrape test test-pure isolated plugins check lint format types layers exports versions poetry changelog policy record \
	deprecations sizes merged docs bench fuzz asan wheels release bump clean

help:  ## what can be made
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run:  ## serve the demo, a live poll, on http://127.0.0.1:8080
	$(ENVIRONMENTS) run $(ARGS)

scrape:  ## crawl the running demo with the client alone: a JSON line a page
	@$(ENVIRONMENTS) scrape $(ARGS)

test:  ## build the wheels, install them and run all tests
	$(ENVIRONMENTS) test $(ARGS)

test-pure:  ## the same without compiled extensions
	$(ENVIRONMENTS) test --pure $(ARGS)

isolated:  ## each distribution in an environment of its own, with what its wheel declares
	$(ENVIRONMENTS) tox -e wire,client,web,testing,gunicorn,umbrella $(ARGS)

plugins:  ## plugins of others, unmodified, over our wheels: a small program for each
	$(ENVIRONMENTS) tox -e plugins $(ARGS)

check: lint types layers exports versions poetry changelog policy  ## all that can be said without running the code

lint:  ## ruff: lint and format
	$(CHECK) ruff check .
	$(CHECK) ruff format --check .

format:  ## ruff: repair what lint finds, as far as it can
	$(CHECK) ruff check --fix .
	$(CHECK) ruff format .

types:  ## mypy, strict, over sources, tests and tools
	$(CHECK) tools.typecheck $(ARGS)

layers:  ## imports point down, and private things stay private
	$(CHECK) tools.layers

exports:  ## the table of names = its typed twin = __all__ = what the modules define
	$(CHECK) tools.exports

versions:  ## one release in VERSION, every pyproject.toml, every pin, every __version__
	$(CHECK) tools.versions

poetry:  ## poetry check in each distribution
	$(CHECK) tools.each_project poetry check

changelog:  ## a fragment for each change, in the form that towncrier reads
	$(CHECK) tools.changelog check

policy:  ## the public interface against the one of the last release: Semantic Versioning
	$(CHECK) tools.policy check

record:  ## keep the public interface in tools/api/, when a release is made
	$(CHECK) tools.policy record

deprecations:  ## write docs/deprecations.md from what the code declares
	$(CHECK) tools.policy deprecations

sizes:  ## the longest functions, classes and modules: to look at
	$(PYTHON) -m tools.sizes $(ARGS)

merged:  ## one tree of links in merged/, for editors, pyright and Sphinx
	$(PYTHON) -m tools.merged

docs:  ## build the documentation into docs/_build
	$(ENVIRONMENTS) docs $(ARGS)

bench:  ## ours and aiohttp 3.14 in turn: a table of ratios
	$(ENVIRONMENTS) bench $(ARGS)

fuzz:  ## compiled against pure parser on damaged HTTP: make fuzz ARGS=600, in seconds
	HYPOTHESIS_EXAMPLES=5000 $(ENVIRONMENTS) test -m fuzz
	$(ENVIRONMENTS) fuzz $(ARGS)

asan:  ## the wire's tests on extensions built with the address sanitizer
	$(ENVIRONMENTS) asan $(ARGS)

wheels:  ## build sdists and wheels into dist/
	$(ENVIRONMENTS) wheels $(ARGS)

release:  ## rehearse a release: build, check, install in every combination, smoke-test
	$(PYTHON) -m tools.release $(ARGS)

bump:  ## make bump ARGS=3.15.1: write another release everywhere
	$(PYTHON) -m tools.bump $(ARGS)

clean:  ## remove what was built, and the environments
	rm -rf .venv .tox build dist merged docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find packages \( -name '*.so' -o -name '*.pyd' -o -name '*.c' \) -delete -o -name __pycache__ -prune -exec rm -rf {} +
