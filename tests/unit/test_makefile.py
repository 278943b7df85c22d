"""The front door passes on every word it is given, or refuses it."""

import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def make(*words):
    return subprocess.run(
        ["make", "--dry-run", "--no-print-directory", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "passed"),
    [
        (["compare", "UNTIL_DECIDED=1", "MAX_BLOCKS=9"], "--until-decided='1' --max-blocks='9'"),
        (["compare", "UNTIL_DECIDED=yes"], "--until-decided='yes'"),
        (["compare-runs", "A=a", "B=b", "MARGIN=0.05", "JSON=1"], "--margin '0.05' --json results/a results/b"),
        (["compare-runs", "A=a/n1", "B=b"], "--page 'results/a-n1-and-b.html'"),
        (["reproduce", "RUN=a", "MARGIN=0.05"], "--margin '0.05' results/a"),
    ],
)
def test_a_word_is_passed_on(words, passed):
    assert passed in make(*words).stdout


def test_a_word_that_means_nothing_is_refused():
    ended = make("compare-runs", "A=a", "B=b", "JSON=yes")
    assert ended.returncode
    assert "JSON is 1, or left out" in ended.stderr
