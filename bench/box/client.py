"""Client: a client process of another box's run, which that box starts by ssh and which ends with the connection.

It is all that the key of that box may do here (``client_of``). The conversation is ``bench.workload.client``'s. One
that stays has none: it keeps runs of this box's own away between the trials of the other run, too.
"""

import os
import sys
from select import select

from bench.agent.lock import client_of
from bench.model.box import Provisioned
from bench.model.errors import HostError
from bench.workload.client import main
from bench.workload.client_boxes import SILENT_S, STAY

ASKED = "SSH_ORIGINAL_COMMAND"
"""What the other box asked for, its release: sshd carries out what its key is for, and leaves that in here."""
COMES_FROM = "SSH_CONNECTION"
"""The address of the other box is its first word (sshd(8))."""


def client(box: Provisioned) -> None:
    """Hold the conversation; without a job there is nothing to do.

    Raises:
        HostError: no client can work here now.

    """
    asked = os.environ.get(ASKED, "")
    release = asked.removesuffix(f" {STAY}")
    if release != box.release:
        raise HostError(
            f"this client box runs pgladder {box.release}, and its server's box {release or 'another'}: make provision"
            " on both"
        )
    with client_of(os.environ.get(COMES_FROM, "unknown").partition(" ")[0]):
        if asked == release:
            main()
        else:
            stay()


def stay() -> None:
    """Say that we wait; wait for the end of input, or until it is silent for too long."""
    sys.stdout.write("\n")
    sys.stdout.flush()
    while select([sys.stdin], [], [], SILENT_S)[0] and os.read(sys.stdin.fileno(), 64):
        pass
