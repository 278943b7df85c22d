"""What things are: plan, trial, record, fingerprint; frozen dataclasses and their JSON form.

Owns the words of the public contracts and nothing else: no file is opened here (``bench.journal`` does that) and
nothing is computed. Units are in the names. What could not be known is ``None`` or an ``Unreadable``, never 0.
The JSON Schemas in ``bench/schemas`` are generated from these classes and published with a history.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from bench.plain import one_line

MOST = 1 << 62
"""No run counts so far; sums and quotients of what is below stay within what a float holds."""
LONGEST_S = 1e12
"""No window lasts so long; what is written in it still fits a number."""
Positive = Annotated[int, Meta(ge=1, le=MOST)]
Count = Annotated[int, Meta(ge=0, le=MOST)]
Seconds = Annotated[float, Meta(ge=0, le=MOST)]
Amount = Annotated[float, Meta(ge=0, le=MOST)]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")]
"""ISO 8601 with its offset."""
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""The whole of a ``Name``, where no JSON is read."""

Layout = Literal["plain", "no-index", "unlogged", "hash-partitioned"]
Transport = Literal["tcp", "tls", "socket"]
EventLoop = Literal["asyncio", "uvloop"]
Durability = Annotated[str, Meta(pattern=r"^(durable|may lose last \d+ ms|not crash-safe|in memory|unknown)$")]
Steady = Literal["flat", "warm-up", "slowdown", "no steady state", "not assessed"]
State = Literal["valid", "suspect", "void"]

MAX_STATEMENT_PARAMETERS = 32_767
"""What asyncpg binds at most (0.32, protocol/prepared_stmt.pyx); the protocol itself could number 65,535."""


class PgladderError(Exception):
    """Something a user should read: what happened, to what, and what to do next."""


class WrongUseError(PgladderError, ValueError):
    """Wrong use, damaged data or an unfit host: nothing was measured or changed (exit code 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """How a phase writes. A phase sets the defaults; the plan may change them; the record repeats them as used."""

    processes: Positive = 1
    in_flight: Positive = 1
    """Commits under way at once, in each client process."""
    pool_min: Positive | None = None
    pool_max: Positive | None = None
    """Connections of the pool, in each client process; None where the phase has no pool."""
    batch: Positive = 1
    """Rows a commit."""
    payload_bytes: Positive = 64
    event_loop: EventLoop | None = None
    """None where the phase has no event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A PostgreSQL configuration on top of the harness overlay, as rendered for one box."""

    name: Name
    text: str
    sha256: str
    refused: str | None = None
    """Why its formula has nothing for the box; the text is empty then, and each of its trials is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One planned execution: phase × variant × layout × transport, and where it stands in the order."""

    trial: Positive
    block: Positive
    phase: Name
    method: str
    """The phase in a word or two, for tables."""
    variant: Name
    layout: Layout
    transport: Transport
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilDecided:
    """The rule that may end a run before its last block: looked at after every block (``bench.stats.sequential``)."""

    margin: Annotated[float, Meta(gt=0)]
    """Relative difference that does not matter."""
    alpha: Annotated[float, Meta(gt=0, lt=1)]
    """Spent over all looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked, complete in itself: a run can be repeated from it years later."""

    schema: Literal["pgladder/plan/1"] = "pgladder/plan/1"
    run: Name
    created: str
    seed: int
    profile: str
    warm_up_s: Annotated[float, Meta(ge=0, le=LONGEST_S)]
    window_s: Annotated[float, Meta(gt=0, le=LONGEST_S)]
    preload_rows: Count
    harness: Variant
    variants: tuple[Variant, ...]
    trials: tuple[Trial, ...]
    until_decided: UntilDecided | None = None
    """None: every block is run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A fact that could not be read, and why."""

    unreadable: str

    def __post_init__(self) -> None:
        """Make one harmless line of what a file or a program may have said."""
        object.__setattr__(self, "unreadable", one_line(self.unreadable))


Fact = str | int | float | bool | list[Any] | dict[str, Any] | Unreadable
"""What is known of the host: a value, or why there is none."""
FACT_SCHEMA = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "array"]},
        {"type": "object", "properties": {"unreadable": {"type": "string"}}},
    ]
}


def _fact(fact: Any) -> Fact:
    if isinstance(fact, int | float) and abs(fact) > MOST:
        raise ValueError(f"a fact is a number beyond {MOST:.0e}")
    is_reason = isinstance(fact, dict) and fact.keys() == {"unreadable"}
    return Unreadable(**fact) if is_reason else fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What could explain a difference between two hosts. No serial numbers, no addresses."""

    schema: Literal["pgladder/host/1"] = "pgladder/host/1"
    host: str
    run: Name
    taken: str
    facts: dict[str, dict[str, Annotated[Any, Meta(extra_json_schema=FACT_SCHEMA)]]]
    """Group (cpu, memory, disk, system, packages, postgresql, pgladder) to name to ``Fact``."""

    def __post_init__(self) -> None:
        """Make of what was decoded the ``Unreadable`` it was."""
        facts = {group: {name: _fact(fact) for name, fact in facts.items()} for group, facts in self.facts.items()}
        object.__setattr__(self, "facts", facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Percentiles in milliseconds of one commit; None where the samples do not suffice."""

    p50: Amount | None
    p90: Amount | None
    p99: Amount | None
    p999: Amount | None
    max: Amount | None
    mean: Amount | None
    intervals: dict[str, tuple[Amount, Amount]] = field(default_factory=dict)
    """Of 95 %, by the name of each percentile that is told, as if commits took their time independently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """What was spent in the window: share of the host in percent, cores of the clients and of the server."""

    host_pct: float | None
    steal_pct: float | None
    """What a hypervisor gave to others while this host wanted to run."""
    client_cores: float | None
    server_cores: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTime:
    """Where the workers' time went, in worker-seconds of the commits acknowledged in the window."""

    prepare_s: Seconds
    """Taking rows from the ring and stamping them."""
    connect_s: Seconds
    pool_wait_s: Seconds
    insert_s: Seconds
    """From having a connection to the acknowledgement."""
    release_s: Seconds
    """Giving the connection back: asyncpg's reset query, or closing it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    """Little's law: throughput × cycle time against what the phase should have had under way."""

    measured: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What makes starts differ."""

    wal_segments: Count | None
    """WAL files: those with WAL in them, and those ready to be written."""
    free_disk_bytes: Count | None
    temperature_c: float | None
    table_bytes: Count
    index_bytes: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """Identity of rows, over warm-up, window and drain: acknowledged ⊆ found ⊆ attempted; None: could not be told."""

    attempted: Count | None
    acknowledged: Count | None
    found: Count | None
    in_doubt: Count | None
    """Sent, but the connection was lost before the answer; each may be found or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a result is doubtful: a code for programs, a sentence for people."""

    code: str
    detail: str
    share: Amount | None = None
    """Its size: the part concerned of the window, of the CPU time or of the work; None where it has none."""

    @property
    def slight(self) -> bool:
        """Whether it leaves a trial valid: it cost little, or it says what could not be looked at."""
        return self.code.startswith("some-") or self.code.endswith("-unknown")

    def __post_init__(self) -> None:
        """Make one harmless line of what a server or a file may have said."""
        object.__setattr__(self, "detail", one_line(self.detail))


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """valid: nothing of weight speaks against it; suspect: read the reasons first; void: not a result."""

    state: State
    reasons: tuple[Reason, ...] = ()
    """Those that void, then by size, what is slight last; of a valid trial all are slight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One executed trial. Rates are of rows acknowledged inside the window."""

    schema: Literal["pgladder/trial/1"] = "pgladder/trial/1"
    run: Name
    trial: Positive
    attempt: Positive = 1
    """Above 1 where an earlier attempt was cut short by the end of the agent."""
    block: Positive
    phase: Name
    method: str
    variant: Name
    variant_sha256: str
    layout: Layout
    transport: Transport
    engine: str = "postgresql"
    processes: Positive
    in_flight: Positive
    pool_min: Positive | None
    pool_max: Positive | None
    pool_high_water: Count | None
    batch: Positive
    payload_bytes: Positive
    event_loop: EventLoop | None
    preload_rows: Count
    started: Moment
    warm_up_s: Seconds
    seconds: Seconds
    """Length of the window; 0 where it was never completed."""
    checkpoint_s: Seconds | None
    """Duration of the closing CHECKPOINT; None where it could not be made."""
    rows: Count
    commits: Count
    errors: Count
    rows_per_s: Amount | None
    settled_rows_per_s: Amount | None
    commits_per_s: Amount | None
    latency_ms: Latency
    row_latency_ms: Amount | None
    cpu: Cpu
    client_time: ClientTime
    in_flight_check: InFlight | None
    steadiness: Steady
    """What the window looked like; assessed from 20 s on."""
    start: Start | None
    transactions: Count | None
    """Transaction ids the server used during the trial; None where it could not be told."""
    counters: dict[str, float | None]
    """Differences of the server's own counters over the window, null where ``not_counted``; empty: not readable."""
    wal_files_created: Count | None = None
    """WAL files there were more at the end of the writing than at its start; None where they could not be counted."""
    energy_j: Amount | None = None
    """Joules that the processor packages used over the window (RAPL), not wall power; None where not readable."""
    longest_gap_s: Seconds | None = None
    """The longest time in which no client process had a commit acknowledged, from the window's ends counted too."""
    not_counted: dict[str, str] = field(default_factory=dict)
    """By figure or counter, why it is null."""
    durability: Durability
    durability_because: str | None = None
    """Why it is not ``durable``."""
    fsync_per_s: tuple[Amount, ...] = ()
    """fdatasync/s where the WAL is, just before the trial and after its closing CHECKPOINT; empty: not measured."""
    verified: Verified
    validity: Validity


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What is too big for the record: per-second series and the histogram; the one line of a samples file."""

    schema: Literal["pgladder/samples/1"] = "pgladder/samples/1"
    trial: Positive
    attempt: Positive
    rows_per_second: list[Count] = field(default_factory=list)
    commits_per_second: list[Count] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)
    """One a second: seconds since the window opened, host and server counters."""
    latency_hdr: str = ""
    """HdrHistogram of commit latency in microseconds, V2 compressed, base64; 1 µs to 1 h, 3 digits."""


CONNECT_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How to reach the server; ``host`` is a directory for the transport ``socket``."""

    transport: Transport
    host: str
    address: str | None = None
    """Where that host is, if it is not to be asked of the resolver (libpq's hostaddr)."""
    port: int
    user: str
    database: str
    schema: str
    password: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    """What else libpq is told (PostgreSQL manual, 34.1.2): how the server is verified, which certificate is shown, …"""
    options_lost: bool = False
    """A pooler on the way drops what a connection asks for at its start: each session sets its search path itself."""

    @property
    def options(self) -> str:
        """What a session is told at its start."""
        return f"-c search_path={self.schema}"

    def psycopg2_arguments(self) -> dict[str, Any]:
        """Return keyword arguments of ``psycopg2.connect``."""
        return {
            **self.parameters,
            "host": self.host,
            "hostaddr": self.address,
            "port": self.port,
            "user": self.user,
            "dbname": self.database,
            "password": self.password,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "pgladder",
            "options": self.options,
        }


NOT_THERE = object()
DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises of a text that is none of ours: no JSON or of another form, no UTF-8, deeper than any."""
T = TypeVar("T")


def to_json(thing: object) -> bytes:
    """One line of JSON, keys in the order of the class."""
    return msgspec.json.encode(thing)


def from_json(text: bytes | str, kind: type[T], where: str) -> T:
    """Parse and check; ``where`` names the file (and line) for the reader.

    Raises:
        WrongUseError: not JSON, a missing or wrong field (its path is named), or a newer schema.

    """
    wanted = kind.__dataclass_fields__["schema"].default  # type: ignore[attr-defined]
    try:
        if text[:10] not in AS_WRITTEN:
            _check_schema(text, wanted, where)
        return msgspec.json.decode(text, type=kind)
    except DAMAGED as error:
        with suppress(*DAMAGED):
            _check_schema(text, wanted, where)
        raise WrongUseError(f"{where} is not a valid {wanted}: {error}") from error


def from_json_lines(text: bytes, kind: type[T], where: str) -> list[T]:
    """Parse and check whole lines of the file ``where``. Raises as ``from_json``, which finds the line that is bad."""
    with suppress(*DAMAGED):
        if (b"\n" + text).count(b"\n" + AS_WRITTEN[0]) == text.count(b"\n"):
            return msgspec.json.Decoder(kind).decode_lines(text)
    return [from_json(line, kind, f"{where}, line {number}") for number, line in enumerate(text.splitlines(), 1)]


AS_WRITTEN = (b'{"schema":', '{"schema":')
"""How our files begin: what names a schema first is decoded at once, and only looked at again if that fails."""


def _check_schema(text: bytes | str, wanted: str, where: str) -> None:
    found = NAMED.decode(text).schema
    if found != wanted:
        raise WrongUseError(_schema_sentence(where, found, wanted))


class _Named(msgspec.Struct):
    schema: Any = None


NAMED = msgspec.json.Decoder(_Named)


def unknown_field(given: Any, understood: Any, path: str = "$") -> str | None:
    """Return where JSON, decoded freely, has a field that its class does not: a misspelt one would change nothing."""
    if isinstance(given, dict):
        inside = ((f"{path}.{name}", value, understood.get(name, NOT_THERE)) for name, value in given.items())
    elif isinstance(given, list):
        inside = ((f"{path}[{at}]", value, understood[at]) for at, value in enumerate(given))
    else:
        return None
    for where, value, ours in inside:
        if found := where if ours is NOT_THERE else unknown_field(value, ours, where):
            return found
    return None


def _schema_sentence(where: str, found: object, wanted: str) -> str:
    if isinstance(found, str) and _newer(found, wanted):
        return f"{where} has schema {found}, newer than this pgladder reads ({wanted}); upgrade pgladder to read it."
    return f"{where} has schema {found!r} where {wanted} belongs."


def _newer(found: str, wanted: str) -> bool:
    """Versions are numbers: 10 comes after 9. Of any length, which ``int`` does not take from a text."""
    (name, _, version), (ours, _, our_version) = found.rpartition("/"), wanted.rpartition("/")
    return name == ours and version.isdecimal() and (len(version), version) > (len(our_version), our_version)
