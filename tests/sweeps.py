"""Sweeps carried out in simulation: of pools, of rates, and those that refine on a box of known rates."""

import random
from dataclasses import replace

from bench.engines.postgresql.render import as_variant
from bench.model.plan import NULL
from bench.model.record import OpenLoop
from bench.plan.design import make_plan
from bench.plan.refine import narrowed
from bench.plan.remaining import remaining
from bench.plan.request import make_design
from bench.plan.sweep import values_of
from bench.workload.phase import ladder
from tests.builders import a_plan, a_record, a_trial, pulled, void

POOLS, BLOCKS = (1, 2, 4, 8, 16), 6


def planned(of="pool=auto", *phases, blocks=6, seed=1, **asked):
    asked = {"of": of, "phases": list(phases or ["2-B"]), "blocks": blocks, **asked}
    design = make_design(asked, transports=("tcp",))
    variants = {"stock": as_variant("stock", "")}
    return make_plan(design, ladder(), as_variant("harness", ""), variants, run="r", created="now", seed=seed)


class Box:
    """Measures trials: ``rate`` of a value, times the speed of the block, times noise.

    Records are ``whole``, as a run writes them, or have the rate alone, which is quicker.
    """

    def __init__(self, rate, *, of="pool", noise=0.02, speed=0.2, seed=1, whole=False):
        self.rate, self.of, self.noise, self.whole = rate, of, noise, whole
        self.chance = random.Random(seed)
        self.speed, self.speeds = speed, {}

    def measure(self, trial, attempt=1, **changes):
        speed = self.speeds.setdefault(trial.block, self.chance.lognormvariate(0, self.speed))
        [value] = values_of(trial, [self.of])
        rate = self.rate(value) * speed * self.chance.lognormvariate(0, self.noise)
        measured = {"rows": round(2 * rate)} if self.whole else {"rows_per_s": rate}
        record = a_record(trial.number, trial.phase, **measured, **changes)
        return replace(record, run="r", trial=trial, attempt=attempt, variant_sha256=as_variant("stock", "").sha256)

    def carry_out(self, plan):
        records = []
        while left := remaining(plan, records):
            records += [self.measure(trial, attempt) for trial, attempt in left]
        return records


class OpenBox(Box):
    """Measures trials at rates: what comes beyond the capacity is not begun. A closed loop may reach something else."""

    def __init__(self, capacity, *, closed=None, clients=1e6):
        self.capacity, self.closed, self.clients = capacity, closed or capacity, clients

    def measure(self, trial, attempt=1, **changes):
        own = trial.parameters
        if own.rate is None:
            reached = self.clients if trial.engine == NULL else self.closed
            record = a_record(trial.number, trial.phase, **({"rows_per_s": reached} | changes))
        else:
            due = round(2 * own.rate / own.batch)
            done = min(due, round(2 * self.capacity / own.batch))
            rows = done * own.batch
            record = a_record(trial.number, trial.phase, rows=rows, rows_per_s=rows / 2, **changes)
            record = replace(record, open_loop=open_loop(due, done))
        return replace(record, run="r", trial=trial, attempt=attempt, variant_sha256=as_variant("stock", "").sha256)

    def carry_out(self, plan):
        """One by one: what a closed loop reaches says which rates follow."""
        records = []
        while left := remaining(plan, records):
            [(trial, attempt), *_] = left
            records.append(self.measure(trial, attempt))
        return records


def open_loop(due, done):
    return OpenLoop(
        due=due,
        late=0,
        late_while_free=0,
        skipped=0,
        beyond_limit=None,
        waiting=due - done,
        lag_mean_ms=0,
        lag_max_ms=0,
    )


def swept_run(plan, records):
    asked = [record for record in records if not record.trial.experiment]
    beside = [record for record in records if record.trial.experiment]
    return replace(pulled(*asked), plan=narrowed(plan, records).as_asked(), experiments=beside)


def a_sweep(rates, *, noise=0.01, pools=POOLS, blocks=BLOCKS, seed=1, spoiled=()):
    """A run in which a pool makes so many rows a second."""
    chance = random.Random(seed)
    base, records = a_trial(1, "2-B"), []
    for block in range(1, blocks + 1):
        speed = chance.lognormvariate(0, 0.2)
        for pool, rate in zip(pools, rates, strict=True):
            number = len(records) + 1
            parameters = replace(base.parameters, pool_min=pool, pool_max=pool)
            trial = replace(base, number=number, block=block, parameters=parameters)
            measured = {"rows_per_s": rate * speed * chance.lognormvariate(0, noise)}
            if (block, pool) in spoiled:
                measured |= void()
            records.append(replace(a_record(number, "2-B", **measured), trial=trial))
    run = pulled(*records)
    return replace(run, plan=a_plan(*(record.trial for record in records)))


def at_rates(capacity, rates, *, batch=100, p99=None, blocks=4, **swept):
    """A run of an open loop: what comes beyond the capacity is not acknowledged."""
    chance, records = random.Random(1), []
    base = a_trial(1, "2-C")
    for block in range(1, blocks + 1):
        for rate in rates:
            for more in swept.get("points", ({},)):
                number = len(records) + 1
                parameters = replace(base.parameters, rate=float(rate), load="open", **({"batch": batch} | more))
                trial = replace(base, number=number, block=block, parameters=parameters)
                due = round(2 * rate / parameters.batch)
                done = min(due, round(2 * capacity(parameters) / parameters.batch * chance.uniform(0.99, 1.01)))
                latency = replace(a_record(1).latency_ms, p50=1.0, p99=p99(parameters) if p99 else 8.25)
                record = a_record(number, rows=done * parameters.batch, rows_per_s=done * parameters.batch / 2)
                records.append(replace(record, trial=trial, open_loop=open_loop(due, done), latency_ms=latency))
    return replace(pulled(*records), plan=a_plan(*(record.trial for record in records)))
