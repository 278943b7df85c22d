"""The way from a directory to the disk, on layouts that the recorded hosts do not have."""

from pathlib import Path

import pytest

from bench.model.fingerprint import Unreadable
from bench.probes.block import data_device, mount_of, parse_mountinfo, shareable_options
from bench.probes.disk import disk_facts, kind

DATA = Path("/srv/pg/data")


def mountinfo(root, *lines):
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/mountinfo").write_text("".join(f"{line}\n" for line in lines))


def disk(root, name, number, rotational="0\n"):
    directory = root / "sys/devices" / name
    (directory / "queue").mkdir(parents=True)
    (directory / "queue/rotational").write_text(rotational)
    link(root, number, directory)
    return directory


def partition(root, parent, name, number):
    directory = parent / name
    directory.mkdir()
    (directory / "partition").write_text("1\n")
    link(root, number, directory)
    return directory


def mapped(root, name, number, uuid, *below):
    directory = disk(root, name, number)
    (directory / "dm").mkdir()
    (directory / "dm/uuid").write_text(f"{uuid}\n")
    (directory / "slaves").mkdir()
    for device in below:
        (directory / "slaves" / device.name).symlink_to(device)
    return directory


def link(root, number, directory):
    for path in (root / "sys/dev/block" / number, root / "sys/class/block" / directory.name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(directory)


def test_an_encrypted_volume_is_named_as_such_and_the_disk_beneath_is_described(tmp_path):
    nvme = disk(tmp_path, "nvme0n1", "259:0")
    part = partition(tmp_path, nvme, "nvme0n1p3", "259:3")
    crypt = mapped(tmp_path, "dm-0", "254:0", "CRYPT-LUKS2-0123456789abcdef", part)
    mapped(tmp_path, "dm-1", "254:1", "LVM-AbCdEf", crypt)
    mountinfo(tmp_path, "28 1 254:1 / / rw - ext4 /dev/mapper/vg-root rw")
    facts = disk_facts(DATA, tmp_path)
    assert facts["devices"] == ["dm-1 (LVM)", "dm-0 (CRYPT)", "nvme0n1"]
    assert facts["kind"] == "nvme"
    assert data_device(DATA, tmp_path) == "dm-1"


def test_a_volume_on_several_disks_says_so_instead_of_describing_one(tmp_path):
    mapped(tmp_path, "md0", "9:0", "x", disk(tmp_path, "sda", "8:0"), disk(tmp_path, "sdb", "8:16"))
    mountinfo(tmp_path, "28 1 9:0 / / rw - xfs /dev/md0 rw")
    facts = disk_facts(DATA, tmp_path)
    assert facts["kind"] == facts["model"] == Unreadable(unreadable="md0 lies on several devices")


def test_btrfs_is_found_by_the_name_of_its_device(tmp_path):
    partition(tmp_path, disk(tmp_path, "sda", "8:0"), "sda2", "8:2")
    mountinfo(tmp_path, "28 1 0:31 /@ / rw - btrfs /dev/sda2 rw,compress=zstd:3,subvol=/@")
    facts = disk_facts(DATA, tmp_path)
    assert (facts["devices"], facts["kind"]) == (["sda"], "ssd")
    assert facts["mount_options"] == ["rw", "compress=zstd:3", "subvol=/@"]


def test_a_file_system_in_memory_has_a_kind_but_no_device(tmp_path):
    mountinfo(tmp_path, "28 1 0:31 / /srv rw - tmpfs tmpfs rw,size=64k")
    facts = disk_facts(DATA, tmp_path)
    assert facts["kind"] == "memory"
    assert facts["devices"] == Unreadable(unreadable="tmpfs lies in memory, on no device")


def test_a_network_file_system_has_neither_device_nor_address(tmp_path):
    mountinfo(tmp_path, "28 1 0:31 / /srv rw,hard - nfs4 nas.example:/export rw,vers=4.2,addr=192.0.2.17")
    facts = disk_facts(DATA, tmp_path)
    assert facts["mount_options"] == ["rw", "hard"]
    assert facts["kind"] == Unreadable(unreadable="nfs4 names no block device of this kernel")


def test_the_deepest_mount_holds_the_directory_and_a_later_one_on_its_point_hides_it(tmp_path):
    mountinfo(
        tmp_path,
        "28 1 8:1 / / rw - ext4 /dev/sda1 rw",
        "29 28 8:2 / /srv/pg rw - ext4 /dev/sda2 rw",
        "30 29 8:3 / /srv/pg rw - xfs /dev/sda3 rw",
        "31 28 8:4 / /srv/pgx rw - ext4 /dev/sda4 rw",
    )
    mount = mount_of(DATA, tmp_path)
    assert not isinstance(mount, Unreadable)
    assert mount.source == "/dev/sda3"


def test_a_mount_line_is_read_with_any_number_of_optional_fields_and_with_spaces_in_names():
    (mount,) = parse_mountinfo(
        "36 35 98:0 / /mnt\\040x rw,noatime master:1 shared:2 - ext3 /dev/a rw,errors=continue\n"
    )
    assert (mount.point, mount.device, mount.source) == (Path("/mnt x"), "98:0", "/dev/a")
    assert shareable_options(mount) == ["rw", "noatime", "errors=continue"]


def test_a_mangled_mountinfo_is_said_not_raised(tmp_path):
    mountinfo(tmp_path, "this is no mount")
    assert isinstance(disk_facts(DATA, tmp_path)["file_system"], Unreadable)


@pytest.mark.parametrize(
    ("name", "made_by", "rotational", "expected"),
    [
        ("nvme0n1", "", False, "nvme"),
        ("sda", "ATA Samsung SSD 870", False, "ssd"),
        ("sda", "ATA ST2000DM008", True, "hdd"),
        ("mmcblk0", "", False, "mmc"),
        ("vda", "0x1af4", True, "virtual"),
        ("sda", "QEMU QEMU HARDDISK", True, "virtual"),
        ("loop3", "", False, "virtual"),
        ("zram0", "", False, "memory"),
    ],
)
def test_the_kind_of_a_disk_follows_from_its_name_its_maker_and_its_rotation(name, made_by, rotational, expected):
    assert kind(name, made_by, rotational) == expected
