"""The page of predictions says what its journal says: how many are near, and which are not."""

from xml.etree import ElementTree

import pytest

from bench.stats.intervals import Estimate
from tests import journal
from tests.studies.predictions import Tried, answer, page, perfect, picture, tried


def experiment(name, predicted, estimate, half=0.02):
    low, high = estimate * (1 - half), estimate * (1 + half)
    gain = {"estimate": estimate, "low": low, "high": high}
    return {"name": name, "predicted_gain": predicted, "measured_gain": gain, "conclusion": "undecided"}


def a_line(phase, *experiments, condition="as it comes"):
    about = {"condition": condition, "phase": phase, "repeat": 1, "run": "r", "trials": 9}
    host = f"a box, ext4, {len(phase):,} fdatasync/s (1 to 1,173); PostgreSQL"
    return about | {"host": host, "not_valid": 2, "experiments": list(experiments)}


LINES = [
    a_line(
        "2-B",
        experiment("pool", 1.0, 1.01),
        experiment("client-cpu", 1.5, 2.0),
        experiment("wal-flush", 1.08, 1.0, half=0.2),
        experiment("index", None, 1.0),
    ),
    a_line("1", experiment("pool", 2.1, 2.0), experiment("tls", 1.0, 1.5) | {"conclusion": "untested"}),
]


@pytest.mark.parametrize(
    ("predicted", "estimate", "half", "near", "precise", "moves"),
    [
        (1.0, 1.09, 0.04, True, True, False),
        (1.09, 1.0, 0.051, True, False, False),
        (1.0, 1.2, 0.049, False, True, True),
        (2.0, 1.9, 0.01, True, True, True),
        (0.7, 1.0, 0.01, False, True, True),
    ],
)
def test_near_is_within_a_tenth_of_the_rate_and_precise_within_a_twentieth(
    predicted, estimate, half, near, precise, moves
):
    [found] = tried([a_line("2-B", experiment("pool", predicted, estimate, half))])
    assert (found.near, found.precise, found.moves) == (near, precise, moves)


def test_what_one_block_measured_is_not_precise():
    found = Tried("as it comes", "2-B", "pool", 1.0, Estimate(estimate=1.0, low=None, high=None))
    assert found.half_width is None
    assert not found.precise
    assert answer([found]) == (
        "Of 1 knock-outs 1 (100% [21%, 100%]) were predicted within 10% of the rate that came. None was measured to ±5%"
        " or better: the aim is 80% of 100 that are measured to ±5% or better."
    )
    assert answer([]) == "Nothing was predicted."


def test_the_answer_counts_what_was_measured_well_and_predicted():
    assert answer(list(tried(LINES))) == (
        "Of 4 knock-outs 3 (75% [30%, 95%]) were predicted within 10% of the rate that came; were each prediction the"
        " true gain, 92% would be. Of 3 measured to ±5% or better it is 2 (67% [21%, 94%]); the aim is 80% of 100 that"
        " are measured to ±5% or better."
    )


def test_the_page_names_who_was_off_and_how_easy_it_was():
    text = page(LINES)
    assert "| 2-B | as it comes | `client-cpu` | 1.50 | 2.00 (1.96–2.04) | -25% |" in text
    assert "| `pool` | 2 | 2 | 3.0% | 2 | 2 |" in text
    assert "| `wal-flush` | 1 | 1 | 8.0% | 0 | 0 |" in text
    assert "- Who predicts no gain at all, ever, is as near in 1 of 3." in text
    assert "- Of the 2 that moved, or were to move, by more than 10%: 1 (50% [9%, 91%])." in text
    assert (
        "- 1 more were measured less well; 1 of their predictions are near, where 67% would be if each were the true"
        " gain."
    ) in text
    assert "2 explanations of one rung each; of their 18 trials 4 were suspect or void." in text
    assert text.count("a box, ext4; PostgreSQL") == 1


def test_noise_alone_makes_some_of_the_right_ones_look_wrong():
    well, badly = (tried([a_line("2-B", experiment("pool", 1.0, 1.0, half))]) for half in (0.01, 0.2))
    assert perfect(list(well)) > 0.999
    assert 0.6 < perfect(list(badly)) < 0.7


def test_the_picture_has_a_point_for_each_prediction():
    shapes = ElementTree.fromstring(picture(list(tried(LINES))))
    points = shapes.findall(".//{*}circle")
    assert len(points) == 4
    assert [point.get("fill") for point in points].count("none") == 1
    assert points[1].findtext("{*}title") == "2-B, as it comes, client-cpu: 1.50 predicted, 2.00 measured"


def test_a_line_that_was_cut_short_is_left_out_and_written_over(tmp_path):
    file = tmp_path / "journal.jsonl"
    assert journal.read(file) == []
    journal.append(file, {"a": 1})
    with file.open("a") as cut:
        cut.write('{"a": ')
    assert journal.read(file) == [{"a": 1}]
    journal.append(file, {"a": 2})
    assert journal.read(file) == [{"a": 1}, {"a": 2}]
