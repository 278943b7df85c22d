"""The words of the front door as Ansible's arguments."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.model.errors import UsageError
from bench.remote.where import check_key, target

CHECKOUT = Path(__file__).parents[3]
ODD = 'a\'b "c" $(touch x) `touch y`; touch z #'


def test_the_words_of_the_front_door_are_ansibles_arguments():
    *where, option, variables = target(host="10.0.0.5", user_name="me", port=2222, key="~/key")
    assert where == ["-i", "inventory", "-i", "10.0.0.5,", "--limit", "10.0.0.5"]
    assert option == "-e"
    assert json.loads(variables) == {
        "ansible_user": "me",
        "ansible_ssh_user": "me",
        "ansible_port": "2222",
        "ansible_ssh_port": "2222",
        "ansible_private_key_file": "~/key",
        "ansible_ssh_private_key_file": "~/key",
    }
    assert target(limit="minipcs") == ["--limit", "minipcs"]
    known, option, variables = ["-i", "inventory", "-i"], "-e", '{"replica_of": "n1"}'
    assert target(limit="n2", replica_of="n1") == [*known, "n1,", "--limit", "n2", option, variables]
    assert target(host="n2", replica_of="n1") == [*known, "n2,", *known, "n1,", "--limit", "n2", option, variables]
    of_server = target(host="n2", client_of="n1")
    assert of_server == [*known, "n2,", *known, "n1,", "--limit", "n2", option, '{"client_of": "n1"}']
    assert target() == []


def test_a_value_is_handed_on_as_it_was_typed():
    [_, variables] = target(key=ODD)
    assert json.loads(variables)["ansible_ssh_private_key_file"] == ODD


def test_a_standby_is_of_a_box_that_is_named():
    with pytest.raises(UsageError, match="Which box shall be the standby of n1"):
        target(replica_of="n1")
    with pytest.raises(UsageError, match="Which box shall be the client box of n1"):
        target(client_of="n1")


@pytest.mark.parametrize("word", ["host", "limit", "user_name", "key"])
def test_a_template_is_refused(word):
    with pytest.raises(UsageError, match=f"{word.upper()} is taken as it is written"):
        target(**{word: "{{ lookup('pipe', 'touch x') }}"})


def test_a_key_that_was_typed_and_is_not_there_is_refused(tmp_path):
    (tmp_path / "key").touch()
    check_key(str(tmp_path / "key"))
    check_key("")
    fab = [Path(sys.executable).with_name("fab"), "status", f"--key={tmp_path}/none", "--host=127.0.0.1"]
    done = subprocess.run(fab, cwd=CHECKOUT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (
        2,
        f"fab: There is no SSH key {tmp_path}/none; name yours by KEY=. (exit code 2)\n",
    )


def run(*words):
    show = "import json, os, sys; print(json.dumps([os.environ['MOOD'], *sys.argv[1:]]))"
    command = [sys.executable, "-m", "bench.remote.where", *words, "--", "MOOD=good", sys.executable, "-c", show]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_command_is_run_with_them_and_with_what_is_set_for_it():
    mood, *words, _, last = json.loads(run("--host=n1", f"--user-name={ODD}").stdout)
    assert [mood, *words] == ["good", *target(host="n1", user_name=ODD)]
    assert json.loads(last)["ansible_ssh_executable"] == str(CHECKOUT / "bench" / "remote" / "ansible_ssh")


def test_what_can_not_be_is_told_before_the_command_is_run():
    done = run("--host={{ x }}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("pgladder: HOST is taken as it is written")


def test_a_key_that_is_missing_is_told_before_ansible_is_started():
    done = run("--host=n1", "--key=/nowhere/id")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pgladder: There is no SSH key /nowhere/id; name yours by KEY=.\n"
