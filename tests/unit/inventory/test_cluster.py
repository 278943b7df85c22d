"""What the cluster's module makes of what an earlier play, or somebody else, left; on boxes it makes and drops one."""

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


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Run it in check mode on a box that lies in a folder."""
    module = load("modules", "pgladder_cluster")
    for name, place in {
        "CONFIGURATIONS": "etc/postgresql",
        "DATA": "data",
        "UNITS": "units",
        "RUNTIME": "pgladder-postgresql.conf",
        "SOCKETS": "sockets",
    }.items():
        setattr(module, name, tmp_path / place)
    (tmp_path / "sockets").write_text("Num       RefCount Protocol Flags    Type St Inode Path\n")
    (tmp_path / "journal").mkdir()

    def answer(state: str = "present", **given: Any) -> dict[str, Any]:
        wanted = {"version": "15", "name": "mine", "owner": "me", "port": 5544} | given
        names = {"state": state, "journal": str(tmp_path / "journal"), "_ansible_check_mode": True}
        said = io.StringIO()
        before = _tree(tmp_path)
        with patch_module_args(wanted | names), redirect_stdout(said), pytest.raises(SystemExit):
            module.main()
        assert _tree(tmp_path) == before
        found: dict[str, Any] = json.loads(said.getvalue())
        return found

    return answer


def _tree(folder: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*")}


def _begun(place: Path, marker: str) -> None:
    (place / "journal/cluster-begun").write_text(marker)


def _made(place: Path) -> None:
    """A cluster as the module leaves it, but for its unit."""
    _begun(place, "15/mine\n")
    (place / "journal/cluster-made").touch()
    for file in ("etc/postgresql/15/mine/postgresql.conf", "data/15/mine/PG_VERSION"):
        (place / file).parent.mkdir(parents=True)
        (place / file).touch()


def test_a_check_of_a_box_without_a_cluster_says_that_it_would_be_made(ask: Ask) -> None:
    said = ask()
    assert (said["changed"], said["cluster"]) == (True, "15/mine")
    assert said["diff"] == {"before": "\n", "after": "15/mine\n"}


def test_a_cluster_of_somebody_else_is_not_taken_nor_its_port(ask: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "etc/postgresql/15/mine"
    folder.mkdir(parents=True)
    (folder / "postgresql.conf").write_text("port = 5432\n")
    assert ask()["msg"] == (
        "There is a cluster 15/mine that pgladder did not make; choose another name by postgresql_cluster,"
        " then run this again"
    )
    said = ask(name="other", port=5432)["msg"]
    assert said.startswith(
        "The cluster 15/mine is configured for port 5432, whether it runs now or not; choose another"
    )
    assert ask(name="other")["changed"]


@pytest.mark.parametrize("marker", ["15/mine\n", "mine\n"])  # the second by an earlier release
@pytest.mark.parametrize("given", [{"version": "17"}, {"name": "other"}])
def test_pgladders_own_cluster_of_another_name_or_version_is_named(
    ask: Ask, tmp_path: Path, marker: str, given: dict[str, str]
) -> None:
    _begun(tmp_path, marker)
    said = ask(**given)["msg"]
    assert said.startswith("pgladder's cluster here is 15/mine, not ")
    assert "set postgresql_version to 15 and postgresql_cluster to mine, or run make teardown first" in said


def test_an_old_marker_without_a_name_goes_by_the_unit(ask: Ask, tmp_path: Path) -> None:
    _begun(tmp_path, "")
    assert ask("absent")["cluster"] == ""
    drop_in = tmp_path / "units/postgresql@15-of-old.service.d"
    drop_in.mkdir(parents=True)
    (drop_in / "pgladder.conf").touch()
    assert ask("absent")["cluster"] == "15/of-old"


def test_what_was_cut_off_is_made_anew(ask: Ask, tmp_path: Path) -> None:
    _made(tmp_path)
    (tmp_path / "journal/cluster-made").unlink()
    assert ask()["changed"]


def test_a_cluster_that_is_there_is_left_alone_but_for_its_unit(ask: Ask, tmp_path: Path) -> None:
    _made(tmp_path)
    assert ask()["changed"]  # it has no drop-in yet
    module = load("modules", "pgladder_cluster")
    me = tmp_path.owner()
    names = {"owner": me, "run": "/run/pgladder", "version": "15", "name": "mine"}
    (tmp_path / "pgladder-postgresql.conf").write_text(
        module.FOLDERS.format(**names, log="/var/log/postgresql/postgresql-15-mine.log")
    )
    drop_in = tmp_path / "units/postgresql@15-mine.service.d/pgladder.conf"
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text(module.UNIT.format(**names))
    assert ask(owner=me)["changed"]  # nor a folder for private servers
    (tmp_path / "data/15/mine-private").mkdir()
    assert not ask(owner=me)["changed"]
    assert ask(owner="somebody")["changed"]


@pytest.mark.parametrize("gone", ["etc/postgresql/15/mine/postgresql.conf", "data/15/mine/PG_VERSION"])
def test_a_cluster_that_somebody_dropped_is_missed_with_the_way_out(ask: Ask, tmp_path: Path, gone: str) -> None:
    _made(tmp_path)
    (tmp_path / gone).unlink()
    said = ask()["msg"]
    assert said == f"pgladder's cluster 15/mine has no {tmp_path / gone} any more: make teardown, then make provision"


def test_only_what_was_begun_is_dropped_whatever_is_asked_for(ask: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "etc/postgresql/15/main"
    folder.mkdir(parents=True)
    assert not ask("absent", name="main")["changed"]
    _begun(tmp_path, "15/mine\n")
    assert ask("absent", name="main")["diff"] == {"before": "15/mine\n", "after": "\n"}


def test_no_cluster_is_dropped_under_a_run(ask: Ask, tmp_path: Path) -> None:
    _made(tmp_path)
    (tmp_path / "sockets").write_text("0000: 00000002 00000000 00010000 0001 01 784 @pgladder-run\n")
    assert "a run is under way" in ask("absent")["msg"]
