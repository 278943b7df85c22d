"""What a crash would take of the rows that were acknowledged: a word for it, and why it is not a better one.

Owns the grades and what they are graded by: the settings that the clients' sessions had, the layout, what the data and
the WAL lie on. Whether a device keeps what it was told to flush is another question; whether flushing takes any time at
all is asked of the server (``flush_us``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from time import monotonic, perf_counter

from bench.engines.engine import Grade, Server
from bench.engines.postgresql.session import Session
from bench.model.fingerprint import Unreadable
from bench.probes.medium import memory_under

PAIRS, PAIRS_S, LEAST_PAIRS = 100, 0.5, 10
EMIT = "SELECT pg_catalog.pg_logical_emit_message(true, 'pgladder', '-')"
WORST_FIRST = ("in memory", "not crash-safe", "unknown", "may lose last", "durable")
"""How grades begin: what is unknown may be in memory, and is not known to lose no more than the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the server is set to promise."""

    fsync: str
    full_page_writes: str
    synchronous_commit: str
    wal_writer_delay_ms: int


def promise_of(session: Session) -> Promise:
    """Ask the server, in a session of the clients' role and database."""
    return Promise(
        fsync=session.setting("fsync"),
        full_page_writes=session.setting("full_page_writes"),
        synchronous_commit=session.setting("synchronous_commit"),
        wal_writer_delay_ms=int(
            session.value("SELECT setting::int FROM pg_catalog.pg_settings WHERE name = 'wal_writer_delay'")
        ),
    )


def grade(
    promise: Promise, risk: str | None, memory: Iterable[str | Unreadable], of_clients: Iterable[str | None]
) -> Grade:
    """Grade by settings, layout and medium (manual, 30.1 and 30.4). Pure.

    Args:
        promise: of the agent's session.
        risk: why the table is not crash-safe whatever the settings; None where it is.
        memory: what of the data lies in memory, in words, and what can't be seen.
        of_clients: ``synchronous_commit`` as client sessions had it; None of one that could not be asked.

    """
    places = list(memory)
    in_memory = [place for place in places if isinstance(place, str)]
    if in_memory:
        return Grade(word="in memory", because=" and ".join(in_memory))
    unsafe = [name for name in ("fsync", "full_page_writes") if getattr(promise, name) == "off"]
    if risk or unsafe:
        return Grade(word="not crash-safe", because=risk or f"{' and '.join(unsafe)} off")
    # The WAL writer flushes what is asynchronous within three of its delays (manual, 30.4).
    may_lose = f"may lose last {3 * promise.wal_writer_delay_ms} ms"
    if promise.synchronous_commit == "off":
        return Grade(word=may_lose, because="synchronous_commit is off")
    if "off" in of_clients:
        return Grade(word=may_lose, because="synchronous_commit is off in the clients' sessions")
    for place in places:
        if isinstance(place, Unreadable):
            return Grade(because=place.unreadable)
    return Grade(word="durable")


def worst(grades: Iterable[Grade]) -> Grade:
    """Return the one that promises least. Pure."""
    return min(grades, key=_rank)


def _rank(grade: Grade) -> int:
    return next(rank for rank, word in enumerate(WORST_FIRST) if grade.word.startswith(word))


def unlogged(made: Iterable[str]) -> str | None:
    """Say that the table, or a part of it, is unlogged by what the catalogs say; None where none is."""
    if any(line.endswith(": unlogged table") for line in made):
        return "the table is unlogged"
    return None


# --- what the data lies on -------------------------------------------------------------------------------------------


def data_place(server: Server) -> Path | Unreadable:
    """Return the data directory, by the server's word or by its postmaster's working directory."""
    directory, postmaster = server.data_directory(), server.postmaster()
    if postmaster is None:
        return directory or Unreadable(unreadable="the server's data directory can't be seen from here")
    # PostgreSQL works in its data directory: where we see another there, we do not see its files.
    works_in = Path(f"/proc/{postmaster}/cwd")
    try:
        place = directory or works_in.readlink()
        if place.exists() and place.samefile(works_in):
            return place
    except OSError:  # not ours to know
        return directory or Unreadable(unreadable="the server's data directory can't be seen by this user")
    return Unreadable(unreadable=f"{place} is not the server's here: it has mounts of its own, as in a container")


def wal_place(data: Path | Unreadable) -> Path | Unreadable:
    """Return a directory where the WAL lies: the data's, where it has no file system of its own."""
    if isinstance(data, Unreadable):
        return data
    wal = data / "pg_wal"
    try:
        return data if wal.stat().st_dev == data.stat().st_dev else wal.resolve(strict=True)
    except OSError:
        return Unreadable(unreadable=f"{wal} can't be looked at by this user")


def memory_of(data: Path | Unreadable, tablespaces: Sequence[str]) -> Iterable[str | Unreadable]:
    """Say what of the data, the WAL and the table lies in memory, and what of it can't be seen."""
    places: list[tuple[str, Path | Unreadable]] = [("the data", data)]
    wal = wal_place(data)
    if wal != data:
        places.append(("pg_wal", wal))
    if isinstance(data, Path):
        places += [("the table's tablespace", Path(each)) for each in tablespaces if each]
    for what, place in places:
        under = place if isinstance(place, Unreadable) else memory_under(place)
        if isinstance(under, Unreadable):
            yield under
        elif under:
            yield f"{what} lies on {under}"


# --- whether flushing takes time -------------------------------------------------------------------------------------


def flush_us(session: Session) -> float | Unreadable:
    """Return how much longer a commit takes that waits for its flush than one that does not, in µs.

    Of pairs of commits, the lower decile of each kind: what others do to machine and disk makes both longer.
    """
    took: dict[str, list[float]] = {"local": [], "off": []}
    began = monotonic()
    while len(took["off"]) < PAIRS and (monotonic() - began < PAIRS_S or len(took["off"]) < LEAST_PAIRS):
        # In pairs, one kind just after the other: what disturbs the machine meanwhile disturbs both.
        for word, times in took.items():
            session.run(f"SET synchronous_commit = {word}")
            at = perf_counter()
            answer = session.optional(EMIT)
            if isinstance(answer, Unreadable):
                return answer
            times.append((perf_counter() - at) * 1e6)
    session.run("RESET synchronous_commit")
    return _lower_decile(took["local"]) - _lower_decile(took["off"])


def _lower_decile(times: Sequence[float]) -> float:
    return quantiles(times, n=10)[0]
