"""What a user's probe does wrong costs its own figures, and nothing else: no trial, no check, no time."""

import sys
import threading
import time

import pytest

from bench.agent import observers
from bench.agent.observers import CallWithin, Observers
from bench.model.errors import DataError, UsageError
from bench.model.fingerprint import Unreadable
from bench.probes.probe import OWN, load_probe, probe_files
from tests.builders import a_scene

TOY = """
import math
import threading
import time
from bench.model.fingerprint import Unreadable
from bench.model.record import Reason
from bench.probes.probe import Probe

class Toy(Probe):
    period = "second"
    figures = ("sense", "more_s")

    def __init__(self, scene):
        {opens}

    def read(self):
        {reads}

    def summary(self, readings, span_s):
        {sums_up}

    def judge(self, observed):
        {judges}

PROBE = Toy
"""
SOUND = {
    "opens": "self.scene = scene",
    "reads": "return 3",
    "sums_up": "return {'sense': sum(readings), 'more_s': span_s}",
    "judges": "return [Reason(code='odd', detail='it is odd', share=0.5)]",
}
HANGS = "threading.Event().wait(30)"


IMPATIENCE_S = 0.1


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Wait for a reading so long that a busy machine makes none late."""
    monkeypatch.setattr(observers, "PATIENCE_S", 20.0)


@pytest.fixture
def impatient(monkeypatch):
    """Wait for a reading as long as the agent does: it hangs."""
    monkeypatch.setattr(observers, "PATIENCE_S", IMPATIENCE_S)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Return what opens the probes, with a toy among them that is sound but for what is changed."""

    def opened(name: str = "toy", **changes: str) -> Observers:
        path = tmp_path / "probes" / f"{name}.py"
        path.parent.mkdir(mode=0o755)
        path.write_text(TOY.format(**SOUND | changes))
        path.chmod(0o644)
        return Observers(a_scene(root=tmp_path))

    tmp_path.chmod(0o755)
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    return opened


def observed(all_probes: Observers, seconds: int = 2) -> observers.Observed:
    all_probes.begin()
    for second in range(seconds):
        all_probes.read("second", float(second))
    return all_probes.observed()


def test_a_sound_one_has_its_figures_and_its_doubt_under_a_code_of_its_own(toy):
    found = observed(toy(), seconds=3)
    assert found.figures["toy"] == {"sense": 9, "more_s": 2}
    assert [(reason.code, reason.share) for reason in found.reasons] == [("probe-toy-odd", 0.5)]
    assert not [name for name in found.missing if name.startswith("toy")]


def test_the_next_trial_begins_anew(toy):
    probes = toy()
    observed(probes)
    assert observed(probes).figures["toy"] == {"sense": 6, "more_s": 1}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"opens": "1 / 0"}, "ZeroDivisionError"),
        ({"reads": "raise OSError('gone')"}, "OSError: gone"),
        ({"reads": "raise SystemExit(3)"}, "SystemExit: 3"),
        ({"reads": "return object()"}, "TypeError"),
        ({"reads": "return 'x' * 70_000"}, "its reading has 70,002 bytes, more than 65,536"),
        ({"sums_up": "raise KeyError('no')"}, "KeyError"),
        ({"sums_up": "return {'sense': 1.0}"}, "its summary has sense and not its figures"),
        ({"sums_up": "return {'sense': math.nan, 'more_s': 1}"}, "its figure sense is nan"),
        ({"sums_up": "return {'sense': 'much', 'more_s': 1}"}, "its figure sense is 'much'"),
        ({"sums_up": "return {'sense': 1e300, 'more_s': 1}"}, "its figure sense is 1e+300"),
        ({"sums_up": "return {'sense': True, 'more_s': 1}"}, "its figure sense is True"),
    ],
)
def test_of_one_that_fails_every_figure_is_null_with_its_reason_and_a_slight_doubt_says_so(toy, changes, why):
    found = observed(toy(**changes))
    assert found.figures["toy"] == {"sense": None, "more_s": None}
    assert why in found.missing["toy.sense"]
    [reason] = found.reasons
    assert (reason.code, reason.slight) == ("probe-toy-unknown", True)
    assert why in reason.detail
    assert found.figures["host"].keys()


@pytest.mark.parametrize(
    "judges", ["raise OSError('gone')", "return ['a text']", "return [Reason(code='x', detail='', share=-1)]"]
)
def test_one_that_can_not_judge_keeps_its_figures(toy, judges):
    found = observed(toy(judges=judges))
    assert found.figures["toy"] == {"sense": 6, "more_s": 1}
    assert [reason.code for reason in found.reasons] == ["probe-toy-unknown"]


def test_no_code_of_a_probe_voids_a_trial(toy):
    found = observed(toy(judges="return [Reason(code='rows-lost', detail='all')]"))
    assert [reason.code for reason in found.reasons] == ["probe-toy-rows-lost"]


def test_a_figure_that_the_host_does_not_have_is_null_with_its_reason_and_no_doubt_of_ours(toy):
    found = observed(toy(reads="return Unreadable(unreadable='no such sensor')", judges="return ()"))
    assert found.figures["toy"] == {"sense": None, "more_s": None}
    assert found.missing["toy.more_s"] == "no such sensor"
    assert found.reasons == []


@pytest.mark.usefixtures("impatient")
def test_one_that_hangs_is_waited_for_once_and_takes_no_second_thread(toy):
    probes = toy(reads=HANGS)
    probes.begin()
    threads, began = threading.active_count(), time.monotonic()
    for second in range(20):
        assert probes.read("second", float(second))["toy"] == {"unreadable": "it did not answer within 0.1 s"}
    assert time.monotonic() - began < 20 * IMPATIENCE_S
    probes.begin()
    assert threading.active_count() == threads
    found = observed(probes)
    assert found.figures["toy"] == {"sense": None, "more_s": None}
    assert "it has not yet answered what it was asked before" in found.missing["toy.sense"]
    assert [(reason.code, reason.slight) for reason in found.reasons] == [("probe-toy-unknown", True)]


@pytest.mark.usefixtures("impatient")
def test_a_late_answer_is_late_also_where_it_kept_the_interpreter_to_itself(toy):
    found = observed(toy(reads="import ctypes; ctypes.PyDLL(None).usleep(400_000); return 3"))
    [reason] = found.reasons
    assert reason.code == "probe-toy-unknown"
    assert "it answered after 0." in reason.detail
    assert found.figures["toy"] == {"sense": None, "more_s": None}


def test_a_figure_of_a_librarys_own_kind_of_number_is_a_plain_one(toy):
    found = observed(toy(sums_up="return {'sense': type('F', (float,), {})(2.5), 'more_s': type('I', (int,), {})(3)}"))
    assert [type(value) for value in found.figures["toy"].values()] == [float, int]
    assert found.figures["toy"] == {"sense": 2.5, "more_s": 3}


def test_a_reading_that_looks_like_a_reason_and_is_none_is_a_reading(toy):
    found = observed(
        toy(reads="return {'unreadable': 5}", sums_up="return {'sense': readings[0]['unreadable'], 'more_s': 1}")
    )
    assert found.figures["toy"] == {"sense": 5, "more_s": 1}


def test_one_call_after_another_is_no_failure_though_the_thread_before_is_still_ending():
    call, usual = CallWithin(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        assert [call(lambda: 7, 5) for _ in range(2000)] == [7] * 2000
    finally:
        sys.setswitchinterval(usual)


@pytest.mark.parametrize("name", ["server", "at_s", "host"])
def test_a_name_that_something_else_has_is_refused(toy, name):
    with pytest.raises(UsageError, match=name):
        toy(name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("PROBE = 7", "defines no PROBE"),
        ("", "defines no PROBE"),
        ("class PROBE: period = 'second'", "lacks figures, read, summary, judge"),
        (TOY.format(**SOUND).replace('"second"', '"hour"'), "the period of its PROBE is 'hour'"),
        (TOY.format(**SOUND).replace('"sense"', '"a b"'), "they are names"),
    ],
)
def test_what_is_no_probe_is_refused_by_its_file(tmp_path, text, why):
    (tmp_path / "toy.py").write_text(text)
    with pytest.raises(DataError, match=why) as refused:
        load_probe(tmp_path / "toy.py")
    assert str(tmp_path / "toy.py") in str(refused.value)


def test_names_are_listed_and_nothing_is_loaded(tmp_path, monkeypatch):
    (tmp_path / "probes").mkdir(mode=0o755)
    (tmp_path / "probes" / "toy.py").write_text("1 / 0")
    (tmp_path / "probes" / "toy.py").chmod(0o644)
    tmp_path.chmod(0o755)
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    assert set(probe_files()) == {*(path.stem for path in OWN.glob("[!_]*.py")), "toy"}


# --- those that sample the server ------------------------------------------------------------------------------------

LOOKING = """
import threading
from bench.probes.probe import Probe

class Looking(Probe):
    period = "second"
    figures = ("looks",)

    def __init__(self, scene):
        self.looks = 0

    def sample(self, server):
        {samples}
        self.looks += 1

    def read(self):
        return self.looks

    def summary(self, readings, span_s):
        return {{"looks": readings[-1] - readings[0]}}

PROBE = Looking
"""


@pytest.fixture
def looking(tmp_path, monkeypatch):
    """Return what opens the probes, with one among them that samples."""

    def opened(samples: str) -> Observers:
        path = tmp_path / "probes" / "looking.py"
        path.parent.mkdir(mode=0o755)
        path.write_text(LOOKING.format(samples=samples))
        path.chmod(0o644)
        return Observers(a_scene(root=tmp_path))

    tmp_path.chmod(0o755)
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    monkeypatch.setattr(observers, "SAMPLES_PER_S", 500)
    return opened


class NoServer:
    """A server that answers nothing."""

    def rows(self, _statement, _values=None):
        return []


def looked(all_probes: Observers, server=None, until=lambda: True) -> observers.Observed:
    all_probes.begin()
    with all_probes.sampling(server or NoServer()):
        all_probes.read("second", 0.0)
        deadline = time.monotonic() + 30
        while not until() and time.monotonic() < deadline:
            time.sleep(0.001)
        all_probes.read("second", 1.0)
    return all_probes.observed()


def test_one_that_samples_looks_again_and_again_while_the_window_is_open(looking):
    probes = looking("self.rows = server.rows('SELECT 1')")
    probe = probes.opened("looking")
    found = looked(probes, until=lambda: probe.looks > 5)
    assert found.figures["looking"]["looks"] > 3
    after = probe.looks
    time.sleep(0.02)
    assert probe.looks == after
    assert found.reasons == []


def test_one_whose_look_fails_is_null_with_its_reason_and_hides_nothing_else(looking):
    probes = looking("self.looks += 1; raise OSError('gone')")
    found = looked(probes, until=lambda: probes.opened("looking").looks)
    assert found.figures["looking"] == {"looks": None}
    assert "OSError: gone" in found.missing["looking.looks"]
    assert [reason.code for reason in found.reasons] == ["probe-looking-unknown"]
    assert found.figures["host"].keys()


@pytest.mark.usefixtures("impatient")
def test_one_whose_look_hangs_is_waited_for_once_and_takes_no_second_thread(looking):
    probes = looking("self.looks += 1; threading.Event().wait(30)")
    found = looked(probes, until=lambda: probes.opened("looking").looks)
    assert "it did not look at the server within 0.1 s" in found.missing["looking.looks"]
    threads, began = threading.active_count(), time.monotonic()
    found = looked(probes)
    assert "it has not yet come back from its last look" in found.missing["looking.looks"]
    assert threading.active_count() <= threads + 3  # those of the probes waits, metronome and replication
    assert time.monotonic() - began < 5


def test_of_a_server_that_can_not_be_asked_each_figure_says_why_and_nothing_is_doubted(looking):
    found = looked(looking("1 / 0"), Unreadable(unreadable="a pooler is between"))
    assert found.missing["looking.looks"] == found.missing["waits.lock"] == "a pooler is between"
    assert found.reasons == []


# --- one that beats --------------------------------------------------------------------------------------------------

BEATING = """
import threading
import time
from bench.probes.probe import Probe

class Beating(Probe):
    period = "second"
    figures = ("beats",)

    def __init__(self, scene):
        self.beats = 0

    def beat(self):
        self.beats += 1
        {beats}

    def read(self):
        return self.beats

    def summary(self, readings, span_s):
        return {{"beats": readings[-1] - readings[0]}}

PROBE = Beating
"""


@pytest.fixture
def beating(tmp_path, monkeypatch):
    """Return what opens the probes, with one among them that beats."""

    def opened(beats: str = "pass") -> Observers:
        path = tmp_path / "probes" / "beating.py"
        path.parent.mkdir(mode=0o755)
        path.write_text(BEATING.format(beats=beats))
        path.chmod(0o644)
        return Observers(a_scene(root=tmp_path))

    tmp_path.chmod(0o755)
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    return opened


def test_one_that_beats_does_so_while_the_window_is_open_also_where_the_server_can_not_be_asked(beating):
    probes = beating()
    probe = probes.opened("beating")

    def both_beat():
        return probe.beats > 3 and probes.opened("metronome").read()["beats"]

    found = looked(probes, server=Unreadable(unreadable="no server"), until=both_beat)
    assert found.figures["beating"]["beats"] > 3
    assert found.figures["metronome"]["beats"] > 0
    after = probe.beats
    time.sleep(0.2)
    assert probe.beats == after
    assert found.reasons == []


def test_one_whose_beat_fails_is_null_with_its_reason(beating):
    probes = beating("raise OSError('gone')")
    probe = probes.opened("beating")
    found = looked(probes, until=lambda: probe.beats)
    assert found.figures["beating"] == {"beats": None}
    assert "OSError: gone" in found.missing["beating.beats"]


@pytest.mark.usefixtures("impatient")
def test_one_whose_beat_hangs_is_told_in_the_next_trial_and_takes_no_second_thread(beating):
    probes = beating("threading.Event().wait(30)")
    probe = probes.opened("beating")
    looked(probes, until=lambda: probe.beats)
    found = looked(probes)
    assert probe.beats == 1
    assert "it has not yet come back from its last beat" in found.missing["beating.beats"]


def test_a_beat_that_is_slow_comes_less_often_so_that_it_takes_no_more_of_a_core(beating):
    probes = beating("began = time.thread_time()\n        while time.thread_time() - began < 0.05: pass")
    probe = probes.opened("beating")
    sys.modules[type(probe).__module__].time = time
    looked(probes, until=lambda: probe.beats)
    began = time.monotonic()
    # After 50 ms of work six seconds are to pass, give or take half of them.
    with probes.sampling(NoServer()):
        time.sleep(1)
    assert time.monotonic() - began >= 1
    assert probe.beats <= 2
