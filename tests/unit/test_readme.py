import re

import pytest

from bench.analysis.ladder_answer import answer_of
from bench.report.terminal import legend
from bench.workload.phase import ladder
from tests.builders import a_record, climbed
from tests.readme import CHECKOUT, commands, run_by_tests

SCREEN = 50
"""Lines of a large terminal."""


SLOW = {
    "make demo",
    "make slo HOST=192.168.1.50 USER_NAME=me P99=50ms COLLECT_MS=20 PHASES=2-D",
    'make sweep HOST=192.168.1.50 USER_NAME=me OF="pool=2,4,8,16" PHASES=2-B',
}
"""Run by `make test-slow` alone: they take minutes, and the demo a lab of the name that people's have."""


def test_every_command_of_the_readme_is_run_by_a_test():
    assert set(commands()) - run_by_tests() == SLOW


def test_the_readme_is_less_than_three_screens():
    lines = (CHECKOUT / "README.md").read_text().splitlines()
    assert len(lines) < 3 * SCREEN
    assert max(map(len, lines)) <= 128


def test_the_shape_of_a_row_and_the_whole_table_are_on_the_first_screen():
    screen = (CHECKOUT / "README.md").read_text().splitlines()[:SCREEN]
    assert any("`INSERT INTO events (device_id, payload) VALUES ($1, $2)`" in line for line in screen)
    assert set(ROWS.values()) <= set(screen)


# --- its ladder ------------------------------------------------------------------------------------------------------

TABLE = re.search(r"^```text\n(stock .*?)^```$", (CHECKOUT / "README.md").read_text(), re.MULTILINE | re.DOTALL)[1]
ROWS = {line.split()[0]: line for line in TABLE.splitlines() if re.match(r"[12](-[A-H])? ", line)}
DOUBTS = re.compile(r" \d+ (suspect|void)$")
ROUNDED = 1.05
"""Rate and latency have three figures; what was under way when a window of 2 s opened counts with all of its time."""


def figure(text):
    """A number as the table writes it, None of a dash."""
    units = {"k": 1e3, "M": 1e6}
    text = text.replace(",", "")
    return None if text == "–" else float(text.rstrip("kM")) * units.get(text[-1], 1)


@pytest.mark.parametrize("phase", ROWS)
def test_no_row_of_the_readme_has_more_under_way_than_its_phase_allows(phase):
    words = DOUBTS.sub("", ROWS[phase]).split()
    batch, rows_per_s, sustained, median_ms, _ = map(figure, words[-6:-1])
    parameters = ladder()[phase].parameters
    assert batch == parameters.batch
    assert sustained <= rows_per_s
    if median_ms is not None:
        under_way = rows_per_s / batch * median_ms / 1000  # Little's law, N = X·R, the median for the mean
        assert under_way <= parameters.processes * parameters.in_flight * ROUNDED


def test_the_readmes_legend_is_worded_as_pgladder_words_it_now():
    printed = re.sub(r"\d+", "N", legend(climbed(*(a_record(trial, "1") for trial in (1, 2, 3)))[0]))
    assert printed in re.sub(r"\d+", "N", " ".join(TABLE.split()))


def test_the_readmes_answer_is_worded_as_pgladder_words_it_now():
    fast = a_record(2, "2-G", rows_per_s=336_700.0, settled_rows_per_s=273_600.0)
    first, naive, *_ = answer_of(climbed(a_record(1, "1", rows_per_s=69.1, settled_rows_per_s=68.9), fast)).sentences
    assert f"{first} {naive}" in " ".join(TABLE.split())
