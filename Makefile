# The front door: one word for each thing people do.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
# uv trusts the certificates this machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1
PACKAGES := python3-venv postgresql-15 openssl openssh-client
TEST_PACKAGES := chromium chromium-driver fonts-dejavu-core libeatmydata1 locales pgbouncer

# Every word that may be given. One that is none would be swallowed, and its verb done to more than was asked for.
WORDS := HOST LIMIT USER_NAME PORT KEY FINGERPRINT PHASES VARIANTS DRIVERS ENGINE LAYOUTS TRANSPORTS PRELOAD_ROWS PROFILE \
	BLOCKS WARM_UP WINDOW SEED UNTIL_DECIDED MAX_BLOCKS MARGIN PROCESSES IN_FLIGHT LOAD POOL_MIN POOL_MAX BATCH PAYLOAD_BYTES EVENT_LOOP \
	RUN JSON SUDO
OTHER_WORDS := A B N BIN SHELL MAKE MAKEFLAGS COLUMNS LINES TERM NO_COLOR TMPDIR PYTEST_ADDOPTS UV_SYSTEM_CERTS
GIVEN := $(foreach word,$(.VARIABLES),$(if $(findstring command,$(origin $(word))),$(word)))
# A word is taken as it was typed: what make or a shell would carry out in it is text. A program is given $(call quote,...).
define newline


endef
take = $(if $(findstring $(newline),$(value $(1))),$(error $(1) is more than one line))$(eval override $(1) := $$(value $(1)))
$(foreach word,$(filter $(WORDS) A B N,$(GIVEN)),$(call take,$(word)))
quote = '$(subst ','\'',$(1))'
option = $(if $($(1)),--$(2)=$(call quote,$($(1))))
NEAREST = $(firstword $(filter $(1)%,$(WORDS)) $(foreach known,$(WORDS),$(if $(filter $(known)%,$(1)),$(known))))
$(foreach word,$(filter-out $(WORDS) $(OTHER_WORDS),$(GIVEN)),$(error $(word) is no word here; $(or \
	$(patsubst %,is %= meant?,$(call NEAREST,$(word))),there are: $(WORDS) A B N)))
# A program that asks for JSON shall not be given words for people.
SAY_JSON := doctor ladder compare compare-hosts compare-runs status
$(if $(filter JSON,$(GIVEN)),$(if $(filter-out $(SAY_JSON),$(MAKECMDGOALS)),$(error JSON=1 is for: $(SAY_JSON))))

# A word of the environment was given for something else (some shells export HOST): it shall not choose boxes.
AROUND := $(strip $(foreach word,$(WORDS) A B N,$(if $(findstring environment,$(origin $(word))),$(word))))
QUIET := help setup packages lock lint fmt unit integration test test-slow browser clean
$(if $(and $(AROUND),$(filter-out $(QUIET),$(MAKECMDGOALS))),$(error $(AROUND): set in the environment, where it may \
	mean something else; say it to make: make $(firstword $(MAKECMDGOALS)) $(firstword $(AROUND))=..., or unset it))
# Empty, it would mean every box.
$(foreach word,HOST LIMIT,$(if $(filter $(word),$(GIVEN)),$(if $(strip $($(word))),,$(error $(word) is empty: name a box, \
	or leave it out for every box of the inventory))))

# Ansible goes by this checkout's ansible.cfg and inventory/ alone. What the environment sets for other work (another
# inventory, no checking of host keys) is left out; what changes nothing of what is done is not.
OTHER := $(if $(findstring environment,$(origin ANSIBLE_CONFIG)),$(filter-out $(CURDIR)/ansible.cfg,$(ANSIBLE_CONFIG)))
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
HARMLESS := ANSIBLE_CONFIG ANSIBLE_VAULT_% ANSIBLE_ASK_VAULT_PASS ANSIBLE_NOCOLOR ANSIBLE_FORCE_COLOR ANSIBLE_COLOR_% \
	ANSIBLE_VERBOSITY ANSIBLE_LOG_PATH ANSIBLE_HOME ANSIBLE_LOCAL_TEMP ANSIBLE_FORKS ANSIBLE_TIMEOUT
LEFT_OUT := $(sort $(if $(OTHER),ANSIBLE_CONFIG) $(filter-out $(HARMLESS),$(filter ANSIBLE_%,$(.VARIABLES))))
$(foreach name,$(filter-out ANSIBLE_CONFIG,$(LEFT_OUT)),$(eval unexport $(name)))
$(if $(and $(LEFT_OUT),$(filter-out $(QUIET),$(MAKECMDGOALS))),$(warning left out, though set in the environment: $(LEFT_OUT); \
	ansible.cfg and inventory/ of this checkout count))

# On which hosts: HOST=address (no inventory entry needed) or LIMIT=pattern; who and how: USER_NAME= PORT= KEY=.
ONE_WAY = $(if $(and $(HOST),$(LIMIT)),$(error HOST is one address, LIMIT a pattern of the inventory: give one of them))
WHERE = $(ONE_WAY)$(call option,HOST,host) $(call option,LIMIT,limit) $(call option,USER_NAME,user-name) \
	$(call option,PORT,port) $(call option,KEY,key)
# In front of a command of Ansible's.
ON = .venv/bin/python -m bench.remote.where $(WHERE)
# Ansible takes no locale but UTF-8, and reads what sudo answers in English.
PLAYBOOK = env LC_ALL=C.UTF-8 $(BIN)/ansible-playbook

# What, in fab's words.
FAB = $(BIN)/pgladder-fab
WHAT = $(call option,PHASES,phases) $(call option,VARIANTS,variants) $(call option,DRIVERS,drivers) \
	$(call option,ENGINE,engine) $(call option,LAYOUTS,layouts) \
	$(call option,TRANSPORTS,transports) $(call option,PROFILE,profile) $(call option,BLOCKS,blocks) \
	$(call option,WARM_UP,warm-up) $(call option,WINDOW,window) $(call option,SEED,seed) \
	$(call option,UNTIL_DECIDED,until-decided) $(call option,MAX_BLOCKS,max-blocks) $(call option,MARGIN,margin) \
	$(call option,PRELOAD_ROWS,preload-rows) $(call option,PROCESSES,processes) $(call option,IN_FLIGHT,in-flight) \
	$(call option,POOL_MIN,pool-min) $(call option,POOL_MAX,pool-max) $(call option,BATCH,batch) \
	$(call option,PAYLOAD_BYTES,payload-bytes) $(call option,EVENT_LOOP,event-loop) $(call option,LOAD,load)
ID = $(call option,RUN,run)
# A run that was pulled, by the word that names it.
pulled = $(call quote,results/$(or $($(1)),$(error say which run: make $@ $(if $(filter RUN,$(1)),RUN=name,A=run B=run))))
# A word that is either there or not: NAME=1 gives the option.
switch = $(if $(filter-out 1,$($(1))),$(error $(1) is 1, or left out))$(if $($(1)),$(2))
JSON_WORD = $(call switch,JSON,--json=1)

.PHONY: help demo trust doctor provision teardown ladder compare compare-hosts compare-runs reproduce noise launch follow status pull cancel e2e e2e-boxes e2e-labs e2e-remote browser report lab-up lab-cut lab-down setup packages lock lint fmt unit integration test test-slow perf clean

help: ## this list
	@sed -nE 's/^# --- (.*)/\n\1/p; s/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' Makefile | expand -t 16

# --- Measure, compare, provision

demo: .venv/ready ## everything, on a virtual mini-PC on this machine, in about six minutes
	@$(MAKE) --no-print-directory lab-up N=1
	@$(MAKE) --no-print-directory provision LIMIT=lab
	@$(MAKE) --no-print-directory ladder LIMIT=lab; ladder=$$?; \
	$(MAKE) --no-print-directory compare LIMIT=lab VARIANTS="stock async-commit" PHASES="1-B 2"; compare=$$?; \
	echo "make lab-down removes the virtual mini-PC."; exit $$((ladder | compare))  # one void trial does not end it

trust: .venv/ready ## show and record the host keys of boxes (HOST=, LIMIT=; for scripts FINGERPRINT=SHA256:...)
	@$(ON) $(call option,FINGERPRINT,fingerprint) -- $(PLAYBOOK) playbooks/trust.yml

doctor: .venv/ready ## what would stop a run on them? (JSON=1 for programs; SUDO=1 tries your password)
	@$(ON) -- $(BIN)/python -m bench.doctor $(call switch,JSON,--json) $(call switch,SUDO,-K)

provision: .venv/ready ## make boxes ready
	@$(ON) -- $(PLAYBOOK) playbooks/provision.yml

teardown: .venv/ready ## put boxes back as they were
	@$(ON) -- $(PLAYBOOK) playbooks/teardown.yml

ladder: .venv/ready ## launch, follow, pull, show (PHASES= VARIANTS= LAYOUTS= BLOCKS= PROFILE= RUN= JSON=1)
	@$(FAB) ladder $(WHAT) $(ID) $(JSON_WORD) $(WHERE)

compare: .venv/ready ## which variant is faster? (VARIANTS="a b"; UNTIL_DECIDED=1 MAX_BLOCKS=20)
	@$(FAB) compare $(WHAT) $(ID) $(JSON_WORD) $(WHERE)

compare-hosts: .venv/ready ## which box is faster? (LIMIT= picks two or more)
	@$(FAB) compare-hosts $(WHAT) $(ID) $(JSON_WORD) $(WHERE)

compare-runs: .venv/ready ## did anything change between two pulled runs? offline (A=run B=run; MARGIN= JSON=1)
	@$(BIN)/pgladder compare $(call option,MARGIN,margin) $(call switch,JSON,--json) $(call pulled,A) $(call pulled,B) \
		--page $(call quote,results/$(subst /,-,$(A))-and-$(subst /,-,$(B)).html)

reproduce: .venv/ready ## a pulled run's plan again, here or (HOST=, LIMIT=) on the box it came from: is it the same? (RUN=)
	@$(if $(HOST)$(LIMIT),$(FAB) reproduce $(ID) $(call option,MARGIN,margin) $(WHERE),$(BIN)/pgladder reproduce \
		$(call option,MARGIN,margin) $(call pulled,RUN))

noise: .venv/ready ## what can these boxes tell at all? one variant against itself
	@$(FAB) noise $(WHAT) $(ID) $(WHERE)

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
	$(BIN)/pgladder report $(call pulled,RUN)

lab-up: .venv/ready ## virtual mini-PCs as an inventory (N=2 for two)
	$(PLAYBOOK) playbooks/lab-up.yml -e lab_size=$(call quote,$(or $(N),1))

lab-cut: .venv/ready ## cut the power of one (HOST=minipc1); lab-up boots it again
	$(PLAYBOOK) playbooks/lab-cut.yml -e virtual_minipc_name=$(call quote,$(or $(HOST),$(error say which box: make lab-cut HOST=minipc1)))

lab-down: .venv/ready ## remove the virtual mini-PCs
	$(PLAYBOOK) playbooks/lab-down.yml

# --- Work on pgladder itself

setup: .venv/ready ## the environment, with locked dependencies

.venv/ready: requirements/dev.txt pyproject.toml
	@.ci/system-packages $(PACKAGES)
	python3 -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --no-deps --requirement <(sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt)
	.ci/uv pip install --quiet --require-hashes --requirement requirements/dev.txt
	.ci/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -c 'from bench.report.page.assets import assets; assets()'  # the first page is as quick as the next
	@touch $@

packages: ## the Debian packages pgladder needs (as root)
	@.ci/system-packages $(PACKAGES)

lock: .venv/ready ## resolve the dependencies anew
	.ci/uv pip compile pyproject.toml --upgrade --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 --output-file requirements/box.txt
	.ci/uv pip compile pyproject.toml --upgrade --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 --extra control --extra dev --output-file requirements/dev.txt

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
	@.ci/test-sshd

# As root in two workers, each in a network of its own: there is one run at a time in one.
integration: .venv/ready browser ## the tests on a real PostgreSQL 15, and of the page in a real browser
	$(BIN)/pytest $(if $(filter 0,$(shell id -u)),-n 2 --dist loadfile) tests/integration -m "not slow"

test: .venv/ready ## everything CI runs
	@$(MAKE) --no-print-directory -j 3 lint unit browser
	@$(MAKE) --no-print-directory integration e2e

test-slow: .venv/ready ## what takes long
	$(BIN)/pytest tests -m slow

perf: .venv/ready ## benchmarks of pgladder itself (LIMIT=box: also of the way there and back)
	$(BIN)/python -m tests.perf $(if $(LIMIT),$(call quote,$(LIMIT)))

clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
