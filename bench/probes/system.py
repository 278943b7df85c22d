"""The system around the server: kernel, distribution, what is virtual, how the clock is kept.

Owns the facts of group ``system``. Of the firmware only what every box of a model shares is read, never a serial
number. Sources: proc(5), os-release(5), adjtimex(2), Documentation/ABI/testing/sysfs-firmware-dmi-tables,
the container interface of systemd (systemd.io/CONTAINER_INTERFACE).
"""

import ctypes
import json
import os
import re
import shlex
from pathlib import Path

from bench.model.fingerprint import Fact, Unreadable
from bench.probes.source import LIVE, field, first_known, read_fact, word

OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
DMI_NAMES = ("sys_vendor", "product_name", "product_version", "board_vendor", "board_name", "bios_version", "bios_date")
CONTAINER_MARKS = {
    "run/host/container-manager": "",
    "run/systemd/container": "",
    "run/.containerenv": "podman",
    ".dockerenv": "docker",
}
"""Files a container manager leaves; those with no name here hold it."""
WSL = re.compile("WSL|Microsoft")
"""In the kernel's name, as systemd-detect-virt(1) has it: all such systems of a Windows machine share that kernel."""
TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
TIMEX_BYTES = 208


def system_facts(root: Path) -> dict[str, Fact]:
    """Return what runs beneath PostgreSQL, and on what."""
    clock = "sys/devices/system/clocksource/clocksource0/current_clocksource"
    board = "sys/firmware/devicetree/base/model"
    return {
        "kernel": read_fact(root, "proc/sys/kernel/osrelease", word, "no /proc here"),
        "kernel_build": read_fact(root, "proc/sys/kernel/version", word, "no /proc here"),
        "os": first_known(read_fact(root, path, parse_os_release, "no os-release") for path in OS_RELEASE),
        "debian": read_fact(root, "etc/debian_version", word, "not a Debian"),
        "hypervisor": read_fact(root, "proc/cpuinfo", parse_hypervisor, "no /proc here"),
        "container": container(root),
        **{name: _dmi(root, name) for name in DMI_NAMES},
        # A device tree names the board where there is one, as on ARM.
        "product_name": first_known(
            (read_fact(root, board, parse_board, "no device tree in this kernel"), _dmi(root, "product_name"))
        ),
        "clock_source": read_fact(root, clock, word, "no clock source in this kernel"),
        "clock_synchronised": clock_synchronised(root),
        "knobs": read_fact(root, "etc/pgladder-host.json", parse_knobs, "not provisioned"),
    }


def _dmi(root: Path, name: str) -> str | Unreadable:
    return read_fact(root, f"sys/class/dmi/id/{name}", word, "no DMI tables in this kernel")


def parse_board(text: str) -> str:
    """Take the text of a device tree, which ends in a NUL."""
    return word(text.replace("\0", ""))


def parse_os_release(text: str) -> str:
    """Take the distribution's name for people."""
    return shlex.split(field("PRETTY_NAME", "=")(text))[0]


def parse_hypervisor(text: str) -> bool:
    """Return whether the processor says that it is a virtual one."""
    return "hypervisor" in field("flags")(text).split()


def parse_knobs(text: str) -> dict[str, str]:
    """Take what the role ``host`` wrote: each knob to ``set``, or why it is not applicable."""
    return {str(name): str(state) for name, state in json.loads(text).items()}


def container(root: Path) -> str | Unreadable:
    """Name the container manager, or ``none``."""
    for path, name in CONTAINER_MARKS.items():
        if (root / path).exists():
            return name or read_fact(root, path, word, "gone while reading")
    kernel = read_fact(root, "proc/sys/kernel/osrelease", word, "no /proc here")
    if isinstance(kernel, str) and WSL.search(kernel):
        return "wsl"
    return "none" if (root / "run").exists() else Unreadable(unreadable="no /run to look in")


def clock_synchronised(root: Path) -> bool | Unreadable:
    """Return whether the kernel holds its clock for synchronised, whichever daemon does it."""
    if root != LIVE:
        return Unreadable(unreadable="recorded files do not hold it")
    libc = ctypes.CDLL(None, use_errno=True)
    # Zeroed, the structure asks for nothing to be changed: no privilege is needed.
    state = libc.adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    if state < 0:
        return Unreadable(unreadable=f"adjtimex: {os.strerror(ctypes.get_errno())}")
    return bool(state != TIME_ERROR)
