"""The file system that forgets, mounted and used as any other: what POSIX promises of it, and what a cut takes."""

import contextlib
import os
import pwd
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bench.engines.postgresql.owner import Owner, ordinary_user
from bench.power.cuttable import Cuttable, PowerError, check_fuse, is_mounted
from tests.integration.support import LEAVE_LABS, as_user, wait_for

check_fuse()
SCRIPT = "import mmap, os, sys; place = sys.argv[1]; os.chdir(place)\n"


class Place:
    """A mount of the ordinary user, who alone may look in; what is done there is done as him."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.owner = Owner(ordinary_user())
        self.disk, self.mount = top / "disk", top / "mount"
        self.owner.do("mkdir", self.disk)
        self.power = Cuttable(self.owner, self.disk, self.mount)

    def do(self, script: str) -> str:
        return self.owner.do("/usr/bin/python3", "-c", SCRIPT + script, self.mount)

    def left(self, name: str) -> bytes:
        return (self.disk / name).read_bytes()


@pytest.fixture
def place(new_place):
    top = new_place()
    os.chown(top, ordinary_user().pw_uid, -1)
    made = Place(top)
    made.owner.put(made.disk / "there", "old")
    made.power.begin()
    yield made
    made.power.close()
    assert not is_mounted(made.mount)


@pytest.mark.parametrize(
    ("how", "survives"),
    [
        ("os.fsync(file.fileno())", True),
        ("os.fdatasync(file.fileno())", True),
        ("os.fsync(os.open('.', os.O_RDONLY))", False),
        ("os.sync()", False),
        ("pass", False),
    ],
)
def test_bytes_survive_that_were_flushed(place, how, survives):
    place.do(f"file = open('there', 'r+b', buffering=0); file.write(b'new'); {how}")
    assert place.do("print(open('there').read(), end='')") == "new"
    place.power.cut(1, torn=False)
    assert place.left("there") == (b"new" if survives else b"old")


@pytest.mark.parametrize("flag", ["O_SYNC", "O_DSYNC"])
def test_each_write_survives_of_a_file_that_was_opened_for_that(place, flag):
    place.do(f"os.write(os.open('there', os.O_RDWR | os.{flag}), b'new')")
    place.do(f"os.write(os.open('made', os.O_RDWR | os.O_CREAT | os.{flag}), b'new')")
    place.power.cut(1, torn=False)
    assert (place.left("there"), place.left("made")) == (b"new", b"new")


def test_appending_and_truncating_are_as_on_any_file_system(place):
    place.do(
        "file = open('there', 'ab', buffering=0); file.write(b'er'); os.truncate('there', 4);"
        "file.write(b'est'); os.fsync(file.fileno()); file.write(b'lost')"
    )
    place.power.cut(1, torn=False)
    assert place.left("there") == b"oldeest"


def test_a_file_that_is_renamed_after_it_was_flushed_is_whole_under_one_of_the_names(place):
    place.do(
        "file = open('new', 'wb', buffering=0); file.write(b'new'); os.fsync(file.fileno());os.rename('new', 'there')"
    )
    place.power.cut(2, torn=False)
    assert {each.name: each.read_bytes() for each in place.disk.iterdir()} in (
        {"there": b"new"},
        {"there": b"old", "new": b"new"},
    )


def test_a_renamed_file_survives_once_its_directory_was_flushed(place):
    place.do("os.mkdir('d'); os.rename('there', 'd/moved'); os.fsync(os.open('d', os.O_RDONLY))")
    place.power.cut(1, torn=False)
    assert place.left("d/moved") == b"old"


def test_a_mapped_file_survives_as_far_as_it_was_flushed(place):
    place.do(
        "file = open('there', 'r+b'); m = mmap.mmap(file.fileno(), 3); m[0:1] = b'n'; m.flush();"
        "os.fsync(file.fileno()); m[1:2] = b'X'"
    )
    place.power.cut(1, torn=False)
    assert place.left("there") == b"nld"


def test_links_modes_listing_and_a_file_without_a_name(place):
    place.do(
        "os.link('there', 'second'); os.chmod('second', 0o640); f = open('there', 'r+b', buffering=0);"
        "os.unlink('there'); f.write(b'x'); assert f.seek(0) == 0 and f.read() == b'xld';"
        "assert os.listdir() == ['second']; os.fsync(f.fileno())"
    )
    place.power.cut(1, torn=False)
    assert place.left("second") == b"xld"
    assert (place.disk / "second").stat().st_mode & 0o777 == 0o640


def test_what_is_below_belongs_to_the_owner_and_a_directory_with_files_is_not_removed(place):
    place.do("os.mkdir('d'); open('d/f', 'w').close()")
    with pytest.raises(OSError, match="not empty"):
        place.do("os.rmdir('d')")
    assert place.do("print(os.stat('d/f').st_uid == os.getuid() and os.statvfs('.').f_bsize > 0)") == "True\n"


def test_what_is_done_at_the_cut_fails_and_nothing_is_mounted_after_it(place):
    writer = subprocess.Popen(
        place.owner.command("/usr/bin/python3", "-c", SCRIPT + WRITE_ON, place.mount), stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == "begun\n"
    place.power.cut(1, torn=False)
    assert writer.wait(30) == 0
    flushed = int(writer.stdout.read())
    writer.stdout.close()
    # A flush that was done when the power went may not have been answered.
    assert len(place.left("there")) // 4096 in {flushed, flushed + 1}
    assert not is_mounted(place.mount)


WRITE_ON = """
file, flushed = os.open('there', os.O_RDWR | os.O_TRUNC), 0
print('begun', flush=True)
try:
    while True:
        os.write(file, b'x' * 4096)
        os.fsync(file)
        flushed += 1
except OSError:
    print(flushed)
"""


def test_it_unmounts_by_itself_when_who_started_it_is_gone(place):
    starter = (
        "import os, sys; from pathlib import Path; from bench.engines.postgresql.owner import Owner, ordinary_user;"
        "from bench.power.cuttable import Cuttable;"
        "c = Cuttable(Owner(ordinary_user()), *map(Path, sys.argv[1:])); c.begin(); print(c._process.pid, flush=True);"
        "sys.stdin.read()"
    )
    second = place.top / "second"
    started = subprocess.Popen(
        [sys.executable, "-c", starter, place.disk, second], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    holder = int(started.stdout.readline())
    assert is_mounted(second)
    with started:
        started.kill()
    wait_for(lambda: not is_mounted(second), "it is unmounted")
    wait_for(lambda: not runs(holder), "its process ends")


def runs(number: int) -> bool:
    """Return whether a process runs; one that nobody asked for its end is a zombie."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    return False


def test_one_that_does_not_mount_or_died_says_so(place):
    missing = Cuttable(place.owner, place.top / "missing", place.top / "elsewhere")
    with pytest.raises(PowerError, match=r"did not mount at .*elsewhere: .*missing"):
        missing.begin()
    missing.close()
    place.power._process.kill()
    place.power._process.wait()
    with pytest.raises(PowerError, match="ended before its power was cut"):
        place.power.cut(1, torn=False)


OPEN_TO_ALL = f"""
set -eu
{LEAVE_LABS}
mknod "$0/fuse" c 10 229; chmod 666 "$0/fuse"; mount --bind "$0/fuse" /dev/fuse
exec "$@"
"""
BY_HIMSELF = """
import os, sys
from pathlib import Path
from bench.engines.postgresql.owner import Owner
from bench.power.cuttable import Cuttable, is_mounted
disk, mount = map(Path, sys.argv[1:])
disk.mkdir()
power = Cuttable(Owner(), disk, mount)
power.begin()
for name in ("kept", "lost"):
    with (mount / name).open("w") as file:
        file.write("text")
        file.flush()
        name == "kept" and os.fsync(file.fileno())
power.cut(1, torn=False)
print(is_mounted(mount), {each.name: each.read_text() for each in sorted(disk.iterdir())}["kept"])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user all tests of this file are of such a mount")
def test_an_ordinary_user_mounts_by_himself(new_place):
    """Where the device is open to all, as most systems have it: here only as this test sees it."""
    mine = new_place()
    os.chown(mine, pwd.getpwnam("nobody").pw_uid, -1)
    script = [sys.executable, "-P", "-c", BY_HIMSELF, mine / "disk", mine / "mount"]
    command = ["unshare", "--mount", "sh", "-c", OPEN_TO_ALL, mine, *as_user("nobody"), *script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "False text\n", done
