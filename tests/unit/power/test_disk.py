"""What a power cut leaves of a directory: what was flushed, and no more than chance leaves of the rest."""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.power.disk import Disk
from bench.power.file import BLOCK, File

NO_NAMES = next(seed for seed in range(100) if random.Random(seed).randint(0, 1) == 0)
ALL_NAMES = next(seed for seed in range(100) if random.Random(seed).randint(0, 1) == 1)
"""Seeds by which of one change of names none, or the one, is on the disk."""


@pytest.fixture
def disk(tmp_path):
    (tmp_path / "there").write_bytes(b"old" * 2000)
    return Disk(tmp_path)


def test_nothing_reaches_the_disk_before_it_is_flushed(disk, tmp_path):
    node = disk.find("/there")
    node.file.write(0, b"new")
    disk.rename("/there", "/renamed")
    disk.make_file("/made", 0o600)
    disk.make_directory("/directory", 0o700)
    assert node.file.read(0, 6) == b"newold"
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
    assert (tmp_path / "there").read_bytes() == b"old" * 2000


def test_what_was_flushed_survives_and_what_was_not_does_not(disk, tmp_path):
    node = disk.find("/there")
    node.file.write(0, b"one")
    disk.flush(node)
    node.file.write(0, b"two")
    node.file.write(9000, b"more")
    forgotten = disk.cut(1, torn=False)
    assert forgotten.bytes_forgotten == 2 * BLOCK
    assert (tmp_path / "there").read_bytes() == b"one" + b"old" * 1999


def test_flushing_any_file_has_every_name_on_the_disk_and_no_other_files_bytes(disk, tmp_path):
    made = disk.make_file("/made", 0o640)
    made.file.write(0, b"not flushed")
    disk.make_directory("/directory", 0o700)
    disk.flush(disk.find("/there"))
    disk.cut(1, torn=False)
    assert (tmp_path / "made").read_bytes() == b""
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "directory").is_dir()


def test_flushing_a_directory_has_every_name_on_the_disk(disk, tmp_path):
    disk.rename("/there", "/renamed")
    disk.flush(disk.root)
    assert [each.name for each in tmp_path.iterdir()] == ["renamed"]


@pytest.mark.parametrize(("seed", "name"), [(NO_NAMES, "there"), (ALL_NAMES, "renamed")])
def test_chance_decides_up_to_which_moment_names_are_on_the_disk(disk, tmp_path, seed, name):
    disk.rename("/there", "/renamed")
    assert disk.cut(seed, torn=False).names_forgotten == (name == "there")
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_names_are_on_the_disk_in_order_whatever_chance_decides(tmp_path):
    seen = set()
    for seed in range(30):
        place = tmp_path / str(seed)
        place.mkdir()
        disk = Disk(place)
        for number in range(4):
            disk.make_file(f"/{number}", 0o600)
        disk.cut(seed, torn=False)
        there = sorted(each.name for each in place.iterdir())
        assert there == [str(number) for number in range(len(there))]
        seen.add(len(there))
    assert seen == {0, 1, 2, 3, 4}


def test_a_file_replaced_by_one_that_was_flushed_is_the_old_or_the_new_one(disk, tmp_path):
    made = disk.make_file("/new", 0o600)
    made.file.write(0, b"whole")
    disk.flush(made)
    disk.rename("/new", "/there")
    disk.cut(NO_NAMES, torn=False)
    assert (tmp_path / "there").read_bytes() == b"old" * 2000
    assert (tmp_path / "new").read_bytes() == b"whole"


def test_a_second_name_and_the_removal_of_the_first_survive(disk, tmp_path):
    disk.link("/there", "/second")
    disk.remove("/there")
    assert disk.find("/second").links == 1
    disk.flush(disk.root)
    assert [each.name for each in tmp_path.iterdir()] == ["second"]


def test_a_file_without_a_name_is_still_written_by_who_has_it_open(disk):
    made = disk.make_file("/made", 0o600)
    disk.remove("/made")
    made.file.write(0, b"text")
    disk.flush(made)
    made.file.write(4, b"more")
    assert made.file.read(0, 10) == b"textmore"


def test_a_truncation_is_on_the_disk_once_it_is_flushed(disk, tmp_path):
    node = disk.find("/there")
    node.file.truncate(10)
    node.file.truncate(20)
    assert node.file.read(0, 100) == b"oldoldoldo" + bytes(10)
    assert (tmp_path / "there").stat().st_size == 6000
    disk.flush(node)
    assert (tmp_path / "there").read_bytes() == b"oldoldoldo" + bytes(10)


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda disk: disk.find("/missing"), FileNotFoundError),
        (lambda disk: disk.find("/there/below"), NotADirectoryError),
        (lambda disk: disk.make_file("/there", 0o600), FileExistsError),
        (lambda disk: (disk.make_directory("/d", 0o700), disk.make_file("/d/f", 0o600), disk.remove("/d")), OSError),
    ],
)
def test_what_no_file_system_does_is_refused(disk, act, error):
    with pytest.raises(error):
        act(disk)


def test_torn_writes_leave_some_blocks_by_chance_and_the_same_ones_for_the_same_seed(tmp_path):
    left = []
    for run in range(2):
        place = tmp_path / str(run)
        place.mkdir()
        (place / "pages").write_bytes(b"o" * BLOCK * 64)
        disk = Disk(place)
        disk.find("/pages").file.write(0, b"n" * BLOCK * 64)
        forgotten = disk.cut(7, torn=True)
        content = (place / "pages").read_bytes()
        assert content.count(b"n" * BLOCK) == forgotten.blocks_left
        assert forgotten.bytes_forgotten == (64 - forgotten.blocks_left) * BLOCK
        assert 0 < forgotten.torn_pages <= 32
        left.append(content)
    assert left[0] == left[1]


def test_what_is_held_is_told_of_one_file_and_of_all_below_a_directory(disk):
    disk.make_directory("/base", 0o700)
    for name, blocks in (("one", 1), ("two", 2)):
        disk.make_file(f"/base/{name}", 0o600).file.write(0, b"x" * BLOCK * blocks)
    assert [disk.held_blocks(each) for each in ("/base/two", "/base", "/there")] == [2, 3, 0]


def test_a_torn_write_beyond_the_end_of_a_file_lengthens_it_by_no_more_than_was_written(disk, tmp_path):
    node = disk.find("/there")
    node.file.write(6000, b"x" * 100)
    for seed in range(20):
        if disk.cut(seed, torn=True).blocks_left:
            break
    assert (tmp_path / "there").stat().st_size == 6100


writes = st.tuples(st.just("write"), st.integers(0, 3 * BLOCK), st.binary(min_size=1, max_size=2 * BLOCK))
truncations = st.tuples(st.just("truncate"), st.integers(0, 4 * BLOCK), st.just(b""))
flushes = st.tuples(st.just("flush"), st.just(0), st.just(b""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(writes, truncations, flushes), max_size=12))
def test_a_file_reads_as_a_real_one_does_and_its_disk_as_it_was_when_flushed(tmp_path, steps):
    path, real = tmp_path / "disk", bytearray()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    file, flushed = File(descriptor), b""
    for what, at, data in steps:
        if what == "write":
            real.extend(bytes(max(0, at - len(real))))
            real[at : at + len(data)] = data
            file.write(at, data)
        elif what == "truncate":
            real = bytearray(real[:at].ljust(at, b"\0"))
            file.truncate(at)
        else:
            file.flush()
            flushed = bytes(real)
        assert file.read(0, 10 * BLOCK) == real
        assert file.read(1000, 5000) == real[1000:6000]
        assert path.read_bytes() == flushed
