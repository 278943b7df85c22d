"""Whether readers, or retention, can work beside the writers of a trial, and what the table holds before. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from bench.engines.postgresql.layout import table_layout
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plan import NULL, Trial

TIMES_UNDER_WAY = 10
"""So many times the rows under way a table keeps at least: a commit that so many rows overtake is not deleted."""
OF_READERS = ("reads", "reads_per_100_rows")
"""Parameters that mean nothing without readers."""


def check_mixed(
    trials: Sequence[Trial], preload_rows: int, asked: Iterable[Mapping[str, object]], alone: str | None
) -> int:
    """Refuse what can't be done beside the writers, and return how many rows are there before.

    A table that keeps so many rows has them from the start: else none would be deleted until it is full.

    Args:
        trials: one of each that is planned.
        preload_rows: as asked for; 0: nobody did.
        asked: changes of parameters that were asked for.
        alone: what else is asked for that measures what writers do alone, too; None: nothing.

    Raises:
        UsageError: says what can't be, and what would.

    """
    _check_readers(trials, asked)
    if alone and any(trial.parameters.mixed for trial in trials):
        raise UsageError(
            tr(
                "{option} also measures what a trial's writers do alone, on a server that stores nothing: there is"
                " nothing to read or to delete. Leave out --readers and --retain.",
                option=alone,
            )
        )
    preload_rows = preload_rows or max((trial.parameters.retain for trial in trials), default=0)
    for trial in trials:
        check_trial(trial, preload_rows)
    return preload_rows


def _check_readers(trials: Iterable[Trial], asked: Iterable[Mapping[str, object]]) -> None:
    """Refuse to ask what readers do where there are none."""
    if any(trial.parameters.readers for trial in trials):
        return
    named: set[str] = set()
    for changes in asked:
        named |= {name for name in OF_READERS if changes.get(name) is not None}
    if named:
        options = tr(" and ").join(f"--{name.replace('_', '-')}" for name in sorted(named))
        raise UsageError(
            tr("{options} is of readers, and there are none: ask for --readers 4, or so many.", options=options)
        )


def check_trial(trial: Trial, preload_rows: int) -> None:
    """Refuse a trial beside whose writers nobody can read, or delete the oldest rows.

    Raises:
        UsageError: says why, and what would do.

    """
    parameters = trial.parameters
    if not parameters.mixed:
        return
    if trial.engine == NULL:
        raise UsageError(tr("The null server stores nothing that could be read or deleted."))
    if not table_layout(trial.layout).has_key:
        raise UsageError(
            tr(
                "The layout {layout} has no primary key, by which readers find rows and the oldest ones are deleted:"
                " leave it out, or --readers and --retain.",
                layout=trial.layout,
            )
        )
    if parameters.retain:
        _check_retention(trial, preload_rows)


def _check_retention(trial: Trial, preload_rows: int) -> None:
    """Refuse to keep so few rows that a commit may be overtaken, or more than there are before."""
    parameters = trial.parameters
    if table_layout(trial.layout).by_shard:
        raise UsageError(
            tr(
                "In the layout {layout} it can't be told how many transactions wrote the rows that are deleted, so that"
                " not all would be accounted for: leave it out, or --retain.",
                layout=trial.layout,
            )
        )
    if parameters.retain < (least := TIMES_UNDER_WAY * parameters.under_way):
        raise UsageError(
            tr(
                "Phase {phase} has up to {under_way:,} rows under way, and of a table that keeps {retain:,} commits may"
                " be left behind: ask for --retain {least} or more.",
                phase=trial.phase,
                under_way=parameters.under_way,
                retain=parameters.retain,
                least=least,
            )
        )
    if preload_rows < parameters.retain:
        raise UsageError(
            tr(
                "A table that is to keep {retain:,} rows has them from the start, and --preload-rows is {preload:,}:"
                " leave that out, or ask for {retain} or more.",
                retain=parameters.retain,
                preload=preload_rows,
            )
        )
