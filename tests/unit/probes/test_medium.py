"""What a directory lies on: a disk, or memory, however it is hidden."""

from pathlib import Path

import pytest

from bench.model.fingerprint import Unreadable
from bench.probes.medium import memory_under

DISK = "25 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
TMPFS = "50 25 0:43 / /m rw - tmpfs t rw\n"


def machine(root, mounts, devices=()):
    """A machine's files: mounts, and for a device's number the path of its directory below /sys/devices."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/mountinfo").write_text(DISK + mounts)
    for number, name in (("8:1", "pci/sda"), *devices):
        device = root / "sys/devices" / name
        device.mkdir(parents=True)
        for link in (root / "sys/dev/block" / number, root / "sys/class/block" / device.name):
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(device)
    return root


def lies_on(root, above, *names):
    """Have a device lie on others."""
    for name in names:
        link = root / "sys/class/block" / above / "slaves" / name
        link.parent.mkdir(exist_ok=True)
        link.symlink_to((root / "sys/class/block" / name).resolve())


def backed_by(root, loop, file):
    """Have a loop device lie on a file."""
    (root / "sys/class/block" / loop / "loop").mkdir()
    (root / "sys/class/block" / loop / "loop/backing_file").write_text(f"{file}\n")


def unseen(found):
    """Return what hides a disk, in words."""
    assert isinstance(found, Unreadable)
    return found.unreadable


# --- memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mounts", "devices", "expected"),
    [
        ("60 25 0:44 / /d rw - tmpfs tmpfs rw\n", (), "tmpfs"),
        ("60 25 0:44 / /d rw - tmpfs /dev/sda rw\n", (), "tmpfs"),
        ("60 25 0:44 / /d rw - ramfs none rw\n", (), "ramfs"),
        ("60 25 252:0 / /d rw - ext4 /dev/zram0 rw\n", (("252:0", "virtual/zram0"),), "zram0"),
        ("60 25 1:0 / /d rw - xfs /dev/ram0 rw\n", (("1:0", "virtual/ram0"),), "ram0"),
        ("60 25 8:16 / /d rw - ext4 /dev/sdb rw\n", (("8:16", "pseudo_0/adapter0/host0/target0:0:0/sdb"),), "sdb"),
        (f"{TMPFS}60 25 0:44 / /d rw - overlay o rw,upperdir=/m/up,workdir=/m/w\n", (), "tmpfs"),
    ],
)  # fmt: skip
def test_memory_is_found_under_what_hides_it(tmp_path, mounts, devices, expected):
    root = machine(tmp_path, mounts, devices)
    (root / "m/up").mkdir(parents=True)
    assert memory_under(Path("/d/data"), root) == expected


def test_a_loop_device_lies_where_its_file_does(tmp_path):
    mounts = f"{TMPFS}60 25 7:0 / /d rw - ext4 /dev/loop0 rw\n61 25 7:1 / /e rw - ext4 /dev/loop1 rw\n"
    root = machine(tmp_path, mounts, (("7:0", "virtual/loop0"), ("7:1", "virtual/loop1")))
    for loop, file in (("loop0", "m/disk.img"), ("loop1", "disk.img")):
        backed_by(root, loop, f"/{file}")
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).touch()
    assert memory_under(Path("/d"), root) == "tmpfs"
    assert memory_under(Path("/e"), root) is None


def test_a_mirror_half_in_memory_is_memory(tmp_path):
    devices = (("9:0", "virtual/md0"), ("1:0", "virtual/ram0"))
    root = machine(tmp_path, "60 25 9:0 / /d rw - ext4 /dev/md0 rw\n", devices)
    lies_on(root, "md0", "sda", "ram0")
    assert memory_under(Path("/d"), root) == "ram0"


# --- disks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mounts", "devices"),
    [
        ("", ()),
        ("60 25 259:1 / /d rw - xfs /dev/nvme0n1 rw\n", (("259:1", "virtual/nvme-subsystem/nvme-subsys0/nvme0n1"),)),
        ("60 25 179:1 / /d rw - f2fs /dev/mmcblk0 rw\n", (("179:1", "platform/mmcblk0"),)),
        ("60 25 254:1 / /d rw - ext4 /dev/root rw\n", (("254:1", "pci/virtio0/vda"),)),
        ("60 25 0:44 / /d rw - zfs tank/pg rw\n", ()),
        ("60 25 0:44 /@ /d rw - btrfs /dev/sda rw\n", ()),
        ("60 25 230:0 / /d rw - ext4 /dev/zd0 rw\n", (("230:0", "virtual/zd0"),)),
        ("60 25 104:0 / /d rw - ext4 /dev/cciss/c0d0 rw\n", (("104:0", "pci/cciss!c0d0"),)),
        ("60 25 0:44 / /d rw - btrfs /dev/cciss/c0d0 rw\n", (("104:0", "pci/cciss!c0d0"),)),
        ("60 25 0:44 / /d rw - overlay o rw,upperdir=/up,workdir=/w\n", ()),
        (r"60 25 0:44 / /d rw - overlay o rw,upperdir=/up/a\040b\054c,workdir=/w" + "\n", ()),
    ],
)  # fmt: skip
def test_a_disk_that_is_recognised_is_none_in_memory(tmp_path, mounts, devices):
    root = machine(tmp_path, mounts, devices)
    (root / "up/a b,c").mkdir(parents=True)
    assert memory_under(Path("/d/data"), root) is None


def test_a_mapped_disk_is_known_by_its_name_where_dev_lacks_it(tmp_path):
    devices = (("253:0", "virtual/dm-0"), ("253:1", "virtual/dm-1"), ("252:0", "virtual/zram0"))
    root = machine(tmp_path, "60 25 0:44 / /d rw - btrfs /dev/mapper/sda rw\n", devices)
    for device, name, under in (("dm-0", "other", "sda"), ("dm-1", "sda", "zram0")):
        lies_on(root, device, under)
        (root / "sys/class/block" / device / "dm").mkdir()
        (root / "sys/class/block" / device / "dm/name").write_text(f"{name}\n")
    assert memory_under(Path("/d"), root) == "zram0"
    (root / "proc/self/mountinfo").write_text("60 25 0:44 / /d rw - btrfs /dev/mapper/other rw\n")
    assert memory_under(Path("/d"), root) is None


def test_a_root_on_the_only_btrfs_there_is_is_on_its_disk(tmp_path):
    root = machine(tmp_path, "60 25 0:44 / /d rw - btrfs /dev/root rw\n")
    for pool, disk in (("one", "sda"), ("two", "sda")):
        link = root / f"sys/fs/btrfs/{pool}/devices" / disk
        link.parent.mkdir(parents=True)
        link.symlink_to((root / "sys/class/block" / disk).resolve())
        if pool == "one":
            assert memory_under(Path("/d"), root) is None
    assert unseen(memory_under(Path("/d"), root)).startswith("/d is on btrfs: ")


def test_a_volume_on_several_disks_is_on_disks(tmp_path):
    devices = (("9:0", "virtual/md0"), ("253:0", "virtual/dm-0"), ("8:16", "pci/sdb"))
    root = machine(tmp_path, "60 25 253:0 / /d rw - ext4 /dev/mapper/x rw\n", devices)
    lies_on(root, "dm-0", "md0")
    lies_on(root, "md0", "sda", "sdb")
    assert memory_under(Path("/d"), root) is None


# --- what can't be seen ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["nfs4", "cifs", "virtiofs", "9p", "ceph", "glusterfs", "fuse.glusterfs", "fuse.s3fs", "fuse", "vboxsf", "lustre",
     "ext9"],
)  # fmt: skip
@pytest.mark.parametrize("source", ["box:/share", "/dev/sda"])
def test_a_file_system_on_no_device_of_this_machine_is_named_not_taken_for_a_disk(tmp_path, kind, source):
    root = machine(tmp_path, f"60 25 0:44 / /d rw - {kind} {source} rw\n")
    assert unseen(memory_under(Path("/d"), root)) == f"/d is on {kind}: what is under it can't be seen from here"


@pytest.mark.parametrize("upper", ["upperdir=/not/here,", ""])
def test_an_overlay_the_upper_directory_of_which_is_elsewhere_is_no_disk(tmp_path, upper):
    root = machine(tmp_path, f"60 25 0:44 / /d rw - overlay o rw,{upper}workdir=/w\n")
    assert unseen(memory_under(Path("/d"), root)).startswith("/d is on an overlay: ")


@pytest.mark.parametrize("name", ["nbd0", "rbd0", "nullb0", "pmem0", "drbd0", "md0", "dm-0", "newkind0"])
def test_a_device_that_is_not_recognised_is_named_not_taken_for_a_disk(tmp_path, name):
    root = machine(tmp_path, f"60 25 43:0 / /d rw - ext4 /dev/{name} rw\n", (("43:0", f"virtual/{name}"),))
    assert unseen(memory_under(Path("/d"), root)).startswith(f"/d is on {name}: ")


def test_of_a_mirror_one_half_of_which_is_elsewhere_it_is_said(tmp_path):
    root = machine(
        tmp_path, "60 25 9:0 / /d rw - ext4 /dev/md0 rw\n", (("9:0", "virtual/md0"), ("43:0", "virtual/nbd0"))
    )
    lies_on(root, "md0", "sda", "nbd0")
    assert unseen(memory_under(Path("/d"), root)).startswith("/d is on nbd0: ")


@pytest.mark.parametrize("file", [None, "/not/here.img", "/disk.img (deleted)"])
def test_a_loop_device_the_file_of_which_is_elsewhere_is_no_disk(tmp_path, file):
    root = machine(tmp_path, "60 25 7:0 / /d rw - ext4 /dev/loop0 rw\n", (("7:0", "virtual/loop0"),))
    if file:
        backed_by(root, "loop0", file)
    assert unseen(memory_under(Path("/d"), root)).startswith("/d is on loop0, a loop device: ")


def test_a_device_that_this_kernel_does_not_show_is_no_disk(tmp_path):
    root = machine(tmp_path, "60 25 8:99 / /d rw - ext4 /dev/root rw\n")
    assert unseen(memory_under(Path("/d"), root)).startswith("/d is on ext4: ")


def test_too_many_layers_are_said(tmp_path):
    layers = "".join(f"{60 + n} 25 0:{44 + n} / /d{n} rw - overlay o rw,upperdir=/d{n + 1}/up\n" for n in range(6))
    root = machine(tmp_path, layers)
    for n in range(6):
        (root / f"d{n + 1}/up").mkdir(parents=True)
    assert unseen(memory_under(Path("/d0"), root)).endswith("can't be seen from here")
    assert memory_under(Path("/d3"), root) is None
