"""What Ansible sends of a module is packed in one play, and the next takes it, until something of it changes."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from tests.unit.inventory.modules import load
from tests.unit.inventory.shell import CHECKOUT

PLAY = "[{hosts: localhost, connection: local, gather_facts: false, tasks: [{ansible.builtin.ping: {}}]}]"
UNREADABLE = b"not a payload"
OTHER_PYTHON = b"\x00" * len(MAGIC_NUMBER)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(CHECKOUT / "ansible.cfg", tmp_path)
    shutil.copytree(CHECKOUT / "plugins", tmp_path / "plugins")
    (tmp_path / "ping.yml").write_text(PLAY)
    return tmp_path


def _plays(checkout: Path) -> bool:
    env = os.environ | {"ANSIBLE_CONFIG": str(checkout / "ansible.cfg")}
    words = [Path(sys.executable).with_name("ansible-playbook"), checkout / "ping.yml", "-i", "localhost,"]
    done = subprocess.run([*words, "-e", f"ansible_python_interpreter={sys.executable}"], env=env, check=False)
    return done.returncode == 0


def _kept(checkout: Path) -> list[Path]:
    return [lock.with_suffix("") for lock in checkout.glob(".cache/payloads/*/*ping*.lock")]


def _archive(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def test_the_next_play_takes_what_one_has_packed_until_a_module_of_ours_is_another(checkout: Path) -> None:
    assert _plays(checkout)
    [payload] = _kept(checkout)
    payload.write_bytes(UNREADABLE)
    assert not _plays(checkout)
    with (checkout / "plugins/module_utils/pgladder_journal.py").open("a") as source:
        source.write("# another\n")
    assert _plays(checkout)
    [other] = set(_kept(checkout)) - {payload}
    assert other.parent != payload.parent


@pytest.mark.parametrize(("mode", "taken"), [(0o700, True), (0o755, True), (0o770, False), (0o707, False)])
def test_a_folder_that_others_may_write_to_is_not_taken(tmp_path: Path, mode: int, taken: bool) -> None:
    folder, temporary = tmp_path / "kept", tmp_path / "temporary"
    temporary.mkdir()
    folder.mkdir()
    folder.chmod(mode)
    plugin = load("callback", "pgladder_payloads")
    assert plugin.take_from(folder, temporary) is taken
    assert (temporary / "ansiballz_cache").is_symlink() is taken


def test_where_no_folder_can_be_made_it_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not load("callback", "pgladder_payloads").take_from(tmp_path / "file" / "kept", tmp_path)


def test_a_play_compiles_what_the_next_sends(checkout: Path) -> None:
    assert _plays(checkout)
    [payload] = _kept(checkout)
    plugin = load("callback", "pgladder_payloads")
    with zipfile.ZipFile(io.BytesIO(plugin.archive_in(payload))) as archive:
        names = set(archive.namelist())
        sources = {name for name in names if name.endswith(".py")}
        assert {f"{name}c" for name in sources} == names - sources
        assert archive.read("ansible/modules/ping.pyc").startswith(MAGIC_NUMBER)
    kept = payload.read_bytes()
    assert _plays(checkout)
    assert payload.read_bytes() == kept


@pytest.mark.parametrize(("version", "read"), [(MAGIC_NUMBER, "compiled"), (OTHER_PYTHON, "source")])
def test_python_takes_what_its_own_version_compiled_and_else_the_source(
    tmp_path: Path, version: bytes, read: str
) -> None:
    compiled = load("callback", "pgladder_payloads").compiled("sent.py", b"print('compiled')")
    # Python checks neither against the other: what is printed shows which of them it read.
    archive = _archive({"sent.py": b"print('source')", "sent.pyc": version + compiled.removeprefix(MAGIC_NUMBER)})
    (tmp_path / "sent.zip").write_bytes(archive)
    words = [sys.executable, "-c", "import sent"]
    env = os.environ | {"PYTHONPATH": str(tmp_path / "sent.zip")}
    assert subprocess.run(words, env=env, check=True, capture_output=True, text=True).stdout == f"{read}\n"
