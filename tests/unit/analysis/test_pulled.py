"""How a run ended is said, and what of it counts."""

from dataclasses import replace

import pytest

from bench.analysis.host_notes import host_notes
from bench.analysis.pulled import ending_notes, extent_notes, finished
from bench.model.fingerprint import Unreadable
from bench.results.read import ladder_of
from tests.builders import a_host, a_record, doubtful, pulled, void


def test_a_run_like_any_other_ends_without_a_word():
    assert ending_notes(pulled(a_record(1), a_record(2))) == []


def test_a_run_that_was_cancelled_says_so_first():
    run = replace(pulled(a_record(1), a_record(2, **void("interrupted"))), cancelled=True)
    first, second = ladder_of(run).notes
    assert first == "This run was cancelled and is not complete: 1 of its 2 trials are here."
    assert "trial 2" in second


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("interrupted", "told to stop"),
        ("agent-ended", "killed or lost power"),
        ("server-restarted", "server was restarted"),
    ],
)
def test_a_run_that_was_cut_says_how(code, words):
    run = pulled(a_record(1), a_record(2, **void(code)))
    [note] = ending_notes(run)
    assert words in note
    assert "trial 2" in note
    assert finished(run.records) == {1}


@pytest.mark.parametrize("code", ["interrupted", "agent-ended", "server-restarted"])
def test_a_trial_that_was_cut_is_not_one_that_is_here(code):
    run = pulled(a_record(1), a_record(2, **void(code)))
    report = ladder_of(run)
    assert not report.complete
    assert "1 of its 2 trials" in report.notes[0]


def test_a_trial_without_a_record_is_named():
    [note] = ending_notes(pulled(a_record(1), begun=[(2, 1), (4, 1)]))
    assert note.startswith("Begun and without a record here: trial 2, 4.")


def test_a_trial_that_was_run_again_counts_once_and_is_named():
    run = pulled(a_record(1, **void("agent-ended")), a_record(1, attempt=2))
    [note] = ending_notes(run)
    assert note.startswith("Cut short and run again: trial 1")
    assert finished(run.records) == {1}


def test_files_that_nothing_vouches_for_are_said_to_be_that():
    run = pulled(a_record(1), a_record(2), host=a_host(), sealed=False)
    [note] = ladder_of(run).notes
    assert "no checksums" in note


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (pulled(a_record(1), a_record(2)), "although all its trials are recorded"),
        (pulled(a_record(1), a_record(2), cancelled=True), "as it was cancelled"),
        (pulled(a_record(1), begun=[(2, 1)]), "as it was not closed"),
    ],
)
def test_checksums_that_a_finished_run_lost_are_told_from_those_that_were_never_written(run, why):
    run = replace(run, sealed=False)
    sentence = f"has no checksums, {why}: whether a file was changed is not known."
    assert extent_notes(run)[-1] == ladder_of(run).notes[-1 - len(ending_notes(run))] == f"This run {sentence}"
    assert extent_notes(run, several=True)[-1] == f"Run {run.plan.run} {sentence}"


def test_a_void_trial_is_a_finished_one():
    assert finished([a_record(1, validity=doubtful("void", "rows-lost"))]) == {1}


@pytest.mark.parametrize("container", ["none", None])
def test_a_real_box_is_not_taken_for_a_virtual_one(container):
    assert host_notes(a_host(system={"hypervisor": False, "container": container})) == []


def test_a_host_that_counts_no_throttling_is_told_once_and_a_virtual_machine_needs_no_telling():
    none = {"throttle_counters": Unreadable(unreadable="this kernel does not count thermal throttling")}
    [note] = host_notes(a_host(cpu=none))
    assert note == "Whether the processor was slowed for heat is not known: this kernel does not count it."
    [virtual] = host_notes(a_host(cpu=none, system={"hypervisor": True}))
    assert virtual.startswith("This is a virtual machine")
    assert host_notes(a_host(cpu={"throttle_counters": ["core_throttle_count"]})) == []


def test_of_a_box_under_a_quota_it_is_said_that_its_rates_are_of_that_part():
    counted = {"throttle_counters": ["core_throttle_count"]}
    [note] = host_notes(a_host(cpu=counted | {"quota_cores": 0.5, "server_quota_cores": 0.5}))
    assert note.startswith("Under quota, functional: a CPU quota of 0.5 cores held for this box")
    assert note.endswith("the same command on a box without one (HOST=…).")
    clients, server = host_notes(a_host(cpu=counted | {"quota_cores": 0.5, "server_quota_cores": 0.75}))
    assert "a CPU quota of 0.5 cores held for the clients," in clients
    assert "a CPU quota of 0.75 cores held for the server," in server
    [note] = host_notes(a_host(cpu=counted | {"quota_cores": "none", "server_quota_cores": 2}))
    assert "a CPU quota of 2 cores held for the server," in note
    [note] = host_notes(a_host(cpu=counted | {"quota_cores": 0.5}))
    assert "held for this box" in note
    whole = {"logical_cpus": 4, "quota_cores": 4, "server_quota_cores": 8}
    assert host_notes(a_host(cpu=counted | whole)) == []
    assert host_notes(a_host(cpu=counted | {"quota_cores": "none", "server_quota_cores": "none"})) == []
