"""The command that a comparison offers: carried out as it is printed, it measures the same, and longer."""

import re
import shlex
import subprocess

import pytest

from bench.plan.contrast import place_of
from bench.store.run_directory import RunDirectory
from tests.integration.support import BRIEF, PATIENCE_S, PGLADDER, pgladder


def offered(out):
    """The command below the sentence, and how many blocks it was said to take."""
    [blocks] = re.findall(r"^A new run of (\d+) blocks, about .*, would tell .*:$", out, re.MULTILINE)
    [command] = re.findall(r"^  (\S*pgladder compare .*)$", out, re.MULTILINE)
    return int(blocks), command


def carried_out(command, place):
    """Give it to a shell that finds pgladder."""
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=place,
        env={"PATH": f"{PGLADDER.parent}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(place), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_S,
        check=False,
    )
    assert ended.returncode in (0, 1), ended.stderr  # 1: a void trial, on a busy machine
    return ended.stdout


@pytest.mark.slow
def test_the_command_that_is_offered_is_carried_out_as_it_is_printed(place):
    asked = ["--phases", "2-C", "--layouts", "plain no-index", "--batch", 50, "--blocks", 1, *BRIEF]
    first = pgladder("compare", *asked, "--data-dir", place / "data", cwd=place)
    assert "One block decides nothing: measure six or more." in first.out, first.err
    blocks, command = offered(first.out)
    assert blocks == 6
    [before] = (place / "results").glob("*/*/plan.json")
    out = carried_out(command, place)
    assert "one block" not in out.lower()
    [after] = set((place / "results").glob("*/*/plan.json")) - {before}
    one, longer = (RunDirectory(path.parent).plan() for path in (before, after))
    assert len(longer.blocks) == blocks
    assert set(map(place_of, longer.trials)) == set(map(place_of, one.trials))
    assert (longer.warm_up_s, longer.window_s) == (one.warm_up_s, one.window_s)
    assert shlex.split(command)[0] == str(PGLADDER), "as it was called"
