"""Phase 3-T3: Phase 2-G into a hypertable of TimescaleDB."""

from dataclasses import replace

from bench.workload.phases import phase_2g

PHASE = replace(phase_2g.PHASE, engine="timescaledb", layout="hypertable", usual=False)
