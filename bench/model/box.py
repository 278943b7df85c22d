"""What provisioning tells pgladder of the box it is on, and the words between a box and its control machine.

``/etc/pgladder.toml`` is written by the role ``bench``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bench.model.codec import DAMAGED
from bench.model.errors import DataError
from bench.model.language import tr
from bench.model.values import Name

BOX_FILE = Path("/etc/pgladder.toml")
NO_SUCH_RUN, BUSY = 12, 75
"""Exit codes of ``pgladder box``, beside those of every command: it has no run of that name; another has not ended."""
EARLIER_VERSION = "15"
"""Of the clusters of earlier releases, which wrote down the name alone."""
OTHER_PLAN = " by another plan"
"""Ends what a launch answers where another has launched under this name: its plan is the one that is carried out."""
Ending = Literal["finished", "cancelled", "failed"]
"""How a run ended that was followed; ``failed``: it broke off, and would go on at the next boot."""
ENDINGS: dict[int, Ending] = {0: "finished", 10: "cancelled", 11: "failed"}
"""By the exit code of ``pgladder box follow``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionedCluster:
    """The PostgreSQL cluster of pgladder's own on a provisioned box.

    Attributes:
        unit: of systemd; its ``role`` may start, stop and restart it by sudo.
        role: the system user that owns the cluster, and the role that measures.
        variant: what provisioning put in force.
        password_file: of libpq (manual, 34.16); the role's password over TCP.
        root_certificate: empty where the cluster offers no TLS.
        remote_clients: networks that may connect, in CIDR notation; none for loopback only.
        replica_of: the box whose cluster it follows, or followed until it was promoted; empty: it is one of its own.

    """

    name: str
    unit: str
    port: int
    socket_directory: Path
    data_directory: Path
    configuration_directory: Path
    harness_file: Path
    variant_file: Path
    variant: str
    log_file: Path
    max_connections: int
    database: str
    role: str
    password_file: Path
    root_certificate: str
    remote_clients: tuple[str, ...] = ()
    replica_of: str = ""

    @property
    def version(self) -> str:
        """Its major, which Debian puts before its name: ``15/pgladder``."""
        version, slash, _ = self.name.partition("/")
        if not slash:
            return EARLIER_VERSION
        return version

    @property
    def standby_address(self) -> Path:
        """The file that names the standby on another box which it lets in; there is none where there is no standby."""
        return self.configuration_directory / "standby.address"

    @property
    def clients_directory(self) -> Path:
        """Where its role keeps what it knows of its client boxes, and the key by which it reaches them."""
        return self.password_file.with_name("clients")

    @property
    def private_directory(self) -> Path:
        """Where its role makes private servers, on the disk of its data; made by provisioning."""
        return self.data_directory.with_name(f"{self.data_directory.name}-private")


PublicKey = Annotated[str, Meta(pattern=r"^[a-z0-9@.-]+ [A-Za-z0-9+/]+=*\Z", max_length=4096)]
"""Kind and key, as ``*.pub`` and known_hosts have them."""
NetworkName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_:][A-Za-z0-9_.:%-]*\Z", max_length=255)]
"""An address, or a name that is asked of the resolver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedClient:
    """A client box, as the box of the server that it writes to knows it.

    Attributes:
        name: in the inventory.
        address: from which it connects, and at which its sshd answers.
        port: of its sshd.
        user: its measuring user.
        host_keys: of its sshd.
        server_address: at which it reaches the server.
        certificate: the path, there, of the certificate that it knows the server by.

    """

    name: NetworkName
    address: NetworkName
    port: Annotated[int, Meta(ge=1, le=65535)]
    user: Name
    host_keys: tuple[PublicKey, ...]
    server_address: NetworkName
    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """A provisioned box: the release it runs, where its runs are kept, its cluster."""

    schema: Literal["pgladder/box/1"]
    release: str
    runs: Path
    cluster: ProvisionedCluster


def provisioned(path: Path = BOX_FILE) -> Provisioned | None:
    """Read what provisioning wrote; None on a machine that was not provisioned.

    Raises:
        DataError: the file is not what this pgladder reads; the message names what to do.

    """
    if not path.is_file():
        return None
    try:
        return read_box(path.read_bytes())
    except (*DAMAGED, OSError) as error:
        raise DataError(
            tr("{path} can't be read: {error}; provision this box again.", path=path, error=error)
        ) from error


def read_box(content: bytes) -> Provisioned:
    """Read the content of such a file. Raises ``DAMAGED`` where it is none."""
    return msgspec.toml.decode(content, type=Provisioned, dec_hook=_decode)


def _decode(kind: type, value: Any) -> Any:
    """Make a path of a text: the one type here that TOML does not know."""
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError
    return Path(value)
