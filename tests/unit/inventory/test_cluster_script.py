"""What the cluster's script refuses before it changes anything; the rest of it is tested on boxes."""

import subprocess
from pathlib import Path

from tests.unit.inventory.shell import ROLES, function

SCRIPT = ROLES / "postgresql/files/cluster.sh"


def _refuse_strangers(etc: Path) -> subprocess.CompletedProcess[str]:
    functions = [line for line in SCRIPT.read_text().splitlines() if line.startswith(("die()", "place()"))]
    functions += [function(SCRIPT, name) for name in ("refuse", "refuse_strangers")]
    script = "\n".join(["set -eu", 'as_owner() { "$@"; }', *functions, "refuse_strangers"])
    names = {"ETC": str(etc), "PATH": "/bin"}
    return subprocess.run(["sh", "-c", script], check=False, env=names, capture_output=True, text=True)


def test_a_file_somebody_added_to_the_configuration_is_named_and_what_runs_begin_with_stays_in_force(
    tmp_path: Path,
) -> None:
    for folder in ("conf.d", "next"):
        (tmp_path / folder).mkdir()
        for name in ("10-harness.conf", "20-variant.conf"):
            (tmp_path / folder / name).write_text(folder)
    assert _refuse_strangers(tmp_path).returncode == 0
    stranger = tmp_path / "conf.d/99-mine.conf"
    stranger.touch()
    said = _refuse_strangers(tmp_path)
    assert said.returncode == 1
    assert f"remove {stranger}, then run this again; nothing was changed" in said.stderr
    assert (tmp_path / "next/20-variant.conf").read_text() == "conf.d"
