"""What is observed of the host: each probe a source (a file, a program) plus a pure ``parse``.

Owns the fingerprint's facts and the sensors read while a trial runs. What they mean is ``analysis``' business; what
the server says of itself is asked elsewhere. No serial number, address or host name is read. A probe takes the root of
the files it reads, ``/`` by default, so that recorded files test it.
"""

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
