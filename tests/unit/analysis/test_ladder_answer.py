"""What a climb comes to: no risky rate unsaid, no box's most of slow rungs alone, no limit taken for proved."""

from dataclasses import replace

import pytest

from bench.analysis.ladder import ladders
from bench.analysis.ladder_answer import answer_of, in_figures
from bench.model.fingerprint import Processors
from bench.model.record import Cpu
from bench.stats.histogram import new_histogram
from tests.builders import a_record, climbed, doubtful, void

CPUS = Processors(there=4, usable=4)
FULL = Cpu(host_pct=98, steal_pct=0, client_cores=0.5, server_cores=3.3)
LOSES = "may lose last 600 ms"


def rung(number, phase, rate, *, sustained=None, **changes):
    return a_record(number, phase, rows_per_s=rate, settled_rows_per_s=sustained or 0.9 * rate, **changes)


def answer(*records):
    return answer_of(ladders(records, {record.key: new_histogram() for record in records}, CPUS))


def ladder(rate=590_000.0, first=117.0, **changes):
    return [rung(1, "1", first, **changes), rung(2, "2-B", 5_097, **changes), rung(3, "2-G", rate, **changes)]


def words(found):
    return " ".join(found.sentences)


def test_it_names_the_sustained_rate_the_burst_and_how_then_the_naive_start():
    found = answer(*ladder())
    first, naive, *_ = found.sentences
    assert first == (
        "531,000 rows/s kept up, checkpoint included (590,000 in bursts), by COPY of 5,000 rows a commit (2-G)."
    )
    assert naive == "A connection for every row (1): 105 rows/s."
    assert found.in_bulk


def test_the_highest_sustained_rate_counts_not_the_highest_burst():
    found = answer(*ladder(), rung(4, "2-H", 700_000, sustained=400_000))
    assert found.most.phase == "2-G"


def test_a_limit_is_suspected_with_its_share_until_it_is_proved():
    found = answer(*ladder(cpu=FULL))
    assert (found.stopped_by.constraint, found.stopped_by.proved) == ("server-cpu", False)
    assert "Stopped by: processors, busy 98 % of the time (suspected)." in found.sentences


def test_what_no_constraint_accounts_for_is_not_called_a_limit():
    idle = Cpu(host_pct=30, steal_pct=0, client_cores=0.1, server_cores=0.2)
    assert "Stopped by: not found, no constraint that is known accounts for it." in answer(*ladder(cpu=idle)).sentences


# --- what may lose rows ----------------------------------------------------------------------------------------------


def test_the_number_is_of_a_durable_variant_and_what_is_faster_stands_beside_it_with_its_risk():
    risky = rung(4, "2-G", 900_000, variant="async-commit", durability=LOSES)
    found = answer(*ladder(), risky)
    assert (found.most.variant, found.riskier.variant) == ("stock", "async-commit")
    assert "in bursts), variant async-commit, at the risk of the last 600 ms." in words(found)
    assert "variant stock" in found.sentences[0]


def test_a_slower_risky_variant_is_not_mentioned():
    assert answer(*ladder(), rung(4, "2-G", 100_000, variant="no-fsync", durability="not crash-safe")).riskier is None


@pytest.mark.parametrize(
    ("grade", "said"),
    [
        (LOSES, "at the risk of the last 600 ms"),
        ("not crash-safe", "but is not crash-safe"),
        ("in memory", "but its rows are in memory only"),
        ("unknown", "but what a crash would take is not known"),
    ],
)
def test_where_nothing_durable_was_measured_the_first_sentence_says_what_may_be_lost(grade, said):
    found = answer(*ladder(durability=grade))
    assert said in found.sentences[0]
    assert "variant stock" in found.sentences[0]


def test_of_several_ladders_it_says_which_and_that_the_choice_proves_nothing():
    found = answer(*ladder(), rung(4, "2-G", 600_000, variant="big-wal"))
    assert "variant big-wal" in found.sentences[0]
    assert "the highest of 2 ladders" in words(found)


# --- what was measured at all ----------------------------------------------------------------------------------------


def test_of_slow_rungs_alone_it_says_what_was_measured_and_that_the_most_is_not_known():
    found = answer(rung(1, "1", 117), rung(2, "1-B", 2_208))
    assert not found.in_bulk
    assert found.sentences[0].startswith("The fastest of 2 ways measured: 1,990 rows/s kept up")
    assert "how much this box can take is not known" in words(found)


def test_of_phase_1_alone_the_naive_start_is_not_told_twice():
    found = answer(rung(1, "1", 117))
    assert found.naive is None
    assert found.sentences[0].startswith("The one way measured: ")


def test_without_a_closing_checkpoint_the_rate_is_one_of_bursts():
    records = [replace(each, settled_rows_per_s=None) for each in ladder()]
    assert answer(*records).sentences[0].startswith("590,000 rows/s in bursts (no closing checkpoint was measured), by")


def test_without_a_rate_it_says_so():
    found = answer(a_record(1, **void("rows-lost", "3 rows are gone")))
    assert (found.most, found.trust.level) == (None, "none")
    assert found.sentences == ("No trial of this run gave a number.",)
    assert found.trust.why == ("1 of 1 trials is void (rows-lost)",)


def test_at_a_rate_nobody_climbs():
    assert answer(a_record(1, load="open", rate=2000.0, arrivals="poisson")) is None


def test_of_nothing_recorded_it_says_so():
    assert answer_of([]).sentences == ("No trial of this run gave a number.",)


# --- trust -----------------------------------------------------------------------------------------------------------


def blocks(*rates, **changes):
    return [rung(number, "2-G", rate, block=number, **changes) for number, rate in enumerate(rates, 1)]


def test_a_rate_is_good_with_three_near_trials_of_long_windows_and_no_doubt():
    found = answer(*blocks(500_000, 510_000, 490_000, seconds=20)).trust
    assert (found.level, found.why) == ("good", ())
    assert found.within == pytest.approx(0.02, abs=0.001)
    assert (
        "Trust: good. Its 3 trials lie within ±2 %." in answer(*blocks(500_000, 510_000, 490_000, seconds=20)).sentences
    )


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (blocks(500_000, seconds=20), "one trial, so no spread is known"),
        (blocks(500_000, 505_000, seconds=20), "2 trials"),
        (blocks(500_000, 700_000, 490_000, seconds=20), "its 3 trials differ by up to 24 % from it"),
        (blocks(500_000, 510_000, 490_000), "windows of 2 s"),
        (
            blocks(500_000, 510_000, 490_000, seconds=20, validity=doubtful("suspect", "not-alone", "a browser", 0.4)),
            "3 of 3 trials had company",
        ),
    ],
)
def test_a_rate_is_rough_for_a_reason_that_is_told(records, why):
    found = answer(*records)
    assert found.trust.level == "rough"
    assert why in found.trust.why
    assert why.lower() in words(found).lower()


def test_the_doubts_of_most_trials_come_first():
    company, stolen = doubtful("suspect", "not-alone"), doubtful("suspect", "steal")
    records = [*blocks(500_000, 510_000, validity=company), rung(3, "2-G", 505_000, block=3, validity=stolen)]
    assert answer(*records).trust.why[:2] == (
        "2 of 3 trials had company",
        "1 of 3 trials lost CPU time to other machines",
    )


@pytest.mark.parametrize(("rate", "text"), [(532_412, "532,000"), (1_172.4, "1,170"), (72.46, "72.5"), (0.5, "0.5")])
def test_a_rate_in_words_has_three_figures(rate, text):
    assert in_figures(rate) == text


@pytest.mark.parametrize(
    ("phase", "changes", "way"),
    [
        ("1", {}, "a connection for every row"),
        ("1-B", {}, "one kept connection"),
        ("2", {}, "a pool, one row at a time"),
        ("2-B", {}, "50 rows at once"),
        ("2-B3", {}, "50 rows at once, sessions not reset, by 2 processes"),
        ("2-C", {"batch": 250}, "executemany of 250 rows a commit"),
        ("2-E", {}, "INSERT of 500 rows a commit"),
        ("2-F", {}, "arrays of 500 rows a commit"),
        ("2-H", {}, "COPY of 5,000 rows a commit, by 4 processes"),
        ("2-I", {}, "COPY by columns of 20,000 rows a commit, by 2 processes"),
        ("2-G", {"method": "Arrow blocks"}, "Arrow blocks of 5,000 rows a commit"),
    ],
)
def test_each_way_to_write_rows_has_plain_words(phase, changes, way):
    [of_phase] = climbed(a_record(1, phase, **changes))
    found = answer_of([of_phase])
    assert found.most.way == way


def test_a_rung_of_another_engine_brings_its_own_durability_and_is_named():
    other = {"engine": "clickhouse", "layout": "merge-tree", "durability": LOSES}
    found = answer(rung(1, "2-D", 100.0), rung(2, "3-C3", 900.0, **other))
    assert (found.most.phase, found.most.engine) == ("2-D", None)
    assert (found.riskier.phase, found.riskier.engine, found.riskier.layout) == ("3-C3", "clickhouse", "merge-tree")
    assert found.riskier.durability == (LOSES,)
    assert "engine clickhouse, layout merge-tree, at the risk of the last 600 ms" in words(found)
