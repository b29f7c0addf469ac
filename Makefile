# The project's commands. Everything is set up by the command that needs it: a fresh clone needs
# no step before `make up` or `make test`.

.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON_BIN := .venv/bin/python
SANDBOX := $(PYTHON_BIN) -m sandbox
ARGS ?=
# Handed out one by one, so that no worker sits on the long ones, but for tests that share a stack
# (xdist_group); three workers on two cores, as each waits for engines and servers.
PYTEST := $(PYTHON_BIN) -m pytest --numprocesses 3 --dist loadgroup
# The tests that each change must pass; the others run every night.
EVERY_CHANGE := -m 'not fidelity and not thorough'
# Where it is set, each of the engine's many Python processes, and each worker of the tests, would
# compile the project again. `make clean` removes what is written.
unexport PYTHONDONTWRITEBYTECODE

##@ First

.PHONY: up
up: environment ## Bring the sandbox up: server, real `pulumi up`, one SMS and one voice code
	@$(SANDBOX) up $(ARGS)

.PHONY: status
status: environment ## Show what runs, and where
	@$(SANDBOX) status $(ARGS)

.PHONY: show-action
show-action: environment ## Print the Action code exactly as it is deployed
	@$(SANDBOX) show-action $(ARGS)

.PHONY: down
down: environment ## Stop the sandbox; its state stays for the next `make up`
	@$(SANDBOX) down $(ARGS)

.PHONY: clean
clean: ## Stop the sandbox and remove everything that was made in the checkout
	@if [ -x $(PYTHON_BIN) ]; then $(SANDBOX) down --quiet || true; fi
	@rm -rf .sandbox .venv build dist tools/node/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Change the code

# The checks run beside the tests: those wait for other processes a part of their time.
.PHONY: test
test: environment node engine browser ## Everything a change must pass: checks, and tests against the real engine
	@mkdir -p build; $(MAKE) --no-print-directory check >build/check.log 2>&1 & checks=$$!; \
	passed=0; $(PYTEST) $(EVERY_CHANGE) $(ARGS) || passed=$$?; \
	wait $$checks || { cat build/check.log; echo 'make check: FAILED'; exit 1; }; \
	exit $$passed

.PHONY: check
check: environment node ## Lint, format, types, layers and dead code of Python and JavaScript; scripts, workflows
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/vulture
	@tools/javascript
	@tools/workflows

.PHONY: hooks
hooks: environment node ## Run what `make check` runs before each commit too, for what it touches
	@.venv/bin/pre-commit install --config tools/pre-commit.yaml

.PHONY: help
help: ## Show the commands
	@awk -F ':.*## ' '/^##@ / {print gap substr($$0, 5); gap = "\n"} \
		/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##@ Tests that take longer

.PHONY: coverage
coverage: environment node browser ## The product's tests that need no engine, with coverage; fails below 95 % of lines or branches
	@tools/coverage $(ARGS)

.PHONY: mutation
mutation: environment ## Mutation score of settings and rules (mutmut); takes most of an hour
	@tools/mutation-python $(ARGS)

.PHONY: thorough
thorough: environment node engine browser postgres ## Proofs that take minutes: every request of an `up` fails in turn, and more
	@$(PYTEST) -m thorough --timeout 1800 $(ARGS)

.PHONY: shaken
shaken: environment node engine browser ## The tests of `make test` in another order, and with each answer late
	@$(PYTEST) -p randomly -p tests.shaken $(EVERY_CHANGE) $(ARGS)

.PHONY: fidelity
fidelity: environment node engine ## The sandbox against other vendors' clients, fuzzers and assumptions
	@$(PYTEST) -m fidelity $(ARGS)

.PHONY: live
live: environment node engine ## The package against the real tenant that PHONEMFA_LIVE_* names (writes!)
	@: $${PHONEMFA_LIVE_DOMAIN:?not set; docs/guides/live-tests.md says what make live needs}
	@$(PYTHON_BIN) -m pytest -m any_tenant $(ARGS)

##@ Made from the code

.PHONY: reference
reference: environment node ## Write what is made from the code: docs/reference/, pictures, Pulumi.yaml's config
	@$(PYTHON_BIN) -m tools.reference

.PHONY: screenshots
screenshots: environment browser ## Write the pictures of the documents anew, with Chromium
	@$(PYTHON_BIN) -m tests.sandbox.pages.scenes docs/images
	@$(PYTHON_BIN) -m tests.phonemfa.output.pictures docs/images

.PHONY: bench
bench: environment node engine ## Measure, write docs/reference/bench.md; exit status 1 when a goal is missed
	@$(PYTHON_BIN) -m tools.bench $(ARGS)

.PHONY: dist
dist: environment ## Build the library and the sandbox's wheel, into dist/
	@rm -rf dist
	@$(PYTHON_BIN) -m hatchling build
	@cd sandbox && $(abspath $(PYTHON_BIN)) -m hatchling build --target wheel --directory ../dist

##@ What it is made of

.PHONY: lock
lock: environment ## Resolve pyproject.toml into requirements.lock (ARGS=--upgrade for newer)
	@uv=$$(command -v uv || echo build/uv/bin/uv); \
	$$uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --all-extras --group sandbox --group dev $(ARGS) \
		pyproject.toml --output-file requirements.lock

.PHONY: sbom
sbom: environment ## Write build/sbom.cdx.json (CycloneDX): every package of every lock file
	@$(PYTHON_BIN) -m tools.supply_chain sbom

.PHONY: licences
licences: environment ## Check that the licence of each foreign package is accepted
	@$(PYTHON_BIN) -m tools.supply_chain licences

.PHONY: audit
audit: environment ## Known vulnerabilities; exit status 2 when the data could not be had
	@$(PYTHON_BIN) -m tools.supply_chain audit

.PHONY: engine
engine: environment ## Make the Pulumi engine and the auth0 plugin ready
	@$(SANDBOX) engine

# What the commands above need first.

.PHONY: environment
environment:
	@tools/environment

.PHONY: node
node:
	@tools/node-packages

.PHONY: browser
browser:
	@tools/browser >/dev/null

.PHONY: postgres
postgres:
	@tools/postgres >/dev/null
