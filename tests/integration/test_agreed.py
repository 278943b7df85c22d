"""A run that takes hours begins where somebody agrees to it, at a terminal or by ``--yes``, and nowhere else."""

import os
import pty
import subprocess

from tests.integration.support import PATIENCE_S, PGLADDER, pgladder

LONG = ("--phases", "1-B", "--warm-up", "0.2", "--window", "4000", "--blocks", "1")


def at_a_terminal(place, answer):
    """What is said to an answer, and the exit code."""
    ours, theirs = pty.openpty()
    command = [PGLADDER, "run", *LONG, "--data-dir", place / "data"]
    with subprocess.Popen(command, cwd=place, stdin=theirs, stdout=theirs, stderr=theirs) as run:
        os.close(theirs)
        said = b""
        while b"Type yes" not in said:
            said += os.read(ours, 4096)
        os.write(ours, answer)
        code = run.wait(PATIENCE_S)
    os.close(ours)
    return said.decode(), code


def test_without_a_terminal_it_is_refused_with_the_command_that_would_begin_it(place):
    refused = pgladder("run", *LONG, "--data-dir", place / "data", cwd=place)
    assert refused.code == 2
    assert "nobody is there to agree to it" in refused.err
    assert refused.err.strip().endswith("--yes")
    assert not list(place.glob("results/*/*"))


def test_at_a_terminal_it_is_asked_and_no_begins_nothing(place):
    said, code = at_a_terminal(place, b"no\n")
    assert "This run takes up to 1 h" in said
    assert code == 2
    assert not list(place.glob("results/*/*"))
