"""Whether a file of a box is as it shall be, by one look at all of them."""

import hashlib
from typing import Any

import pytest

from tests.unit.inventory.modules import load

holds = load("filter", "pgladder").FilterModule().filters()["pgladder_holds"]
PATH, TEXT = "/etc/pgladder.toml", 'release = "3f2a"\n'


def look(**differs: Any) -> dict[str, Any]:
    """What find returns of one file that is as it shall be, but for what differs."""
    checksum = hashlib.sha1(TEXT.encode(), usedforsecurity=False).hexdigest()
    file = {"path": PATH, "mode": "0644", "pw_name": "root", "gr_name": "root", "isdir": False, "checksum": checksum}
    return {"files": [{"path": "/etc/other"}, file | differs]}


def test_a_file_that_is_as_it_shall_be_is_known() -> None:
    assert holds(look(), PATH, "0644", TEXT)


@pytest.mark.parametrize(
    "differs",
    [
        {"mode": "0666"},
        {"pw_name": "ann"},
        {"gr_name": "ann"},
        {"checksum": "0" * 40},
        {"checksum": None},
        {"path": "/etc/pgladder.toml.part"},
    ],
)
def test_one_that_is_not_is_written(differs: dict[str, Any]) -> None:
    assert not holds(look(**differs), PATH, "0644", TEXT)


@pytest.mark.parametrize("found", [{}, {"skipped": True}, {"files": []}])
def test_where_nobody_looked_nothing_is_known(found: dict[str, Any]) -> None:
    assert not holds(found, PATH, "0644", TEXT)


def test_a_folder_is_one() -> None:
    assert holds(look(isdir=True, mode="0755"), PATH, "0755")
    assert not holds(look(mode="0755"), PATH, "0755")
