# Copyright: hyperv.avma contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `make` shows what there is. All runs in .venv; PYTHON=/path/to/python chooses another interpreter than the one that is found.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
PY := $(VENV)/bin/python
PACKAGE := ansible_collections.hyperv.avma.plugins

# The demo prints a command that works in the caller's own shell, so it gets what that shell has of the variables below.
CALLERS := $(foreach name,ANSIBLE_COLLECTIONS_PATH LC_ALL,$(if $(filter environment,$(origin $(name))),$(name)="$($(name))"))
DEMO = @env -u ANSIBLE_COLLECTIONS_PATH -u LC_ALL -u PYTHON $(CALLERS) HYPERV_AVMA_MAKE=1 "$(PY)" tests/lab/demo.py

# Paths below are relative: make cannot handle a checkout whose path holds spaces otherwise.
export PYTHON
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.dev
# Ansible wants UTF-8; a container often has no locale at all.
export LC_ALL := C.UTF-8

IMPORT_PATH := PYTHONPATH="$(CURDIR)/.dev:$(CURDIR)/tests/lab"
# the reason of each skip and failure stands in the summary (-ra in pyproject.toml)
PYTEST := "$(PY)" -m pytest
# Files of tests/e2e are spread over processes (how: tests/conftest.py). JOBS=1 shows the tests' names as they run.
JOBS ?= 2
SPREAD := $(if $(filter-out 0 1,$(JOBS)),-n $(JOBS) --dist loadscope)

# --- lists of gates ------------------------------------------------------------------------------------------------------
# The only lists: .ci/run, CONTRIBUTING.md (by `make docs-data`) and `make gates` read them. What a gate holds stands behind its `##`.

# before a commit
TEST_GATES := lint types layers tests
# what continuous integration runs besides: what depends on ansible-core with older ones,
CORE_GATES := middle oldest
# gates that start no lab,
STILL_GATES := build changelog ansible-lint galaxy-importer sanity units docs sanity-oldest
# gates that start one and keep one core busy
LAB_GATES := guides lab-dist eda awx molecule
# before a release instead of CORE_GATES: all tests with older ones
RELEASE_GATES := middle-all oldest-all

.PHONY: help gates
help: ## this list
	@echo "make demo   a simulated Hyper-V fleet is validated and activated before your eyes"
	@echo "make test   all that must be green before a commit"
	@echo
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  %-15s %s\n' "$$name" "$$text"; done
	@echo
	@echo "PYTHON=/path/to/python3.12 chooses the interpreter, VENV=.venv-312 another environment."

gates: ## what is checked, and when
	@tell() { echo "$$1:"; shift; for gate; do printf '  %-16s %s\n' "$$gate" "$$(sed -n "s/^$$gate:[^#]*## //p" Makefile)"; done; }; \
	tell 'before a commit' $(TEST_GATES); \
	tell 'continuous integration' $(CORE_GATES) $(STILL_GATES) $(LAB_GATES); \
	tell 'before a release' $(RELEASE_GATES)

list-%:
	@echo $($*)

# --- what everything needs ---------------------------------------------------------------------------------------------

.PHONY: link venv-lab venv-dev
# Ansible finds a collection at ansible_collections/<namespace>/<name> only.
link:
	@mkdir -p .dev/ansible_collections/hyperv
	@test -L .dev/ansible_collections/hyperv/avma || ln -s ../../.. .dev/ansible_collections/hyperv/avma

venv-lab: link
	@.ci/make-venv "$(VENV)" lab

venv-dev: link
	@.ci/make-venv "$(VENV)" dev

# --- to see and to rehearse --------------------------------------------------------------------------------------------

.PHONY: demo lab-up lab-down
demo: venv-lab ## the demo fleet: activate.yml, then once more to show that nothing changes
	$(DEMO)

lab-up: venv-lab ## start the demo fleet and leave it running, with an inventory in demo-output/
	$(DEMO) --keep

lab-down: venv-lab ## stop it
	$(DEMO) --stop

# --- tests ---------------------------------------------------------------------------------------------------------------

.PHONY: test test-all tests unit lab-test docs-test e2e
# `make -k test` does not stop at the first gate that fails.
GO_ON = $(if $(findstring k,$(filter-out -%,$(firstword $(MAKEFLAGS)))),-k)

test: ## lint, types, layers, all tests
	@.ci/gates $(GO_ON) "$(TEST_GATES)"

test-all: ## test, and all that a release needs
	@.ci/gates $(GO_ON) "$(TEST_GATES) $(STILL_GATES) $(LAB_GATES) $(RELEASE_GATES)"

tests: venv-dev ## unit, lab-test, docs-test and e2e in one run
	$(PYTEST) $(SPREAD)

unit: venv-dev ## tests of the collection's own code
	$(PYTEST) tests/unit

lab-test: venv-dev ## tests of the lab
	$(PYTEST) tests/lab/tests

docs-test: venv-dev ## tests of the guides and of what comes with the collection
	$(PYTEST) tests/docs

e2e: venv-dev ## the real ansible-playbook against the lab
	$(PYTEST) $(SPREAD) tests/e2e

# What depends on ansible-core is marked `core` (by which rule: tests/conftest.py).
.PHONY: venv-oldest oldest oldest-all venv-middle middle middle-all
venv-oldest: link
	@.ci/make-venv .venv-oldest core-2.16

venv-middle: link
	@.ci/make-venv .venv-middle core-2.18

oldest: venv-oldest ## what depends on ansible-core, with 2.16, the oldest that is supported (Python 3.11 or 3.12)
	.venv-oldest/bin/python -m pytest $(SPREAD) -m core tests/unit tests/e2e

middle: venv-middle ## what depends on ansible-core, with 2.18, the last before values carry tags
	.venv-middle/bin/python -m pytest $(SPREAD) -m core tests/unit tests/e2e

oldest-all: venv-oldest ## unit and e2e as a whole with ansible-core 2.16
	.venv-oldest/bin/python -m pytest $(SPREAD) tests/unit tests/e2e

middle-all: venv-middle ## unit and e2e as a whole with ansible-core 2.18
	.venv-middle/bin/python -m pytest $(SPREAD) tests/unit tests/e2e

.PHONY: awx
awx: venv-dev ## the modules of awx.awx create what playbooks/controller.yml describes, in a stand-in for AWX
	@.ci/awx-modules "$(VENV)"
	$(PYTEST) tests/awx

.PHONY: eda
EVENT_SOURCES := extensions/eda/plugins/event_source
eda: venv-dev ## rulebooks in the real ansible-rulebook (needs Java), and what the certification of event sources checks
	@.ci/make-venv .venv-eda eda
	.venv-eda/bin/ruff check --isolated --select ALL --ignore INP001 --quiet $(EVENT_SOURCES)
	.venv-eda/bin/darglint --docstring-style numpy --strictness full $(EVENT_SOURCES)/*.py
	.venv-eda/bin/pylint --rcfile /dev/null --score n --disable R0801,E0401 $(EVENT_SOURCES)/*.py
	PYTHONPATH=tests HYPERV_AVMA_RULEBOOK="$(CURDIR)/.venv-eda/bin/ansible-rulebook" $(PYTEST) tests/eda

.PHONY: molecule molecule-site
SCENARIOS ?= default cluster retire
molecule: venv-dev ## Molecule's scenarios against labs of their own, and `site` against one; SCENARIOS="cluster" runs one of them
	@for scenario in $(SCENARIOS); do PATH="$(CURDIR)/$(VENV)/bin:$$PATH" molecule test --scenario-name $$scenario || exit; done
	PYTHONPATH=tests $(PYTEST) tests/rehearsal

molecule-site: venv-dev ## the scenario `site` on your own Hyper-V lab: INVENTORY=/path, and CHANGES=activate to let it change something
	@test -n "$(INVENTORY)" || { echo "make molecule-site INVENTORY=/path/to/inventory.yml [CHANGES=activate,retire]"; exit 2; }
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" AVMA_SITE_INVENTORY="$$(realpath "$(INVENTORY)")" AVMA_SITE_CHANGES="$(CHANGES)" molecule test --scenario-name site

.PHONY: lab-dist
lab-dist: venv-dev ## the lab installed by pip into an empty environment, where it needs no Ansible
	$(PYTEST) tests/distribution

.PHONY: guides
guides: venv-dev ## the commands of the guides, run as they stand there against the lab
	PYTHONPATH=tests $(PYTEST) tests/guides

.PHONY: bench
bench: venv-dev ## benchmarks against a fleet of 64 hosts and 8,000 virtual machines; BENCH="survey" runs one of them
	PYTHONPATH="$(CURDIR)/.dev:$(CURDIR)/tests/lab:$(CURDIR)/tests" "$(PY)" -m bench $(BENCH)

.PHONY: truth
TRUTH ?= --histories 500 --machines 100 --moments 5
truth: venv-dev ## random worlds and their histories, and each statement of the report against them; TRUTH="--minutes 60" as long as that
	PYTHONPATH="$(CURDIR)/.dev:$(CURDIR)/tests/lab:$(CURDIR)/tests" "$(PY)" -m truth $(TRUTH)

# --- gates ---------------------------------------------------------------------------------------------------------------

.PHONY: lint types layers changelog ansible-lint sanity sanity-oldest units galaxy-importer
lint: venv-dev ## style of Python, YAML and prose, freshness of the generated pages, licence of every file
	"$(PY)" -m ruff check .
	"$(PY)" -m ruff format --check .
	"$(PY)" -m yamllint --strict .
	$(IMPORT_PATH) "$(PY)" docs/tools/generate_reference.py --check
	"$(PY)" docs/tools/generate_fidelity.py --check
	"$(PY)" docs/tools/check_prose.py
	"$(PY)" -m reuse lint --lines

types: venv-dev ## mypy, strict
	"$(PY)" -m mypy --python-version 3.10 -p $(PACKAGE)
	"$(PY)" -m mypy -p hyperv_lab
	MYPYPATH=tests "$(PY)" -m mypy -p bench -p truth
	"$(PY)" -m mypy tests/lab/demo.py .ci/check_tarball.py .ci/find_packages.py
	"$(PY)" -m mypy extensions/eda/plugins/event_source/avma_events.py docs/tools/role_pages.py docs/tools/gates.py
	MYPYPATH=docs/site "$(PY)" -m mypy docs/site/build.py

layers: venv-dev ## which way imports point
	$(IMPORT_PATH) "$(VENV)/bin/lint-imports"

changelog: venv-dev ## fragments of the changelog
	"$(PY)" -m antsibull_changelog lint

ansible-lint: venv-dev ## roles and playbooks, production profile
	"$(PY)" -m ansiblelint --offline --profile production --strict

sanity: build ## ansible-test sanity on what the tarball holds
	.ci/ansible-test "$(VENV)" sanity

sanity-oldest: build venv-oldest ## ansible-test sanity with ansible-core 2.16
	.ci/ansible-test .venv-oldest sanity

units: build ## ansible-test units on what the tarball holds
	.ci/ansible-test "$(VENV)" units

galaxy-importer: build ## what Galaxy and Automation Hub check when a collection is uploaded
	@.ci/make-venv .venv-galaxy galaxy
	.ci/galaxy-importer .venv-galaxy build/hyperv-avma-*.tar.gz

# --- products ------------------------------------------------------------------------------------------------------------

.PHONY: build docs docs-data format clean
build: venv-dev ## the collection's tarball, in build/
	@mkdir -p build
	rm -f build/hyperv-avma-*.tar.gz
	"$(PY)" -m ansible galaxy collection build --output-path build
	"$(PY)" .ci/check_tarball.py build/hyperv-avma-*.tar.gz

docs: link ## the documentation as a web site, in build/docs/html; a warning is an error
	@.ci/make-venv .venv-docs docs
	PATH="$(CURDIR)/.venv-docs/bin:$$PATH" antsibull-docs lint-collection-docs --plugin-docs .dev/ansible_collections/hyperv/avma
	.venv-docs/bin/python docs/site/build.py build/docs

docs-data: venv-dev ## the pages that come from the collection's own tables and tests
	$(IMPORT_PATH) "$(PY)" docs/tools/generate_reference.py
	"$(PY)" docs/tools/generate_fidelity.py

format: venv-dev ## bring Python into shape
	"$(PY)" -m ruff check --fix .
	"$(PY)" -m ruff format .

clean: ## remove what the Makefile and the tools made
	rm -rf .venv* .dev build demo-output .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .ansible
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
