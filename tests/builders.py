"""Records as a real run writes them, to be changed where a test looks: ``a_record(rows_per_s=None)``."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hdrh.histogram import HdrHistogram

from bench.analysis.ladder import Key, Ladder, LadderReport, ladders
from bench.analysis.pulled import PulledRun
from bench.journal import RunDirectory
from bench.model import (
    ClientTime,
    Cpu,
    Fingerprint,
    InFlight,
    Latency,
    Parameters,
    Plan,
    Reason,
    Record,
    Samples,
    Start,
    Trial,
    Unreadable,
    Validity,
    Verified,
)
from bench.stats.histogram import new_histogram
from bench.tuning.render import as_variant
from bench.workload.messages import Lost, Result
from bench.workload.phase import ladder
from bench.workload.rows import first_stamp

RUN = "20261122T101500-ab12"


def a_trial(number: int = 1, phase: str = "2-C", **changes: Any) -> Trial:
    known = ladder()[phase]
    trial = Trial(
        trial=number,
        block=1,
        phase=phase,
        method=known.method,
        variant="stock",
        layout="plain",
        transport="tcp",
        parameters=known.parameters,
    )
    return replace(trial, **changes)


def a_plan(*trials: Trial, **changes: Any) -> Plan:
    plan = Plan(
        run=RUN,
        created="2026-11-22T10:15:00+00:00",
        seed=7,
        profile="quick",
        warm_up_s=1,
        window_s=2,
        preload_rows=0,
        harness=as_variant("harness", "max_connections = 208\n"),
        variants=(as_variant("stock", "# PostgreSQL 15 as it comes.\n"),),
        trials=trials or (a_trial(1, "1"), a_trial(2, "2-C")),
    )
    return replace(plan, **changes)


def a_record(trial: int = 1, phase: str = "2-C", **changes: Any) -> Record:
    parameters = ladder()[phase].parameters
    record = Record(
        run=RUN,
        trial=trial,
        block=1,
        phase=phase,
        method=ladder()[phase].method,
        variant="stock",
        variant_sha256=as_variant("stock", "# PostgreSQL 15 as it comes.\n").sha256,
        layout="plain",
        transport="tcp",
        processes=parameters.processes,
        in_flight=parameters.in_flight,
        pool_min=parameters.pool_min,
        pool_max=parameters.pool_max,
        pool_high_water=5 if parameters.pool_max else None,
        batch=parameters.batch,
        payload_bytes=parameters.payload_bytes,
        event_loop=parameters.event_loop,
        preload_rows=0,
        started="2026-11-22T10:15:07.125+00:00",
        warm_up_s=1,
        seconds=2,
        checkpoint_s=0.5,
        rows=35_000,
        commits=350,
        errors=0,
        rows_per_s=17_500,
        settled_rows_per_s=14_000,
        commits_per_s=175,
        latency_ms=Latency(p50=26.1, p90=30.5, p99=None, p999=None, max=44.2, mean=26.4),
        row_latency_ms=0.264,
        cpu=Cpu(host_pct=61.5, steal_pct=0, client_cores=0.92, server_cores=1.31),
        client_time=ClientTime(prepare_s=0.1, connect_s=0, pool_wait_s=0.02, insert_s=9.4, release_s=0.4),
        in_flight_check=InFlight(measured=4.96, expected=5),
        steadiness="not assessed",
        start=Start(wal_segments=4, free_disk_bytes=1 << 36, temperature_c=None, table_bytes=8192, index_bytes=8192),
        transactions=352,
        counters={"wal_sync": 350, "wal_write_time": 12.5},
        durability="durable",
        verified=Verified(attempted=52_500, acknowledged=52_500, found=52_500, in_doubt=0),
        validity=Validity(state="valid"),
    )
    return replace(record, **changes)


def doubtful(state: str, code: str, detail: str = "a reason") -> Validity:
    return Validity(state=state, reasons=(Reason(code=code, detail=detail),))


def void(code: str = "client-error", detail: str = "the connection was lost") -> dict[str, Any]:
    """What of a record differs in a trial that never came to the end of its window."""
    nothing = Latency(p50=None, p90=None, p99=None, p999=None, max=None, mean=None)
    return {
        "seconds": 0,
        "rows_per_s": None,
        "settled_rows_per_s": None,
        "commits_per_s": None,
        "latency_ms": nothing,
        "row_latency_ms": None,
        "validity": doubtful("void", code, detail),
    }


def a_samples(trial: int = 1, attempt: int = 1) -> Samples:
    return Samples(
        trial=trial,
        attempt=attempt,
        rows_per_second=[17_400, 17_600],
        commits_per_second=[174, 176],
        readings=[{"at_s": 0.01, "host": {"temperature_c": 54.0}, "server": {"wal_sync": 3}}],
        latency_hdr=a_histogram(26_100, 30_500).encode().decode(),
    )


def a_histogram(*micros: int, times: int = 1) -> HdrHistogram:
    histogram = new_histogram()
    for value in micros:
        histogram.record_value(value, times)
    return histogram


def a_host(**groups: dict[str, Any]) -> Fingerprint:
    facts: dict[str, dict[str, Any]] = {
        "cpu": {"model": "Intel(R) N100", "logical_cpus": 4, "microcode": Unreadable(unreadable="not in /proc")},
        "memory": {"ram_bytes": 16 << 30},
        "disk": {"kind": "nvme", "file_system": "ext4", "fsync_per_s": 812.5},
        "system": {"os": "Debian GNU/Linux 12", "kernel": "6.1.0-28-amd64", "hypervisor": False},
        "postgresql": {"version": "PostgreSQL 15.9 on x86_64-pc-linux-gnu", "settings": {"fsync": "on"}},
        "pgladder": {"version": "0.1.0"},
    }
    return Fingerprint(host="bench-1", run=RUN, taken="2026-11-22T10:15:04+00:00", facts=facts | groups)


def a_report(*records: Record, **changes: Any) -> LadderReport:
    report = LadderReport(run=RUN, host=a_host(), complete=True, notes=(), ladders=tuple(climbed(*records)))
    return replace(report, **changes)


def climbed(*records: Record, histograms: dict[Key, HdrHistogram] | None = None) -> list[Ladder]:
    """The ladders of these records, their latencies of no interest."""
    empty = {(record.trial, record.attempt): new_histogram() for record in records}
    return ladders(records, empty | (histograms or {}))


def a_result(writer: int = 1, acknowledged: int = 100, lost: tuple[Lost, ...] = (), **changes: Any) -> Result:
    """What a client process says that wrote its rows ten a commit."""
    result = Result(
        writer=writer,
        attempted=acknowledged + sum(each.rows for each in lost),
        acknowledged=acknowledged,
        commits=acknowledged // 10,
        lost=list(lost),
        errors=[],
        rows_per_second=[acknowledged],
        commits_per_second=[acknowledged // 10],
        prepare_s=0.1,
        connect_s=0,
        pool_wait_s=0,
        insert_s=0.8,
        release_s=0.1,
        cycle_s=1.0,
        rounds=0,
        rounds_s=0,
        pool_high_water=1,
        latency_hdr=a_histogram(900).encode().decode(),
    )
    return replace(result, **changes)


def stamps(result: Result) -> list[int]:
    """The stamps of every row a client attempted."""
    first = first_stamp(result.writer)
    return list(range(first, first + result.attempted))


def pulled(*records: Record, **changes: Any) -> PulledRun:
    """A run of one host with these records, planned as they were executed."""
    keys = [(record.trial, record.attempt) for record in records]
    planned = {trial: a_trial(trial) for trial, _ in changes.get("begun", ())}
    planned |= {record.trial: planned_as(record) for record in records}
    run = PulledRun(
        directory="bench-1",
        plan=a_plan(*(planned[number] for number in sorted(planned))),
        host=a_host(),
        records=records,
        samples={key: a_samples(*key) for key in keys},
        histograms={key: a_histogram(26_100, 30_500) for key in keys},
    )
    return replace(run, **changes)


def compared_run(rates: dict[str, list[float | None]], phases: tuple[str, ...] = ("2-C",), **changes: Any) -> PulledRun:
    """A run of these variants: rows/s of each block in each phase, None for a void trial."""
    blocks, first = len(next(iter(rates.values()))), next(iter(rates))
    texts = {name: f"work_mem = {number}MB\n" if name != first else "" for number, name in enumerate(rates, 4)}
    variants = tuple(as_variant(name, text) for name, text in texts.items())
    sha256 = {variant.name: variant.sha256 for variant in variants}
    wanted = [(phase, name, block) for block in range(blocks) for phase in phases for name in rates]
    records = [
        a_record(number, phase, block=block + 1, variant=name, variant_sha256=sha256[name], **rated(rates[name][block]))
        for number, (phase, name, block) in enumerate(wanted, 1)
    ]
    run = pulled(*records, **changes)
    return replace(run, plan=replace(run.plan, variants=variants))


def again(run: PulledRun) -> PulledRun:
    """The run as one that sets its first variant against itself."""
    one, other = run.plan.variants
    records = [replace(record, variant_sha256=one.sha256) for record in run.records]
    return replace(run, plan=replace(run.plan, variants=(one, replace(one, name=other.name))), records=records)


def rated(rate: float | None) -> dict[str, Any]:
    """What of a record a rate decides; the settled one is a fifth lower. A file's must be whole or half."""
    if rate is None:
        return void()
    return {"rows": round(2 * rate), "rows_per_s": rate, "settled_rows_per_s": 2 * rate / 2.5}


def written(path: Path, run: PulledRun) -> Path:
    """The files of a run, sealed."""
    directory = RunDirectory(path)
    directory.begin(run.plan)
    if run.host:
        directory.write_host(run.host)
    for record in run.records:
        directory.append(record, a_samples(record.trial, record.attempt))
    directory.finish()
    return path


def planned_as(record: Record) -> Trial:
    """The trial that a record is of."""
    where = ("trial", "block", "phase", "method", "variant", "layout", "transport")
    how = ("processes", "in_flight", "pool_min", "pool_max", "batch", "payload_bytes", "event_loop")
    parameters = Parameters(**{name: getattr(record, name) for name in how})
    return Trial(parameters=parameters, **{name: getattr(record, name) for name in where})
