"""The ladder as a table of at most 80 columns, doubts first and each once; ``--detail`` has what else is known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import starmap
from typing import Any

from rich.console import Console
from rich.text import Text

from bench.analysis.comparison import of_version
from bench.analysis.doubts import grouped
from bench.analysis.ladder import Ladder, LadderReport
from bench.analysis.limits import constraint_words
from bench.analysis.rung import Rung
from bench.analysis.ways import method_words
from bench.model.fingerprint import Fact, Fingerprint, Unreadable, processors
from bench.model.language import later, tr
from bench.model.plan import ACCUMULATE, CLOSED, OPEN
from bench.report.bound import show_bounds
from bench.report.command import caller
from bench.report.mixed import beside_writers
from bench.report.numbers import DASH, cores, figure, microseconds, percentile, times, whole
from bench.report.published import beside_heading, conclusions, latency_table, published_table, rule
from bench.report.tables import print_fitting
from bench.report.words import STATE_STYLES, figure_words, limit_words

OPEN_LOOP = later("open loop")
LOOPS = {later("closed loop"): {CLOSED, "rounds"}, OPEN_LOOP: {OPEN, ACCUMULATE}}
"""Load models in which a commit waits for one before it, and in which it does not."""
BOTH_LOOPS = later("closed and open loop")
REMARKS: Mapping[str, Callable[[Rung], bool]] = {
    later("void, no trial counts: {phases}"): lambda rung: rung.trials == rung.void,
    later("n× before connections: so many client processes, each with such a pool"): (
        lambda rung: rung.parameters.processes > 1
    ),
    later("on uvloop: {phases}"): lambda rung: rung.parameters.event_loop == "uvloop",
    later("sessions given back are not reset: {phases}"): lambda rung: rung.parameters.reset == "none",
}
"""What is said where it holds of a rung."""
COLUMNS = (
    "phase", "method", "rows a\ncommit", "rows/s", "sustained\nrows/s", "median\nms", "99 %\nms", "step", "doubts",
)  # fmt: skip
SPARE = ("rows a\ncommit", "median\nms", "step")
"""Left out, the first first, where numbers are too wide for 80 columns."""
MORE_COLUMNS = (
    "phase", "connections", "commits/s", "µs a row", "client\ncores", "server\ncores", "times\nphase 1",
    "lowest\nrows/s", "highest\nrows/s",
)  # fmt: skip
MORE_SPARE = ("lowest\nrows/s", "highest\nrows/s")
LEFT = {"phase", "method", "doubts"}


# --- the ladder ------------------------------------------------------------------------------------------------------


def show_ladders(out: Console, report: LadderReport, *, detail: bool = False) -> None:
    """Print what is doubtful, the host, then a table for each variant, layout and transport."""
    for note in report.notes:
        out.print(Text(tr("Note: {note}", note=note), style="yellow"))
    for state, sentence in doubts_of(report.ladders):
        if detail or state != "slight":
            out.print(Text(sentence, style=STATE_STYLES[state]))
    if report.host:
        out.print(describe_host(report.host))
    for ladder in report.ladders:
        out.print()
        _show_ladder(out, ladder, detail=detail)
    _show_published(out, report.ladders, detail=detail)
    if detail:
        for observed in observed_lines(report.ladders):
            out.print(Text(observed, style="dim"))


def _show_ladder(out: Console, ladder: Ladder, *, detail: bool) -> None:
    out.print(Text(heading(ladder), style="bold"))
    print_fitting(out, COLUMNS, list(map(cells, ladder.rungs)), LEFT, SPARE)
    out.print(Text(legend(ladder), style="dim"))
    if beside := list(of_engines(ladder)):
        out.print(Text(tr("Measured {where}.", where="; ".join(beside))))
    for sentence in (*other_loads(ladder), *beside_writers(ladder)):
        out.print(Text(sentence))
    if limits := limits_of(ladder, shares=detail):
        out.print(Text(limits))
    if detail:
        print_fitting(out, MORE_COLUMNS, list(map(more_cells, ladder.rungs)), LEFT, MORE_SPARE)
        out.print(Text(caption(ladder), style="dim"))
    show_bounds(out, ladder)


def _show_published(out: Console, ladders: Sequence[Ladder], *, detail: bool) -> None:
    """Print the author's table beside the first ladder that has one: of many variants it is the baseline's."""
    ladder = next((each for each in ladders if each.published), None)
    if ladder is None:
        return
    out.print()
    out.print(Text(beside_heading(), style="bold"))
    if len(ladders) > 1:
        here = tr("here: {ladder}; the other ladders' are on the page and in --json", ladder=heading(ladder))
        out.print(Text(here, style="dim"))
    print_fitting(out, *published_table(ladder.published))
    if detail:
        print_fitting(out, *latency_table(ladder.published))
    for sentence in conclusions(ladder.published):
        out.print(Text(sentence))
    out.print(Text(rule(), style="dim"))


def observed_lines(ladders: Iterable[Ladder]) -> Iterable[str]:
    """Return a line for each probe: its figures that are known, from the least rung's to the most."""
    known: dict[str, dict[str, list[float]]] = {}
    for ladder in ladders:
        for rung in ladder.rungs:
            _add_known(known, rung.observed)
    for probe, values in known.items():
        ranges = ", ".join(starmap(_range, values.items()))
        yield tr("observed, {probe}: {figures}.", probe=probe, figures=ranges)


def _add_known(known: dict[str, dict[str, list[float]]], observed: Mapping[str, Mapping[str, float | None]]) -> None:
    """Add the figures of a rung, by probe and name, to those of others."""
    for probe, figures in observed.items():
        for name, value in figures.items():
            if value is not None:
                known.setdefault(probe, {}).setdefault(name, []).append(value)


def _range(name: str, values: Sequence[float]) -> str:
    what, unit = figure_words(name)
    least, most = figure(min(values)), figure(max(values))
    values_seen = least if least == most else tr("{least} to {most}", least=least, most=most)
    return f"{what} {values_seen} {unit}".rstrip()


def heading(ladder: Ladder) -> str:
    """Return what all rungs have in common, durability included."""
    return " · ".join(in_common(ladder))


def in_common(ladder: Ladder) -> list[str]:
    """Return the parts of a heading."""
    durability = tr(" and ").join(ladder.durability) or tr("durability unknown")
    sizes = sorted({rung.parameters.payload_bytes for rung in ladder.rungs})
    payloads = tr("{sizes} B payload", sizes=tr(" and ").join(f"{size:,}" for size in sizes))
    parts = [ladder.variant, ladder.layout, ladder.transport, durability, payloads]
    if version := of_version(ladder.version):
        parts.insert(0, version)
    # Of a layout that one engine alone has; of rungs that have another layout the caption tells.
    engines = {rung.engine for rung in ladder.rungs if rung.layout is None}
    parts[:0] = filter(None, engines)
    if ladder.preload_rows:
        parts.append(tr("{rows:,} rows before", rows=ladder.preload_rows))
    return parts


def limits_of(ladder: Ladder, *, shares: bool = False) -> str:
    """Return what stops which rungs, each limit once, or rung by rung with its share; empty where nothing is known."""
    known = [(rung.phase, rung.stopped_by) for rung in ladder.rungs if rung.stopped_by]
    if not known:
        return ""
    if shares:
        parts = [f"{phase} {limit_words(limit)}" for phase, limit in known]
    else:
        by_limit: dict[str, list[str]] = {}
        for phase, limit in known:
            by_limit.setdefault(constraint_words(limit.constraint), []).append(phase)
        parts = [f"{name} {', '.join(phases)}" for name, phases in by_limit.items()]
    return tr("Stopped by, suspected and not proved: {limits}.", limits="; ".join(parts))


def legend(ladder: Ladder) -> str:
    """Return how to read the table, in at most three lines."""
    if not _counted(ladder):
        seconds = ladder.seconds
        return tr("No rung has a trial that counts: all are void; {seconds:g} s windows.", seconds=seconds)
    latency = later("Latency: of one commit; {dash}: too few to tell.")
    if _is_open(ladder):
        latency = later("Latency: of one commit from when it was due; {dash}: too few to tell.")
    sentences = [
        f"{_windows(ladder, together=True)}.",
        tr("Sustained: closing checkpoint included."),
        tr(latency, dash=DASH),
        tr("Step: times the rung above."),
        tr("More: {option}.", option="DETAIL=1" if caller() == "make" else "--detail"),
    ]
    return " ".join(sentences)


def _windows(ladder: Ladder, *, together: bool = False) -> str:
    """Return how many trials are one, their windows and their loops, two of them ``together`` or one by one."""
    counted = _counted(ladder)
    loops = _loops(ladder)
    if together and len(loops) == len(LOOPS):
        loops = [BOTH_LOOPS]
    windows = tr("{seconds:g} s windows", seconds=ladder.seconds)
    return ", ".join([_as_one(counted[0], counted[-1]), windows, *map(tr, loops)])


def _counted(ladder: Ladder) -> list[int]:
    """Return how many trials count of each rung that has any, the fewest first."""
    return sorted(rung.trials - rung.void for rung in ladder.rungs if rung.trials > rung.void)


def _loops(ladder: Ladder) -> list[str]:
    loads = {rung.parameters.load for rung in ladder.rungs}
    return [loop for loop, of_it in LOOPS.items() if loads & of_it]


def _is_open(ladder: Ladder) -> bool:
    return OPEN_LOOP in _loops(ladder)


def other_loads(ladder: Ladder) -> Iterable[str]:
    """Yield which rungs were driven by load models of a user's."""
    known = set().union(*LOOPS.values())
    for rung in ladder.rungs:
        load = rung.parameters.load
        if load not in known:
            yield tr("load model {load}: {phase}", load=load, phase=rung.phase)


def caption(ladder: Ladder) -> str:
    """Return how the numbers came about, and how far blocks differ."""
    counted = _counted(ladder)
    if not counted:
        return legend(ladder)
    latency = tr("latency of one commit in ms, µs a row: that by its rows")
    if _is_open(ladder):
        latency = tr("latency of one commit in ms, at a rate from when it was due, µs a row: that by its rows")
    parts = [_windows(ladder), latency, tr("cores of client, server")]
    if counted[-1] > 1:
        share, phase = max(_spreads(ladder.rungs))
        parts.append(tr("trials differ by up to {share:.0%} (phase {phase})", share=share, phase=phase))
    for remark, holds in REMARKS.items():
        phases = [rung.phase for rung in ladder.rungs if holds(rung)]
        if phases:
            parts.append(tr(remark, phases=", ".join(phases)))
    parts += other_loads(ladder)
    parts += of_engines(ladder)
    if ladder.seconds < 20:
        parts.append(tr("steadiness not assessed"))
    return "; ".join(parts) + "."


def of_engines(ladder: Ladder) -> Iterable[str]:
    """Yield on what the rungs of other engines were measured: engine, layout, and durability where it is another."""
    phases: dict[str, list[str]] = {}
    for rung in ladder.rungs:
        if rung.engine is None or rung.layout is None:
            continue
        words = [rung.engine, rung.layout]
        if rung.durability not in (None, *(ladder.durability or ["unknown"])):
            unknown = rung.durability == "unknown"
            words.append(tr("of unknown durability") if unknown else str(rung.durability))
        phases.setdefault(" ".join(words), []).append(rung.phase)
    for where, named in phases.items():
        yield tr("on {where}: {phases}", where=where, phases=", ".join(named))


def _as_one(least: int, most: int) -> str:
    if most == 1:
        return tr("one trial: no spread known")
    if least == most:
        return tr("{trials} trials as one", trials=most)
    return tr("{least} to {most} trials as one", least=least, most=most)


def _spreads(rungs: Iterable[Rung]) -> Iterable[tuple[float, str]]:
    """Return how far the trials of each phase differ."""
    for rung in rungs:
        if rung.rows_per_s and rung.rows_per_s_max is not None and rung.rows_per_s_min is not None:
            yield (rung.rows_per_s_max - rung.rows_per_s_min) / rung.rows_per_s, rung.phase


def cells(rung: Rung) -> Sequence[str]:
    """Return one rung's texts, in the order of ``COLUMNS``."""
    latency = rung.latency_ms
    return (
        rung.phase,
        method_words(rung.method, rung.driver),
        whole(rung.parameters.batch),
        reached(rung),
        whole(rung.settled_rows_per_s),
        percentile(latency.p50, latency.intervals.get("p50")),
        percentile(latency.p99, latency.intervals.get("p99")),
        times(rung.step),
        in_doubt(rung),
    )


def more_cells(rung: Rung) -> Sequence[str]:
    """Return what else is known of a rung, in the order of ``MORE_COLUMNS``."""
    return (
        rung.phase,
        _pool(rung),
        whole(rung.commits_per_s),
        microseconds(rung.row_latency_ms),
        cores(rung.client_cores),
        cores(rung.server_cores),
        times(rung.vs_phase_1),
        whole(rung.rows_per_s_min),
        whole(rung.rows_per_s_max),
    )


def in_doubt(rung: Rung) -> str:
    """Return how many trials of a rung are void or, where none is, suspect: a void one weighs more."""
    if rung.void:
        return tr("{count} void", count=rung.void)
    return tr("{count} suspect", count=rung.suspect) if rung.suspect else ""


def reached(rung: Rung) -> str:
    """Return the rate of a rung; without a trial that counts it is void."""
    if rung.rows_per_s is None:
        return tr("void")
    return whole(rung.rows_per_s)


def _pool(rung: Rung) -> str:
    of = rung.parameters
    each = DASH
    if of.pool_max is not None:
        each = f"{of.pool_min}–{of.pool_max}"
    if of.processes > 1:
        return f"{of.processes}×{each}"
    return each


# --- its doubts ------------------------------------------------------------------------------------------------------


def doubts_of(ladders: Sequence[Ladder]) -> Iterable[tuple[str, str]]:
    """Return state and sentence of each kind of doubt that the records carry, once: the worst first, then the most."""
    for group in grouped(ladders):
        yield group.state, f"{group.sentence}."


# --- the host --------------------------------------------------------------------------------------------------------


def describe_host(host: Fingerprint) -> Text:
    """Return the host in a line or two."""
    facts = host.facts

    def fact(group: str, name: str) -> str:
        value = facts.get(group, {}).get(name)
        if value is None or isinstance(value, Unreadable):
            return tr("unknown {fact}", fact=name)
        return str(value)

    version = ", ".join(_servers(facts.get("postgresql", {}), facts.get("engines", {}))) or tr("unknown version")
    count, known = fact("cpu", "logical_cpus"), processors(host)
    cpus = tr("{model}, {count} CPUs", model=fact("cpu", "model"), count=count)
    if known and known.usable != known.there:
        usable = f"{known.usable:g}"
        cpus = tr("{model}, {usable} of {count} CPUs", model=fact("cpu", "model"), usable=usable, count=count)
    cpu = f"{cpus}, {_memory(facts.get('memory', {}))}"
    disk = tr("{kind} disk, {file_system}", kind=fact("disk", "kind"), file_system=fact("disk", "file_system"))
    disk = f"{disk}, {_flushes(facts.get('disk', {}))}"
    system = tr("{os}, kernel {kernel}", os=fact("system", "os"), kernel=fact("system", "kernel"))
    if clients_on := facts.get("pgladder", {}).get("clients_on"):
        clients = tr("clients on {where}", where=clients_on)
        return Text(f"{host.host}: {version}; {clients}: {cpu}; {system}")
    return Text(f"{host.host}: {cpu}, {disk}; {version}; {system}")


def _servers(postgresql: Mapping[str, Fact], engines: Mapping[str, Fact]) -> list[str]:
    """Return the server's version; of several, and of those of other engines beside it, each."""
    versions = postgresql.get("versions")
    servers: list[Any] = [postgresql]
    if isinstance(versions, dict) and versions:
        servers = list(versions.values())
    servers += engines.values()
    found = []
    for server in servers:
        version = server.get("version") if isinstance(server, dict) else None
        if isinstance(version, str):
            found.append(version.split(" on ")[0])
    return found


def _memory(memory: Mapping[str, Fact]) -> str:
    ram = memory.get("ram_bytes")
    if not isinstance(ram, int):
        return tr("unknown RAM")
    return f"{ram / (1 << 30):.0f} GiB"


def _flushes(disk: Mapping[str, Fact]) -> str:
    """Return how often it flushes, with the spread of the readings where there were several."""
    middle, least, most = map(disk.get, ("fsync_per_s", "fsync_per_s_least", "fsync_per_s_most"))
    if not isinstance(middle, int | float):
        return tr("fdatasync/s unknown")
    if isinstance(least, float) and isinstance(most, float):
        return tr("{middle:,.0f} fdatasync/s ({least:,.0f} to {most:,.0f})", middle=middle, least=least, most=most)
    return f"{middle:,.0f} fdatasync/s"
