"""Machines of many kinds, as their kernels show them: what can be read is read, whatever lies beside it."""

from pathlib import Path

import pytest

from bench.model.fingerprint import Unreadable
from bench.model.readings import Stall
from bench.probes.block import data_device
from bench.probes.cpu import cpu_facts
from bench.probes.disk import disk_facts, kind
from bench.probes.observed.host import Counters, Sensors
from bench.probes.system import system_facts
from tests.builders import a_scene

DATA = Path("/var/lib/postgresql")
POLICY = "sys/devices/system/cpu/cpufreq/policy"
THROTTLE = "sys/devices/system/cpu/cpu{}/thermal_throttle/core_throttle_count"
BLOCK = "sys/devices/virtual/block"
NVME = "sys/devices/pci/nvme0n1"


def files(root: Path, by_path: dict[str, object]) -> Path:
    """Lay out files; one without content is a directory: reading it fails, as of a core that is off."""
    for path, content in by_path.items():
        if content is None:
            (root / path).mkdir(parents=True)
            continue
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"{content}\n")
    return root


def links(root: Path, by_path: dict[str, str]) -> Path:
    """Lay out links to places under the root."""
    for path, target in by_path.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(root / target)
    return root


def reading(root: Path):
    return Sensors(a_scene("sda", root)).read()


# --- processors ------------------------------------------------------------------------------------------------------


def test_a_core_that_is_off_hides_nothing_of_the_others(tmp_path):
    names = {"scaling_governor": "powersave", "scaling_driver": "intel_pstate", "scaling_cur_freq": 2_900_000}
    on = {f"{POLICY}{core}/{name}": text for core in range(3) for name, text in names.items()}
    files(tmp_path, {**on, **{f"{POLICY}3/{name}": None for name in names}})
    facts = cpu_facts(tmp_path)
    assert (facts["governor"], facts["frequency_driver"]) == ("powersave", "intel_pstate")
    assert reading(tmp_path).frequency_mhz == 2900


def test_where_every_core_is_unreadable_the_reason_stands(tmp_path):
    files(tmp_path, {f"{POLICY}0/scaling_governor": None, f"{POLICY}0/scaling_cur_freq": None})
    assert cpu_facts(tmp_path)["governor"] == Unreadable(unreadable="scaling_governor: Is a directory")
    assert reading(tmp_path).frequency_mhz == Unreadable(unreadable="scaling_cur_freq: Is a directory")


def test_cores_of_two_kinds_of_which_one_is_off_are_listed(tmp_path):
    limits = (4_700_000, 3_400_000, None)
    files(tmp_path, {f"{POLICY}{core}/cpuinfo_max_freq": limit for core, limit in enumerate(limits)})
    assert cpu_facts(tmp_path)["hardware_max_mhz"] == [4700, 3400]


def test_a_core_that_goes_off_and_comes_back_counts_nothing_in_between(tmp_path):
    files(tmp_path, {THROTTLE.format(0): 5, THROTTLE.format(1): 70})
    counters = Counters(tmp_path.glob(THROTTLE.format("[0-9]*")), "absent")
    (tmp_path / THROTTLE.format(1)).unlink()
    off = counters.read()
    files(tmp_path, {THROTTLE.format(1): 70})
    assert off == counters.read() == {"core_throttle_count": 75}


def test_a_core_that_was_off_at_first_is_left_out_for_good(tmp_path):
    files(tmp_path, {THROTTLE.format(0): 5, THROTTLE.format(1): None})
    counters = Counters(tmp_path.glob(THROTTLE.format("[0-9]*")), "absent")
    (tmp_path / THROTTLE.format(1)).rmdir()
    files(tmp_path, {THROTTLE.format(1): 70})
    assert counters.read() == {"core_throttle_count": 5}


def test_an_arm_board_is_told_by_its_own_names(tmp_path):
    core = "processor\t: {}\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x4\n"
    core += "CPU part\t: 0xd0b\nCPU revision\t: 1\n"
    topology = "sys/devices/system/cpu/cpu{}/topology/{}"
    files(tmp_path, {"proc/cpuinfo": "\n".join(core.format(number) for number in range(4))})
    files(tmp_path, {topology.format(number, "core_id"): number for number in range(4)})
    files(tmp_path, {topology.format(number, "physical_package_id"): 0 for number in range(4)})
    files(tmp_path, {"sys/firmware/devicetree/base/model": "Raspberry Pi 5 Model B Rev 1.0\0"})
    facts = cpu_facts(tmp_path)
    assert (facts["signature"], facts["logical_cpus"], facts["physical_cores"]) == ("0x41-8-0x4-0xd0b-1", 4, 4)
    assert system_facts(tmp_path)["product_name"] == "Raspberry Pi 5 Model B Rev 1.0"


# --- sensors ---------------------------------------------------------------------------------------------------------

THERMAL, HWMON = "sys/class/thermal/thermal_zone", "sys/class/hwmon/hwmon"


@pytest.mark.parametrize("name", ["cpu-thermal", "cpu_thermal", "cpu0-thermal", "soc-thermal", "bigcore0-thermal"])
def test_an_arm_board_has_zones_of_its_own(tmp_path, name):
    zones = {f"{THERMAL}0/type": "gpu-thermal", f"{THERMAL}0/temp": 91_000}
    files(tmp_path, {**zones, f"{THERMAL}1/type": name, f"{THERMAL}1/temp": 84_000})
    assert reading(tmp_path).temperature_c == 84


@pytest.mark.parametrize("name", ["coretemp", "k10temp", "zenpower", "cpu_thermal"])
def test_the_processors_sensor_is_found_beside_those_of_disk_and_radio(tmp_path, name):
    others = {f"{HWMON}0/name": "nvme", f"{HWMON}0/temp1_input": 95_000, f"{HWMON}1/name": "iwlwifi_1"}
    files(tmp_path, {**others, f"{HWMON}1/temp1_input": 93_000, f"{HWMON}2/name": name})
    files(tmp_path, {f"{HWMON}2/temp1_input": 71_250})
    assert reading(tmp_path).temperature_c == 71.25


def test_a_dead_sensor_hides_no_other(tmp_path):
    files(tmp_path, {f"{HWMON}0/name": "coretemp", f"{HWMON}0/temp1_input": 61_000, f"{HWMON}0/temp2_input": None})
    assert reading(tmp_path).temperature_c == 61


def test_where_the_packages_zone_is_dead_the_cores_speak(tmp_path):
    files(tmp_path, {f"{THERMAL}0/type": "x86_pkg_temp", f"{THERMAL}0/temp": None})
    files(tmp_path, {f"{HWMON}0/name": "coretemp", f"{HWMON}0/temp1_input": 61_000})
    assert reading(tmp_path).temperature_c == 61


def test_where_every_sensor_is_dead_the_reason_stands(tmp_path):
    files(tmp_path, {f"{HWMON}0/name": "coretemp", f"{HWMON}0/temp1_input": None})
    assert reading(tmp_path).temperature_c == Unreadable(unreadable="temp1_input: Is a directory")


def test_a_kernel_that_counts_no_full_stall_of_the_processor_tells_the_other(tmp_path):
    files(tmp_path, {"proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=123"})
    assert reading(tmp_path).pressure_us["cpu"] == Stall(some=123, full=None)


# --- disks -----------------------------------------------------------------------------------------------------------


def mounted(root: Path, *lines: str, data: Path = DATA) -> dict:
    files(root, {"proc/self/mountinfo": "\n".join(lines)})
    return disk_facts(data, root)


def test_a_blank_in_the_options_of_one_mount_hides_no_other(tmp_path):
    files(tmp_path, {"sys/devices/sdd/queue/rotational": 1, "sys/devices/sdd/device/vendor": "Msft"})
    links(tmp_path, {"sys/dev/block/8:48": "sys/devices/sdd"})
    facts = mounted(
        tmp_path,
        "25 1 8:48 / / rw,relatime - ext4 /dev/sdd rw,discard",
        "90 25 0:60 / /Docker/host rw - 9p C:\\134Program\\040Files rw,aname=drvfs;path=C:\\Program Files\\Docker,mmap",
    )
    assert (facts["file_system"], facts["kind"]) == ("ext4", "virtual")


def test_a_mount_point_in_another_encoding_hides_no_other(tmp_path):
    mounted(tmp_path)
    lines = b"25 1 8:1 / / rw - ext4 /dev/sda1 rw\n90 25 0:60 / /mnt/\xb0\xa1 rw - vfat /dev/sdb rw\n"
    (tmp_path / "proc/self/mountinfo").write_bytes(lines)
    assert disk_facts(DATA, tmp_path)["file_system"] == "ext4"


def test_of_a_zfs_data_set_the_file_system_is_told_though_no_device_is(tmp_path):
    lines = ("25 1 8:2 / / rw - ext4 /dev/sda2 rw", "60 25 0:44 / /tank/pg rw,noatime - zfs tank/pg rw,xattr")
    facts = mounted(tmp_path, *lines, data=Path("/tank/pg/data"))
    assert (facts["file_system"], facts["mount_options"]) == ("zfs", ["rw", "noatime", "xattr"])
    assert facts["kind"] == Unreadable(unreadable="zfs names no block device of this kernel")


def nvme(root: Path) -> Path:
    files(root, {f"{NVME}/nvme0n1p3/partition": 3, f"{NVME}/queue/rotational": 0, f"{NVME}/device/model": "An NVMe"})
    return files(root, {f"{NVME}/queue/write_cache": "write back", f"{NVME}/size": 1_000_215_216})


def test_btrfs_on_an_encrypted_partition_lies_on_its_disk(tmp_path):
    links(nvme(tmp_path), {"sys/class/block/dm-0": f"{BLOCK}/dm-0", "dev/mapper/crypt": "dev/dm-0"})
    files(tmp_path, {f"{BLOCK}/dm-0/dm/uuid": "CRYPT-LUKS2-x", "dev/dm-0": "x"})
    links(tmp_path, {f"{BLOCK}/dm-0/slaves/nvme0n1p3": f"{NVME}/nvme0n1p3"})
    facts = mounted(tmp_path, "25 1 0:23 /@ / rw,compress=zstd:1 - btrfs /dev/mapper/crypt rw,ssd,subvol=/@")
    assert (facts["devices"], facts["kind"]) == (["dm-0 (CRYPT)", "nvme0n1"], "nvme")


def test_btrfs_over_two_disks_is_not_taken_for_the_one_that_the_mount_names(tmp_path):
    disks = {name: f"sys/devices/{name}" for name in ("sda", "sdb")}
    files(tmp_path, {f"{place}/queue/rotational": 0 for place in disks.values()})
    links(tmp_path, {f"sys/class/block/{name}": place for name, place in disks.items()})
    links(tmp_path, {f"sys/fs/btrfs/an-id/devices/{name}": place for name, place in disks.items()})
    facts = mounted(tmp_path, "25 1 0:23 / / rw - btrfs /dev/sda rw")
    assert facts["kind"] == facts["devices"] == Unreadable(unreadable="btrfs lies on several devices: sda, sdb")


def test_a_thin_volume_lies_on_the_one_disk_that_holds_its_pools_data_and_metadata(tmp_path):
    layers = {"dm-6": ["dm-4"], "dm-4": ["dm-3", "dm-2"], "dm-3": [], "dm-2": []}
    nvme(tmp_path)
    for device, below in layers.items():
        files(tmp_path, {f"{BLOCK}/{device}/dm/uuid": "LVM-x", f"{BLOCK}/{device}/queue/read_ahead_kb": 128})
        links(tmp_path, {f"{BLOCK}/{device}/slaves/{name}": f"{BLOCK}/{name}" for name in below})
    links(tmp_path, {f"{BLOCK}/{device}/slaves/nvme0n1p3": f"{NVME}/nvme0n1p3" for device in ("dm-3", "dm-2")})
    links(tmp_path, {"sys/dev/block/253:6": f"{BLOCK}/dm-6"})
    facts = mounted(tmp_path, "25 1 253:6 / / rw - ext4 /dev/mapper/pve-vm--101--disk--0 rw,stripe=16")
    assert (facts["kind"], facts["model"], facts["write_cache"]) == ("nvme", "An NVMe", "write back")
    assert (facts["size_bytes"], facts["read_ahead_kib"]) == (512_110_190_592, 128)
    assert facts["devices"] == ["dm-6 (LVM)", "dm-4 (LVM)", "dm-2 (LVM)", "dm-3 (LVM)", "nvme0n1"]
    assert data_device(DATA, tmp_path) == "dm-6"


@pytest.mark.parametrize(
    ("model", "rotational", "expected"),
    [
        ("SSD 870 EVO", 1, "ssd"),
        ("Portable", 0, "ssd"),
        ("Portable", 1, Unreadable(unreadable="behind a USB bridge, which does not tell whether it rotates")),
    ],
)
def test_a_usb_bridge_that_says_its_disk_rotates_is_not_believed(tmp_path, model, rotational, expected):
    disk = "sys/devices/pci/usb2/2-1/host0/block/sda"
    files(tmp_path, {f"{disk}/sda1/partition": 1, f"{disk}/queue/rotational": rotational})
    files(tmp_path, {f"{disk}/device/vendor": "JMicron", f"{disk}/device/model": model})
    links(tmp_path, {"sys/dev/block/8:1": f"{disk}/sda1"})
    assert mounted(tmp_path, "25 1 8:1 / / rw - ext4 /dev/sda1 rw")["kind"] == expected


def test_a_disk_whose_name_says_what_it_is_need_not_tell_whether_it_rotates():
    assert kind("nvme0n1", "", Unreadable(unreadable="no queue")) == "nvme"
