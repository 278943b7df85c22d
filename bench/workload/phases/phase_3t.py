"""Phase 3-T: Phase 2-D into a hypertable of TimescaleDB, where each row finds its chunk by its time."""

from dataclasses import replace

from bench.workload.phases import phase_2d

PHASE = replace(phase_2d.PHASE, engine="timescaledb", layout="hypertable", usual=False)
