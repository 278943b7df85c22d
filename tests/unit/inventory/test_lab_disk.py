"""Who holds the disk of a virtual mini-PC that can't be taken away."""

import subprocess
from pathlib import Path

from tests.unit.inventory.shell import ROLES, function

SCRIPT = ROLES / "virtual_minipc/files/minipc.sh"
FUNCTIONS = ("works_in", "has_mounted", "holders", "in_use")


def _in_use(box: Path) -> str:
    die = next(line for line in SCRIPT.read_text().splitlines() if line.startswith("die()"))
    text = "\n".join(["set -eu", die, *(function(SCRIPT, name) for name in FUNCTIONS), "in_use"])
    names = {"NAME": "minipc1", "box": str(box), "image": f"{box}/disk.img", "PATH": "/bin:/usr/bin:/sbin:/usr/sbin"}
    said = subprocess.run(["sh", "-c", text], check=False, cwd="/", env=names, capture_output=True, text=True)
    assert said.returncode == 1
    return said.stderr.strip()


def test_a_process_that_works_in_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path / "root") as process:
        said = _in_use(tmp_path)
        process.kill()
    assert said == (
        f"minipc1: its disk {tmp_path}/disk.img is in use by sleep (process {process.pid});"
        " end that, then run this again"
    )


def test_where_nobody_shows_it_says_so(tmp_path: Path) -> None:
    assert "is in use by something that no process shows;" in _in_use(tmp_path)
