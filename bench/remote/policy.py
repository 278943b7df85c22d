"""The policy of host keys: the key of every hop is one that was recorded, whatever is configured.

``path/ssh`` beside this keeps it; here is how it comes to stand before the real ssh, for whatever starts one.
"""

import os
import shutil
from pathlib import Path

from bench.model.language import tr
from bench.remote.errors import RefusedError

PATH = Path(__file__).with_name("path")


def environment(host: str, known_hosts: Path | None, *, accept_new: bool = False) -> dict[str, str]:
    """Return the environment in which every ``ssh`` keeps to the policy.

    Args:
        host: the box it is for.
        known_hosts: where keys of gateways may be recorded, besides where ssh looks.
        accept_new: the box itself, not its gateways, may show a key that is not recorded.

    Raises:
        RefusedError: there is no ssh.

    """
    real = shutil.which("ssh")
    if real is None:
        raise RefusedError(host, tr("there is no ssh on this machine: install openssh-client"))
    return {
        **os.environ,
        "PATH": f"{PATH}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        # Of ssh's commands: another shell may read files that put something before our PATH.
        "SHELL": "/bin/sh",
        "PGLADDER_SSH": real,
        "PGLADDER_HOP": "accept-new" if accept_new else "",
        "PGLADDER_KNOWN_HOSTS": str(known_hosts or ""),
    }
