"""Reading hardware, writing variant files."""

import pytest

from bench.engines.postgresql.majors import REFERENCE
from bench.model.errors import UsageError
from bench.tuning.hardware import Hardware, parse_hardware
from bench.tuning.settings import MAJOR, Setting, settings_text


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
        ("ram_mb=1,ram_mb=2,cores=4,disk=nvme,disk_gb=500", "ram_mb is given more than once"),
        ("ram_mb=16GB,cores=4,disk=nvme,disk_gb=500", "ram_mb must be a whole number, not '16GB'"),
        ("ram_mb=16384,cores=4,disk=tape,disk_gb=500", "disk must be one of hdd, ssd, san, nvme, not 'tape'"),
        ("ram_mb=16384,cores=0,disk=nvme,disk_gb=500", "cores must be at least 1, not 0"),
        ("ram_mb=16384,cores=-4,disk=nvme,disk_gb=500", "cores must be a whole number, not '-4'"),
        ("ram_mb=16384,cores=4,disk=nvme,disk_gb=500,", "'' is not name=value"),
    ],
)
def test_wrong_hardware_is_refused_in_a_sentence(text, says):
    with pytest.raises(UsageError, match=says):
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


def test_formulas_are_asked_for_the_same_major_as_servers_where_nobody_names_one():
    assert str(MAJOR) == REFERENCE
