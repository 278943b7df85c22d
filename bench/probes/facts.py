"""The facts of a host's fingerprint, by group; each group has a module of its own."""

from pathlib import Path

from bench.model.fingerprint import Fact
from bench.probes.cpu import cpu_facts
from bench.probes.disk import disk_facts
from bench.probes.memory import memory_facts
from bench.probes.packages import package_facts, pgladder_facts
from bench.probes.system import system_facts


def host_facts(data_directory: Path, root: Path = Path("/")) -> dict[str, dict[str, Fact]]:
    """Read what could explain a difference between two hosts: group to name to fact, a value or why there is none.

    ``packages`` and ``pgladder`` are always those of the running program. Raises nothing for what cannot be read.
    """
    return {
        "cpu": cpu_facts(root),
        "memory": memory_facts(root),
        "disk": disk_facts(data_directory, root),
        "system": system_facts(root),
        "packages": package_facts(),
        "pgladder": pgladder_facts(Path(__file__).parent.parent),
    }
