"""Apply: what provisioning asks of the box's cluster comes into force while no run is under way."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from bench.agent.lock import one_run_at_a_time
from bench.engines.postgresql.admitted import admitted
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.client_boxes import admitted_addresses
from bench.engines.postgresql.provisioning import Provisioning
from bench.engines.postgresql.rendered import rendered
from bench.model.box import Provisioned
from bench.model.signals import undisturbed


@dataclass(frozen=True, slots=True)
class Applied:
    """Whether the box was changed, or would be; ``differences`` of the configuration, as ``diff -u`` shows them."""

    changed: bool
    differences: Sequence[str]


def apply(box: Provisioned, *, new_password: bool, check: bool) -> Applied:
    """Bring it into force and prove it, on the disk when this returns; with ``check`` only try it out.

    Raises:
        HostError: a run is under way: this would be measured, or its rows lost.
        NothingDoneError: the variant can't be rendered for this box.
        ServerError: it can't be brought into force; says whether what was proved last is again.

    """
    # A connection that is lost in the middle ends nothing: a server that was stopped would stay so.
    with one_run_at_a_time(), undisturbed():
        cluster = box.cluster
        texts = rendered(cluster, admitted(cluster), admitted_addresses(cluster))
        provisioning = Provisioning(cluster, find_binaries(cluster.version), texts)
        differences = provisioning.differences()
        if check:
            return Applied(provisioning.try_out(), differences)
        changed = provisioning.bring_into_force(new_password=new_password)
        os.sync()  # what provisioning wrote elsewhere too: its next step says that the box is ready
        return Applied(changed, differences)
