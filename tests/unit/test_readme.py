import re

import pytest

from bench.report.terminal import caption
from bench.workload.phase import ladder
from tests.builders import a_record, climbed
from tests.readme import CHECKOUT, commands, run_by_tests

SCREEN = 50
"""Lines of a large terminal."""


SLOW = {"make demo"}
"""Run by `make test-slow` alone: it takes six minutes, and a lab of the name that people's have."""


def test_every_command_of_the_readme_is_run_by_a_test():
    assert set(commands()) - run_by_tests() == SLOW


def test_the_readme_is_less_than_three_screens():
    lines = (CHECKOUT / "README.md").read_text().splitlines()
    assert len(lines) < 3 * SCREEN
    assert max(map(len, lines)) <= 128


def test_every_link_of_the_readme_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", (CHECKOUT / "README.md").read_text())
    assert links
    assert [link for link in links if "://" not in link and not (CHECKOUT / link).exists()] == []


# --- its ladder ------------------------------------------------------------------------------------------------------

TABLE = re.search(r"^```text\n(stock .*?)^```$", (CHECKOUT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
ROWS = {line.split()[0].rstrip("?!"): line for line in TABLE.splitlines() if re.match(r"[12](-[A-H])?[?!]? ", line)}
ROUNDED = 1.05
"""Rate and latency have three figures; what was under way when a window of 2 s opened counts with all of its time."""


def figure(text):
    """A number as the table writes it, None of a dash."""
    units = {"k": 1e3, "M": 1e6}
    text = text.replace(",", "")
    return None if text == "–" else float(text.rstrip("kM")) * units.get(text[-1], 1)


@pytest.mark.parametrize("phase", ROWS)
def test_no_row_of_the_readme_has_more_under_way_than_its_phase_allows(phase):
    words = ROWS[phase].split()
    batch, _, _, commits_per_s, _, _, row_us = map(figure, words[-11:-4])
    parameters = ladder()[phase].parameters
    assert batch == parameters.batch
    if row_us is not None:
        under_way = commits_per_s * row_us * batch / 1e6  # Little's law, N = X·R
        assert under_way <= parameters.processes * parameters.in_flight * ROUNDED


def test_the_readmes_caption_is_worded_as_pgladder_words_it_now():
    printed = caption(climbed(*(a_record(trial, "1") for trial in (1, 2, 3)))[0])
    opening = re.sub(r"\d+", "N", printed.partition("; trials differ")[0])
    below = " ".join(TABLE.splitlines()[len(TABLE.splitlines()) - 3 :])
    assert re.sub(r"\d+", "N", below).startswith(opening)
