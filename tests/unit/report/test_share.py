"""The sentences and the card of a shared run say what its figures say, and fit."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from bench.analysis.ladder import ladder_report
from bench.analysis.share import shared
from bench.report.share import HEIGHT, WIDTH, best, box_words, card, in_full, png_maker, sentences, trust
from bench.results.vocabulary import own_words
from tests.builders import a_host, a_record, doubtful, pulled, void

WORDS = own_words()
SVG = "{http://www.w3.org/2000/svg}"


def shared_of(*records, **changes):
    run = pulled(*records, **changes)
    return shared(run, ladder_report(run), WORDS)


PLAIN = shared_of(a_record(1, "1", rows=200), a_record(2, "2-G", rows=350_000), a_record(3, "2-C"))


def test_the_answer_is_the_most_that_was_kept_up_and_how():
    [answer, *others] = sentences(PLAIN, WORDS)
    assert answer == (
        "Intel N100, 4 CPUs, 16 GiB, nvme disk: 140,000 rows/s kept up, checkpoint included (175,000 in bursts), by"
        " COPY (phase 2-G, 5,000 rows a commit); PostgreSQL 15, stock, plain, tcp, durable."
    )
    assert others[-1] == "Trust: nothing of weight speaks against its 3 trials."


def test_a_faster_rung_that_may_lose_rows_is_not_the_answer_where_a_durable_one_is():
    risky = a_record(4, "2-H", rows=900_000, layout="unlogged", durability="not crash-safe")
    what = shared_of(a_record(2, "2-G"), risky)
    assert best(what).phase == "2-G"
    assert "not crash-safe" in sentences(replace(what, rungs=what.rungs[-1:]), WORDS)[0]


def test_what_came_at_a_rate_is_no_answer_to_the_most():
    what = shared_of(
        a_record(2, "2-G"), a_record(3, "2-D", rows=900_000, rate=450_000.0, arrivals="poisson", load="open")
    )
    assert best(what).phase == "2-G"


def test_doubtful_trials_are_counted_and_named():
    what = shared_of(
        a_record(1, "2-G", validity=doubtful("suspect", "not-alone")),
        a_record(2, "2-G", block=2, **void()),
        a_record(3, "2-G", block=3, validity=doubtful("valid", "some-steal")),
    )
    assert trust(what) == "Trust: 2 of its 3 trials are doubtful (client-error, not-alone)."


def test_a_run_without_a_rate_says_so():
    what = shared_of(a_record(1, "2-G", **void()))
    assert sentences(what, WORDS) == ["No rung has a trial that counts: there is nothing to pass on but that."]
    ET.fromstring(card(what, WORDS))


def test_without_a_timed_checkpoint_the_rate_is_called_a_burst():
    what = shared_of(a_record(1, "2-G", checkpoint_s=None, settled_rows_per_s=None))
    assert "17,500 rows/s in bursts (no checkpoint was timed)" in sentences(what, WORDS)[0]
    assert "in bursts, no checkpoint timed" in card(what, WORDS)


def test_a_virtual_machine_is_called_one():
    assert "a virtual machine" in box_words(shared_of(a_record(), host=a_host(system={"hypervisor": True})).box)


@pytest.mark.parametrize(("value", "text"), [(532_123.0, "532,000"), (72.54, "72.5"), (999.6, "1,000"), (None, "–")])
def test_a_rate_in_a_sentence_has_three_figures(value, text):
    assert in_full(value) == text


def test_no_text_of_the_card_reaches_beyond_it():
    root = ET.fromstring(card(PLAIN, WORDS))
    assert (root.get("width"), root.get("height")) == (str(WIDTH), str(HEIGHT))
    texts = root.findall(f".//{SVG}text")
    assert len(texts) > 8
    for text in texts:
        # 0.62 of its size is what a character of the widest usual sans serif takes on average.
        assert float(text.get("x")) + 0.62 * float(text.get("font-size")) * len(text.text or "") < WIDTH
        assert float(text.get("y")) < HEIGHT


def test_the_card_is_drawn_as_png_of_its_size():
    png = png_maker()(card(PLAIN, WORDS))
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (WIDTH, HEIGHT)
