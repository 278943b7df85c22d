"""What the checks say of variables, by Ansible's own templates: on boxes that are only described here."""

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

CHECKOUT = Path(__file__).parents[3]
BOX = {
    "system": "debian 12",
    "architecture": "x86_64",
    "free_mb": "90000",
    "governors": "performance,powersave",
    "preferences": "default,performance",
    "schedulers": "loop0:none nvme0n1:none,mq-deadline sda:",
    "disks": "nvme0n1",
    "container": "none",
    "listening": "22 5544 8080",
    "own_ports": "5544",
    "homes": "root:/root me:/home/me",
}
OF_ARM = BOX | {"architecture": "aarch64"}
OF_13 = BOX | {"system": "debian 13"}
PGDG_KEY = CHECKOUT / "roles/postgresql/files/apt.postgresql.org.asc"
OF_VENDOR = {"host_roles": "timescaledb", "timescaledb_source": "vendor", "timescaledb_key": str(PGDG_KEY)}
OF_CITUS = {"host_roles": "citus", "citus_key": str(PGDG_KEY)}
OF_CLICKHOUSE = {"host_roles": "clickhouse", "clickhouse_key": str(PGDG_KEY)}
OF_PRIMARY = {
    "replica_of": "n1",
    "__replica_box": {"name": "15/pgladder", "role": "pgladder", "max_connections": 300},
}
NSPAWN = {"host_probe": BOX | {"container": "systemd-nspawn", "disks": ""}}

CASES: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"host_swappiness": "010"}, "host_swappiness is 010; it is a whole number from 0 to 200, or empty."),
    ({"host_swappiness": "much"}, "host_swappiness is much; it is a whole number from 0 to 200, or empty."),
    ({"host_dirty_ratio": ""}, ""),
    ({"host_timers_held": "fstrim.timer, man-db.timer"}, ""),
    ({"host_timers_held": []}, ""),
    ({"host_timers_held": "fstrim"}, "host_timers_held names fstrim; a timer's name ends in .timer."),
    ({"host_cpu_governor": "performence"}, "host_cpu_governor is performence; the box offers performance, powersave."),
    ({"host_energy_preference": "most"}, "host_energy_preference is most; the box offers default, performance."),
    ({"host_io_scheduler": "nil"}, "host_io_scheduler is nil; nvme0n1 offers none, mq-deadline."),
    ({"host_io_scheduler": "nil", "host_disks": "sda"}, ""),  # it offers none: not applicable
    ({"host_io_scheduler": "nil", "host_cpu_governor": "x"} | NSPAWN, ""),
    ({"host_disks": "sda sdz"}, "host_disks names sdz; the box has loop0, nvme0n1, sda."),
    ({"host_disks": ["nvme0n1", "sda"]}, ""),
    ({"host_probe": BOX | {"free_mb": "100"}}, "its disk is full: 100 MB free under /var, 3000 needed."),
    ({"host_probe": BOX | {"system": "debian 11"}}, "it runs debian 11; pgladder supports Debian 12, Debian 13, "),
    ({"host_probe": BOX | {"system": "mint 22"}, "host_any_system": "true"}, ""),
    ({"host_probe": OF_ARM}, "its processor is aarch64, and packages that pgladder brings have wheels for x86_64"),
    ({"host_probe": OF_ARM, "host_any_system": True}, "its processor is aarch64, and packages that pgladder brings"),
    ({"postgresql_other_versions": "15 17,18", "postgresql_version": 16}, ""),
    ({"postgresql_other_versions": [17, "9.6"], "postgresql_version": 16}, "no majors: 9.6"),
    ({"postgresql_port": 8080}, "Another program listens on port 8080; choose another by postgresql_port."),
    ({"postgresql_port": "22"}, "Another program listens on port 22; choose another by postgresql_port."),
    ({"postgresql_remote_clients": "10.0.0.0/8, fd00::/8"}, ""),
    ({"postgresql_remote_clients": ["192.168.1.50/32"]}, ""),
    ({"postgresql_remote_clients": "999.1.1.1/99"}, "not CIDR: 999.1.1.1/99"),
    (
        {"postgresql_remote_clients": ["10.0.0.0/33", "::1/129", "::1", "abc/8"]},
        "not CIDR: 10.0.0.0/33 ::1/129 ::1 abc/8",
    ),
    ({"host_roles": "timescaledb", "host_probe": OF_13}, ""),
    ({"host_roles": ["timescaledb", "mysql"], "host_probe": OF_13}, "ROLES (host_roles) names mysql; there are: "),
    (
        {"host_roles": "timescaledb"},
        "Debian 12 has no package of TimescaleDB for PostgreSQL 15 from debian: take the vendor's",
    ),
    (OF_VENDOR | {"timescaledb_key": ""}, "timescaledb_source is vendor, and its key is not known: fetch "),
    (
        OF_VENDOR | {"timescaledb_key": "/nowhere"},
        "timescaledb_key, /nowhere, holds no key in armor, and not the one of",
    ),
    (OF_VENDOR, f"timescaledb_key, {PGDG_KEY}, holds B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8, and not the one of"),
    (OF_VENDOR | {"timescaledb_fingerprint": "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8"}, ""),
    (
        {"host_roles": "citus"},
        "the key of Citus' source is not known: fetch https://repos.citusdata.com/community/gpgkey",
    ),
    (
        OF_CITUS,
        f"citus_key, {PGDG_KEY}, holds B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8, and nobody documents which",
    ),
    (
        OF_CITUS | {"citus_fingerprint": "0000"},
        f"citus_key, {PGDG_KEY}, holds B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8, and not the one of citus_fingerprint,",
    ),
    (OF_CITUS | {"citus_fingerprint": "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8"}, ""),
    ({"host_roles": "clickhouse", "clickhouse_source": "debian"}, ""),
    (
        {"host_roles": "clickhouse", "clickhouse_source": "debian", "host_probe": OF_13},
        "Debian 13 has no package of ClickHouse: take",
    ),
    (
        {"host_roles": "clickhouse"},
        "clickhouse_source is vendor, and its key is not known: fetch https://packages.click",
    ),
    (OF_CLICKHOUSE, f"clickhouse_key, {PGDG_KEY}, holds B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8, and not the one of"),
    (OF_CLICKHOUSE | {"clickhouse_fingerprint": "B97B0AFCAA1A47F044F244A07FCC7D46ACCC4CF8"}, ""),
    ({"bench_user": "agent"}, "bench_user is agent and postgresql_owner is pgladder; the agent owns its cluster"),
    ({"bench_user": "me", "postgresql_owner": "me"}, "there is a user me that pgladder did not make"),
    (OF_PRIMARY, ""),
    (OF_PRIMARY | {"__replica_box": {}}, "its primary, n1, has no cluster of pgladder's: make provision there first"),
    (OF_PRIMARY | {"postgresql_version": 17}, "its primary, n1, has PostgreSQL 15, and postgresql_version is 17 here"),
    (OF_PRIMARY | {"postgresql_owner": "it", "bench_user": "it"}, "the cluster of its primary, n1, is pgladder's: set"),
    (OF_PRIMARY | {"postgresql_max_connections": 299}, "its primary, n1, takes 300 connections, and postgresql_max_"),
    ({"virtual_minipc_subnet": "10.86.300.0/24"}, "virtual_minipc_subnet is 10.86.300.0/24; it is a /24"),
    ({"virtual_minipc_disk_gb": "0"}, "virtual_minipc_disk_gb is 0; it is a whole number, 1 at least"),
    ({"virtual_minipc_memory_mb": "much"}, "virtual_minipc_memory_mb is much; it is a whole number, 0 at least"),
    ({"virtual_minipc_cpu_percent": -5}, "virtual_minipc_cpu_percent is -5; it is a whole number, 0 at least"),
    ({"lab_system": "debian14"}, "SYSTEM (lab_system) is debian14; there are: debian12, debian13"),
    ({"lab_system": "debian13"}, ""),
    ({"virtual_minipc_cpus": "0-1,3"}, ""),
    ({"virtual_minipc_cpus": "nonsense"}, "virtual_minipc_cpus is nonsense; it names processors"),
    ({"virtual_minipc_cpus": "0-1,"}, "virtual_minipc_cpus is 0-1,; it names processors"),
]
NOT_CIDR = "__postgresql_clients | reject('match', __postgresql_ipv4) | reject('match', __postgresql_ipv6) | join(' ')"
NO_MAJORS = "__postgresql_versions | reject('match', '^[1-9][0-9]$') | join(' ')"
SAID = [
    *("{{ __host_wrong }}", "{{ __host_unfit }}", "{{ __postgresql_taken }}", "{{ __bench_wrong_user }}"),
    "{{ __virtual_minipc_wrong }}",
    "{% if __replica_primary %}{{ __replica_wrong }}{% endif %}",
    "{% if 'timescaledb' in host_roles | pgladder_words %}{{ __timescaledb_wrong }}{% endif %}",
    "{% if 'citus' in host_roles | pgladder_words %}{{ __citus_wrong }}{% endif %}",
    "{% if 'clickhouse' in host_roles | pgladder_words %}{{ __clickhouse_wrong }}{% endif %}",
    f"{{% if {NO_MAJORS} %}}no majors: {{{{ {NO_MAJORS} }}}}{{% endif %}}",
    f"{{% if {NOT_CIDR} %}}not CIDR: {{{{ {NOT_CIDR} }}}}{{% endif %}}",
]
ROLES = [
    CHECKOUT / "roles" / role
    for role in (
        "host",
        "postgresql",
        "timescaledb",
        "citus",
        "clickhouse",
        "replica",
        "client",
        "bench",
        "virtual_minipc",
    )
]


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    files = [role / folder / "main.yml" for role in ROLES for folder in ("defaults", "vars")]
    read = [DataLoader().load_from_file(str(file), trusted_as_template=True) for file in files]
    found = {
        "host_probe": BOX,
        "host_system": trust_as_template("{{ __host_systems[host_probe.system] | default(__host_other_system) }}"),
        "postgresql_majors": ["15"],
        "inventory_hostname": "n2",
        "role_path": str(CHECKOUT / "roles/host"),
        "playbook_dir": str(CHECKOUT / "playbooks"),
    }
    return {name: value for each in read for name, value in each.items()} | found


@pytest.mark.parametrize(("variables", "sentence"), CASES)
def test_a_wrong_variable_is_named_and_a_right_one_is_not(
    known: dict[str, Any], variables: dict[str, Any], sentence: str
) -> None:
    templar = Templar(DataLoader(), variables=known | variables)
    said = " ".join(" ".join(templar.template(trust_as_template(each)) or "" for each in SAID).split())
    assert said.startswith(sentence) if sentence else said == ""
