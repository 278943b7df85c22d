"""``pgladder box`` as a control machine asks it: words in, words and exit codes out."""

import hashlib
import io
import sys

import pytest

from bench.cli import box as cli_box
from bench.cli.main import main

PLAN = b'{"plan": "theirs"}\n'
SHA256 = hashlib.sha256(PLAN).hexdigest()


@pytest.fixture
def ask(folder, monkeypatch, capfdbinary):
    """Return exit code, standard output and standard error of a step."""
    monkeypatch.setattr(cli_box, "provisioned", lambda: folder.box)

    def asked(*words, stdin=b""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main(["box", *words])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return ended.value.code, out, err.decode()

    return asked


def test_a_run_is_launched_let_through_and_cancelled(ask):
    assert ask("launch", "r1", SHA256, "me at home", "--gated", stdin=PLAN) == (0, b"started\n", "")
    assert ask("launch", "r1", SHA256, "me at home", "--gated", stdin=PLAN) == (0, b"resumed\n", "")
    assert ask("plan", "r1") == (0, PLAN, "")
    assert ask("gate", "r1") == (0, b"0\n", "")
    assert ask("gate", "r1", "2") == (0, b"2\n", "")
    assert ask("cancel") == (0, b"r1\n", "")
    assert ask("cancel", "r1") == (0, b"r1\n", "")
    assert ask("cancel") == (0, b"", "")


def test_a_run_without_a_gate_says_nothing_of_it(ask):
    ask("launch", "r1", SHA256, "me", stdin=PLAN)
    assert ask("gate", "r1") == (0, b"", "")


def test_a_run_is_followed_to_its_end(ask, folder):
    ask("launch", "r1", SHA256, "me", stdin=PLAN)
    folder.is_active("r1", "failed")
    (folder.box.runs / "r1" / "trials.jsonl").write_text("one\ntwo\n")
    assert ask("follow", "r1", "4") == (11, b"two\n", "")
    ask("cancel", "r1")
    assert ask("follow", "r1", "0") == (10, b"one\ntwo\n", "")
    (folder.box.runs / "r1" / "SHA256SUMS").touch()
    assert ask("follow", "r1", "8") == (0, b"", "")


def test_what_a_run_does_not_allow_has_an_exit_code_of_its_own(ask):
    ask("launch", "r1", SHA256, "ann at work", stdin=PLAN)
    busy = "pgladder: run r1 has not ended there (launched by ann at work)\n"
    assert ask("launch", "r2", SHA256, "me", stdin=PLAN) == (75, b"", busy)
    for step in (["gate", "r2"], ["follow", "r2", "0"], ["plan", "r2"], ["cancel", "r2"]):
        assert ask(*step) == (12, b"", "pgladder: there is no run r2 there\n")


def test_a_plan_that_was_cut_off_is_said_to_be(ask):
    assert ask("launch", "r1", SHA256, "me", stdin=PLAN[:7]) == (1, b"", "pgladder: the plan arrived incomplete\n")


@pytest.mark.parametrize("name", ["../r1", ".r1.part", "-", "a b", ""])
def test_a_name_that_leads_elsewhere_is_refused(ask, name):
    for step in (["gate", name], ["plan", name], ["cancel", name], ["launch", name, SHA256, "me"]):
        code, out, err = ask(*step)
        assert (code, out) == (2, b"")
        assert "can't be a run's name" in err
