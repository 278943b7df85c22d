"""A box whose memory a control group limits: formulas reckon with it, and what it can't hold is refused."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.codec import to_json
from tests.integration.support import BRIEF, PGLADDER, SMALL, as_root, climbing, wait_for

pytestmark = as_root
LIMIT = 500 << 20
"""Less than the 512 MB that pgtune asks for, and enough for a run whose WAL lies in memory, where /tmp is a tmpfs."""
GROUPS = Path("/sys/fs/cgroup")
LIMITS = {"memory": "memory.limit_in_bytes", ".": "memory.max"}
"""By version: the tree, and the file of the limit in a group."""


@pytest.fixture
def limited(place) -> Iterator[list[str]]:
    """Return the start of a command that has 500 MiB."""
    group, limit = _new_group(place.name)
    limit.write_text(f"{LIMIT}\n")
    yield ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh"]
    wait_for(lambda: not (group / "cgroup.procs").read_text(), "nothing runs in the control group")
    group.rmdir()


def _new_group(name: str) -> tuple[Path, Path]:
    for tree, file in LIMITS.items():
        if (GROUPS / tree / "cgroup.procs").exists():
            group = GROUPS / tree / name
            group.mkdir()
            if (group / file).exists():
                return group, group / file
            group.rmdir()
    pytest.skip("no control groups for memory here")


def test_a_formula_reckons_with_what_the_control_group_leaves(limited):
    shown = subprocess.run(
        [*limited, PGLADDER, "variants", "show", "shared-buffers-25", "--json"], capture_output=True, check=True
    )
    assert json.loads(shown.stdout)["settings"] == {"shared_buffers": "125MB"}


TOO_MUCH = "shared_buffers = 1GB: with it PostgreSQL takes 1.1 GB of shared memory, and its control group allows 0.5 GB"


def test_arms_and_shared_memory_that_it_has_no_memory_for_are_refused_and_the_others_are_measured(limited, place):
    asked = ["--phases", "2-C", "--variants", "pgtune-oltp stock", *BRIEF, *SMALL, "--blocks", 1]
    with climbing(place, *asked, prefix=limited, out="first") as climb:
        ended = climb.end()
    assert ended.code == 1
    found = {record.trial.variant: record for record in climb.records()}
    [reason] = found["pgtune-oltp"].validity.reasons
    why = "variant pgtune-oltp: pgtune takes no memory under 512 MB; this is 500 MB."
    assert (reason.code, reason.detail) == ("refused", f"refused: {why}")
    assert f"refused: {why}" in " ".join(ended.out.split())
    assert found["stock"].rows > 0
    facts = climb.directory.host().facts["memory"]
    assert facts["control_group_limit_bytes"] == LIMIT
    plan = climb.directory.plan()
    large = as_variant("stock", "shared_buffers = 1GB")
    variants = tuple(large if each.name == large.name else each for each in plan.variants)
    (place / "plan.json").write_bytes(to_json(replace(plan, variants=variants)))
    with climbing(place, "--plan", place / "plan.json", prefix=limited) as climb:
        ended = climb.end()
    assert ended.code == 1
    assert TOO_MUCH in " ".join((ended.out + ended.err).split())
