"""Whose directory a process sees by a path of ours."""

import os
import subprocess
import sys

import psutil
import pytest

from bench.power.left import _sees

IN_ANOTHER_ROOT = "import os, sys, time; os.chroot(sys.argv[1]); print(flush=True); time.sleep(600)"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="chroot, as root")
def test_a_link_is_not_followed_from_another_root_into_ours(tmp_path):
    """As in a container that has the same absolute link: of its directory, ours is not to be found."""
    root = tmp_path / "root"
    for base in (tmp_path, root / tmp_path.relative_to("/")):
        (base / "real" / "server").mkdir(parents=True)
        (base / "link").symlink_to(tmp_path / "real")
    base = tmp_path / "link" / "server"
    command = [sys.executable, "-c", IN_ANOTHER_ROOT, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as elsewhere:
        try:
            elsewhere.stdout.readline()
            assert not _sees(psutil.Process(elsewhere.pid), base)
            assert _sees(psutil.Process(), base)
        finally:
            elsewhere.kill()
