"""The client boxes of a run: a client starts on each before it begins, and it keeps them for itself until it ends.

How a client is started there is ``bench.box.client_box``'s, what it does there ``bench.box.client``'s.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from select import select
from tempfile import TemporaryFile
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
LOOK_S = 5.0
"""So often it is looked whether client boxes are kept still."""


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
def kept(box: Provisioned | None, clients: Sequence[AdmittedClient], report: Callable[[str], None]) -> Iterator[None]:
    """Keep runs of client boxes' own away until the end, between trials too.

    A connection that is lost meanwhile is begun again, and ``report`` hears of both. A run of a client box's own may
    begin in between: clients of our trials look for one themselves, and such a trial is void.
    """
    if box is None or not clients:
        yield
        return
    over = Event()
    with ExitStack() as stack:
        held = []
        for client in clients:
            held.append(_Held(client.name, (*ssh(box.cluster, client), STAY), report))
            stack.callback(held[-1].close)
        looking = Thread(target=_look_after, args=(held, over), daemon=True)
        looking.start()
        stack.callback(looking.join)
        stack.callback(over.set)
        yield


class _Held:
    """A connection to a process on a client box that waits for the end."""

    def __init__(self, name: str, command: Sequence[str], report: Callable[[str], None]) -> None:
        self._name, self._command, self._report = name, command, report
        self._lost = self._unable = False
        self._begin()

    def _begin(self) -> None:
        self._said = TemporaryFile()  # noqa: SIM115 - its errors, as long as the process
        # Unbuffered: what nobody takes any more is not written once more when it is closed. Ctrl-C is for us alone.
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            bufsize=0,
            process_group=0,
        )

    def look(self) -> None:
        """Begin again where it is gone; say so, and once it holds again."""
        if self._process.poll() is None:
            if self._lost and self._holds():
                self._lost = False
                self._report(tr("the client box {name} is kept for this run again", name=self._name))
            return
        if not self._lost:
            self._lost = True
            self._report(
                tr(
                    "the connection that keeps the client box {name} for this run ended ({why}); pgladder begins it"
                    " again",
                    name=self._name,
                    why=self._why(),
                )
            )
        self.close()
        try:
            self._begin()
        except OSError as error:
            if not self._unable:
                self._unable = True
                self._report(
                    tr(
                        "no connection to the client box {name} can be begun ({error}); pgladder tries it again and"
                        " again",
                        name=self._name,
                        error=error,
                    )
                )
        else:
            self._unable = False

    def give_sign(self) -> None:
        """Tell the process there that we are."""
        assert self._process.stdin is not None
        if self._process.stdin.closed:  # the next could not be begun
            return
        with suppress(BrokenPipeError):
            self._process.stdin.write(b"\n")

    def close(self) -> None:
        """End it."""
        with self._process:  # closes its pipes, and waits
            self._process.kill()
        self._said.close()

    def _holds(self) -> bool:
        """Return whether the process there said that it waits: ssh may still be connecting."""
        assert self._process.stdout is not None
        return bool(select([self._process.stdout], [], [], 0)[0] and self._process.stdout.read(1))

    def _why(self) -> str:
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else tr("exit code {code}", code=self._process.returncode)


def _look_after(held: Sequence[_Held], over: Event) -> None:
    """Look after connections, and give signs of life, until it is over."""
    signed = monotonic()
    while not over.wait(LOOK_S):
        for each in held:
            each.look()
        if monotonic() - signed >= SIGN_OF_LIFE_S:
            signed = monotonic()
            for each in held:
                each.give_sign()
