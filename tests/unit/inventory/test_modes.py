"""Modes are set, never taken from the umask of whoever runs a script; what root locks is no file others could make."""

import re
from pathlib import Path

import pytest

from tests.unit.inventory.shell import CHECKOUT, ROLES

SHARED = re.compile(r"/(tmp|var/tmp|dev/shm|run/lock|var/lock|var/crash)/")
SCRIPTS = [
    *ROLES.glob("*/files/*.sh"),
    *(CHECKOUT / "bench").glob("*/*.sh"),
    CHECKOUT / ".ci/system-packages",
]
WRITE = [script for script in SCRIPTS if script.name not in {"probe.sh", "askpass.sh"}]
"""All but those that change nothing."""
MODULES = [path for path in (CHECKOUT / "plugins/modules").glob("*.py") if ".mkdir(" in path.read_text()]


@pytest.mark.parametrize("script", WRITE, ids=lambda path: path.name)
def test_a_script_sets_its_umask(script: Path) -> None:
    assert "\numask 022\n" in script.read_text()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_that_makes_folders_sets_its_umask(module: Path) -> None:
    """On a box it has that of whoever logs in."""
    assert "\n    os.umask(0o022)\n" in module.read_text()


def locks(text: str) -> list[str]:
    """List where the locks of a script lie, each word that it assigns put in."""
    assigned = dict(re.findall(r"""(?:^|\s)(\w+)=["']?([^\s"';]+)""", text))
    found = [_spelt_out(place, assigned) for place in re.findall(r"exec \d>+(\S+)", text)]
    return [place.replace('"', "") for place in found]


def _spelt_out(place: str, assigned: dict[str, str]) -> str:
    for _ in assigned:  # one may name another
        place = re.sub(r"\$\{?(\w+)\}?", lambda name: assigned.get(name[1], name[0]), place)
    return place


@pytest.mark.parametrize(
    "text",
    [
        "exec 9>/run/lock/pgladder-launch\n",
        "own=/tmp/x\nexec 9>$own/lock\n",
        'house="/var/tmp/x" own=$house/y # ours\nexec 9>"${own}/lock"\n',
    ],
)
def test_a_lock_in_a_shared_folder_is_found(text: str) -> None:
    assert [lock for lock in locks(text) if SHARED.search(lock)] != []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_lock_lies_where_everybody_may_write(script: Path) -> None:
    assert [lock for lock in locks(script.read_text()) if SHARED.search(lock)] == []
