"""Phase 3-D: Phase 2-G into a table of Citus, whose rows the coordinator passes on to workers."""

from dataclasses import replace

from bench.workload.phases import phase_2g

PHASE = replace(phase_2g.PHASE, engine="citus", layout="distributed", usual=False)
