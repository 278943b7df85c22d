"""Phase 3-X2: Phase 3-X with a hundred thousand rows a commit: more share what a commit on several servers costs."""

from dataclasses import replace

from bench.workload.phases import phase_3x

PHASE = replace(phase_3x.PHASE, parameters=replace(phase_3x.PHASE.parameters, batch=100_000))
