"""How a box gets pgladder: a release beside the one in use, switched to in one step, by Debian's own Python and pip."""

import base64
import hashlib
import io
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.inventory.modules import run

MODULE = "import sys\ndef main(): print('pgladder', sys.flags.isolated)\n"
ABOUT = "Metadata-Version: 2.1\nName: pgladder\nVersion: 1\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
COMMAND = "[console_scripts]\npgladder = ladder:main\n"

pytestmark = pytest.mark.skipif(
    not list(Path("/usr/share/python-wheels").glob("pip-*.whl")), reason="needs Debian's python3-pip-whl"
)


def _wheel() -> bytes:
    files = {"ladder.py": MODULE}
    files |= {
        f"pgladder-1.dist-info/{name}": text
        for name, text in {"METADATA": ABOUT, "WHEEL": WHEEL, "entry_points.txt": COMMAND}.items()
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as wheel:
        record = ""
        for name, text in files.items():
            wheel.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
            record += f"{name},sha256={digest},{len(text)}\n"
        wheel.writestr("pgladder-1.dist-info/RECORD", f"{record}pgladder-1.dist-info/RECORD,,\n")
    return packed.getvalue()


class Box:
    """Where a release belongs on a box."""

    def __init__(self, place: Path) -> None:
        self.program, self.command = place / "opt/pgladder", place / "pgladder"
        self.archive = place / "wheels.tar"

    def bring(self, sha256: str = "") -> None:
        """Have the wheels there, as the control machine brings them."""
        wheel = _wheel()
        pinned = f"./pgladder-1-py3-none-any.whl --hash=sha256:{sha256 or hashlib.sha256(wheel).hexdigest()}\n"
        with tarfile.open(self.archive, "w") as archive:
            for name, content in {"pgladder-1-py3-none-any.whl": wheel, "release.txt": pinned.encode()}.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))

    def ask(self, state: str = "present", release: str = "new", *, check: bool = False) -> dict[str, Any]:
        """Run the module."""
        paths = {"program": str(self.program), "command": str(self.command), "archive": str(self.archive)}
        return run("pgladder_release", check=check, state=state, release=release, **paths)

    def there(self) -> list[str]:
        return sorted(path.name for path in self.program.iterdir())


@pytest.fixture
def box(tmp_path: Path) -> Box:
    box = Box(tmp_path)
    box.bring()
    return box


def test_a_release_is_installed_isolated_and_a_second_time_nothing_changes(box: Box) -> None:
    (box.program / "new/lib").mkdir(parents=True)  # by one that was cut off
    (box.program / "earlier").mkdir()
    said = box.ask()
    assert (said["changed"], said["diff"]) == (True, {"before": "\n", "after": "new\n"})
    assert subprocess.run([box.command], capture_output=True, text=True, check=True).stdout == "pgladder 1\n"
    assert box.command.read_text().splitlines()[0] == f"#!{box.program}/new/bin/python -I"
    assert box.there() == ["current", "new"]
    assert not box.archive.exists()
    assert not box.ask()["changed"]


def test_a_check_changes_nothing(box: Box) -> None:
    assert box.ask(check=True)["changed"]
    assert not box.program.exists()
    assert box.archive.exists()


def test_wheels_of_another_hash_leave_the_release_in_use_where_it_was(box: Box) -> None:
    box.ask()
    box.bring("0" * 64)
    said = box.ask(release="another")
    assert said["failed"]
    assert box.ask(release="new")["changed"] is False
    assert (box.program / "current").readlink() == Path("new")


def test_all_of_it_is_removed(box: Box) -> None:
    box.ask()
    box.bring()
    assert box.ask("absent")["changed"]
    assert not any(path.exists() or path.is_symlink() for path in (box.program, box.command, box.archive))
    assert not box.ask("absent")["changed"]
