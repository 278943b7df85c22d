"""The address by which another machine sees this one."""

from __future__ import annotations

import socket

ANY_PORT = 9
"""Nothing is sent there: the kernel only says which address it would be sent from."""


def own_address(where: str) -> str:
    """Return the address from which this machine reaches another.

    Raises:
        OSError: it does not.

    """
    family, kind, protocol, _, address = socket.getaddrinfo(where, ANY_PORT, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(address)
        return str(probe.getsockname()[0])
