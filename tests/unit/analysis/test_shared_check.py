"""One judge for shared files: what contradicts itself is left out, what is strange is named."""

import re
from dataclasses import replace

import msgspec
import pytest

from bench.analysis.ladder import ladder_report
from bench.analysis.share import shared
from bench.analysis.shared_check import check_shared
from bench.model.codec import to_json
from bench.model.shared import CODES, MOST_BYTES
from bench.results.vocabulary import own_words
from tests.builders import a_record, doubtful, pulled
from tests.readme import CHECKOUT

WORDS = own_words()
RUN = pulled(
    a_record(1, "2-G", block=1), a_record(2, "2-G", block=2, validity=doubtful("suspect", "steal")), a_record(3, "2-D")
)
GOOD = shared(RUN, ladder_report(RUN), WORDS)


def changed(**of_first_rung):
    first, *others = GOOD.rungs
    return replace(GOOD, rungs=(replace(first, **of_first_rung), *others))


def flaws_of(what):
    text = what if isinstance(what, bytes) else to_json(what)
    found, flaws = check_shared(text, WORDS)
    return found, [(each.path, each.severity) for each in flaws]


def test_what_is_written_here_has_no_flaw():
    assert flaws_of(GOOD) == (GOOD, [])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"void": 9}, "$.rungs[0].trials"),
        ({"sustained_of_trials": (14_000.0,) * 9}, "$.rungs[0].sustained_of_trials"),
        ({"sustained_of_trials": ()}, "$.rungs[0].sustained_of_trials"),
        ({"sustained_rows_per_s": 40_000.0}, "$.rungs[0].sustained_rows_per_s"),
        ({"sustained_rows_per_s": 9_000.0}, "$.rungs[0].sustained_rows_per_s"),
        ({"rows_per_s": 2e9}, "$.rungs[0].rows_per_s"),
        ({"p50_ms": 9.0, "p99_ms": 3.0}, "$.rungs[0].p50_ms"),
        ({"suspect": 1, "doubts": ()}, "$.rungs[0].doubts"),
        ({"void": 1, "trials": 1}, "$.rungs[0].rows_per_s"),
    ],
)
def test_figures_that_contradict_each_other_leave_a_file_out(change, path):
    found, flaws = flaws_of(changed(**change))
    assert found is None
    assert (path, "error") in flaws


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        (b"[]", "$", "object"),
        (b"{", "$", "truncated"),
        (b"\xff\xfe", "$", "malformed"),
        (b"[" * 100_000, "$", "while deserializing"),  # recursion, or from Python 3.14 on a stack overflow
        (b'{"schema": "pgladder/trial/2"}', "$.schema", "pgladder/trial/2"),
        (b" " * (MOST_BYTES + 1), "$", "at most"),
    ],
)
def test_what_is_no_shared_file_is_named_with_the_place(text, path, words):
    found, [flaw] = check_shared(text, WORDS)
    assert (found, flaw.path, flaw.severity) == (None, path, "error")
    assert words in flaw.sentence


def document(**changes):
    return msgspec.json.encode(msgspec.json.decode(to_json(GOOD)) | changes)


@pytest.mark.parametrize(
    "text",
    [
        document(measured="2026-11-22T10:15:00"),
        document(window_s=-1),
        document(pgladder="0.1.0 of kim"),
        document(rungs=[{"phase": "<script>"}]),
    ],
)
def test_values_beyond_the_format_are_refused(text):
    found, [flaw] = check_shared(text, WORDS)
    assert (found, flaw.severity) == (None, "error")


@pytest.mark.parametrize(
    ("name", "value"), [("phase", "9-Z"), ("variant", "mine"), ("layout", "round"), ("driver", "pigeon")]
)
def test_a_rung_of_words_that_are_not_known_here_is_left_out_with_a_warning(name, value):
    found, flaws = flaws_of(changed(**{name: value}))
    assert flaws == [(f"$.rungs[0].{name}", "warning")]
    assert found.rungs == GOOD.rungs[1:]


def test_a_file_without_any_known_rung_is_left_out():
    found, flaws = flaws_of(replace(GOOD, rungs=tuple(replace(rung, phase="9-Z") for rung in GOOD.rungs)))
    assert found is None
    assert flaws[-1] == ("$.rungs", "error")


def test_a_rung_that_is_there_twice_is_an_error():
    found, flaws = flaws_of(replace(GOOD, rungs=(*GOOD.rungs, GOOD.rungs[0])))
    assert (found, flaws) == (None, [("$.rungs[2]", "error")])


def test_a_price_without_a_currency_is_an_error():
    assert flaws_of(replace(GOOD, box=replace(GOOD.box, price=149.0))) == (None, [("$.box.price", "error")])


@pytest.mark.parametrize(("name", "value"), [("complete", False), ("external", True)])
def test_what_readers_should_know_is_a_warning(name, value):
    found, flaws = flaws_of(replace(GOOD, **{name: value}))
    assert found is not None
    assert flaws == [(f"$.{name}", "warning")]


def test_a_field_of_a_later_release_is_not_read_and_named():
    found, flaws = flaws_of(document(owner="kim"))
    assert (found, flaws) == (GOOD, [("$.owner", "warning")])


def test_every_code_that_the_documentation_lists_may_be_passed_on():
    table = (CHECKOUT / "docs" / "trust.md").read_text().partition("| code |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    named = {code for cell in cells for code in re.findall(r"`([a-z-]+)`", cell)}
    assert len(named) > 30
    assert named <= CODES


def test_every_code_in_the_source_may_be_passed_on():
    found = set()
    for path in (CHECKOUT / "bench").rglob("*.py"):
        found |= set(re.findall(r'Reason\(\s*code="([a-z-]+)"', path.read_text()))
    assert len(found) > 20
    assert found <= CODES
