"""The client boxes of a run: a client starts on each before it begins, and it keeps them for itself until it ends.

How a client is started there is ``bench.box.client_box``'s, what it does there ``bench.box.client``'s.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread
from time import monotonic, sleep

from bench.box.client_box import try_out
from bench.engines.postgresql.client_boxes import admitted_clients, ssh
from bench.model.box import AdmittedClient, Provisioned
from bench.model.errors import HostError
from bench.model.language import tr
from bench.model.plan import Plan
from bench.plan.client_boxes import ANOTHER, check_there, most_wanted
from bench.workload.client_boxes import SIGN_OF_LIFE_S, STAY

BOOT_MIN = 10
"""A box that lost its power is up by then, after checks of its memory and its disks too."""
STEP_S = 5


def ready_client_boxes(
    plan: Plan, box: Provisioned | None, report: Callable[[str], None], *, resumed: bool
) -> Sequence[AdmittedClient]:
    """Return the client boxes of a plan, once a client has started on each.

    Args:
        plan: what is to be measured.
        box: the one we are on; None: it is not provisioned, or not measured.
        report: hears what is waited for.
        resumed: clients started there before, so it waits for them: after a power cut all boxes boot at once.

    Raises:
        HostError: no client starts on one; says why.
        UsageError: as ``check_there``.

    """
    if box is None:
        none = tr("a provisioned box has some: make provision HOST=… CLIENT_OF= with the server's box")
        check_there(plan, (), none)
        return ()
    admitted = admitted_clients(box.cluster)
    check_there(plan, [client.name for client in admitted], tr(ANOTHER))
    clients, deadline = admitted[: most_wanted(plan)], monotonic() + 60 * BOOT_MIN
    for client in clients:
        if resumed:
            _wait_for(box, client, plan.run, deadline, report)
        else:
            try_out(box, client.address)
    return clients


def _wait_for(
    box: Provisioned, client: AdmittedClient, run: str, deadline: float, report: Callable[[str], None]
) -> None:
    """Try until a client starts there; raises as ``ready_client_boxes``."""
    waited = False
    while why := _why_not(box, client):
        if monotonic() >= deadline:
            raise HostError(
                tr(
                    "{why}. This was tried for {minutes} min. What run {run} has measured is kept. Once a client starts"
                    " there, go on with it: make ladder RUN={run}",
                    why=why,
                    minutes=BOOT_MIN,
                    run=run,
                )
            )
        if not waited:
            waiting = tr("waiting up to {minutes} min for the client box {name}", minutes=BOOT_MIN, name=client.name)
            report(f"{waiting}: {why}")
            waited = True
        sleep(STEP_S)
    if waited:
        report(tr("a client starts on {name} now", name=client.name))


def _why_not(box: Provisioned, client: AdmittedClient) -> str | None:
    """Return why no client starts there; None: one does."""
    try:
        try_out(box, client.address)
    except HostError as error:
        return str(error)
    return None


@contextmanager
def kept(box: Provisioned | None, clients: Sequence[AdmittedClient]) -> Iterator[None]:
    """Keep runs of client boxes' own away until the end, between trials too.

    A connection that is lost meanwhile is not made again: the clients of each trial look for such runs themselves.
    """
    if box is None or not clients:
        yield
        return
    over = Event()
    with ExitStack() as stack:
        staying = [stack.enter_context(_staying((*ssh(box.cluster, client), STAY))) for client in clients]
        signs = Thread(target=_give_signs, args=(staying, over), daemon=True)
        signs.start()
        stack.callback(signs.join)
        stack.callback(over.set)
        yield


@contextmanager
def _staying(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Hold a connection to a process there that waits for the end."""
    nothing = subprocess.DEVNULL
    # Unbuffered: what nobody takes any more is not written once more when it is closed. Ctrl-C is for us alone.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, bufsize=0, process_group=0
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _give_signs(staying: Sequence[subprocess.Popen[bytes]], over: Event) -> None:
    """Tell each process that we are there, until it is over."""
    while not over.wait(SIGN_OF_LIFE_S):
        for process in staying:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.write(b"\n")
