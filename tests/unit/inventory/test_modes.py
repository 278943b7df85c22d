"""Modes are set, never taken from the umask of whoever runs a script; what root locks is no file others could make."""

import re
import subprocess
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.unit.inventory.shell import CHECKOUT, ROLES

SHARED = re.compile(r"/(tmp|var/tmp|dev/shm|run/lock|var/lock|var/crash)/")
SCRIPTS = [
    *ROLES.glob("*/files/*.sh"),
    *(CHECKOUT / "bench").glob("*/*.sh"),
    CHECKOUT / ".ci/system-packages",
]
OWN = [*ROLES.glob("virtual_minipc/files/*.sh"), CHECKOUT / ".ci/system-packages"]
"""Not run on a box by ``__host_command``, which sets it for all others of the roles."""


def test_a_script_on_a_box_begins_with_a_umask_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "make.sh").write_text("mkdir folder && touch folder/file && stat -c %a folder folder/file\n")
    loader = DataLoader()
    command = loader.load_from_file(str(ROLES / "host/vars/main.yml"), trusted_as_template=True)["__host_command"]
    known = {"host_script": f"{tmp_path / 'make.sh'} word", "ansible_search_path": [str(tmp_path)]}
    text = Templar(loader, variables=known).template(trust_as_template(command))
    said = subprocess.run(["sh", "-c", f"umask 077\n{text}"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert said.stdout.split() == ["755", "644"]


@pytest.mark.parametrize("script", OWN, ids=lambda path: path.name)
def test_a_script_of_this_machine_sets_its_umask(script: Path) -> None:
    assert "\numask 022\n" in script.read_text()


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
