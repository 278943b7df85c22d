"""What is known of boxes' noise, in files beside their runs: ``results/noise/<host>.json``.

What it means is ``analysis.noise``'s work.
"""

import socket
from pathlib import Path

from bench.analysis.compare import Noise
from bench.analysis.comparison import CellNoise
from bench.analysis.noise import BoxNoise, cell_noise, changed, floor_of
from bench.analysis.pulled import PulledRun
from bench.arms import Cell
from bench.model import from_json

NOISE = "noise"
ABOVE = 3
"""Directories above a run that may hold ``noise``: results/<run>/<host> and results."""


def noise_near(path: Path, run: PulledRun, margin: float) -> Noise:
    """Return what is known of the noise of a run's box, if it still is the box it was."""
    known = noise_beside(path, run.box)
    if known and run.host and changed(known.host, run.host):
        known = None

    def of(cell: Cell, blocks: int) -> CellNoise | None:
        return cell_noise(floor_of(known, run.plan, cell), blocks, margin)

    return of


def noise_beside(path: Path, host: str | None = None) -> BoxNoise | None:
    """Return what is known of a box's noise in a directory above its run's; the box is this one, or named."""
    places = list(path.resolve().parents)[:ABOVE]
    found = (noise_in(place, host or socket.gethostname()) for place in places)
    return next((noise for noise in found if noise), None)


def noise_in(results: Path, host: str) -> BoxNoise | None:
    """Return what is known of a box's noise; ``results`` is what holds the runs."""
    path = noise_file(results, host)
    return from_json(path.read_bytes(), BoxNoise, str(path)) if path.is_file() else None


def noise_file(results: Path, host: str) -> Path:
    """Return where a box's noise is kept."""
    return results / NOISE / f"{host}.json"
