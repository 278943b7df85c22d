"""A run: every trial of a plan in its order, recorded as it ends, resumed where it was interrupted."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Protocol

from bench.agent.gate import wait_at_gate
from bench.agent.outcome import Outcome
from bench.agent.trial import TrialRunner
from bench.engines.engine import ManagedServer, Server
from bench.engines.null.measured import NullServer
from bench.engines.postgresql.session import ServerError
from bench.model.fingerprint import Fingerprint, processors
from bench.model.language import tr
from bench.model.plan import NULL, Plan, Trial
from bench.model.record import Record
from bench.plan.generator import check_capacity
from bench.plan.rates import counting, interrupted
from bench.plan.refine import may_follow
from bench.plan.remaining import in_all, remaining
from bench.plan.rule import nothing_left
from bench.plan.suspects import suspects_of
from bench.store.run_directory import RunDirectory, now


class Listener(Protocol):
    """Who hears how a run goes on."""

    def begins(self, trial: Trial, left: int, of: int) -> None:
        """Report that a trial begins; ``left`` are to do, with it, of the ``of`` trials of the plan.

        Of a search both are what it will probably take: which trials it takes follows from their outcome.
        """
        ...

    def ended(self, record: Record) -> None:
        """Report that a trial is recorded."""
        ...

    def report(self, sentence: str) -> None:
        """Report something else that a user should know."""
        ...


def execute(
    plan: Plan,
    directory: RunDirectory,
    server: Server,
    listener: Listener,
    beside: Mapping[str, ManagedServer] | None = None,
) -> bool:
    """Run the trials that have no record yet; return whether the plan came to its end.

    ``server`` is of the plan's own engine, ``beside`` are those of other engines by name, each created and stopped.
    An interruption (KeyboardInterrupt) voids the trial under way and ends the run cleanly. Where boxes of one machine
    are interleaved, each block waits at its gate.

    Raises:
        ServerError: the server did not come back; what was recorded is intact.

    """
    with closing(Runners(plan, server, directory.host(), beside or {})) as runners:
        directory.reopen()
        _record_interrupted_trials(plan, directory, runners)
        return _carry_out(plan, directory, runners, listener)


def _carry_out(plan: Plan, directory: RunDirectory, runners: "Runners", listener: Listener) -> bool:
    suspects, records = directory.suspects(), directory.records()
    while left := remaining(plan, records, suspects):
        trial, attempt = left[0]
        if trial.without and not trial.alone_of and suspects is None:
            # What is predicted is on disk before the first experiment can tell.
            suspects = suspects_of(plan, records, processors(directory.host()))
            directory.write_suspects(suspects)
            continue
        if not wait_at_gate(directory, trial.block, listener.report, runners.rest):
            return False
        _say_if_repeated(trial, records, listener)
        listener.begins(trial, len(left) + len(may_follow(plan, records)), in_all(plan, records, left))
        runner = runners.turn(trial)
        directory.open_trial(trial.number, attempt)
        record, samples = runner.run(trial, attempt, check_capacity(plan, trial, records))
        directory.append(record, samples)
        records.append(record)
        listener.ended(record)
        if "interrupted" in record.validity.codes:
            return False
        _mend(record, runner, listener)
    if plan.until_decided and (why := nothing_left(plan, records)):
        listener.report(tr("the run ends here: {why}", why=why))
    directory.finish()
    return True


def _mend(record: Record, runner: TrialRunner, listener: Listener) -> None:
    """Have the next trial find the server as this one did; where somebody else configures it, nobody can."""
    if (drift := record.validity.detail("configuration-drifted")) is not None:
        raise ServerError(tr("Trial {number}: {why}; the run stops here.", number=record.trial.number, why=drift))
    if record.void and "refused" not in record.validity.codes:
        listener.report(tr("bringing the server back to a known state"))
        runner.server.recover()


def _say_if_repeated(trial: Trial, records: Sequence[Record], listener: Listener) -> None:
    """Say why a trial is measured again that came to its end: others disturbed it."""
    before = counting(records).get(trial.number)
    if before is not None and interrupted(before) is None:
        why = before.validity.why
        listener.report(
            tr(
                "block {block}: trial {number} is measured again: {why}",
                block=trial.block,
                number=trial.number,
                why=why,
            )
        )


def _record_interrupted_trials(plan: Plan, directory: RunDirectory, runners: "Runners") -> None:
    """Record, as void, what an agent that was killed left without a record."""
    trials = {trial.number: trial for trial in plan.trials}
    for number, attempt in directory.interrupted():
        outcome = Outcome(started=now("milliseconds"))
        outcome.doubt("agent-ended", "the agent was killed or lost power during this trial")
        directory.append(*runners.of(trials[number]).record(trials[number], attempt, outcome))


class Runners:
    """Who runs a trial: on the server of the plan, on that of another engine, or on the null server, which is ours.

    Of the plan's and the other engines' one runs at a time, as what others do of themselves would be measured too.
    """

    def __init__(
        self, plan: Plan, server: Server, host: Fingerprint | None, beside: Mapping[str, ManagedServer] | None = None
    ) -> None:
        self._plan, self._host = plan, host
        self._servers: dict[str, Server] = {plan.engine: server, **(beside or {})}
        self._runners = {plan.engine: TrialRunner(plan, server, host)}
        self._at = plan.engine
        """The engine that had its turn last, beside the null server."""

    def of(self, trial: Trial) -> TrialRunner:
        """Return who runs a trial."""
        engine = trial.engine or self._plan.engine
        if engine not in self._runners:
            server = NullServer(self.rest) if engine == NULL else self._servers[engine]
            self._runners[engine] = TrialRunner(self._plan, server, self._host)
        return self._runners[engine]

    def turn(self, trial: Trial) -> TrialRunner:
        """Return who runs a trial, the server of another engine having been stopped where that is ours to do.

        Raises:
            ServerError: it can't be stopped.

        """
        engine = trial.engine or self._plan.engine
        if engine not in (NULL, self._at):
            self.rest()
            left = self._servers[self._at]
            if isinstance(left, ManagedServer):
                left.stop()
            self._at = engine
        return self.of(trial)

    def rest(self) -> None:
        """See ``TrialRunner.rest``; of the one that had its turn."""
        if self._at in self._runners:
            self._runners[self._at].rest()

    def close(self) -> None:
        """End the null server; the others are their owner's to close."""
        if NULL in self._runners:
            self._runners[NULL].server.close()
