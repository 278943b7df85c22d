"""Apply: what provisioning rendered for the box's cluster comes into force while no run is under way."""

from bench.agent.lock import one_run_at_a_time
from bench.agent.signals import undisturbed
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.provisioning import Provisioning
from bench.model.box import Provisioned


def apply(box: Provisioned, *, new_password: bool) -> bool:
    """Bring it into force and prove it; return whether the box was changed.

    Raises:
        HostError: a run is under way: this would be measured, or its rows lost.
        ServerError: it can't be brought into force; says whether what was proved last is again.

    """
    # A connection that is lost in the middle ends nothing: a server that was stopped would stay so.
    with one_run_at_a_time(), undisturbed():
        return Provisioning(box.cluster, find_binaries(box.cluster.version)).apply_next(new_password=new_password)
