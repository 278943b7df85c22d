"""The target ``here``: what a run will take, how it goes, where its results are, for somebody who looks on.

Joins ``here`` and ``report``.
"""

import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bench.engines.engine import Server
from bench.model.language import tr
from bench.plan.refine import at_most
from bench.plan.rule import usual_margin
from bench.report.numbers import duration, size
from bench.store.files import nearest_existing
from bench.targets.agreed import check_agreed
from bench.targets.beside import kept_metrics
from bench.targets.here import Prepared, carry_out, check_options, nothing_left_of, prepared
from bench.targets.notify import Happened, notifying
from bench.targets.target import Request, Results

if TYPE_CHECKING:
    from bench.analysis.noise import BoxNoise


class Here:
    """The machine we are on: its cluster of pgladder's, a private server, or an external one (``--dsn``)."""

    def measure(self, request: Request, out: Console) -> Results:
        """See ``bench.targets.target.Target``."""
        check_options(request)
        with notifying(request, out) as event:
            return self._measured(request, out, event)

    def _measured(self, request: Request, out: Console, event: Happened) -> Results:
        complete = True
        if directory := nothing_left_of(request):
            event.run, event.results = directory.plan().run, directory.path
            sentence = tr("Run {run} is complete: nothing is left to be run.", run=directory.plan().run)
            out.print(f"{sentence} {tr('Results: {place}', place=directory.path)}\n", soft_wrap=True)
        else:
            with prepared(request, out.print) as (ready, server):
                directory, plan = ready.directory, ready.plan
                _announce(ready, server, out)
                if "resume" not in request.given:
                    check_agreed({"": ready.estimate}, out, agreed=bool(request.option("yes")))
                event.run, event.results = plan.run, directory.path
                complete = self._carried_out(request, ready, server, out)
            out.print(f"{tr('Results: {place}', place=directory.path)}\n")
        event.complete = complete
        host, place = socket.gethostname(), directory.path
        return Results(
            directories=(place,), hosts={host: place}, repeated={host: Path(request.repeats)}, complete=complete
        )

    def _carried_out(self, request: Request, ready: Prepared, server: Server, out: Console) -> bool:
        """Carry it out before somebody's eyes; return whether it came to its end."""
        # Late, as what else is of looking on: while a cluster is made.
        from bench.report.progress import RunProgress

        expected = ready.estimate
        a_trial_s = expected.seconds / max(ready.left + expected.again, 1)
        progress = RunProgress(out, a_trial_s, ready.plan)
        try:
            with kept_metrics(request, ready, progress, out) as listener:
                listener.complete = carry_out(ready, server, listener)
                return listener.complete
        finally:
            progress.close()


def _announce(ready: Prepared, server: Server, out: Console) -> None:
    """Say what the run will take, and what of it may come to nothing, before hours are spent."""
    from bench.report.noise import too_noisy_lines

    plan, expected = ready.plan, ready.estimate
    trials, time = _trials(ready), tr("about {time}", time=duration(expected.seconds))
    if plan.until_decided or plan.refines or expected.again:
        time = tr("at most {time}", time=time)
    bounds = tr(
        "writes up to {written}, needs up to {disk} of disk at once",
        written=size(expected.written_bytes),
        disk=size(expected.disk_bytes),
    )
    out.print(tr("Run {run}: {trials}, {time}; {bounds}.", run=plan.run, trials=trials, time=time, bounds=bounds))
    for limit in ready.limits:
        out.print(tr("Of the server of --dsn: {limit}.", limit=limit))
    for sentence in ready.left_out:
        out.print(sentence)
    known, notes = _noise(ready, server)
    for line in (*notes, *too_noisy_lines(plan, known, usual_margin(plan))):
        out.print(line)


def _trials(ready: Prepared) -> str:
    """Say how many trials there will be."""
    plan, again = ready.plan, ready.estimate.again
    trials = tr("{left} of {of} trials", left=ready.left, of=len(plan.trials))
    if plan.refines:
        of = len(at_most(plan, ready.directory.records()).trials)
        trials = tr("up to {left} of {of} trials, those close to the knee among them", left=ready.left, of=of)
    if plan.promise:
        trials = tr("about {left} trials of a search", left=ready.left)
    if again:
        trials = tr("{trials}, and up to {again} again where others disturb them", trials=trials, again=again)
    return trials


def _noise(ready: Prepared, server: Server) -> "tuple[BoxNoise | None, list[str]]":
    """Return what is known of this box's noise, if its facts that need no running server are still the same."""
    from bench.probes.facts import host_facts
    from bench.results.noise_floors import noise_beside, still_of

    known, notes = noise_beside(ready.directory.path)
    if known is None or (directory := server.data_directory()) is None:
        return known, notes
    facts = known.host.facts | host_facts(nearest_existing(directory))
    return still_of(replace(known.host, facts=facts), known, notes)
