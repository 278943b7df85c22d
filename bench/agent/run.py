"""A run: every trial of a plan in its order, recorded as it ends, resumed where it was interrupted."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

from bench.agent.gate import wait_at_gate
from bench.agent.outcome import Outcome
from bench.agent.trial import TrialRunner
from bench.engines.engine import Server
from bench.engines.postgresql.session import ServerError
from bench.model.plan import Plan, Trial
from bench.model.record import Record
from bench.plan.rates import interrupted
from bench.plan.rule import decided_after, nothing_left
from bench.store.run_directory import RunDirectory, now


class Listener(Protocol):
    """Who hears how a run goes on."""

    def begins(self, trial: Trial, number: int, of: int) -> None:
        """Report that a trial begins."""
        ...

    def ended(self, record: Record) -> None:
        """Report that a trial is recorded."""
        ...

    def report(self, sentence: str) -> None:
        """Report something else that a user should know."""
        ...


def execute(plan: Plan, directory: RunDirectory, server: Server, listener: Listener) -> bool:
    """Run the trials that have no record yet; return whether the plan came to its end.

    An interruption (KeyboardInterrupt) voids the trial under way and ends the run cleanly. Where boxes of one machine
    are interleaved, each block waits at its gate.

    Raises:
        ServerError: the server did not come back; what was recorded is intact.

    """
    runner = TrialRunner(plan, server, directory.host())
    directory.reopen()
    _record_interrupted_trials(plan, directory, runner)
    left = deque(remaining(plan, directory.records()))
    while left:
        trial, attempt = left.popleft()
        if not wait_at_gate(directory, trial.block, listener.report, runner.rest):
            return False
        listener.begins(trial, len(plan.trials) - len(left), len(plan.trials))
        directory.open_trial(trial.number, attempt)
        record, samples = runner.run(trial, attempt)
        directory.append(record, samples)
        listener.ended(record)
        codes = record.validity.codes
        if "interrupted" in codes:
            return False
        if (drift := record.validity.detail("configuration-drifted")) is not None:
            raise ServerError(f"Trial {trial.number}: {drift}; the run stops here.")
        if record.void and "refused" not in codes:
            listener.report("bringing the server back to a known state")
            server.recover()
        if interrupted(record):
            left.appendleft((trial, attempt + 1))
        if plan.until_decided and not remaining(plan, directory.records()):
            if why := nothing_left(plan, directory.records()):
                listener.report(f"the run ends here: {why}")
            break
    directory.finish()
    return True


def remaining(plan: Plan, records: Sequence[Record]) -> list[tuple[Trial, int]]:
    """Return (trial, attempt) of what is still to do: what has no record, or was interrupted from outside.

    A run until decided has nothing left once it is decided.
    """
    attempts: dict[int, int] = {}
    done = {}
    for record in records:
        attempts[record.trial.number] = record.attempt
        if interrupted(record) is None:
            done[record.trial.number] = record
    if decided_after(plan, list(done.values())):
        return []
    return [(trial, attempts.get(trial.number, 0) + 1) for trial in plan.trials if trial.number not in done]


def _record_interrupted_trials(plan: Plan, directory: RunDirectory, runner: TrialRunner) -> None:
    """Record, as void, what an agent that was killed left without a record."""
    trials = {trial.number: trial for trial in plan.trials}
    for number, attempt in directory.interrupted():
        outcome = Outcome(started=now("milliseconds"))
        outcome.doubt("agent-ended", "the agent was killed or lost power during this trial")
        directory.append(*runner.record(trials[number], attempt, outcome))
