"""The front door passes on every word it is given, or refuses it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.plan.options import OPTIONS
from bench.questions import COMMANDS, RESERVED, load_question, questions
from bench.remote.where import target

CHECKOUT = Path(__file__).parents[2]
QUIETLY = ("-s", "--no-print-directory", "-o", ".venv/ready")


def make(*words, options=("--dry-run", "--no-print-directory"), checkout=CHECKOUT, **environment):
    command = ["make", *options, *words]
    return subprocess.run(
        command, cwd=checkout, capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        (["compare", "UNTIL_DECIDED=1", "MAX_BLOCKS=9"], "pgladder-fab compare --max-blocks=9 --until-decided=1"),
        (
            ["ladder", "BATCH=100", "IN_FLIGHT=8", "PAYLOAD_BYTES=1024"],
            "pgladder-fab ladder --batch=100 --in-flight=8 --payload-bytes=1024",
        ),
        (["compare", "UNTIL_DECIDED=yes"], "pgladder-fab compare --until-decided=yes"),
        (["compare-runs", "A=a", "B=b", "MARGIN=0.05", "JSON=1"], "--json=1 --margin=0.05 results/a results/b"),
        (["doctor", "JSON=1", "SUDO=1"], "bench.cli.doctor --json -K"),
        (["doctor", "FORMAT=csv"], "bench.cli.doctor --format=csv"),
        (["status", "JSON=1"], "status --json=1"),
        (["ladder", "JSON=1", "HOST=n1"], "--host=n1 --json=1"),
        (["compare-runs", "A=a/n1", "B=b"], "--page results/a-n1-and-b.html"),
        (["reproduce", "RUN=a", "MARGIN=0.05"], "pgladder reproduce --margin=0.05 results/a"),
        (["reproduce", "RUN=a", "HOST=n1"], "pgladder-fab reproduce --host=n1 --run=a"),
        (["durability", "CUTS=3", "JSON=1"], "pgladder durability --cuts=3 --json=1"),
        (["durability", "RUN=a"], "pgladder durability results/a"),
        (
            ["durability", "HOST=n1", "POWER_COMMAND=off 'n1'; on", "YES=1"],
            "pgladder-fab durability --host=n1 --power-command=off 'n1'; on --yes=1",
        ),
        (["noise", "JSON=1"], "noise --json=1"),
        (["toy", "DEPTH=3", "RUN=a"], "pgladder-fab toy --depth=3 --run=a"),
        (["demo", "WINDOW=2"], "ladder --limit=lab --window=2"),
        (["demo", "WINDOW=2"], "--variants=stock async-commit --phases=1-B 2 --window=2"),
    ],
)
def test_a_word_is_passed_on(words, passed):
    assert passed in " ".join(shlex.split(make(*words).stdout, comments=True))


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
@pytest.mark.parametrize("verb", ["ladder", "compare", "compare-hosts", "noise", "launch"])
def test_whatever_may_be_asked_of_a_run_is_a_word_of_make(verb, option):
    assert f"{option.flag}=1" in shlex.split(make(verb, f"{option.name.upper()}=1").stdout)


@pytest.mark.parametrize("name", questions())
def test_whatever_a_question_takes_is_a_word_of_make(name):
    for option in load_question(name).on_boxes():
        if option.name not in ("json", "host", "limit"):
            words = make(name, f"{option.name.upper()}=x", "LIMIT=n1").stdout
            assert f"{option.flag}=x" in shlex.split(words)


@pytest.mark.parametrize(
    "words", [["compare-runs", "A=a", "B=b", "JSON=yes"], ["doctor", "JSON=yes"], ["status", "JSON=0"]]
)
def test_a_word_that_means_nothing_is_refused(words):
    ended = make(*words)
    assert ended.returncode
    assert "JSON is 1, or left out" in ended.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ladder", "HOSTS=n100-a"], "unknown option HOSTS; did you mean HOST?"),
        (["launch", "VARIANT=stock big-wal"], "unknown option VARIANT; did you mean VARIANTS?"),
        (["ladder", "HOST=n1", "PHASE=2-C"], "unknown option PHASE; did you mean PHASES?"),
        (["teardown", "BOX=n1"], "unknown option BOX; there are: HOST LIMIT "),
        (["teardown", "HOSTS=n1"], "unknown option HOSTS; did you mean HOST?"),
        (["provision", "PHASES=2-C"], "unknown option PHASES; there are: HOST LIMIT "),
        (["teardown", "ROLES=timescaledb"], "unknown option ROLES; there are: HOST LIMIT "),
        (["teardown", "RUN=n100-a"], "unknown option RUN; there are: HOST LIMIT "),
        (["teardown", "A=n100-a"], "unknown option A; there are: HOST LIMIT "),
        (["teardown", "ladder", "A=n1"], "unknown option A; there are: HOST LIMIT "),
        (["provision", "N=2"], "unknown option N; there are: HOST LIMIT "),
        (["provision", "JSON=1"], "unknown option JSON; there are: HOST LIMIT "),
        (["trust", "SUDO=1"], "unknown option SUDO"),
        (["doctor", "FINGERPRINT=x"], "unknown option FINGERPRINT"),
        (["lab-cut", "LIMIT=lab"], "unknown option LIMIT; there are: HOST"),
        (["lab-down", "HOST=minipc1"], "unknown option HOST; there are: VERBOSE"),
        (["fmt", "HOST=minipc1"], "unknown option HOST; make fmt takes none"),
        (["lab-up", "SIZE=2"], "unknown option SIZE"),
        (["lab-cut", "HOST=minipc1", "SYSTEM=debian13"], "unknown option SYSTEM; there are: HOST"),
        (["doctor", "JASON=1"], "unknown option JASON"),
        (["demo", "VARIANT=stock"], "unknown option VARIANT; did you mean VARIANTS?"),
        (["teardown", "ladder", "HOSTS=n1"], "unknown option HOSTS; did you mean HOST?"),
        (["lab-down", "ladder", "PHASE=2-C"], "unknown option PHASE; did you mean PHASES?"),
        (["teardown", "reproduce", "RUN=a", "HOSTS=n1"], "unknown option HOSTS; did you mean HOST?"),
        (["report", "RUN=a", "PAGE=x"], "unknown option PAGE"),
        (["pull", "RUN=a", "BLOCKS=3"], "unknown option BLOCKS"),
        (["cancel", "HOST=n1", "RUNS=a"], "unknown option RUNS; did you mean RUN?"),
        (["compare-runs", "A=a", "B=b", "BLOCK=3"], "unrecognized arguments: --block=3"),
        (["reproduce", "RUN=a", "BATCH=3"], "unrecognized arguments: --batch=3"),
        (["laddr"], "Unknown question 'laddr'; did you mean ladder"),
    ],
)
def test_a_word_that_is_none_is_refused_before_anything_is_done(shelf, words, told):
    """Carried out, not only shown: in a checkout whose boxes are nowhere, by an Ansible that says if it is called."""
    programs = shelf / "bin"
    programs.mkdir()
    for name in ("python", "pgladder", "pgladder-fab"):
        (programs / name).symlink_to(Path(sys.prefix) / "bin" / name)
    (programs / "ansible-playbook").write_text("#!/bin/sh\necho it was called\n")
    (programs / "ansible-playbook").chmod(0o755)
    ended = make(*words, f"BIN={programs}", options=QUIETLY, checkout=shelf)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert told in ended.stderr


def test_without_such_a_word_it_is_done(shelf):
    printed = instead(shelf, "echo it was called", "LIMIT=n1").stdout
    assert printed == "it was called\n"


@pytest.mark.parametrize("verb", ["pull", "launch", "cancel", "demo"])
def test_who_asks_for_json_where_there_is_none_is_told_where_there_is(verb):
    ended = make(verb, "JSON=1")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "JSON=1 is for: doctor ladder compare compare-hosts compare-runs status" in ended.stderr


@pytest.mark.parametrize("word", ["SHELL=/bin/bash", "BIN=.venv/bin", "COLUMNS=80", "NO_COLOR=1"])
def test_words_of_make_itself_are_none_to_refuse(word):
    assert make("status", word).returncode == 0


@pytest.mark.parametrize("word", ["N=2", "SYSTEM=debian13", "SUDO=1", "A=x", "B=y", "FINGERPRINT=SHA256:x"])
def test_a_word_of_another_goal_is_handed_to_the_program_which_refuses_it(word):
    name, _, value = word.partition("=")
    assert f"--{name.lower()}={value}" in make("status", word).stdout.replace("'", "")


@pytest.mark.parametrize("word", ["host=", "limit=n1", "phases=1", "Host=n1"])
def test_a_word_in_small_letters_is_refused(word):
    ended = make("ladder", word)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"unknown option {word.partition('=')[0]}; write words in capitals, as HOST=" in ended.stderr


def test_every_word_that_the_makefile_reads_is_known():
    text = (CHECKOUT / "Makefile").read_text()
    listed = " ".join(re.findall(r"^(?:OTHER|OWN)_WORDS := ((?:.*\\\n)*.*)", text, re.MULTILINE)).split()
    own = re.findall(r"^(?:export |define )?([A-Z_]+)(?: :?=|$)", text, re.MULTILINE)
    assert set(re.findall(r"\$\(([A-Z_]+)\)", text)) - {
        *own,
        "MAKEFILE_LIST",
        "MAKECMDGOALS",
        "MAKE_VERSION",
        "CURDIR",
        "GIVEN",
    } <= set(listed)


def listed_words(kind):
    text = (CHECKOUT / "Makefile").read_text()
    return set(re.search(rf"^{kind} := (.*)", text, re.MULTILINE)[1].split())


def test_no_question_takes_the_name_of_a_goal_nor_an_option_that_of_a_word_of_make():
    text = (CHECKOUT / "Makefile").read_text()
    goals = {"help", "checked"} | listed_words("OF_BOXES") | listed_words("OF_WORK") | listed_words("OF_PROGRAMS")
    for names in re.findall(r"^([a-z0-9 -]+):(?!=)", text, re.MULTILINE):
        goals |= set(names.split())
    assert goals <= COMMANDS | {"reproduce", "durability"}
    assert "provision" in goals
    words = listed_words("ALONE") | listed_words("OTHER_WORDS")
    assert {word.lower() for word in words} <= RESERVED


@pytest.mark.parametrize("verb", ["teardown", "ladder"])
def test_hosts_named_in_two_ways_are_refused(verb):
    ended = make(verb, "HOST=10.0.0.1", "LIMIT=n100")
    assert ended.returncode
    assert "give one of them" in ended.stderr


ODD = [
    "a'b",
    "a; touch TRAP",
    "$(shell touch TRAP)",
    "`touch TRAP`",
    '"; touch TRAP; "',
    "${HOME}",
    "a b  c",
    "~/x y",
    "#x",
]


@pytest.mark.parametrize("verb", ["ladder", "provision", "doctor", "trust", "pull"])
@pytest.mark.parametrize("odd", [*ODD, "a\\", "a,b", "'; touch TRAP; '"])
def test_a_word_reaches_its_program_as_it_was_typed(tmp_path, verb, odd):
    trap, programs = tmp_path / "carried-out", tmp_path / "bin"
    programs.mkdir()
    for name in ("python", "pgladder-fab", "ansible-playbook"):
        (programs / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (programs / name).chmod(0o755)
    (programs / "ansible-playbook").write_text('#!/bin/sh\n[ "$2" != -e ] || printf "%s" "$3"\n')
    value = odd.replace("TRAP", str(trap))
    given = [f"BIN={programs}", f"USER_NAME={value}", *(["RUN=a"] if verb in ("ladder", "pull") else [])]
    words = ["make", "--no-print-directory", "-o", ".venv/ready", verb, *given]
    said = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    if verb in ("provision", "trust"):
        assert json.loads(said.stdout)["ansible_ssh_user"] == value
    else:
        assert (f"--user-name={value}" if verb != "doctor" else target(user_name=value)[1]) in said.stdout.splitlines()
    assert not trap.exists()


VERBS = ("ladder", "compare-runs", "report", "reproduce", "lab-up", "lab-cut", "compare", "perf")


@pytest.mark.parametrize(
    "word", ["HOST", "LIMIT", "USER_NAME", "PORT", "RUN", "PHASES", "VARIANTS", "WINDOW", "MARGIN", "N"]
)
def test_no_word_is_carried_out(tmp_path, word):
    trap = tmp_path / "carried-out"
    for value in (f"'; touch {trap}; '", f"$(shell touch {trap})", f"$(eval $(shell touch {trap}))"):
        for verb in VERBS:
            runs = ("A=a", "B=b") if verb == "compare-runs" else ()
            script = make("-o", ".venv/ready", verb, *runs, f"{word}={value}").stdout
            assert "touch" not in shlex.split(script, comments=True)  # it is a part of a word
    assert not trap.exists()


def test_a_word_of_more_than_one_line_is_refused(tmp_path):
    trap = tmp_path / "carried-out"
    ended = make("ladder", f"HOST=a\ntouch {trap}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "HOST is more than one line" in ended.stderr


# --- the environment -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["HOST", "LIMIT", "RUN", "SUDO", *(option.name.upper() for option in OPTIONS)])
def test_a_word_of_the_environment_chooses_nothing(word):
    ended = make("provision", **{word: "n1"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"{word}: set in the environment, where it may mean something else; say it to make" in ended.stderr
    assert make("help", **{word: "n1"}).returncode == 0


def helped(checkout, *words, language="en"):
    asked = {"LC_ALL": "en_US.UTF-8", "LANGUAGE": language}
    ended = make("help", *words, options=("--no-print-directory",), checkout=checkout, **asked)
    assert ended.returncode == 0
    return ended.stdout


def test_help_is_in_the_language_of_who_asks(shelf):
    english, korean = helped(shelf), helped(shelf, language="ko")
    assert "doctor          what would stop a run on them?" in english
    assert "doctor          그곳에서 실행을 막을 것은?" in korean
    assert "\n장비 준비\n" in korean
    goals = [re.findall(r"(?m)^[a-z0-9-]+", text) for text in (english, korean)]
    assert goals[0] == goals[1]
    used = korean.partition("Work on pgladder itself")[0].splitlines()
    assert [line for line in used if line and not re.search("[가-힣]", line)] == []


def test_help_needs_no_environment_and_no_python(shelf):
    (shelf / ".venv").unlink()
    assert helped(shelf, language="ko") == helped(CHECKOUT, language="ko")
    assert helped(shelf, "PYTHON=false", language="ko") == helped(CHECKOUT)


def test_the_words_of_a_run_are_those_of_its_table(shelf):
    """The list is made again where the table is newer."""
    (shelf / ".venv").unlink()
    (shelf / ".venv" / "bin").mkdir(parents=True)
    python = shelf / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    table = shelf / "bench" / "plan" / "options.py"
    for name in ("seed", "seeed"):
        table.write_text(table.read_text().replace('"seed"', f'"{name}"'))
        ended = make("ladder", checkout=shelf, **{name.upper(): "1"})
        assert f"{name.upper()}: set in the environment" in ended.stderr
        os.utime(shelf / ".venv" / "words", (0, 0))


@pytest.mark.parametrize("word", ["HOST=", "LIMIT=", "LIMIT= "])
def test_an_empty_word_does_not_mean_every_box(word):
    ended = make("teardown", word)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "is empty: name a box, or leave it out" in ended.stderr


@pytest.fixture
def shelf(tmp_path):
    """Return a checkout that anybody may write to, as on a Windows disk, with two boxes in its inventory."""
    copy = tmp_path / "checkout"
    names = ("Makefile", "ansible.cfg", "playbooks", "inventory", "roles", "plugins", "bench", "fabfile.py", ".ci")
    for name in names:
        source = CHECKOUT / name
        copy_of = shutil.copytree if source.is_dir() else shutil.copy
        copy.mkdir(exist_ok=True)
        copy_of(source, copy / name)
    (copy / ".venv").symlink_to(Path(sys.prefix))
    (copy / "inventory" / "hosts.yml").write_text("minipcs: {hosts: {n1: {ansible_host: 192.0.2.1}, n2: {}}}\n")
    (copy / "inventory" / "lab.yml").unlink(missing_ok=True)
    copy.chmod(0o777)
    return copy


def instead(shelf, script, *words, **environment):
    """Return ``make provision`` with a script in place of ansible-playbook."""
    program = shelf / "bin" / "ansible-playbook"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    options = ("-s", "-o", ".venv/ready", f"BIN={program.parent}")
    return make("provision", *words, options=options, checkout=shelf, **environment)


def listed(shelf, *words, **environment):
    """Return what Ansible would do it to: it is told to list hosts instead."""
    return instead(shelf, 'exec .venv/bin/ansible-playbook --list-hosts "$@"', *words, **environment)


HARMFUL = {
    "ANSIBLE_INVENTORY": "/dev/null",
    "ANSIBLE_CONFIG": "/dev/null",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_STDOUT_CALLBACK": "oneline",
    "ANSIBLE_REMOTE_TMP": "/tmp",
    "ANSIBLE_SSH_ARGS": "-F none",
}


def test_what_the_environment_sets_for_ansible_is_left_out_and_said(shelf):
    ended = listed(shelf, **HARMFUL)
    assert ended.returncode == 0, ended.stderr
    assert {"n1", "n2"} <= set(ended.stdout.split())
    assert f"left out, though set in the environment: {' '.join(sorted(HARMFUL))};" in ended.stderr


@pytest.mark.parametrize("name", sorted(HARMFUL))
def test_no_verb_runs_ansible_with_it(shelf, name):
    printed = instead(shelf, "env", **HARMFUL).stdout.splitlines()
    found = [line for line in printed if line.startswith(f"{name}=")]
    ours = {"ANSIBLE_CONFIG": f"{shelf}/ansible.cfg", "ANSIBLE_STDOUT_CALLBACK": "pgladder_progress"}
    assert found == ([f"{name}={ours[name]}"] if name in ours else [])


def test_verbose_shows_each_of_its_tasks(shelf):
    assert "ANSIBLE_STDOUT_CALLBACK" not in instead(shelf, "env", "VERBOSE=1").stdout


@pytest.mark.parametrize("limit", ["nosuch", "n1,nosuch", "n1:nosuch", "n9*"])
def test_a_limit_of_which_a_part_fits_no_box_is_an_error(shelf, limit):
    ended = listed(shelf, f"LIMIT={limit}")
    assert ended.returncode
    assert "Could not match supplied host pattern" in ended.stderr
    assert "n1\n" not in ended.stdout


@pytest.mark.parametrize("limit", ["n1", "minipcs"])
def test_a_limit_without_any_box_in_the_inventory_is_an_error(shelf, limit):
    (shelf / "inventory" / "hosts.yml").write_text("minipcs: {hosts: {}}\n")
    assert listed(shelf, f"LIMIT={limit}").returncode


def test_boxes_that_are_picked_are_the_ones_meant(shelf):
    ended = listed(shelf, "LIMIT=all:!n1")
    assert ended.returncode == 0
    assert "n2" in ended.stdout.split()
    assert "n1" not in ended.stdout.split()


def test_a_make_that_was_never_tried_is_refused(shelf):
    text = (shelf / "Makefile").read_text()
    (shelf / "Makefile").write_text(f"override MAKE_VERSION := 3.81\n{text}")
    ended = make("help", checkout=shelf)
    assert ended.returncode == 2
    assert "this is GNU make 3.81, and pgladder needs 4 or later: on macOS brew install make" in ended.stderr
