"""The ladder as a table of at most 100 columns, doubts first."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.analysis.comparison import of_version
from bench.analysis.doubts import size as size_of_doubt
from bench.analysis.ladder import Ladder, LadderReport
from bench.analysis.rung import Doubt, Rung
from bench.model.fingerprint import Fact, Fingerprint, Unreadable
from bench.model.plan import ACCUMULATE, CLOSED, OPEN
from bench.report.bound import show_bounds
from bench.report.mixed import beside_writers
from bench.report.numbers import DASH, cores, figure, microseconds, percentile, rate, times
from bench.report.open_loop import open_loops
from bench.report.published import HEADING, RULE, conclusions, published_table
from bench.report.tables import add_rows, bare_table, print_whole
from bench.report.words import MARKS, STATE_STYLES, figure_words, limit_words, mark

LOOPS = {"closed": {CLOSED, "rounds"}, "open": {OPEN, ACCUMULATE}}
"""Load models in which a commit waits for one before it, and in which it does not."""
# Heads are broken where the numbers below are narrower: all fourteen columns fit 100 at their widest.
COLUMNS = (
    "phase", "method", "pool", "batch", "rows/s", "sustained", "com-\nmits/s", "p50", "p99", "row\nlat.",
    "cli-\nent", "ser-\nver", "step", "vs 1",
)  # fmt: skip


# --- the ladder ------------------------------------------------------------------------------------------------------


def show_ladders(out: Console, report: LadderReport) -> None:
    """Print what is doubtful, the host, then a table for each variant, layout and transport."""
    for note in report.notes:
        out.print(Text(f"Note: {note}", style="yellow"))
    for ladder in report.ladders:
        for state, sentence in doubts_of(ladder):
            out.print(Text(sentence, style=STATE_STYLES[state]))
    if report.host:
        out.print(describe_host(report.host))
    for ladder in report.ladders:
        out.print()
        out.print(Text(heading(ladder), style="bold"))
        print_whole(out, ladder_table(ladder))
        out.print(Text(caption(ladder), style="dim"))
        for sentence in (*open_loops(ladder), *beside_writers(ladder)):
            out.print(Text(sentence))
        if limits := limits_of(ladder):
            out.print(Text(limits))
        show_bounds(out, ladder)
    _show_published(out, report.ladders)
    for observed in observed_lines(report.ladders):
        out.print(Text(observed, style="dim"))


def _show_published(out: Console, ladders: Sequence[Ladder]) -> None:
    """Print the author's table beside the first ladder that has one: of many variants it is the baseline's."""
    ladder = next((each for each in ladders if each.published), None)
    if ladder is None:
        return
    out.print()
    out.print(Text(HEADING, style="bold"))
    if len(ladders) > 1:
        out.print(Text(f"here: {heading(ladder)}; the other ladders' are on the page and in --json", style="dim"))
    print_whole(out, published_table(ladder.published))
    for sentence in conclusions(ladder.published):
        out.print(Text(sentence))
    out.print(Text(RULE, style="dim"))


def observed_lines(ladders: Iterable[Ladder]) -> Iterable[str]:
    """Return a line for each probe: its figures that are known, from the least rung's to the most."""
    known: dict[str, dict[str, list[float]]] = {}
    for rung in (rung for ladder in ladders for rung in ladder.rungs):
        for probe, figures in rung.observed.items():
            values = {name: value for name, value in figures.items() if value is not None}
            for name, value in values.items():
                known.setdefault(probe, {}).setdefault(name, []).append(value)
    for probe, all_values in known.items():
        yield f"observed, {probe}: " + ", ".join(_range(name, values) for name, values in all_values.items()) + "."


def _range(name: str, values: Sequence[float]) -> str:
    what, unit = figure_words(name)
    least, most = figure(min(values)), figure(max(values))
    return f"{what} {least if least == most else f'{least} to {most}'} {unit}".rstrip()


def heading(ladder: Ladder) -> str:
    """Return what all rungs have in common, durability included."""
    return " · ".join(in_common(ladder))


def in_common(ladder: Ladder) -> list[str]:
    """Return the parts of a heading."""
    durability = " and ".join(ladder.durability) or "durability unknown"
    sizes = sorted({rung.parameters.payload_bytes for rung in ladder.rungs})
    payloads = " and ".join(f"{size:,}" for size in sizes)
    parts = [ladder.variant, ladder.layout, ladder.transport, durability, f"{payloads} B payload"]
    if version := of_version(ladder.version):
        parts.insert(0, version)
    if ladder.preload_rows:
        parts.append(f"{ladder.preload_rows:,} rows before")
    return parts


def limits_of(ladder: Ladder) -> str:
    """Return what each rung is stopped by; empty where nothing is known of any."""
    known = [f"{rung.phase} {limit_words(rung.stopped_by)}" for rung in ladder.rungs if rung.stopped_by]
    if not known:
        return ""
    return f"Stopped by, suspected and not proved: {'; '.join(known)}."


def caption(ladder: Ladder, row_latency: str = "row lat. in µs") -> str:
    """Return how the numbers came about, and how far blocks differ; ``row_latency`` explains that column."""
    counted = sorted(rung.trials - rung.void for rung in ladder.rungs if rung.trials > rung.void)
    if not counted:
        return f"no rung has a trial that counts: all are void; {ladder.seconds:g} s windows."
    least, most = counted[0], counted[-1]
    loads = {rung.parameters.load for rung in ladder.rungs}
    loops = [f", {loop} loop" for loop, of_it in LOOPS.items() if loads & of_it]
    since = ", at a rate from when it was due" if loads & LOOPS["open"] else ""
    parts = [
        f"{_as_one(least, most)}, {ladder.seconds:g} s windows{''.join(loops)}",
        f"latency of one commit in ms{since}, {row_latency}",
        "cores of client, server",
    ]
    if most > 1:
        share, phase = max(_spreads(ladder.rungs))
        parts.append(f"trials differ by up to {share:.0%} (phase {phase})")
    if empty := [rung.phase for rung in ladder.rungs if rung.trials == rung.void]:
        parts.append(f"void, no trial counts: {', '.join(empty)}")
    if any(rung.parameters.processes > 1 for rung in ladder.rungs):
        parts.append("n× before a pool: so many client processes, each with such a pool")
    if uvloop := [rung.phase for rung in ladder.rungs if rung.parameters.event_loop == "uvloop"]:
        parts.append(f"on uvloop: {', '.join(uvloop)}")
    if unreset := [rung.phase for rung in ladder.rungs if rung.parameters.reset == "none"]:
        parts.append(f"sessions given back are not reset: {', '.join(unreset)}")
    others = [rung for rung in ladder.rungs if rung.parameters.load not in LOOPS["closed"] | LOOPS["open"]]
    parts += [f"load model {rung.parameters.load}: {rung.phase}" for rung in others]
    if ladder.seconds < 20:
        parts.append("steadiness not assessed")
    return "; ".join(parts) + "."


def _as_one(least: int, most: int) -> str:
    if most == 1:
        return "one trial: no spread known"
    if least == most:
        return f"{most} trials as one"
    return f"{least} to {most} trials as one"


def _spreads(rungs: Iterable[Rung]) -> Iterable[tuple[float, str]]:
    """Return how far the trials of each phase differ."""
    for rung in rungs:
        if rung.rows_per_s and rung.rows_per_s_max is not None and rung.rows_per_s_min is not None:
            yield (rung.rows_per_s_max - rung.rows_per_s_min) / rung.rows_per_s, rung.phase


def ladder_table(ladder: Ladder) -> Table:
    """Return the table; every column of the contract fits 100 columns."""
    table = bare_table(COLUMNS, left={"phase", "method"})
    add_rows(table, map(cells, ladder.rungs))
    return table


def cells(rung: Rung) -> Sequence[str]:
    """Return one rung's texts, in the order of the columns."""
    latency = rung.latency_ms
    return (
        rung.phase + mark(rung),
        rung.method,
        _pool(rung),
        rate(rung.parameters.batch),
        reached(rung),
        rate(rung.settled_rows_per_s),
        rate(rung.commits_per_s),
        percentile(latency.p50, latency.intervals.get("p50")),
        percentile(latency.p99, latency.intervals.get("p99")),
        microseconds(rung.row_latency_ms),
        cores(rung.client_cores),
        cores(rung.server_cores),
        times(rung.step),
        times(rung.vs_phase_1),
    )


def reached(rung: Rung) -> str:
    """Return the rate of a rung; without a trial that counts it is void."""
    if rung.rows_per_s is None:
        return "void"
    return rate(rung.rows_per_s)


def _pool(rung: Rung) -> str:
    of = rung.parameters
    each = DASH
    if of.pool_max is not None:
        each = f"{of.pool_min}–{of.pool_max}"
    if of.processes > 1:
        return f"{of.processes}×{each}"
    return each


# --- its doubts ------------------------------------------------------------------------------------------------------

Same = list[tuple[Rung, Doubt]]
"""Doubts of one state and code, each with its rung."""


def doubts_of(ladder: Ladder) -> Iterable[tuple[str, str]]:
    """Return state and sentence of each kind of doubt that the records carry, the worst first."""
    kinds: dict[tuple[str, str], Same] = {}
    for rung in ladder.rungs:
        for doubt in rung.doubts:
            kinds.setdefault((doubt.state, doubt.reason.code), []).append((rung, doubt))
    for same in sorted(kinds.values(), key=_urgency):
        _, doubt = same[0]
        yield doubt.state, _sentence(ladder, doubt.state, same)


def _urgency(same: Same) -> tuple[int, float]:
    state = same[0][1].state
    share = max(doubt.reason.share or 0 for _, doubt in same)
    return list(STATE_STYLES).index(state), -share


def _sentence(ladder: Ladder, state: str, same: Same) -> str:
    """Return the gravest doubt in its own words, and all rungs and trials that have one of its kind."""
    _, gravest = max(same, key=lambda each: size_of_doubt(each[1].reason))
    where = []
    for rung, doubt in same:
        trials = "trials" if len(doubt.trials) > 1 else "trial"
        where.append(f"{rung.phase} ({trials} {', '.join(map(str, doubt.trials))})")
    likewise = ""
    if len(same) > 1 or len(gravest.trials) > 1:
        likewise = f" in trial {gravest.worst}, likewise in the others"
    word = f"{state.capitalize()} {MARKS.get(state, '')}".rstrip()
    conditions = filter(None, (of_version(ladder.version), ladder.variant, ladder.layout, ladder.transport))
    what = f"{', '.join(conditions)}: {gravest.reason.detail}{likewise}"
    return f"{word} {what}: {', '.join(where)}"


# --- the host --------------------------------------------------------------------------------------------------------


def describe_host(host: Fingerprint) -> Text:
    """Return the host in a line or two."""
    facts = host.facts

    def fact(group: str, name: str) -> str:
        value = facts.get(group, {}).get(name)
        if value is None or isinstance(value, Unreadable):
            return f"unknown {name}"
        return str(value)

    version = _servers(facts.get("postgresql", {})) or "unknown version"
    cpu = f"{fact('cpu', 'model')}, {fact('cpu', 'logical_cpus')} CPUs, {_memory(facts.get('memory', {}))}"
    disk = f"{fact('disk', 'kind')} disk, {fact('disk', 'file_system')}, {_flushes(facts.get('disk', {}))}"
    system = f"{fact('system', 'os')}, kernel {fact('system', 'kernel')}"
    if clients_on := facts.get("pgladder", {}).get("clients_on"):
        return Text(f"{host.host}: {version}; clients on {clients_on}: {cpu}; {system}")
    return Text(f"{host.host}: {cpu}, {disk}; {version}; {system}")


def _servers(postgresql: Mapping[str, Fact]) -> str:
    """Return the server's version; of several each."""
    versions = postgresql.get("versions")
    found = [each["version"] for each in versions.values()] if isinstance(versions, dict) else []
    found = found or [postgresql.get("version")]
    return ", ".join(each.split(" on ")[0] for each in found if isinstance(each, str))


def _memory(memory: Mapping[str, Fact]) -> str:
    ram = memory.get("ram_bytes")
    if not isinstance(ram, int):
        return "unknown RAM"
    return f"{ram / (1 << 30):.0f} GiB"


def _flushes(disk: Mapping[str, Fact]) -> str:
    """Return how often it flushes, with the spread of the readings where there were several."""
    middle, least, most = (disk.get(f"fsync_per_s{which}") for which in ("", "_least", "_most"))
    if not isinstance(middle, int | float):
        return "fdatasync/s unknown"
    text = f"{middle:,.0f} fdatasync/s"
    if isinstance(least, float) and isinstance(most, float):
        text += f" ({least:,.0f} to {most:,.0f})"
    return text
