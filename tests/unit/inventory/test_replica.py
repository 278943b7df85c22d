"""Whose standby a box's cluster is: what is written down, and what is refused before anything changes."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from tests.unit.inventory.modules import load

Ask = Callable[..., dict[str, Any]]
FILTERS: dict[str, Any] = load("filter", "pgladder").FilterModule().filters()


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Run the module on a box that lies in a folder: its journal, and where data lie."""
    module = load("modules", "pgladder_replica")
    module.DATA = tmp_path / "data"
    for folder in ("journal", "data/15/mine"):
        (tmp_path / folder).mkdir(parents=True)

    def answer(state: str = "present", *, primary: str = "a", check: bool = False, at: str = "127.0.0.1") -> Any:
        given = {"state": state, "primary": primary, "reached_at": at, "cluster": "15/mine"}
        names = {"journal": str(tmp_path / "journal"), "_ansible_check_mode": check}
        said = io.StringIO()
        with patch_module_args(given | names), redirect_stdout(said), pytest.raises(SystemExit):
            module.main()
        return json.loads(said.getvalue())

    return answer


def _made(place: Path, *, follows: bool = True) -> None:
    (place / "journal/cluster-made").touch()
    if follows:
        (place / "data/15/mine/standby.signal").touch()


def _written(place: Path) -> list[str]:
    return [path.name for path in (place / "journal").iterdir()]


def test_it_is_written_down_once_with_the_address_that_the_primary_will_see(ask: Ask, tmp_path: Path) -> None:
    assert ask(check=True)["changed"]
    assert _written(tmp_path) == []
    said = ask()
    assert (said["changed"], said["address"], said["made"]) == (True, "127.0.0.1", False)
    assert (tmp_path / "journal/replica").read_text() == "a\n127.0.0.1\n"
    _made(tmp_path)
    said = ask()
    assert (said["changed"], said["made"]) == (False, True)


def test_of_a_cluster_of_its_own_nothing_is_written_down(ask: Ask, tmp_path: Path) -> None:
    _made(tmp_path, follows=False)
    said = ask(primary="", at="")
    assert (said["changed"], said["primary"]) == (False, "")
    assert "is one of its own, and is not overwritten by a standby of a" in ask()["msg"]
    assert _written(tmp_path) == ["cluster-made"]


def test_a_standby_stays_its_primarys_until_a_teardown(ask: Ask, tmp_path: Path) -> None:
    ask()
    _made(tmp_path)
    assert "is a standby of a: say so again by REPLICA_OF=a" in ask(primary="", at="")["msg"]
    assert "is a standby of a, not of b; make teardown" in ask(primary="b")["msg"]
    assert "knows it at 127.0.0.1, and its address is ::1 now" in ask(at="::1")["msg"]


def test_one_that_was_promoted_is_named_whatever_is_asked_for(ask: Ask, tmp_path: Path) -> None:
    ask()
    _made(tmp_path, follows=False)
    for primary in ("", "a", "b"):
        assert "was a standby of a and was promoted: it takes writes of its own" in ask(primary=primary)["msg"]


def test_where_there_is_no_way_to_the_primary_it_is_said(ask: Ask, tmp_path: Path) -> None:
    assert "finds no way to its primary, no.such.name.invalid (" in ask(at="no.such.name.invalid")["msg"]
    assert _written(tmp_path) == []


def test_it_is_forgotten_and_a_check_tells_what_it_was(ask: Ask, tmp_path: Path) -> None:
    ask()
    said = ask("absent", check=True)
    assert (said["primary"], said["address"]) == ("a", "127.0.0.1")
    assert ask("absent")["changed"]
    assert _written(tmp_path) == []
    said = ask("absent")
    assert (said["changed"], said["primary"]) == (False, "")


@pytest.mark.parametrize("text", ["", "cat: /etc/pgladder.toml: No such file", '[cluster]\nname = "15/x"\n'])
def test_what_is_no_file_of_a_provisioned_box_tells_of_no_cluster(text: str) -> None:
    assert FILTERS["pgladder_box"](text) == {}


def test_a_provisioned_box_tells_of_its_cluster_over_ssh_too() -> None:
    told = FILTERS["pgladder_box"]('[cluster]\r\nname = "15/x"\r\nrole = "me"\r\nmax_connections = 300\r\n')
    assert told == {"name": "15/x", "role": "me", "max_connections": 300}
