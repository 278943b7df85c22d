"""Somebody is told how a run ended, by a program of theirs that changes nothing of it."""

import os
import sys

import pytest

from bench.model.errors import HostError
from bench.model.parse import program
from bench.report.console import console
from bench.targets import notify as telling
from bench.targets.notify import Event, notify, notifying
from bench.targets.target import Request

EVENT = Event(
    what="finished", question="ladder", run="r1", hosts=["a", "b"], sentence="It ended; all of it.", exit_code=1
)


@pytest.fixture
def teller(tmp_path):
    """A program that writes down what it was told."""
    told = tmp_path / "told"
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\nenv | grep ^PGLADDER_ | sort > {told}\nprintf '%s\\n' \"$@\" >> {told}\n")
    script.chmod(0o755)
    return script, told


def variables(told):
    return dict(line.split("=", 1) for line in told.read_text().splitlines() if line.startswith("PGLADDER_"))


def test_what_happened_is_in_the_environment_and_arguments_are_as_typed(teller):
    script, told = teller
    notify(program(f"{script} 'a b' $HOME ;true"), EVENT, pytest.fail)
    assert variables(told) == {
        "PGLADDER_EVENT": "finished",
        "PGLADDER_QUESTION": "ladder",
        "PGLADDER_RUN": "r1",
        "PGLADDER_HOSTS": "a b",
        "PGLADDER_SENTENCE": "It ended; all of it.",
        "PGLADDER_EXIT_CODE": "1",
        "PGLADDER_RESULTS": "",
    }
    assert told.read_text().splitlines()[-3:] == ["a b", "$HOME", ";true"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([sys.executable, "-c", "import sys; sys.exit('no mail today')"], "ended with 1: no mail today"),
        (["/nowhere/tell"], "could not tell"),
        ([sys.executable, "-c", "import time; time.sleep(60)"], "could not tell"),
    ],
)
def test_that_it_fails_is_told_and_nothing_more(command, words, monkeypatch):
    monkeypatch.setattr(telling, "PATIENCE_S", 2)
    told = []
    notify(command, EVENT, told.append)
    [sentence] = told
    assert words in sentence
    assert sentence.endswith("The run is what it was.")


def test_without_a_command_nobody_is_told():
    notify(None, EVENT, pytest.fail)


@pytest.mark.parametrize("text", ["", "   ", "no-such-program-here --now", "'unclosed"])
def test_a_command_that_can_not_be_started_is_refused_before_anything_is_measured(text):
    with pytest.raises(ValueError, match=r"begins with no program|No closing quotation"):
        program(text)


def measured(script, ends):
    with notifying(Request(given={"notify": [str(script)]}), console()) as happened:
        ends(happened)


def test_a_run_that_came_to_its_end_is_told(teller, tmp_path):
    script, told = teller

    def ends(happened):
        happened.run, happened.results, happened.complete = "r1", tmp_path, True

    measured(script, ends)
    found = variables(told)
    assert (found["PGLADDER_EVENT"], found["PGLADDER_RUN"]) == ("finished", "r1")
    assert found["PGLADDER_RESULTS"] == str(tmp_path)
    assert found["PGLADDER_HOSTS"] == os.uname().nodename


def test_a_run_that_was_stopped_is_told(teller):
    script, told = teller
    measured(script, lambda happened: setattr(happened, "run", "r1"))
    assert variables(told)["PGLADDER_EVENT"] == "stopped"


@pytest.mark.parametrize(
    ("error", "what"), [(HostError("the disk is full"), "failed"), (KeyboardInterrupt(), "stopped")]
)
def test_a_run_that_failed_is_told_and_fails_as_it_would_have(teller, error, what):
    script, told = teller

    def ends(_):
        raise error

    with pytest.raises(type(error)):
        measured(script, ends)
    assert variables(told)["PGLADDER_EVENT"] == what
    assert what == "stopped" or variables(told)["PGLADDER_SENTENCE"] == "the disk is full"
