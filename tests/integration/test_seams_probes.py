"""One file in a folder of the user's own adds a probe: read with every trial, summed up, judged and shown."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from bench.analysis.pulled import latest
from bench.model.errors import DataError
from bench.plan.check import check_plan
from bench.results.read import read
from bench.workload.phase import ladder
from tests.integration.support import Climb, added_folder, climbing, pgladder

TOYS = {
    "clock": '''"""A toy: how far the machine's clock went."""

import time

from bench.model.record import Reason
from bench.probes.probe import Probe


class Clock(Probe):
    period = "second"
    figures = ("went_s", "readings")

    def __init__(self, scene):
        self.root = scene.root

    def read(self):
        return {"uptime_s": float((self.root / "proc/uptime").read_text().split()[0]), "now": time.time()}

    def summary(self, readings, span_s):
        return {"went_s": readings[-1]["uptime_s"] - readings[0]["uptime_s"], "readings": len(readings)}

    def judge(self, observed):
        if observed["went_s"] < 1000:
            yield Reason(code="young", detail=f"the toy's clock went {observed['readings']:.0f} times only", share=0.25)


PROBE = Clock
''',
    "around": '''"""A toy that is read before and after a trial."""

from bench.probes.probe import Probe


class Around(Probe):
    period = "trial"
    figures = ("files",)

    def __init__(self, scene):
        self.data = scene.data

    def read(self):
        return sum(1 for _ in self.data.glob("base/*/*"))

    def summary(self, readings, span_s):
        return {"files": float(len(readings))}


PROBE = Around
''',
    "sampled": '''"""A toy that asks the server many times a second."""

from bench.probes.probe import Probe


class Sampled(Probe):
    period = "second"
    figures = ("looks", "own_name_share")

    def __init__(self, scene):
        self.so_far = (0, 0)

    def sample(self, server):
        [(name,)] = server.rows("SELECT current_schema() WHERE %(two)s = 2", {"two": 2})
        looks, same = self.so_far
        self.so_far = (looks + 1, same + (name == "pgladder"))

    def read(self):
        return self.so_far

    def summary(self, readings, span_s):
        looks, same = (last - first for first, last in zip(readings[0], readings[-1]))
        return {"looks": looks, "own_name_share": same / looks}


PROBE = Sampled
''',
    "shut_out": '''"""A toy that asks what the server does not answer."""

from bench.probes.probe import Probe


class ShutOut(Probe):
    period = "second"
    figures = ("sense",)

    def __init__(self, scene):
        pass

    def sample(self, server):
        server.rows("SELECT nothing_of_the_kind()")

    def read(self):
        return 1

    def summary(self, readings, span_s):
        return {"sense": 1.0}


PROBE = ShutOut
''',
    "broken": '''"""A toy that fails in the window."""

from bench.probes.probe import Probe


class Broken(Probe):
    period = "second"
    figures = ("sense",)

    def __init__(self, scene):
        self.read_so_far = 0

    def read(self):
        self.read_so_far += 1
        return 1 / max(2 - self.read_so_far, 0)

    def summary(self, readings, span_s):
        return {"sense": 1.0}


PROBE = Broken
''',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return added_folder(tmp_path_factory.mktemp("added"), {f"probes/{name}.py": text for name, text in TOYS.items()})


@pytest.fixture(scope="module")
def climbed(new_place, folder) -> Climb:
    asked = ("--phases", "2-C", "--blocks", 2, "--warm-up", 0.2, "--window", 1)
    with climbing(new_place(), *asked, env={"PGLADDER_PATH": str(folder)}) as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, "")
        yield climb


def test_its_figures_are_in_every_record_beside_the_hosts_with_the_hash_of_its_file(climbed, folder):
    sums = {
        f"probes/{name}.py": hashlib.sha256((folder / "probes" / f"{name}.py").read_bytes()).hexdigest()
        for name in TOYS
    }
    for record in climbed.records():
        assert record.pieces == sums
        own = {"host", "waits", "metronome", "replication"}
        assert set(record.observed) == {*own, "event_loop", "server_cpu", "quota", *TOYS}
        assert record.observed["clock"]["went_s"] == pytest.approx(1, abs=0.5)
        assert record.observed["clock"]["readings"] == 2
        assert record.observed["around"] == {"files": 2}
        for probe, figures in record.observed.items():
            for name, value in figures.items():
                assert (value is None) == (f"{probe}.{name}" in record.not_counted)
        assert record.verified.found == record.verified.acknowledged


def test_its_readings_are_in_the_samples(climbed):
    for record in climbed.records():
        samples = climbed.directory.samples(*record.key)
        assert [set(reading["clock"]) for reading in samples.readings] == [{"uptime_s", "now"}] * 2
        assert all(isinstance(reading["host"]["cpu"]["busy"], int) for reading in samples.readings)
        assert [set(reading) for reading in samples.beside] == [{"around"}] * 2


def test_one_that_samples_asks_the_server_many_times_a_second_and_one_that_is_refused_says_so(climbed):
    for record in climbed.records():
        assert record.observed["sampled"]["own_name_share"] == 1
        # Ten a second, of which a busy machine leaves some.
        assert 1 <= record.observed["sampled"]["looks"] <= 20
        assert record.observed["shut_out"] == {"sense": None}
        assert "nothing_of_the_kind" in record.not_counted["shut_out.sense"]
        assert record.observed["waits"]["instants"] >= 1


def test_its_doubt_and_its_failure_are_told_and_mute_nothing(climbed):
    for record in climbed.records():
        reasons = {reason.code: reason for reason in record.validity.reasons}
        assert reasons["probe-clock-young"].share == 0.25
        assert "ZeroDivisionError" in reasons["probe-broken-unknown"].detail
        assert reasons["probe-broken-unknown"].slight
        assert record.observed["broken"] == {"sense": None}
        assert "ZeroDivisionError" in record.not_counted["broken.sense"]
        assert record.validity.state == "suspect"


def test_it_is_in_the_terminal_in_json_and_on_the_page_also_where_its_folder_is_not_named(climbed):
    path, place = climbed.directory.path, climbed.place
    shown = " ".join(pgladder("ladder", path, "--detail", cwd=place).out.split())
    assert re.search(r"observed, clock: went [\d.]+( to [\d.]+)? s, readings 2\.", shown)
    assert "observed, host: " in shown
    assert "the toy's clock went 2 times only" in shown
    [host] = json.loads(pgladder("ladder", path, "--json", cwd=place).out)["hosts"]
    [rung] = host["ladders"][0]["rungs"]
    assert rung["observed"]["clock"]["readings"] == 2
    assert rung["observed"]["broken"] == {"sense": None}
    pgladder("report", path, "--out", place / "page.html", cwd=place)
    page = (place / "page.html").read_text()
    assert 'data-column="clock readings">2<' in page
    assert "the toy&#39;s clock went 2 times only" in page


def test_the_records_say_what_their_samples_make(climbed):
    assert len(latest(read(climbed.directory).records)) == 2


def test_a_file_that_is_no_probe_is_refused_before_anything_is_measured(tmp_path):
    (tmp_path / "added" / "probes").mkdir(parents=True, mode=0o755)
    (tmp_path / "added" / "probes" / "toy.py").write_text("PROBE = 7\n")
    ended = pgladder("run", "--phases", "2-C", cwd=tmp_path, env={"PGLADDER_PATH": str(tmp_path / "added")})
    assert ended.code == 2
    assert "toy.py defines no PROBE" in ended.err
    assert not (tmp_path / "results").exists()


def test_a_run_is_not_taken_up_without_the_probes_that_it_began_with(climbed):
    with pytest.raises(DataError, match=r"probes/\w+\.py is not the file that it was made with"):
        check_plan(climbed.directory.plan(), ladder())
