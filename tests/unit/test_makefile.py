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
        (["doctor", "JSON=1", "SUDO=1"], "bench.doctor --json -K"),
        (["status", "JSON=1"], "status --json=1"),
        (["compare-runs", "A=a/n1", "B=b"], "--page 'results/a-n1-and-b.html'"),
        (["reproduce", "RUN=a", "MARGIN=0.05"], "--margin '0.05' results/a"),
    ],
)
def test_a_word_is_passed_on(words, passed):
    assert passed in make(*words).stdout


@pytest.mark.parametrize(
    "words", [["compare-runs", "A=a", "B=b", "JSON=yes"], ["doctor", "JSON=yes"], ["status", "JSON=0"]]
)
def test_a_word_that_means_nothing_is_refused(words):
    ended = make(*words)
    assert ended.returncode
    assert "JSON is 1, or left out" in ended.stderr


@pytest.mark.parametrize("verb", ["teardown", "ladder"])
def test_hosts_named_in_two_ways_are_refused(verb):
    ended = make(verb, "HOST=10.0.0.1", "LIMIT=n100")
    assert ended.returncode
    assert "give one of them" in ended.stderr
