"""Records as a real run writes them, to be changed where a test looks: ``a_record(rows_per_s=None)``."""

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from hdrh.histogram import HdrHistogram

from bench.analysis.ladder import Key, Ladder, LadderReport, ladders
from bench.analysis.pulled import PulledRun
from bench.engines.postgresql.render import as_variant
from bench.model.fingerprint import Fingerprint, Unreadable
from bench.model.plan import Parameters, Plan, Trial
from bench.model.record import ClientTime, Cpu, InFlight, Latency, Reason, Record, Samples, Start, Validity, Verified
from bench.probes.probe import Scene
from bench.probes.source import LIVE
from bench.stats.histogram import SHARES, SUB_BUCKET_BITS, new_histogram, percentiles
from bench.store.run_directory import RunDirectory
from bench.workload.messages import Lost, Result
from bench.workload.phase import ladder
from bench.workload.rows import first_stamp

RUN = "20261122T101500-ab12"
OF_PARAMETERS = [each.name for each in fields(Parameters)]
OF_TRIAL = [each.name for each in fields(Trial) if each.name != "parameters"]
FROM_18_ON = {"io-sync", "io-uring", "io-worker"}
"""Variants that set what PostgreSQL has from 18 on: none of `all` before it."""


def a_scene(device: str | Unreadable = "sda", root: Path = LIVE) -> Scene:
    return Scene(device=device, data=Unreadable(unreadable="no server"), root=root)


def a_trial(number: int = 1, phase: str = "2-C", **changes: Any) -> Trial:
    known = ladder()[phase]
    trial = Trial(
        number=number,
        block=1,
        phase=phase,
        method=known.method,
        driver=known.driver,
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
    """A record that its samples bear (``samples_of``), but for what is changed in one figure alone."""
    parameters = ladder()[phase].parameters
    batch, rows = changes.get("batch", parameters.batch), changes.get("rows", 35_000)
    commits = changes.get("commits", rows // batch)
    latency = latency_of(commits, parameters.processes * parameters.in_flight)
    mean = latency.mean or 0.0
    record = Record(
        run=RUN,
        trial=a_trial(trial, phase),
        variant_sha256=as_variant("stock", "# PostgreSQL 15 as it comes.\n").sha256,
        pool_high_water=5 if parameters.pool_max else None,
        preload_rows=0,
        started="2026-11-22T10:15:07.125+00:00",
        warm_up_s=1,
        seconds=2,
        checkpoint_s=0.5,
        rows=rows,
        commits=commits,
        errors=0,
        rows_per_s=rows / 2,
        settled_rows_per_s=rows / 2.5,
        commits_per_s=commits / 2,
        latency_ms=latency,
        row_latency_ms=mean / batch if latency.mean is not None else None,
        cpu=Cpu(host_pct=61.5, steal_pct=0, client_cores=0.92, server_cores=1.31),
        client_time=ClientTime(
            prepare_s=0.1, connect_s=0, pool_wait_s=0, insert_s=mean * commits / 1000, release_s=0.4
        ),
        in_flight_check=InFlight(measured=4.96, expected=5),
        steadiness="not assessed",
        start=Start(wal_segments=4, free_disk_bytes=1 << 36, temperature_c=None, table_bytes=8192, index_bytes=8192),
        transactions=commits + 2,
        counters={"wal_sync": 350, "wal_write_time": 12.5},
        longest_gap_s=0.05,
        durability="durable",
        verified=Verified(attempted=2 * rows, acknowledged=2 * rows, found=2 * rows, in_doubt=0),
        validity=Validity(state="valid"),
    )
    return changed(record, **changes)


def changed(record: Record, **changes: Any) -> Record:
    """The record with other figures; those of its trial and of the parameters are named like its own."""
    of_trial = {name: changes.pop(name) for name in OF_TRIAL if name in changes}
    of_parameters = {name: changes.pop(name) for name in OF_PARAMETERS if name in changes}
    trial = replace(record.trial, parameters=replace(record.trial.parameters, **of_parameters), **of_trial)
    return replace(record, **{"trial": trial} | changes)


def micros_of(commits: int, in_flight: int) -> int:
    """What each of so many commits takes of a window of 2 s, nearly as many under way as may be: 26.1 ms in 2-C."""
    return max(round(26_100 * 350 / commits * in_flight / 5), 1)


def latency_of(commits: int, in_flight: int) -> Latency:
    """What ``percentiles`` makes of ``latencies_of``."""
    if not commits:
        return percentiles(new_histogram())
    micros = micros_of(commits, in_flight)
    width = 1 << max(micros.bit_length() - SUB_BUCKET_BITS, 0)
    lowest = micros // width * width
    highest = (lowest + width - 1) / 1000
    told = [name for name, share in SHARES.items() if commits >= round(10 / (1 - share))]
    return Latency(
        **{name: highest if name in told else None for name in SHARES},
        max=highest,
        mean=(lowest + width // 2) / 1000,
        intervals=dict.fromkeys(told, (highest, highest)),
    )


@lru_cache(maxsize=256)
def latencies_of(commits: int, in_flight: int) -> HdrHistogram:
    return a_histogram(micros_of(commits, in_flight), times=commits) if commits else new_histogram()


def doubtful(state: str, code: str, detail: str = "a reason", share: float | None = None) -> Validity:
    return Validity(state=state, reasons=(Reason(code=code, detail=detail, share=share),))


def void(code: str = "client-error", detail: str = "the connection was lost") -> dict[str, Any]:
    """What of a record differs in a trial that never came to the end of its window."""
    return {
        "seconds": 0,
        "rows": 0,
        "commits": 0,
        "rows_per_s": None,
        "settled_rows_per_s": None,
        "commits_per_s": None,
        "longest_gap_s": None,
        "validity": doubtful("void", code, detail),
    }


def a_samples(trial: int = 1, attempt: int = 1) -> Samples:
    return samples_of(a_record(trial, attempt=attempt))


def samples_of(record: Record) -> Samples:
    """What bears a record as ``a_record`` makes it."""
    return Samples(
        trial=record.trial.number,
        attempt=record.attempt,
        rows_per_second=halves(record.rows),
        commits_per_second=halves(record.commits),
        readings=[{"at_s": 0.01, "host": {"temperature_c": 54.0}, "server": {"wal_sync": 3}}],
        latency_hdr=latencies_of(record.commits, workers(record)).encode().decode(),
    )


def workers(record: Record) -> int:
    return record.trial.parameters.processes * record.trial.parameters.in_flight


def halves(count: int) -> list[int]:
    return [count // 2, count - count // 2]


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
    empty = {record.key: new_histogram() for record in records}
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
        commits_per_second=[acknowledged // 10],
        rows_per_second=[acknowledged],
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


class Made(Mapping):
    """Something of each record, by trial and attempt, made only where it is looked at."""

    def __init__(self, records, make):
        self._records, self._make = {record.key: record for record in records}, make

    def __getitem__(self, key):
        return self._make(self._records[key])

    def __iter__(self):
        return iter(self._records)

    def __len__(self):
        return len(self._records)


def pulled(*records: Record, **changes: Any) -> PulledRun:
    """A run of one host with these records, planned as they were executed."""
    planned = {trial: a_trial(trial) for trial, _ in changes.get("begun", ())}
    planned |= {record.trial.number: record.trial for record in records}
    run = PulledRun(
        directory="bench-1",
        plan=a_plan(*(planned[number] for number in sorted(planned))),
        host=a_host(),
        records=records,
        samples=Made(records, samples_of),
        histograms=Made(records, lambda record: latencies_of(record.commits, workers(record))),
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
    """What of a record a rate decides, a row a commit; the settled one is a fifth lower. A file's is whole or half."""
    if rate is None:
        return {"batch": 1} | void()
    return {"batch": 1, "rows": round(2 * rate), "rows_per_s": rate, "settled_rows_per_s": 2 * rate / 2.5}


def written(path: Path, run: PulledRun) -> Path:
    """The files of a run, sealed."""
    directory = RunDirectory(path)
    directory.begin(run.plan)
    if run.host:
        directory.write_host(run.host)
    for record in run.records:
        directory.append(record, samples_of(record))
    directory.finish()
    return path
