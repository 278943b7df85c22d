"""Phase 3-T2: Phase 2-F into a hypertable of TimescaleDB."""

from dataclasses import replace

from bench.workload.phases import phase_2f

PHASE = replace(phase_2f.PHASE, engine="timescaledb", layout="hypertable", usual=False)
