"""Phase 3-D2: Phase 3-D with a hundred thousand rows a commit: more share what a commit on several servers costs."""

from dataclasses import replace

from bench.workload.phases import phase_3d

PHASE = replace(phase_3d.PHASE, parameters=replace(phase_3d.PHASE.parameters, batch=100_000))
