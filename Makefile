# The front door: one word for each thing people do.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
# uv trusts the certificates this machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1
# The Python of the environment: make setup PYTHON=python3.13. Versions and systems that `make lock` resolves for.
PYTHON := python3
PYTHONS := 3.11 3.12 3.13 3.14
PLATFORMS := x86_64-unknown-linux-gnu aarch64-apple-darwin
# macOS brings 3.81; what keeps words from being carried out was never seen to hold there.
$(if $(filter 3.%,$(MAKE_VERSION)),$(error this is GNU make $(MAKE_VERSION), and pgladder needs 4 or later: on macOS brew \
	install make, then gmake instead of make))

# What make itself reads. Every other word is an option of the program that a goal calls, which refuses one that it does not
# have: a new option, or a question of your own (make mine DEPTH=3), needs no line here.
OWN_WORDS := HOST LIMIT USER_NAME PORT KEY FINGERPRINT ROLES REPLICA_OF CLIENT_OF RUN JSON SUDO A B N SYSTEM VERBOSE
OTHER_WORDS := BIN PYTHON SHELL MAKE MAKEFLAGS COLUMNS LINES TERM NO_COLOR LANG LANGUAGE TMPDIR PYTEST_ADDOPTS SLOW UV_SYSTEM_CERTS
OF_BOXES := trust doctor provision teardown lab-up lab-cut lab-down
OF_WORK := setup postgresql clickhouse lock lint fmt unit e2e e2e-boxes e2e-labs e2e-remote e2e-systems integration test test-matrix test-slow browser trees study-versions study-ceiling study-planted study-predictions study-rules study-adjusted study-open-loop study-batching study-engines study-partitions study-durability study-next-steps perf clean
OF_PROGRAMS := demo compare-runs reproduce durability
# Which of them a goal of make's own takes; one that has none here takes none.
WHICH_BOXES := HOST LIMIT USER_NAME PORT KEY
WORDS_trust := $(WHICH_BOXES) FINGERPRINT VERBOSE
WORDS_doctor := $(WHICH_BOXES) SUDO JSON FORMAT
WORDS_provision := $(WHICH_BOXES) ROLES REPLICA_OF CLIENT_OF VERBOSE
WORDS_teardown := $(WHICH_BOXES) VERBOSE
WORDS_lab-up := N SYSTEM VERBOSE
WORDS_lab-cut := HOST VERBOSE
WORDS_lab-down := VERBOSE
WORDS_demo := VERBOSE
WORDS_perf := LIMIT ONLY BLOCKS BASE
WORDS_compare-runs := A B JSON
WORDS_reproduce := $(WHICH_BOXES) RUN JSON
ASKED := $(filter-out help $(OF_BOXES) $(OF_WORK) $(OF_PROGRAMS) .venv/%,$(MAKECMDGOALS))
GIVEN := $(foreach word,$(.VARIABLES),$(if $(findstring command,$(origin $(word))),$(word)))
TYPED := $(sort $(filter-out $(OTHER_WORDS),$(GIVEN)))
# A word is taken as it was typed: what make or a shell would carry out in it is text. A program is given $(call quote,...).
define newline


endef
quote = '$(subst ','\'',$(1))'
$(foreach word,$(TYPED),$(if $(findstring $(newline),$(value $(word))),$(error $(word) is more than one line)))
$(foreach word,$(filter $(OWN_WORDS),$(TYPED)),$(eval override $(word) := $$(value $(word))))
# make has no function for it: POOL_MAX becomes pool-max.
lower = $(subst _,-,$(subst A,a,$(subst B,b,$(subst C,c,$(subst D,d,$(subst E,e,$(subst F,f,$(subst G,g,$(subst H,h,$(subst \
	I,i,$(subst J,j,$(subst K,k,$(subst L,l,$(subst M,m,$(subst N,n,$(subst O,o,$(subst P,p,$(subst Q,q,$(subst R,r,$(subst \
	S,s,$(subst T,t,$(subst U,u,$(subst V,v,$(subst W,w,$(subst X,x,$(subst Y,y,$(subst Z,z,$(1))))))))))))))))))))))))))))
# What a program is handed: every word but those named, and those that are for make itself at this goal.
handed = $(foreach word,$(filter-out $(filter $(ALONE),$(KNOWN)) $(1),$(TYPED)),$(call quote,--$(call lower,$(word))=$(value $(word))))
# Goals of make's own read no other words. One that is misspelt would be swallowed, and its goal done to more than was asked
# for; beside a question, `checked` has the question's program look at it first.
UNKNOWN := $(filter-out $(OWN_WORDS),$(TYPED))
ALONE := FINGERPRINT ROLES REPLICA_OF CLIENT_OF SUDO A B N SYSTEM VERBOSE
TAKEN := $(or $(ASKED),$(if $(filter $(OF_BOXES) $(OF_WORK),$(MAKECMDGOALS)),,$(filter $(OF_PROGRAMS),$(MAKECMDGOALS))))
# A word of another goal is none either: teardown RUN=n100-a would take every box.
KNOWN := $(strip $(foreach goal,$(MAKECMDGOALS),$(WORDS_$(goal))))
NEAREST = $(firstword $(filter $(1)%,$(KNOWN)) \
	$(foreach known,$(filter-out A B N,$(KNOWN)),$(if $(filter $(known)%,$(1)),$(known))))
OF_MAKE := $(filter $(OF_BOXES) $(OF_WORK),$(MAKECMDGOALS))
REFUSED := $(filter-out $(KNOWN),$(if $(TAKEN),$(if $(OF_MAKE),$(filter $(ALONE),$(TYPED))),$(TYPED)))
$(foreach word,$(REFUSED),$(error unknown option $(word); $(or \
	$(patsubst %,did you mean %?,$(call NEAREST,$(word))),$(if $(KNOWN),there are: $(KNOWN),make $(MAKECMDGOALS) takes none))))
# Written small a word is another: an empty host= would mean every box.
small = $(strip $(foreach letter,a b c d e f g h i j k l m n o p q r s t u v w x y z,$(findstring $(letter),$(1))))
$(foreach word,$(TYPED),$(if $(call small,$(word)),$(error unknown option $(word); write words in capitals, as HOST=)))
$(foreach word,JSON SUDO VERBOSE,$(if $(filter $(word),$(TYPED)),$(if $(filter-out 1,$(or $($(word)),0)),$(error $(word) is 1, or left out))))
# A program that asks for JSON shall not be given words for people.
NO_JSON := demo trust provision teardown launch follow pull cancel lab-up lab-cut lab-down
$(if $(and $(JSON),$(filter $(NO_JSON),$(MAKECMDGOALS))),$(error JSON=1 is for: doctor ladder compare compare-hosts \
	compare-runs status and every other question))

# A word of the environment was given for something else (some shells export HOST): it shall not choose boxes.
# The options of a run are of bench.plan.options: make makes this file first, and begins again.
QUIET := help $(filter-out e2e% perf,$(OF_WORK)) .venv/%
RUN_WORDS :=
ifneq ($(filter-out $(QUIET),$(MAKECMDGOALS)),)
include .venv/words
endif
AROUND := $(strip $(foreach word,$(sort $(RUN_WORDS) $(OWN_WORDS)),$(if $(findstring environment,$(origin $(word))),$(word))))
$(if $(and $(AROUND),$(filter-out $(QUIET),$(MAKECMDGOALS))),$(error $(AROUND): set in the environment, where it may \
	mean something else; say it to make: make $(firstword $(MAKECMDGOALS)) $(firstword $(AROUND))=..., or unset it))
# Empty, it would mean every box.
$(foreach word,HOST LIMIT,$(if $(filter $(word),$(TYPED)),$(if $(strip $($(word))),,$(error $(word) is empty: name a box, \
	or leave it out for every box of the inventory))))
$(if $(and $(filter HOST,$(TYPED)),$(filter LIMIT,$(TYPED))),$(error HOST is one address, LIMIT a pattern of the inventory: \
	give one of them))

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
option = $(if $($(1)),--$(2)=$(call quote,$($(1))))
WHERE = $(call option,HOST,host) $(call option,LIMIT,limit) $(call option,USER_NAME,user-name) $(call option,PORT,port) \
	$(call option,KEY,key)
# In front of a command of Ansible's.
ON = .venv/bin/python -m bench.remote.where $(WHERE)
# Ansible takes no locale but UTF-8, and reads what sudo answers in English. VERBOSE=1 shows each of its tasks.
PLAYBOOK = env LC_ALL=C.UTF-8 $(if $(VERBOSE),,ANSIBLE_STDOUT_CALLBACK=pgladder_progress) $(BIN)/ansible-playbook
FAB = $(BIN)/pgladder-fab
# A run that was pulled, by the word that names it.
pulled = $(call quote,results/$(or $($(1)),$(error say which run: make $@ $(if $(filter RUN,$(1)),RUN=name,A=run B=run))))

.PHONY: help checked $(OF_BOXES) $(OF_WORK) $(OF_PROGRAMS) $(ASKED)

# By awk: macOS's sed knows no \n and no \t.
LISTED = -F ':.*\#\# ' '/^\# --- / { print "\n" substr($$0, 7) } /^[a-z0-9-]+:.*\#\# / { print $$1 "\t" $$2 }

# In the language of who asks, by a Python that is new enough.
help: ## this list
	@shopt -s nullglob; listed=$$(awk $(LISTED) /^# questions/ { exit }' Makefile; \
		awk 'FNR == 1 && sub(/^"""/, "") { sub(/"""$$/, ""); gsub(/.*\/|\.py$$/, "", FILENAME); gsub("_", "-", FILENAME); \
			if (FILENAME !~ /^-|^question$$/) print FILENAME "\t" $$0 }' bench/questions/*.py \
			$${PGLADDER_PATH:+"$$PGLADDER_PATH"/questions/*.py}; \
		sed '1,/^# questions/d' Makefile | awk $(LISTED)'); \
	$(call quote,$(or $(wildcard $(BIN)/python),$(PYTHON))) -m bench.cli.goals <<<"$$listed" 2>/dev/null || \
		expand -t 16 <<<"$$listed"

# --- Make boxes ready

trust: checked ## show and record the host keys of boxes (HOST=, LIMIT=; for scripts FINGERPRINT=SHA256:...)
	@$(ON) $(call option,FINGERPRINT,fingerprint) -- $(PLAYBOOK) playbooks/trust.yml

doctor: checked ## what would stop a run on them? (JSON=1 for programs; SUDO=1 tries your password)
	@$(ON) -- $(BIN)/python -m bench.cli.doctor $(if $(JSON),--json) $(if $(filter FORMAT,$(TYPED)),--format=$(call \
		quote,$(value FORMAT))) $(if $(SUDO),-K)

provision: checked ## make boxes ready (ROLES="timescaledb citus clickhouse": with these engines; REPLICA_OF=box, CLIENT_OF=box)
	@$(ON) $(call option,ROLES,roles) $(call option,REPLICA_OF,replica-of) $(call option,CLIENT_OF,client-of) -- $(PLAYBOOK) \
		playbooks/provision.yml

teardown: checked ## put boxes back as they were
	@$(ON) -- $(PLAYBOOK) playbooks/teardown.yml

checked: .venv/ready
	$(foreach goal,$(if $(UNKNOWN),$(ASKED)),@$(FAB) --dry $(call quote,$(goal)) $(handed)$(newline))

# --- Ask (PHASES= VARIANTS= LAYOUTS= BLOCKS= PROFILE= RUN= JSON=1 ...: fab --help compare has them all)
# questions

$(ASKED): .venv/ready
	@$(FAB) $(call quote,$@) $(handed)

compare-runs: .venv/ready ## did anything change between two pulled runs? offline (A=run B=run; MARGIN= JSON=1)
	@$(BIN)/pgladder compare $(handed) $(call pulled,A) $(call pulled,B) \
		--page $(call quote,results/$(subst /,-,$(A))-and-$(subst /,-,$(B)).html)

# On the boxes that it came from where they are named, else here.
reproduce: .venv/ready
	@$(if $(HOST)$(LIMIT),$(FAB) reproduce $(handed),$(BIN)/pgladder reproduce $(call handed,RUN) $(call pulled,RUN))

# Of a box that is named the whole power is cut, else that of private servers on this machine.
durability: .venv/ready
	@$(if $(HOST)$(LIMIT),$(FAB) durability $(handed),$(BIN)/pgladder durability $(call handed,RUN) $(if $(RUN),$(call pulled,RUN)))

# --- Look after runs on boxes

launch: ## only start a run (the options of a question)
follow: ## watch it; Ctrl-C stops the watching, not the run (RUN=)
status: ## what boxes are doing, and which runs they hold (JSON=1 for programs)
pull: ## bring a run's results, verified, finished or not (RUN=)
cancel: ## end a run; what was recorded is kept (RUN=)

# --- Try it without a box

demo: .venv/ready ## everything, on a virtual mini-PC on this machine, in about six minutes
	$(if $(HOST)$(LIMIT),$(error demo makes a box of its own: leave out HOST and LIMIT))
	@$(FAB) --dry ladder --limit=lab $(handed)
	$(PLAYBOOK) playbooks/lab-up.yml -e lab_size=1
	@.venv/bin/python -m bench.remote.where --limit=lab -- $(PLAYBOOK) playbooks/provision.yml
	@$(FAB) ladder --limit=lab $(handed); ladder=$$?; \
	$(FAB) compare --limit=lab --variants="stock async-commit" --phases="1-B 2" $(call handed,VARIANTS PHASES RUN); compare=$$?; \
	echo "make lab-down removes the virtual mini-PC."; exit $$((ladder | compare))  # one void trial does not end it

lab-up: checked ## virtual mini-PCs as an inventory (N=2 for two; SYSTEM=debian13)
	$(PLAYBOOK) playbooks/lab-up.yml -e lab_size=$(call quote,$(or $(N),1)) $(if $(SYSTEM),-e lab_system=$(call quote,$(SYSTEM)))

lab-cut: checked ## cut the power of one (HOST=minipc1); lab-up boots it again
	$(PLAYBOOK) playbooks/lab-cut.yml -e virtual_minipc_name=$(call quote,$(or $(HOST),$(error say which box: make lab-cut HOST=minipc1)))

lab-down: checked ## remove the virtual mini-PCs
	$(PLAYBOOK) playbooks/lab-down.yml

# --- Work on pgladder itself

setup: .venv/ready ## the environment, with locked dependencies

.venv/ready: requirements/dev.txt pyproject.toml
	@PYTHON=$(call quote,$(PYTHON)) .ci/require venv ssh compiler
	$(call quote,$(PYTHON)) -m venv .venv
	$(BIN)/pip install --quiet --require-hashes --no-deps --requirement <(sed -n '/^uv==/,/[^\\]$$/p' requirements/dev.txt)
	.ci/uv pip install --quiet --require-hashes --requirement requirements/dev.txt
	.ci/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -c 'from bench.report.page.assets import assets; assets()'  # the first page is as quick as the next
	@$(BIN)/python -c 'from bench.remote.ansible import warn_unsupported; warn_unsupported()'
	@touch $@

# Written aside: several makes may begin at once.
.venv/words: bench/plan/options.py bench/model/plan.py $(or $(wildcard .venv/bin/python),.venv/ready)
	@.venv/bin/python -c 'from bench.plan.options import COMMON; print("RUN_WORDS :=", *map(str.upper, sorted(COMMON)))' \
		> $@.$$$$ && mv $@.$$$$ $@

postgresql: ## PostgreSQL's programs, for a private server on this machine (as root)
	@PYTHON=$(call quote,$(PYTHON)) .ci/require server openssl

# Its own lock, as it is large: pinned as the others are, for the Python of this environment.
clickhouse: .venv/clickhouse ## ClickHouse's engine, to be measured in the client's process where there is no server

.venv/clickhouse: .venv/ready requirements/clickhouse.txt
	.ci/uv pip install --quiet --require-hashes --requirement requirements/clickhouse.txt
	@touch $@

# One lock for every Python and system, and a wheel of everything for each of them. The box's has no markers (pip judges
# them by the Python that it runs on): the oldest Python needs the most.
COMPILE := .ci/uv pip compile pyproject.toml --python-version $(firstword $(PYTHONS)) --upgrade --quiet --generate-hashes \
	--no-header --no-annotate
lock: .venv/ready ## resolve the dependencies anew
	$(COMPILE) --output-file requirements/box.txt
	$(COMPILE) --universal --extra control --extra dev --output-file requirements/dev.txt
	$(COMPILE) --universal --extra clickhouse --constraint requirements/dev.txt --output-file requirements/clickhouse.txt
	$(foreach python,$(PYTHONS),$(foreach platform,$(PLATFORMS),.ci/uv pip install --dry-run --quiet --target .cache/lock \
		--python-version $(python) --python-platform $(platform) --only-binary :all: --requirement requirements/dev.txt$(newline)))

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

# Tests that measure a machine, beside others at work on it: one that failed is run again, alone.
# Who fails twice has failed.
# A story on boxes is told again from its beginning: what failed in it needs what comes before.
pytest = $(BIN)/pytest $(if $(SLOW),,-m "not slow") -o cache_dir=.pytest_cache/$@
tested = $(pytest) --cache-clear $(1) $(2) || { [ $$? = 1 ] && echo "$@: what failed is run again, alone" && \
	$(pytest) --last-failed --last-failed-no-failures none $(2); }
story = $(pytest) $(1) || { [ $$? = 1 ] && echo "$@: one failed, it is told again from its beginning" && $(pytest) $(1); }

e2e: .venv/ready ## the tests on real virtual mini-PCs, over SSH (root, or sudo): three labs at once
	@PYTHON=$(call quote,$(PYTHON)) .ci/require server
	@$(MAKE) --no-print-directory -j 3 -k e2e-remote e2e-labs e2e-boxes e2e-systems

e2e-boxes e2e-labs e2e-remote e2e-systems: e2e-%: .venv/ready
	$(call story,tests/e2e/$*)

browser:
	@PYTHON=$(call quote,$(PYTHON)) .ci/require server openssl tests cuts
	@.ci/test-sshd
	@.ci/test-clickhouse >/dev/null || echo "ClickHouse's server could not be fetched: tests of it are skipped"

# Of PostgreSQL's other majors. What has to be fetched comes while what is there is linted and tested.
trees: .venv/ready browser
	@$(BIN)/python -m tests.integration.trees

# As root in three workers, each in a network of its own: there is one run at a time in one. Much of it waits.
# Not beside boxes, whose plays take all that two processors have: trials that must count then do not.
integration: .venv/ready browser trees clickhouse ## the tests on a real PostgreSQL, and of the page in a real browser
	$(call tested,$(if $(filter 0,$(shell id -u)),-n 3 --dist loadfile --no-loadscope-reorder),tests/integration)

test: .venv/ready ## everything CI runs
	@$(MAKE) --no-print-directory -j 4 lint unit browser trees clickhouse
	@$(MAKE) --no-print-directory -k integration e2e

test-matrix: ## make test on a pristine system of each that tests run on (as root)
	@.ci/run matrix

# What is slow of a story on boxes needs what comes before it there: these are run whole.
test-slow: .venv/ready ## what takes long, hours of it
	$(BIN)/pytest tests --ignore=tests/e2e -m slow
	@SLOW=1 $(MAKE) --no-print-directory e2e

study-versions: .venv/ready ## PostgreSQL 15, 17 and 18 in one run here, to docs/results/versions.md (root); goes on where it was
	$(BIN)/python -m tests.studies.versions

study-ceiling: .venv/ready ## what yields the published ceiling here, to docs/results/published-ceiling.md; goes on where it was
	$(BIN)/python -m tests.studies.published_ceiling

study-planted: .venv/ready ## planted limits, hours of them, to docs/results/planted.jsonl; goes on where it was
	$(BIN)/python -m tests.planted

study-predictions: .venv/ready ## what explain predicts beside what it measures, to docs/results/predictions.md; goes on where it was
	$(BIN)/python -m tests.studies.predictions

study-adjusted: .venv/ready ## what adjusting for the machine's speed saves, to docs/results/adjusted.md; goes on where it was
	$(BIN)/python -m tests.studies.adjusted

study-open-loop: .venv/ready ## pgladder's open loop beside pgbench's, to docs/results/open-loop.md; goes on where it was
	$(BIN)/python -m tests.studies.open_loop

study-batching: .venv/ready ## what a batch costs in latency, how large a pool has to be, to docs/results; goes on where it was
	$(BIN)/python -m tests.studies.batching

study-engines: .venv/ready clickhouse ## PostgreSQL and ClickHouse by rows a statement, half an hour, to docs/results/engines.md
	$(BIN)/python -m tests.studies.engines

study-partitions: .venv/ready ## hash partitions by number and clients, DROP against DELETE, to docs/results; goes on where it was
	$(BIN)/python -m tests.studies.partitions

study-durability: .venv/ready ## fifty power cuts and fifty torn ones of each variant, to docs/results/durability.md; goes on where it was
	$(BIN)/python -m tests.studies.durability

study-next-steps: .venv/ready ## what the published report left for later, to docs/results/next-steps.md; goes on where it was
	$(BIN)/python -m tests.studies.next_steps

study-rules: .venv/ready ## rules that benchmarks decide by, on equal and slower candidates, to docs/results/rules.md
	$(BIN)/python -m tests.studies.rules

perf: .venv/ready ## benchmarks of pgladder itself (ONLY="copy commits", LIMIT=box: also of the way there and back)
	$(BIN)/python -m tests.perf $(call option,LIMIT,limit) $(call option,ONLY,only) $(call option,BLOCKS,blocks) \
		$(call option,BASE,base)

clean: ## remove the environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
