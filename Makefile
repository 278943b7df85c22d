# The front door: one word for each thing people do.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
# uv trusts the certificates this machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1
PACKAGES := python3-venv postgresql-15 openssl
TEST_PACKAGES := chromium chromium-driver fonts-dejavu-core libeatmydata1 pgbouncer

comma := ,
# Every word that may be given. One that is none would be swallowed, and its verb done to more than was asked for.
WORDS := HOST LIMIT USER_NAME PORT KEY PHASES VARIANTS LAYOUTS TRANSPORTS PROFILE BLOCKS WARM_UP WINDOW SEED \
	UNTIL_DECIDED MAX_BLOCKS MARGIN RUN JSON SUDO DATA_DIR
OTHER_WORDS := A B N BIN SHELL MAKE MAKEFLAGS COLUMNS LINES TERM NO_COLOR TMPDIR PYTEST_ADDOPTS UV_SYSTEM_CERTS
GIVEN := $(foreach word,$(.VARIABLES),$(if $(findstring command,$(origin $(word))),$(word)))
NEAREST = $(firstword $(filter $(1)%,$(WORDS)) $(foreach known,$(WORDS),$(if $(filter $(known)%,$(1)),$(known))))
$(foreach word,$(filter-out $(WORDS) $(OTHER_WORDS),$(GIVEN)),$(error $(word) is no word here; $(or \
	$(patsubst %,is %= meant?,$(call NEAREST,$(word))),there are: $(WORDS) A B N)))
# A program that asks for JSON shall not be given words for people.
SAY_JSON := doctor ladder compare compare-hosts compare-runs status
$(if $(filter JSON,$(GIVEN)),$(if $(filter-out $(SAY_JSON),$(MAKECMDGOALS)),$(error JSON=1 is for: $(SAY_JSON))))

# On which hosts: HOST=address (no inventory entry needed) or LIMIT=pattern; who and how: USER_NAME= PORT= KEY=.
ONE_WAY = $(if $(and $(HOST),$(LIMIT)),$(error HOST is one address, LIMIT a pattern of the inventory: give one of them))
TARGET = $(ONE_WAY)$(if $(HOST),-i inventory -i '$(HOST)$(comma)' --limit '$(HOST)') $(if $(LIMIT),--limit '$(LIMIT)') \
	$(if $(USER_NAME),-e 'ansible_user=$(USER_NAME)') $(if $(PORT),-e 'ansible_port=$(PORT)') \
	$(if $(KEY),-e 'ansible_ssh_private_key_file=$(KEY)')
PLAYBOOK = $(BIN)/ansible-playbook

# Where and what, in fab's words.
FAB = $(BIN)/fab
WHERE = $(ONE_WAY)$(if $(HOST),--host='$(HOST)') $(if $(LIMIT),--limit='$(LIMIT)') $(if $(USER_NAME),--user-name='$(USER_NAME)') \
	$(if $(PORT),--port='$(PORT)') $(if $(KEY),--key='$(KEY)')
WHAT = $(if $(PHASES),--phases='$(PHASES)') $(if $(VARIANTS),--variants='$(VARIANTS)') $(if $(LAYOUTS),--layouts='$(LAYOUTS)') \
	$(if $(TRANSPORTS),--transports='$(TRANSPORTS)') $(if $(PROFILE),--profile='$(PROFILE)') $(if $(BLOCKS),--blocks='$(BLOCKS)') \
	$(if $(WARM_UP),--warm-up='$(WARM_UP)') $(if $(WINDOW),--window='$(WINDOW)') $(if $(SEED),--seed='$(SEED)') \
	$(if $(UNTIL_DECIDED),--until-decided='$(UNTIL_DECIDED)') $(if $(MAX_BLOCKS),--max-blocks='$(MAX_BLOCKS)') $(if $(MARGIN),--margin='$(MARGIN)')
ID = $(if $(RUN),--run='$(RUN)')
# A word that is either there or not: NAME=1 gives the option.
switch = $(if $(filter-out 1,$($(1))),$(error $(1) is 1, or left out))$(if $($(1)),$(2))
JSON_WORD = $(call switch,JSON,--json=1)

# What docs/findings keeps: the name of a finding, the variants. A refused arm is a finding too, not a failure.
STEPS = stock big-wal shared-buffers-25 wal-compression commit-delay wal-buffers no-bgwriter no-process-title
TOP_RUNGS = $(or $(PHASES),2-D 2-G 2-H)
define finding
$(eval NEW := $(or $(RUN),$(1)-$(shell date -u +%Y%m%dT%H%M%S)))
$(eval LONG = --blocks=$(or $(BLOCKS),6) --warm-up=$(or $(WARM_UP),1) --window=$(or $(WINDOW),3) $(if $(SEED),--seed=$(SEED)))
-$(if $(HOST)$(LIMIT),$(FAB) compare --run='$(NEW)' --variants='$(2)' --phases='$(TOP_RUNGS)' $(LONG) $(WHERE),$(BIN)/pgladder run --out "results/$(NEW)/$$(hostname)" --variants $(2) --phases $(TOP_RUNGS) $(LONG) $(if $(DATA_DIR),--data-dir '$(DATA_DIR)'))
$(BIN)/python -m bench.findings $(1) results/$(NEW)
endef

.PHONY: help demo trust doctor provision teardown ladder compare compare-hosts compare-runs reproduce noise ingest formulas launch follow status pull cancel e2e e2e-boxes e2e-labs e2e-remote browser report lab-up lab-cut lab-down setup packages lock lint fmt unit integration test test-slow perf clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

packages: ## the Debian packages pgladder needs (as root)
	@.ci/system-packages $(PACKAGES)

setup: .venv/ready ## the environment, with locked dependencies

.venv/ready: requirements/dev.txt pyproject.toml
	@.ci/system-packages $(PACKAGES)
	python3 -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --no-deps --requirement <(sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt)
	$(BIN)/uv pip install --quiet --require-hashes --requirement requirements/dev.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -c 'from bench.report.page.assets import assets; assets()'  # the first page is as quick as the next
	@touch $@

lock: .venv/ready ## resolve the dependencies anew
	$(BIN)/uv pip compile pyproject.toml --upgrade --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 --output-file requirements/box.txt
	$(BIN)/uv pip compile pyproject.toml --upgrade --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 --extra control --extra dev --output-file requirements/dev.txt

lint: .venv/ready ## style, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/yamllint .
	$(BIN)/ansible-lint

fmt: .venv/ready ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

unit: .venv/ready ## the fast tests
	$(BIN)/pytest -n auto tests/unit

e2e: .venv/ready ## the tests on real virtual mini-PCs, over SSH (root, or sudo): two labs at once, the shortest last
	@$(MAKE) --no-print-directory -j 2 -k e2e-boxes e2e-remote e2e-labs

e2e-boxes e2e-labs e2e-remote: e2e-%: .venv/ready
	$(BIN)/pytest tests/e2e/$* -m "not slow"

browser:
	@.ci/system-packages $(TEST_PACKAGES)

# As root in two workers, each in a network of its own: there is one run at a time in one.
integration: .venv/ready browser ## the tests on a real PostgreSQL 15, and of the page in a real browser
	$(BIN)/pytest $(if $(filter 0,$(shell id -u)),-n 2 --dist loadfile) tests/integration -m "not slow"

test: .venv/ready ## everything CI runs
	@$(MAKE) --no-print-directory -j 3 lint unit browser
	@$(MAKE) --no-print-directory integration e2e

test-slow: .venv/ready ## what takes long
	$(BIN)/pytest tests -m slow

perf: .venv/ready ## benchmarks of pgladder itself (LIMIT=box: also of the way there and back)
	$(BIN)/python -m tests.perf $(LIMIT)

demo: .venv/ready ## everything, on a virtual mini-PC on this machine, in about six minutes
	@$(MAKE) --no-print-directory lab-up N=1
	@$(MAKE) --no-print-directory provision LIMIT=lab
	@$(MAKE) --no-print-directory ladder LIMIT=lab; ladder=$$?; \
	$(MAKE) --no-print-directory compare LIMIT=lab VARIANTS="stock async-commit" PHASES="1-B 2"; compare=$$?; \
	echo "make lab-down removes the virtual mini-PC."; exit $$((ladder | compare))  # one void trial does not end it

trust: .venv/ready ## show and record the host keys of boxes (HOST=address, or LIMIT=pattern)
	$(PLAYBOOK) playbooks/trust.yml $(TARGET)

doctor: .venv/ready ## what would stop a run on them? (JSON=1 for programs; SUDO=1 tries your password)
	@$(BIN)/python -m bench.doctor $(call switch,JSON,--json) $(call switch,SUDO,-K) $(TARGET)

provision: .venv/ready ## make boxes ready
	$(PLAYBOOK) playbooks/provision.yml $(TARGET)

teardown: .venv/ready ## put boxes back as they were
	$(PLAYBOOK) playbooks/teardown.yml $(TARGET)

ladder: .venv/ready ## launch, follow, pull, show (PHASES= VARIANTS= LAYOUTS= BLOCKS= PROFILE= RUN= JSON=1)
	@$(FAB) ladder $(WHAT) $(ID) $(JSON_WORD) $(WHERE)

compare: .venv/ready ## which variant is faster? (VARIANTS="a b"; UNTIL_DECIDED=1 MAX_BLOCKS=20)
	@$(FAB) compare $(WHAT) $(ID) $(JSON_WORD) $(WHERE)

compare-hosts: .venv/ready ## which box is faster? (LIMIT= picks two or more)
	@$(FAB) compare-hosts $(WHAT) $(ID) $(JSON_WORD) $(WHERE)

compare-runs: .venv/ready ## did anything change between two pulled runs? offline (A=run B=run; MARGIN= JSON=1)
	@$(BIN)/pgladder compare $(if $(MARGIN),--margin '$(MARGIN)') $(call switch,JSON,--json) results/$(or $(A),$(error say which runs: make compare-runs A=run B=run)) results/$(or $(B),$(error say which runs: make compare-runs A=run B=run)) \
		--page 'results/$(subst /,-,$(A))-and-$(subst /,-,$(B)).html'

reproduce: .venv/ready ## a pulled run's plan again, here or (HOST=, LIMIT=) on the box it came from: is it the same? (RUN=)
	@$(if $(HOST)$(LIMIT),$(FAB) reproduce $(ID) $(if $(MARGIN),--margin='$(MARGIN)') $(WHERE),$(BIN)/pgladder reproduce \
		$(if $(MARGIN),--margin '$(MARGIN)') results/$(or $(RUN),$(error say which run: make reproduce RUN=name)))

noise: .venv/ready ## what can these boxes tell at all? one variant against itself
	@$(FAB) noise $(WHAT) $(ID) $(WHERE)

ingest: .venv/ready ## which single steps from stock does the variant ingest take? here, or HOST= (DATA_DIR=)
	$(call finding,ingest,$(STEPS))

formulas: .venv/ready ## all variants on the top rungs, ranked: docs/findings/formulas.md; here, or HOST= (DATA_DIR=)
	$(call finding,formulas,all)

launch: .venv/ready ## only start a run on boxes (the same words)
	@$(FAB) launch $(WHAT) $(ID) $(WHERE)

follow: .venv/ready ## watch a run; Ctrl-C stops the watching, not the run (RUN=)
	@$(FAB) follow $(ID) $(WHERE)

status: .venv/ready ## what boxes are doing, and which runs they hold (JSON=1 for programs)
	@$(FAB) status $(JSON_WORD) $(WHERE)

pull: .venv/ready ## bring a run's results, verified, finished or not (RUN=)
	@$(FAB) pull $(ID) $(WHERE)

cancel: .venv/ready ## end a run; what was recorded is kept (RUN=)
	@$(FAB) cancel $(ID) $(WHERE)

report: .venv/ready ## the page of pulled results again, offline (RUN=name)
	$(BIN)/pgladder report results/$(or $(RUN),$(error say which run: make report RUN=name))

lab-up: .venv/ready ## virtual mini-PCs as an inventory (N=2 for two)
	$(PLAYBOOK) playbooks/lab-up.yml -e lab_size=$(or $(N),1)

lab-cut: .venv/ready ## cut the power of one (HOST=minipc1); lab-up boots it again
	$(PLAYBOOK) playbooks/lab-cut.yml -e virtual_minipc_name=$(or $(HOST),$(error say which box: make lab-cut HOST=minipc1))

lab-down: .venv/ready ## remove the virtual mini-PCs
	$(PLAYBOOK) playbooks/lab-down.yml

clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
