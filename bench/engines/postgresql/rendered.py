"""What provisioning asks of a box's cluster, rendered for it: harness, variant and who may connect.

``provisioning`` brings it into force.
"""

from collections.abc import Sequence

from bench.engines.postgresql.admitted import network
from bench.engines.postgresql.following import NAME
from bench.engines.postgresql.render import HARNESS, Box, render
from bench.engines.postgresql.variants import conf_text, this_machine
from bench.model.box import ProvisionedCluster
from bench.model.errors import NothingDoneError

HBA = "pg_hba"
MEND = "mend its template or choose another postgresql_variant, then run this again"


def rendered(cluster: ProvisionedCluster, standby: str, clients: Sequence[str]) -> dict[str, bytes]:
    """Return the text of each file, by the name under which the cluster keeps it.

    Args:
        cluster: of the box.
        standby: the address of the one on another box that is let in; empty: there is none.
        clients: the addresses of its client boxes.

    Raises:
        NothingDoneError: the variant can't be rendered for this box; says why.

    """
    tls, networks = bool(cluster.root_certificate), [*cluster.remote_clients, *map(network, clients)]
    harness = {
        "listen_addresses": "*" if networks or standby else "localhost",
        "port": cluster.port,
        "socket_directory": cluster.socket_directory,
        "max_connections": cluster.max_connections,
        "tls": tls,
    }
    who = {"role": cluster.role, "networks": networks, "tls": tls, "standby": network(standby), "standby_role": NAME}
    texts = {
        cluster.harness_file.name: render(HARNESS, harness).text,
        cluster.variant_file.name: _variant(cluster),
        HBA: render(HBA, who).text,
    }
    return {name: text.encode() for name, text in texts.items()}


def _variant(cluster: ProvisionedCluster) -> str:
    hardware = this_machine(cluster.data_directory).hardware
    box = Box(hardware=hardware, connections=cluster.max_connections, version=cluster.version)
    try:
        return conf_text(cluster.variant, box)
    except NothingDoneError as error:
        why = str(error).removesuffix(".")
        raise type(error)(f"The variant {cluster.variant} cannot be rendered for this box: {why}; {MEND}") from error
