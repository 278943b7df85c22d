"""Reading hardware and units, writing variant files."""

import pytest

from bench.model import WrongUseError
from bench.tuning.hardware import Hardware, parse_hardware
from bench.tuning.settings import Setting, settings_text
from bench.tuning.units import in_base_units


def test_hardware_is_read_in_any_order_and_with_blanks():
    box = Hardware(ram_mb=16384, cores=4, disk="nvme", disk_gb=500)
    assert parse_hardware("ram_mb=16384,cores=4,disk=nvme,disk_gb=500") == box
    assert parse_hardware("disk_gb = 500, disk=nvme, cores=4, ram_mb=16384") == box


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is not name=value"),
        ("ram_mb=1024,cores=4", "disk, disk_gb missing; write ram_mb="),
        ("ram=16384,cores=4,disk=nvme,disk_gb=500", "unknown name 'ram'; the names are ram_mb, cores, disk, disk_gb"),
        ("ram_mb=1,ram_mb=2,cores=4,disk=nvme,disk_gb=500", "ram_mb is given 2 times"),
        ("ram_mb=16GB,cores=4,disk=nvme,disk_gb=500", "ram_mb must be a whole number, not '16GB'"),
        ("ram_mb=16384,cores=4,disk=tape,disk_gb=500", "disk must be one of hdd, ssd, san, nvme, not 'tape'"),
        ("ram_mb=16384,cores=0,disk=nvme,disk_gb=500", "cores must be at least 1, not 0"),
        ("ram_mb=16384,cores=-4,disk=nvme,disk_gb=500", "cores must be a whole number, not '-4'"),
        ("ram_mb=16384,cores=4,disk=nvme,disk_gb=500,", "'' is not name=value"),
    ],
)
def test_wrong_hardware_is_refused_in_a_sentence(text, says):
    with pytest.raises(WrongUseError, match=says):
        parse_hardware(text)


def test_a_variant_file_carries_its_derivations_and_leaves_the_harness_its_own():
    found = settings_text(
        [
            Setting("max_connections", "300", "as asked"),
            Setting("work_mem", "64MB", "RAM ÷ 256"),
            Setting("cluster_name", "it's a box", "a text"),
        ],
        owned={"max_connections"},
        notes=["first", "", "second"],
    )
    assert found.splitlines() == [
        "# first",
        "#",
        "# second",
        "# the harness owns max_connections; the formula says 300: as asked",
        "work_mem = 64MB  # RAM ÷ 256",
        "cluster_name = 'it''s a box'  # a text",
    ]


@pytest.mark.parametrize(
    ("text", "base", "value"),
    [
        ("16MB", "8kB", 2048),
        ("3932kB", "8kB", 492),
        ("3924kB", "8kB", 490),
        ("15min", "s", 900),
        ("1min", "ms", 60000),
        ("10", "s", 10),
        ("-1", "kB", -1),
        ("30.1GB", "kB", 31561728),
        ("1GB", "MB", 1024),
        ("0", "8kB", 0),
        (" 2 s ", "ms", 2000),
        ("500us", "ms", 0),
        ("2048B", "kB", 2),
        ("100", "", 100),
        ("1.5", "", 2),
    ],
)
def test_a_value_is_read_in_base_units_as_the_server_does(text, base, value):
    assert in_base_units(text, base) == value


def test_a_real_parameter_is_not_rounded():
    assert in_base_units("0.5s", "ms", integer=False) == 500
    assert float(in_base_units("0.9", integer=False)) == 0.9


@pytest.mark.parametrize(
    ("text", "base", "says"),
    [
        ("lots", "kB", "'lots' is not a number"),
        ("", "kB", "'' is not a number"),
        ("5s", "kB", "unit 's' does not fit: the parameter takes TB, GB, MB, kB, B"),
        ("5mb", "kB", "unit 'mb' does not fit"),
        ("5MB", "ms", "the parameter takes d, h, min, s, ms, us"),
        ("5MB", "", "the parameter has no unit"),
    ],
)
def test_a_wrong_unit_is_refused_in_a_sentence(text, base, says):
    with pytest.raises(WrongUseError, match=says):
        in_base_units(text, base)
