"""The words of pgladder's own pieces: what may be passed on of a run, and what is known of others' shared files.

A user's pieces (``PGLADDER_PATH``) are none of them, whatever they are called.
"""

from collections.abc import Mapping
from pathlib import Path

from bench.analysis.limits import UNEXPLAINED
from bench.constraints.constraint import constraints
from bench.engines.postgresql.layout import layout_files
from bench.engines.postgresql.render import AS_FOUND, variant_names
from bench.model.shared import CODES, Vocabulary
from bench.seams import PACKAGE
from bench.workload.driver import drivers
from bench.workload.load import loads
from bench.workload.phase import ladder


def own_words() -> Vocabulary:
    """Return the names of all pieces of pgladder's own."""
    rungs = ladder()
    return Vocabulary(
        methods={name: rungs[name].method for name in rungs.own},
        drivers=frozenset(drivers().own),
        loads=frozenset(loads().own),
        layouts=frozenset(_own(layout_files())),
        variants=frozenset((*variant_names(), AS_FOUND)),
        constraints=frozenset((*constraints().own, UNEXPLAINED)),
        codes=CODES,
    )


def _own(files: Mapping[str, Path]) -> list[str]:
    return [name for name, path in files.items() if path.is_relative_to(PACKAGE)]
