"""The command that measures longer: where it measured, whoever was called, in the words of the plan."""

import shlex
import socket
import sys
from dataclasses import replace

import pytest

from bench.analysis.compare import compare_arms
from bench.analysis.comparison import Longer
from bench.model.plan import UntilDecided
from bench.store.run_directory import RunDirectory
from bench.targets.longer import longer_command
from tests.builders import a_host, compared_run, written

SCATTERED = {"stock": [100.0, 120, 90, 110, 95, 105], "async-commit": [110.0, 95, 105, 90, 120, 100]}


@pytest.fixture
def asked(tmp_path):
    """Ask for the command of a comparison of a run on a host."""

    def ask(host, given, question="compare", hosts=None, **changes):
        run = replace(compared_run(SCATTERED), host=replace(a_host(), host=host))
        run = replace(run, plan=replace(run.plan, **changes))
        report = compare_arms([run], lambda _cell, _blocks: None)
        report = replace(report, hosts=hosts or report.hosts, longer=Longer(blocks=12, seconds=60, tells=0.05))
        return longer_command(question, report, RunDirectory(written(tmp_path / host, run)), given)

    return ask


def called(monkeypatch, program, *, by_make=False):
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.delenv("MAKELEVEL", raising=False)
    if by_make:
        monkeypatch.setenv("MAKELEVEL", "1")


def test_on_boxes_it_is_makes_with_the_box_as_it_was_named(monkeypatch, asked):
    called(monkeypatch, "fab", by_make=True)
    given = {"host": "192.168.1.50", "user_name": "me", "key": "keys/a b", "variants": ["stock async-commit"]}
    assert shlex.split(asked("192.168.1.50", given)) == [
        "make", "compare", "HOST=192.168.1.50", "USER_NAME=me", "KEY=keys/a b", "BLOCKS=12", "PHASES=2-C",
        "VARIANTS=stock async-commit", "BATCH=1",
    ]  # fmt: skip


def test_who_calls_fab_is_told_fabs(monkeypatch, asked):
    called(monkeypatch, "fab")
    assert asked("n100-a", {"limit": "n100-a"}).startswith("fab compare --limit=n100-a --blocks=12 --phases=2-C ")


def test_the_name_of_a_run_is_not_repeated_which_would_resume_it(monkeypatch, asked):
    called(monkeypatch, "fab", by_make=True)
    command = asked("n100-a", {"run": "mine", "json": True, "detail": True})
    assert not {"RUN", "JSON", "DETAIL"} & {word.partition("=")[0] for word in shlex.split(command)}


def test_here_the_disk_and_the_programs_are_those_that_were_named(monkeypatch, asked):
    called(monkeypatch, "pgladder")
    given = {"data_dir": "/srv/a b", "bin_dir": ["/opt/17/bin", "/opt/18/bin"], "margin": 0.05}
    words = shlex.split(asked(socket.gethostname(), given))
    assert words[2:7] == ["--bin-dir", "/opt/17/bin", "/opt/18/bin", "--data-dir", "/srv/a b"]
    assert words[-2:] == ["--margin", "0.05"]


def test_a_run_until_decided_is_asked_for_as_one(monkeypatch, asked):
    called(monkeypatch, "pgladder")
    rule = UntilDecided(margin=0.05, alpha=0.05)
    command = asked(socket.gethostname(), {}, until_decided=rule)
    assert " --until-decided --max-blocks 12 --margin 0.05 " in command


def test_the_connection_string_of_a_server_is_never_printed(monkeypatch, asked):
    called(monkeypatch, "pgladder")
    assert asked(socket.gethostname(), {"dsn": "postgresql://me:secret@db/x"}) is None


def test_of_several_boxes_all_are_named(monkeypatch, asked):
    called(monkeypatch, "pgladder")
    command = asked("n100-a", {}, "compare-hosts", hosts=("n100-a", "n100-b"))
    assert command.startswith("make compare-hosts LIMIT=n100-a,n100-b BLOCKS=12 ")
