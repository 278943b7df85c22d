"""Private folders: gone with the process they belong to, however it ends."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bench.remote import private

HOLD = """
import sys
from bench.remote import private

made = private.folder(sys.argv[1])
print(made.name)
sys.stdin.read()
"""


@pytest.fixture
def left(tmp_path):
    """Return the folder of a process that was killed."""
    command = [sys.executable, "-u", "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as killed:
        made = Path(killed.stdout.readline().strip())
        (made / "config").write_text("")
        killed.kill()
    assert made.is_dir()
    return made


def start(where):
    """Do as the next process that makes one."""
    with private.folder(str(where)) as made:
        assert Path(made).stat().st_mode & 0o777 == 0o700
        return Path(made)


def test_what_a_killed_process_left_is_removed_at_the_next_start(left, tmp_path):
    assert list(tmp_path.iterdir()) == [left]
    start(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_belongs_to_a_process_that_runs_stays(tmp_path):
    with private.folder(str(tmp_path)) as ours:
        start(tmp_path)
        assert list(tmp_path.iterdir()) == [Path(ours)]


def test_a_connection_that_has_not_ended_keeps_its_folder(left, tmp_path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.bind(str(left / private.CONTROL))
        connection.listen()
        start(tmp_path)
        assert left.is_dir()
    start(tmp_path)
    assert not left.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_what_belongs_to_somebody_else_stays(left, tmp_path):
    os.chown(left, 1, 1)
    start(tmp_path)
    assert left.is_dir()


def test_a_link_and_what_is_named_otherwise_stay(left, tmp_path):
    kept = left.rename(tmp_path / "pgladder-ssh-abcdefgh")
    left.symlink_to(kept)
    start(tmp_path)
    assert (left / "config").exists()


def test_the_longest_name_is_as_long_as_any(tmp_path):
    made = start(tmp_path).name
    pid = str(os.getpid())
    assert len(made) + 7 - len(pid) == len(private.LONGEST_NAME)
    assert private.NAME.fullmatch(private.LONGEST_NAME)
