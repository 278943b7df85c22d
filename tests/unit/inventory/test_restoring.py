"""Kernel settings put back: what a virtual box can't show, whose kernel is another's."""

import re
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "roles/host/files/teardown.sh"


def _restore(found: dict[Path, str], state: Path) -> None:
    (state / "found").mkdir()
    (state / "found/knobs").write_text("".join(f"{file} {value}\n" for file, value in found.items()))
    function = re.search(r"^restore_knobs\(\) .*?^}", SCRIPT.read_text(), re.DOTALL | re.MULTILINE)
    assert function
    script = f"set -eu\n{function[0]}\nrestore_knobs"
    subprocess.run(["sh", "-c", script], check=True, env={"STATE": str(state), "CONTAINER": "none", "PATH": "/bin"})


def test_a_limit_of_dirty_memory_in_bytes_comes_back(tmp_path: Path) -> None:
    ratio, in_bytes, swappiness = (tmp_path / name for name in ("dirty_ratio", "dirty_bytes", "swappiness"))
    ratio.write_text("20\n")
    in_bytes.write_text("0\n")
    swappiness.write_text("10\n")
    _restore({ratio: "0", in_bytes: "67108864", swappiness: "0"}, tmp_path)
    # The kernel itself makes the ratio 0 when the bytes are written, and would make the bytes 0 the other way round.
    assert (ratio.read_text(), in_bytes.read_text(), swappiness.read_text()) == ("20\n", "67108864\n", "0\n")
