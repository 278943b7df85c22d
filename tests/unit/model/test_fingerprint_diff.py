"""A run goes on only on the box it began on."""

import pytest

from bench.model.fingerprint_diff import differences
from tests.builders import a_host

DISK = {"file_system": "ext4", "free_bytes": 1, "fsync_per_s": 800.0}
SERVER = {"version": "PostgreSQL 15.9", "settings": {"port": "5432", "commit_delay": "0"}}


def test_what_changes_by_the_hour_is_no_difference():
    flushes = {"fsync_per_s": 790.0, "fsync_per_s_least": 85.0, "fsync_per_s_most": 11757.0}
    later = a_host(disk=DISK | {"free_bytes": 2} | flushes, postgresql=SERVER)
    assert differences(a_host(disk=DISK, postgresql=SERVER), later) == []


@pytest.mark.parametrize(
    ("groups", "named"),
    [
        ({"disk": DISK | {"file_system": "tmpfs"}}, "disk.file_system: ext4 → tmpfs"),
        ({"postgresql": SERVER | {"version": "PostgreSQL 16"}}, "postgresql.version: PostgreSQL 15.9 → PostgreSQL 16"),
        (
            {"postgresql": SERVER | {"settings": {"port": "1", "commit_delay": "9"}}},
            "postgresql.settings.commit_delay: 0 → 9",
        ),
    ],
)
def test_another_disk_server_or_setting_is_named(groups, named):
    before = a_host(disk=DISK, postgresql=SERVER)
    assert differences(before, a_host(**({"disk": DISK, "postgresql": SERVER} | groups))) == [named]
