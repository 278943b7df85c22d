"""Both ClickHouses that there are in tests: Debian 12's server of 2018, and the engine of today in the client."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVER, EMBEDDED = "server", "embedded"


def server_directory() -> Path | None:
    """Return the directory of a server's program; None where this system has no such package."""
    done = subprocess.run([ROOT / ".ci/test-clickhouse"], capture_output=True, text=True, check=False)
    if line := done.stdout.strip():
        return Path(line)
    found = shutil.which("clickhouse-server")
    return Path(found).parent if found else None


def environment(kind: str) -> dict[str, str]:
    """Return a PATH by which a run finds that ClickHouse; skips the test where it is not here."""
    if kind == EMBEDDED:
        missing = [name for name in ("chdb", "pyarrow") if not find_spec(name)]
        if missing:
            pytest.skip(f"{' and '.join(missing)} not here: make clickhouse")
        if shutil.which("clickhouse-server"):
            pytest.skip("a ClickHouse server is installed here, and would be measured instead")
        return {}
    directory = server_directory()
    if directory is None:
        pytest.skip("this system has no package of a ClickHouse server")
    return {"PATH": f"{directory}:{os.environ['PATH']}"}
