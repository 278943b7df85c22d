"""Pulled runs: found, read, checked, reported as ladders, planned again. No box is asked for anything."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from hdrh.histogram import HdrHistogram

from bench.analysis.counted import Key
from bench.analysis.judged import check_doubts
from bench.analysis.pulled import PulledRun, RunOutcomes, ending_notes
from bench.model.errors import UsageError
from bench.model.fingerprint import Fingerprint
from bench.model.language import tr
from bench.model.plan import Plan, Promise
from bench.model.record import Record, Samples
from bench.plan.contrast import check_compared
from bench.plan.refine import narrowed
from bench.results.consistency import check_durability, check_records
from bench.store.run_directory import TRIALS, RunDirectory, find_runs

if TYPE_CHECKING:
    from bench.analysis.ladder import LadderReport


def read(directory: RunDirectory, *, samples: bool = True) -> PulledRun:
    """Return a run as it lies there, with its samples where they are kept and asked for.

    Raises:
        DataError: a file was changed, cut, or is none of pgladder's; names it.

    """
    with_samples = samples and directory.with_samples()
    directory = RunDirectory(directory.path, read_once=True)
    sealed = directory.check_sums(samples=with_samples)
    plan, records = directory.plan(), directory.records()
    place = directory.path.resolve()
    host = _host(directory, plan, place)
    _check(directory, plan, host, records)
    found, histograms = _samples(directory, records if with_samples else (), plan.promise)
    return PulledRun(
        directory=place.name,
        plan=narrowed(plan, records).as_asked(),
        host=host,
        records=[record for record in records if not record.trial.experiment],
        experiments=[record for record in records if record.trial.experiment],
        samples=found,
        histograms=histograms,
        begun=directory.interrupted() if with_samples else (),
        sealed=sealed,
        cancelled=directory.cancelled(),
        with_samples=with_samples,
    )


def _samples(
    directory: RunDirectory, records: Iterable[Record], promise: Promise | None
) -> tuple[dict[Key, Samples], dict[Key, HdrHistogram]]:
    """Return the samples of each record and their latencies, which must make what the record says."""
    # Loaded where there are samples: a comparison of a run's trials reads none.
    from bench.analysis.resealed import check_samples

    found: dict[Key, Samples] = {}
    histograms: dict[Key, HdrHistogram] = {}
    for record in records:
        key = record.key
        found[key] = directory.samples(*key)
        histograms[key] = directory.latencies(*key, found[key])
        check_samples(record, found[key], histograms[key], str(directory.path / TRIALS), promise)
    return found, histograms


def outcomes_of(directory: RunDirectory) -> RunOutcomes:
    """Return a run as far as a comparison of its trials needs it; raises as ``read``."""
    directory = RunDirectory(directory.path, read_once=True)
    sealed = directory.check_sums(samples=False)
    plan = directory.plan()
    place = directory.path.resolve()
    host = _host(directory, plan, place)
    outcomes = directory.outcomes(lambda records: _check(directory, plan, host, records))
    narrow = narrowed(plan, outcomes)
    asked = narrow.as_asked()
    if asked is not narrow:
        outcomes = [outcome for outcome in outcomes if not outcome.trial.experiment]
    return RunOutcomes(
        directory=place.name,
        plan=asked,
        host=host,
        records=outcomes,
        sealed=sealed,
        cancelled=not sealed and directory.cancelled(),
    )


def _check(directory: RunDirectory, plan: Plan, host: Fingerprint | None, records: Sequence[Record]) -> None:
    where = str(directory.path / TRIALS)
    check_records(plan, records, where)
    check_durability(plan, host, records, where)
    check_doubts(host, records, where)


def _host(directory: RunDirectory, plan: Plan, place: Path) -> Fingerprint | None:
    """Return the fingerprint, under the inventory's name for the box where the run lies in results/<run>/<host>."""
    found = directory.host()
    # Boxes of one image call themselves the same; the inventory's names differ.
    if found and found.host != place.name and place.parent.name == plan.run:
        return replace(found, host=place.name)
    return found


def ladder_of(run: PulledRun) -> "LadderReport":
    """Return what the records of a run say, and how it ended."""
    # Loaded where ladders are asked for: a comparison makes none.
    from bench.analysis.ladder import ladder_report

    report = ladder_report(run)
    return replace(report, notes=(*report.notes, *ending_notes(run)))


def doubtful(reports: "Sequence[LadderReport]") -> bool:
    """Return whether a result is void, a run has not come to its end, or nothing tells whether it was changed."""
    for report in reports:
        rungs = chain.from_iterable(ladder.rungs for ladder in report.ladders)
        if not report.complete or any(rung.void for rung in rungs):
            return True
    return False


def only_run(directory: Path) -> RunDirectory:
    """Return the one run in a directory.

    Raises:
        UsageError: there is none, or several.

    """
    found = find_runs(directory)
    if len(found) > 1:
        raise UsageError(
            tr(
                "{directory} holds {count} hosts' runs; name one: {path}.",
                directory=directory,
                count=len(found),
                path=found[0].path,
            )
        )
    return found[0]


def reproduced_plan(directory: Path, run: str, now: str) -> Plan:
    """Return the plan of a run to be carried out again under another name; of one that chose its trials, what was run.

    Raises:
        UsageError: there is no run or several, or one block can't answer.
        DataError: a file of it is not what was recorded.

    """
    pulled = outcomes_of(only_run(directory))
    check_compared(pulled.plan)
    # The same number of blocks again: a rule that stops early would make the second run another one.
    last = pulled.decided_after or pulled.plan.blocks[-1]
    if last == 1:
        raise UsageError(
            tr(
                "Run {run} has one block: it has no spread, so nothing could be shown to be equivalent."
                " Reproduce a run of three or more: pgladder run --blocks 3.",
                run=pulled.plan.run,
            )
        )
    trials = tuple(trial for trial in pulled.plan.trials if trial.block <= last)
    return replace(pulled.plan, run=run, created=now, trials=trials, until_decided=None, refines=None)
