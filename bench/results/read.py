"""Pulled runs: found, read, checked, reported as ladders, planned again. No box is asked for anything."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.analysis.judged import check_doubts
from bench.analysis.ladder import LadderReport, ladder_report
from bench.analysis.pulled import PulledRun, ending_notes
from bench.analysis.resealed import check_samples
from bench.model.errors import UsageError
from bench.model.fingerprint import Fingerprint
from bench.model.plan import Plan
from bench.results.consistency import check_durability, check_records
from bench.store.run_directory import TRIALS, RunDirectory, find_runs


def read(directory: RunDirectory) -> PulledRun:
    """Return a run as it lies there.

    Raises:
        DataError: a file was changed, cut, or is none of pgladder's; names it.

    """
    if not directory.with_samples():
        return replace(records_of(directory), with_samples=False)
    run = _run(directory, sealed=directory.check_sums())
    keys = [record.key for record in run.records]
    samples = {key: directory.samples(*key) for key in keys}
    histograms = {key: directory.latencies(*key, each) for key, each in samples.items()}
    for key, record in zip(keys, run.records, strict=True):
        check_samples(record, samples[key], histograms[key], str(directory.path / TRIALS))
    return replace(
        run,
        samples=samples,
        histograms=histograms,
        begun=directory.cut_short(),
    )


def records_of(directory: RunDirectory) -> PulledRun:
    """Return a run without its samples: they are most of its bytes, and no comparison within a run needs them."""
    return _run(directory, sealed=directory.check_sums(samples=False))


def _run(directory: RunDirectory, *, sealed: bool) -> PulledRun:
    plan, records, path = directory.plan(), directory.records(), directory.path.resolve()
    host, trials = directory.host(), str(directory.path / TRIALS)
    check_records(plan, records, trials)
    check_durability(plan, host, records, trials)
    check_doubts(named := _named(host, path, plan), records, trials)
    return PulledRun(
        directory=path.name,
        plan=plan,
        host=named,
        records=records,
        samples={},
        histograms={},
        sealed=sealed,
        cancelled=directory.cancelled(),
    )


def _named(found: Fingerprint | None, path: Path, plan: Plan) -> Fingerprint | None:
    """Return the fingerprint, under the inventory's name for the box in results/<run>/<host>: hostnames repeat."""
    return replace(found, host=path.name) if found and path.parent.name == plan.run else found


def told(run: PulledRun) -> LadderReport:
    """Return what the records of a run say, and how it ended."""
    report = ladder_report(run)
    return replace(report, notes=(*report.notes, *ending_notes(run)))


def doubtful(reports: Sequence[LadderReport]) -> bool:
    """Return whether a result is void, a run has not come to its end, or nothing tells whether it was changed."""
    void = any(rung.void for report in reports for ladder in report.ladders for rung in ladder.rungs)
    return void or any(not report.complete for report in reports)


def only_run(directory: Path) -> RunDirectory:
    """Return the one run in a directory.

    Raises:
        UsageError: there is none, or several.

    """
    found = find_runs(directory)
    if len(found) > 1:
        raise UsageError(f"{directory} holds {len(found)} hosts' runs; name one: {found[0].path}.")
    return found[0]


def plan_again(directory: Path, run: str, now: str) -> Plan:
    """Return the plan of a run to be carried out again under another name; of one that was decided, what was run.

    Raises:
        UsageError: there is no run or several, or one block can't answer.
        DataError: a file of it is not what was recorded.

    """
    pulled = records_of(only_run(directory))
    last = pulled.decided_after or max(trial.block for trial in pulled.plan.trials)
    if last == 1:
        raise UsageError(
            f"Run {pulled.plan.run} has one block: it has no spread, so nothing could be shown to be equivalent."
            " Reproduce a run of three or more: pgladder run --blocks 3."
        )
    trials = tuple(trial for trial in pulled.plan.trials if trial.block <= last)
    return replace(pulled.plan, run=run, created=now, trials=trials, until_decided=None)
