"""The metrics file: Prometheus reads it, its names are Prometheus', and what is not known is not there."""

import re
import stat

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bench.analysis.progress import Progress
from bench.report.console import console
from bench.report.metrics import MetricsFile, exposition
from tests.builders import a_plan, a_record, a_trial, doubtful, void
from tests.readme import CHECKOUT

PLAN = a_plan(a_trial(1, "1"), a_trial(2, "2-G"), a_trial(3, "2-D"))


def so_far(*records):
    return Progress(PLAN, list(records))


def samples(text):
    """By name and labels, as Prometheus' own parser reads them."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, *sorted(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def value(text, name, **labels):
    fitting = [at for at in samples(text) if at[0] == name and set(labels.items()) <= set(at[1:])]
    assert len(fitting) == 1, fitting
    return samples(text)[fitting[0]]


def test_how_far_a_run_is_and_what_its_last_trials_gave():
    text = exposition({"n100": so_far(a_record(1, "1"), a_record(2, "2-G", validity=doubtful("suspect", "steal")))})
    assert value(text, "pgladder_run_running", host="n100") == 1
    assert value(text, "pgladder_run_trials") == 3
    assert value(text, "pgladder_run_trials_done") == 2
    assert value(text, "pgladder_trials_recorded_total", state="suspect") == 1
    assert value(text, "pgladder_trials_recorded_total", state="void") == 0
    assert value(text, "pgladder_trial_rows_per_second", phase="2-G") == 17_500
    assert value(text, "pgladder_trial_sustained_rows_per_second", phase="1") == 14_000
    assert value(text, "pgladder_trial_latency_p50_seconds", phase="1") == pytest.approx(
        a_record(1, "1").latency_ms.p50 / 1000
    )
    assert value(text, "pgladder_trial_started_timestamp_seconds", phase="1") == pytest.approx(1_795_342_507.125)


def test_the_later_of_two_trials_of_a_kind_counts():
    text = exposition({"n100": so_far(a_record(1, "2-G"), a_record(2, "2-G", rows_per_s=1.0))})
    assert value(text, "pgladder_trial_rows_per_second") == 1


def test_what_is_not_known_has_no_sample():
    text = exposition({"n100": so_far(a_record(1, "2-G", settled_rows_per_s=None), a_record(2, "1", **void()))})
    names = {at[0] for at in samples(text)}
    assert "pgladder_trial_sustained_rows_per_second" not in names
    assert "pgladder_run_complete" not in names
    assert {at for at in samples(text) if ("phase", "1") in at} == set()


def test_a_run_that_ended_says_how():
    text = exposition({"a": so_far(), "b": so_far()}, {"a": True, "b": False})
    assert [value(text, "pgladder_run_complete", host=host) for host in "ab"] == [1, 0]
    assert [value(text, "pgladder_run_running", host=host) for host in "ab"] == [0, 0]


def test_any_name_of_a_host_is_a_label():
    name = 'a "box"\\with\nlines'
    assert value(exposition({name: so_far()}), "pgladder_run_trials", host=name) == 3


def test_names_and_kinds_are_by_prometheus_conventions():
    text = exposition({"n100": so_far(a_record(1, "1"))}, {"n100": True})
    families = list(text_string_to_metric_families(text))
    assert len(families) > 8
    for family in families:
        assert re.fullmatch(r"pgladder_[a-z0-9_]+", family.name)
        assert family.documentation.endswith(".")
        assert (family.type == "counter") == (f"{family.name}_total" in text)
        # Base units, at the end.
        assert not re.search(r"_(ms|milliseconds|mb|pct|minutes)$", family.name)


def test_every_metric_is_documented():
    text = exposition({"n100": so_far(a_record(1, "1"))}, {"n100": True})
    told = set(re.findall(r"`(pgladder_[a-z0-9_]+)`", (CHECKOUT / "docs" / "exporting.md").read_text()))
    assert {at[0] for at in samples(text)} == told


def test_the_file_is_whole_and_others_may_read_it(tmp_path):
    file = MetricsFile(tmp_path / "x.prom", console())
    file.so_far("n100", so_far())
    assert value((tmp_path / "x.prom").read_text(), "pgladder_run_trials_done") == 0
    file.so_far("n100", so_far(a_record(1, "1")))
    file.ended("n100", complete=False)
    assert value((tmp_path / "x.prom").read_text(), "pgladder_run_complete") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["x.prom"]
    assert (tmp_path / "x.prom").stat().st_mode & stat.S_IROTH


def test_a_file_that_can_not_be_written_is_told_once_and_stops_nothing(tmp_path, capsys):
    file = MetricsFile(tmp_path / "gone" / "x.prom", console())
    file.so_far("n100", so_far())
    file.so_far("n100", so_far(a_record(1, "1")))
    assert capsys.readouterr().out.count("the run goes on without metrics") == 1
