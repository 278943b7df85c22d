"""So many WAL files lie ready as the most that any variant wrote there: no arm creates files where another does not."""

from types import SimpleNamespace

from bench.agent.outcome import Outcome
from bench.agent.trial import TrialRunner
from tests.builders import a_trial


def test_what_one_variant_wrote_counts_for_the_others_in_its_place():
    runner = object.__new__(TrialRunner)
    runner._wal_used = {}
    session = SimpleNamespace(wal_position=lambda: 1000, wal_segments=lambda: None)
    for trial, before in ((a_trial(1), 400), (a_trial(2, variant="fast"), 100), (a_trial(3), 300)):
        runner._count_wal(session, trial, before, Outcome(started=""))
    assert list(runner._wal_used.values()) == [900]
