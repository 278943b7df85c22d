"""What of a run is passed on: an allow-list. Whatever is not named here stays.

A text leaves only as a word of pgladder's own (``Vocabulary``), or as a name of a known form (``hardware_names``):
reasons in words, names of hosts, runs, programs, variants and phases of a user's never do. Numbers are rounded, so that
the size of a disk or memory tells a kind of box and not one box. Pure.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from bench.analysis.counted import good, grades_of
from bench.analysis.hardware_names import kernel_release, processor_name, system_name
from bench.analysis.ladder import Ladder, LadderReport, trials_of
from bench.analysis.pulled import PulledRun
from bench.analysis.rung import Rung
from bench.model.fingerprint import Fact, Fingerprint, Processors, Unreadable, processors
from bench.model.shared import (
    MOST_BYTES,
    Builder,
    Disk,
    FileSystem,
    Shared,
    SharedBox,
    SharedLimit,
    SharedRung,
    Vocabulary,
)

MONTH = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))-\d\d", re.ASCII)
RELEASE = re.compile(r"\d{1,4}(?:\.\d{1,4}){1,2}", re.ASCII)
VERSION = re.compile(r"\d{2}", re.ASCII)
MAJOR = re.compile(r"PostgreSQL (\d{2})(?!\d)", re.ASCII)
STATES = ("void", "suspect", "slight", "valid")
OTHER = "other"
GIB = 1 << 30
FIGURES = 6
"""Of a rate: more than any of them bears."""


def shared(run: PulledRun, report: LadderReport, words: Vocabulary) -> Shared:
    """Return what is passed on of a run; ``report`` is of the same run, its ladders by name."""
    host = run.host
    facts = _Facts(host)
    found, left_out = _rungs(run, report.ladders, words)
    month = MONTH.match(run.plan.created)
    return Shared(
        pgladder=facts.matching("pgladder", "version", RELEASE),
        measured=month[1] if month else None,
        complete=report.complete,
        external=facts.external,
        warm_up_s=run.plan.warm_up_s,
        window_s=run.plan.window_s,
        builder=_builder(facts),
        data_checksums=facts.switch("postgresql", "data_checksums"),
        box=_box(facts, processors(host)),
        rungs=tuple(found),
        left_out=left_out,
    )


def within(what: Shared, size: Any, most: int = MOST_BYTES) -> Shared:
    """Return what fits a file: the last rungs are left out until it does; ``size`` tells the bytes of what is given."""
    while what.rungs and size(what) > most:
        what = replace(what, rungs=what.rungs[:-1], left_out=what.left_out + 1)
    return what


# --- rungs -----------------------------------------------------------------------------------------------------------


def _rungs(run: PulledRun, ladders: Sequence[Ladder], words: Vocabulary) -> tuple[list[SharedRung], int]:
    """Return the rungs that have no word of a user's, and how many have one."""
    found, left_out = [], 0
    for ladder in ladders:
        for rung in ladder.rungs:
            if _own(ladder, rung, words):
                found.append(_rung(run, ladder, rung, words))
            else:
                left_out += 1
    return found, left_out


def conditions_of(rung: SharedRung) -> tuple[object, ...]:
    """Return what the rungs of one ladder have in common."""
    return rung.variant, rung.layout, rung.transport, rung.major


def _own(ladder: Ladder, rung: Rung, words: Vocabulary) -> bool:
    return (
        rung.phase in words.methods
        and rung.driver in words.drivers
        and rung.parameters.load in words.loads
        and ladder.layout in words.layouts
        and ladder.variant in words.variants
        and (ladder.version is None or VERSION.fullmatch(ladder.version) is not None)
    )


def _rung(run: PulledRun, ladder: Ladder, rung: Rung, words: Vocabulary) -> SharedRung:
    # Their durability need not be that of its ladder.
    counted = good(trials_of(ladder, rung, run.records))
    sustained = [rounded(each.settled_rows_per_s) for each in counted]
    return SharedRung(
        phase=rung.phase,
        driver=rung.driver,
        variant=ladder.variant,
        layout=ladder.layout,
        transport=ladder.transport,
        major=_major(ladder, run.host),
        parameters=rung.parameters,
        preload_rows=ladder.preload_rows,
        durability=grades_of(counted),
        trials=rung.trials,
        void=rung.void,
        suspect=rung.suspect,
        doubts=tuple(_codes(rung, words)),
        rows_per_s=rounded(rung.rows_per_s),
        sustained_rows_per_s=rounded(rung.settled_rows_per_s),
        sustained_of_trials=tuple(rate for rate in sustained if rate),
        p50_ms=rounded(rung.latency_ms.p50),
        p99_ms=rounded(rung.latency_ms.p99),
        client_cores=rounded(rung.client_cores),
        server_cores=rounded(rung.server_cores),
        stopped_by=_limit(rung, words),
    )


def _major(ladder: Ladder, host: Fingerprint | None) -> int | None:
    """Return PostgreSQL's major: the ladder's own where a run has several."""
    if ladder.version is not None:
        return int(ladder.version)
    found = _Facts(host).matching("postgresql", "version", MAJOR)
    return int(found) if found else None


def _codes(rung: Rung, words: Vocabulary) -> Iterable[str]:
    """Return the codes of a rung's doubts, each once, the worst first; those of a user's probes are ``other``."""
    worst_first = sorted(rung.doubts, key=lambda doubt: STATES.index(doubt.state))
    codes = [doubt.reason.code for doubt in worst_first]
    return dict.fromkeys(code if code in words.codes else OTHER for code in codes)


def _limit(rung: Rung, words: Vocabulary) -> SharedLimit | None:
    limit = rung.stopped_by
    if limit is None or limit.constraint not in words.constraints:
        return None
    return SharedLimit(constraint=limit.constraint, share=float(f"{limit.share:.3g}"), proved=limit.proved)


def rounded(value: float | None, figures: int = FIGURES) -> float | None:
    """Return a number with so many figures."""
    return None if value is None else float(f"{value:.{figures}g}")


# --- the box ---------------------------------------------------------------------------------------------------------


class _Facts:
    """A fingerprint, asked for facts of a certain form; None of every other."""

    def __init__(self, host: Fingerprint | None) -> None:
        self._facts: Mapping[str, Mapping[str, Fact]] = host.facts if host else {}

    @property
    def external(self) -> bool:
        """Whether the server was somebody's own."""
        ours = self._facts.get("pgladder", {})
        return bool(ours.get("limits") or ours.get("clients_on"))

    def fact(self, group: str, name: str) -> Fact | None:
        """Return a fact as it is."""
        found = self._facts.get(group, {}).get(name)
        return None if isinstance(found, Unreadable) else found

    def matching(self, group: str, name: str, form: "re.Pattern[str]") -> str | None:
        """Return what of a text has a form: its first group, where it has one."""
        found = self.fact(group, name)
        if not isinstance(found, str):
            return None
        match = form.match(found) if form.groups else form.fullmatch(found)
        return match[form.groups and 1] if match else None

    def one_of(self, group: str, name: str, words: Any) -> Any:
        """Return a text that is one of the words of a ``Literal``."""
        found = self.fact(group, name)
        return found if found in get_args(words) else None

    def number(self, group: str, name: str) -> float | None:
        """Return a number above 0."""
        found = self.fact(group, name)
        return found if isinstance(found, int | float) and not isinstance(found, bool) and found > 0 else None

    def switch(self, group: str, name: str) -> bool | None:
        """Return what is on or off."""
        found = self.fact(group, name)
        if isinstance(found, bool):
            return found
        return {"on": True, "off": False}.get(found) if isinstance(found, str) else None


def _box(facts: _Facts, cpus: Processors | None) -> SharedBox:
    ram, flushes = facts.number("memory", "ram_bytes"), facts.number("disk", "fsync_per_s")
    return SharedBox(
        processor=processor_name(facts.fact("cpu", "model")),
        # A part of one is no kind of box.
        cpus=int(cpus.usable) if cpus and cpus.usable == int(cpus.usable) else None,
        ram_gib=round(ram / GIB) if ram else None,
        disk=cast(Disk | None, facts.one_of("disk", "kind", Disk)),
        file_system=cast(FileSystem | None, facts.one_of("disk", "file_system", FileSystem)),
        flushes_per_s=rounded(flushes, 3),
        system=system_name(facts.fact("system", "os")),
        kernel=kernel_release(facts.fact("system", "kernel")),
        virtual=_virtual(facts),
    )


def _virtual(facts: _Facts) -> bool | None:
    hypervisor, container = facts.fact("system", "hypervisor"), facts.fact("system", "container")
    if hypervisor is None and container is None:
        return None
    return hypervisor is True or (isinstance(container, str) and container != "none")


def _builder(facts: _Facts) -> Builder | None:
    found = facts.fact("postgresql", "builder")
    if not isinstance(found, str):
        return None
    return cast(Builder, found if found in get_args(Builder) else OTHER)
