"""Runs with experiments as they would be recorded, with gains that a test chooses."""

import random
from dataclasses import replace

from bench.analysis.explain import explain
from bench.constraints.constraint import Place
from bench.engines.postgresql.render import AS_FOUND, as_variant
from bench.model.fingerprint import Processors
from bench.model.record import ClientTime, Cpu, InFlight
from bench.plan.experiments import with_experiments
from bench.plan.suspects import suspects_of
from bench.workload.driver import as_driven
from tests.builders import a_plan, a_record, a_trial, pulled

BLOCKS, CPUS = 10, Processors(there=4, usable=4)
NOISE = 0.01
SPENT = {
    "client_time": ClientTime(prepare_s=1, connect_s=0, pool_wait_s=1, insert_s=60, release_s=20),
    "cpu": Cpu(host_pct=40, steal_pct=0, client_cores=0.5, server_cores=0.9),
    "in_flight_check": InFlight(measured=40.0, expected=40.0),
}
WAITS = ("wal_flush", "wal_write", "lock", "extend", "lwlock", "data_io", "client_write", "running")


def a_base(phase, **changes):
    trial = a_trial(1, phase, **changes)
    return replace(trial, parameters=as_driven(trial.driver, trial.parameters))


def planned(phase="2-B", blocks=BLOCKS):
    base = a_base(phase)
    trials = [replace(base, number=block, block=block) for block in range(1, blocks + 1)]
    return with_experiments(a_plan(*trials), Place(managed=True))


def planned_on_client_boxes(phase="2-B", blocks=BLOCKS):
    base = a_base(phase, transport="tls")
    base = replace(base, parameters=replace(base.parameters, client_boxes=1))
    trials = [replace(base, number=block, block=block) for block in range(1, blocks + 1)]
    return with_experiments(a_plan(*trials), Place(managed=True))


def planned_on_theirs(*names, phase="2-B", blocks=BLOCKS):
    """With the experiments of these constraints, on a server that the user brings; none named: each that can be."""
    base, found = a_base(phase, variant=AS_FOUND), as_variant(AS_FOUND, "")
    trials = [replace(base, number=block, block=block) for block in range(1, blocks + 1)]
    return with_experiments(a_plan(*trials, variants=(found,)), Place(managed=False), names)


def waiting(**states):
    """How many backends were in which state; none in the others."""
    return {"waits": dict.fromkeys(WAITS, 0.0) | states}


def a_run(plan, gains, *, seed=1, noise=NOISE, observed=None, **changes):
    """A run in which a rung makes about 1,000 rows/s, and without each of these constraints so many times as much."""
    chance = random.Random(seed)
    texts = {variant.name: variant.sha256 for variant in plan.variants}
    records = []
    for trial in plan.trials:
        rate = 1000.0 * chance.lognormvariate(0, noise)
        names = trial.without.constraints if trial.without else ()
        for name in names:
            rate *= gains.get(name, 1.0)
        shown = waiting(wal_flush=20.0) if observed is None else observed
        if names == ("wal-flush",) and shown:
            shown = waiting()
        record = a_record(trial.number, trial.phase, rows_per_s=rate, observed=shown, **SPENT | changes)
        records.append(replace(record, trial=trial, variant_sha256=texts[trial.variant]))
    return records


def explained(plan, records):
    suspects = suspects_of(plan, [record for record in records if record.trial.block == 1], CPUS)
    run = pulled(*(record for record in records if not record.trial.experiment))
    run = replace(run, plan=plan.as_asked(), experiments=[record for record in records if record.trial.experiment])
    return explain(run, plan, suspects)
