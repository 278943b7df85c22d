"""Runs on a machine whose speed varies, as the client's CPU time a row tells."""

import math
import random
from dataclasses import replace

from bench.plan.adjustment import COVARIATES
from tests.builders import compared_run

BLOCKS = 8
SLOPE, OF_STEAL = -0.9, -0.01


def measured(
    effects=None,
    *,
    blocks=BLOCKS,
    phases=("2-C",),
    speed=0.1,
    noise=0.01,
    slowed=0.0,
    steal=0.0,
    stolen=0.0,
    seed=1,
    rule=COVARIATES,
    **cpu,
):
    """A run on a machine whose speed varies: each variant's effect on the rate, and the last one's on the client.

    ``steal`` is how far that varies, in percent, ``stolen`` how much more the last variant meets of it.
    """
    source = random.Random(seed)
    effects = effects or {"stock": 0.0, "fast": math.log(1.05)}
    last = list(effects)[-1]
    run = compared_run({name: [100.0] * blocks for name in effects}, phases)
    records = []
    for record in run.records:
        name = record.trial.variant
        met = source.gauss(0, speed) + (slowed if name == last else 0)
        off = source.gauss(0, noise)
        taken = 20 + source.gauss(0, steal) + (stolen if name == last else 0) if steal else 0.0
        rate = 10_000 * math.exp(effects[name] + SLOPE * met + OF_STEAL * taken + off)
        rows = round(2 * rate)
        spent = {"client_cores": 20e-6 * math.exp(met) * rows / 2, "steal_pct": taken, **cpu}
        records.append(
            replace(record, rows=rows, rows_per_s=rate, settled_rows_per_s=rate, cpu=replace(record.cpu, **spent))
        )
    return replace(run, plan=replace(run.plan, adjusted_for=rule), records=records)
