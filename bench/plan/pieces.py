"""Which files trials take of each seam, and which of these are the user's (``bench.seams``)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from bench.constraints.constraint import constraints
from bench.engines.engine import engines
from bench.engines.postgresql.layout import layout_files
from bench.model.plan import Trial
from bench.probes.probe import load_probe, probe_files
from bench.seams import users
from bench.workload.driver import drivers
from bench.workload.load import loads
from bench.workload.phase import ladder


def files_by_kind() -> dict[str, Mapping[str, Path]]:
    """Return the files of what a trial is made of, by its kind and name."""
    return {
        "phase": ladder().files,
        "driver": drivers().files,
        "load model": loads().files,
        "layout": layout_files(),
        "engine": engines().files,
    }


def pieces_of(trials: Iterable[Trial], engine: str) -> dict[str, str]:
    """Return the SHA-256 of the user's files that these trials take, and of every probe; what there is not has none.

    Raises:
        DataError: a file of the user's is no probe: nothing is measured with the others.

    """
    files = files_by_kind()
    taken = {files["engine"].get(engine)}
    for trial in trials:
        taken |= {
            files["engine"].get(trial.engine or engine),
            files["phase"].get(trial.phase),
            files["driver"].get(trial.driver),
            files["load model"].get(trial.parameters.load),
            files["layout"].get(trial.layout),
        }
        if trial.without:
            taken |= {constraints().files.get(name) for name in trial.without.constraints}
    for probe in probe_files().values():
        load_probe(probe)
        taken.add(probe)
    return users(filter(None, taken))


def target_pieces(pieces: Mapping[str, str]) -> dict[str, str]:
    """Return those of a plan's pieces that are not what is measured, but the user's target that measures it."""
    return {name: sha256 for name, sha256 in pieces.items() if name.startswith("targets/")}
