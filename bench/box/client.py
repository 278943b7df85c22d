"""Client: a client process of another box's run, which that box starts by ssh and which ends with the connection.

It is all that the key of that box may do here (``client_of``). The conversation is ``bench.workload.client``'s.
"""

import os

from bench.agent.lock import holder
from bench.model.box import Provisioned
from bench.model.errors import HostError
from bench.workload.client import main

ASKED = "SSH_ORIGINAL_COMMAND"
"""What the other box asked for, its release: sshd carries out what its key is for, and leaves that in here."""


def client(box: Provisioned) -> None:
    """Hold the conversation; without a job there is nothing to do.

    Raises:
        HostError: no client can work here now.

    """
    there = os.environ.get(ASKED, "")
    if there != box.release:
        raise HostError(
            f"this client box runs pgladder {box.release}, and its server's box {there or 'another'}: make provision"
            " on both"
        )
    if who := holder():
        raise HostError(f"a run of this client box's own is under way: {who}; wait for it, or end it there")
    main()
