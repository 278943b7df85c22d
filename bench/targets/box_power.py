"""A private server on a box whose power is cut: ordered about over ssh, written to through a tunnel, the ledger here.

The box's end is ``bench.box.power``. What comes over the tunnel is proved to be that server before anything is written
or read: it knows a password that was made for this run, and says that it is the cluster that the box has made.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from time import monotonic, monotonic_ns, sleep
from typing import TypeVar

import msgspec
import psycopg2
from rich.console import Console
from rich.text import Text

from bench.engines.postgresql.session import ServerError, Session
from bench.model.codec import DAMAGED
from bench.model.cuts import CutPlan, Forgotten, How, Unflushed
from bench.model.endpoint import Endpoint
from bench.model.errors import DataError, HostError, PgladderError
from bench.model.language import tr
from bench.model.signals import undisturbed
from bench.model.values import Transport
from bench.power.cut import Made
from bench.power.wire import SYSTEM, Answer, Do, Hello, Order, Reached, There
from bench.remote.conversation import Conversation, conversation
from bench.remote.errors import NotAdmittedError, RemoteError, SudoRefusedError, UnreachableError
from bench.remote.link import Link
from bench.targets.switch import PowerError, Switch

LOOK_S = 0.05
HELLO_S, ORDER_S = 60, 900
"""For an answer: to be there; and of a server, which recovers, or whose pages are all read."""
LEFT_ON_S = 60
"""After the command has ended: ssh notices within 20 s that a box is gone."""
HAND_S = 900
"""For somebody to pull a plug, or to see that the command does nothing."""
BACK_S = 900
"""Until a box has booted, somebody's way to the plug included."""
AGAIN_S = 2
T = TypeVar("T")


class BoxPower:
    """A box and its switch."""

    def __init__(self, link: Link, plan: CutPlan, switch: Switch, out: Console) -> None:
        self.link, self.switch = link, switch
        self._plan, self._out = plan, out
        self._password = token_urlsafe(24)
        self._talk: Conversation | None = None
        self._over = ExitStack()
        """Ends the conversation."""
        self._there: There | None = None
        self._waiting = False
        """An order has not been answered: no other may follow."""
        self._heard, self.heard_ns = 0, 0
        """The last number of what it writes and never flushes; and when it came, on the monotonic clock."""

    @property
    def name(self) -> str:
        """The box's."""
        return self.link.host.name

    @property
    def password(self) -> str:
        """Of the servers' user."""
        return self._password

    def begin(self) -> None:
        """Begin the conversation; what an earlier run left there goes. Raises as ``Link.run``."""
        self._there = self._greet(begins=True)

    def close(self) -> None:
        """Hang up: the box, where it is on, removes what it has made for us. Raises RemoteError where it does not."""
        self.switch.let_go()
        # Its end is awaited: what it removes is gone when this returns.
        with undisturbed():
            try:
                if self.talks:
                    self.do("over", 0, type(None), HELLO_S)
                if self._talk is not None:
                    self._talk.end()
                    self._talk.last_words(HELLO_S)
            finally:
                self._hang_up()

    def _hang_up(self) -> None:
        self._talk, self._waiting = None, False
        self._over.close()
        self.link.close()

    # --- the conversation --------------------------------------------------------------------------------------------

    def _greet(self, *, begins: bool) -> There:
        """Begin a conversation; return what the box is."""
        hello = Hello(plan=self._plan, password=self._password, begins=begins)
        try:
            self._talk = self._over.enter_context(conversation(self.link, "power"))
            self._talk.say(msgspec.json.encode(hello))
            return self._decoded(self._talk.next(HELLO_S), There)
        except BaseException:
            self._hang_up()
            raise

    def do(self, what: Do, number: int, kind: type[T], seconds: float = ORDER_S) -> T:
        """Have the box do something with a server; return what comes of it.

        Raises:
            ServerError: PostgreSQL does not.
            RemoteError: the box does not, or is lost.

        """
        if self._talk is None or self._waiting:
            raise UnreachableError(self.name, tr("the conversation with it is over"))
        self._waiting = True
        self._talk.say(msgspec.json.encode(Order(do=what, number=number)))
        while (line := self._talk.next(seconds)).isdigit():
            pass
        answer = self._decoded(line, Answer)
        self._waiting = False
        if answer.error is None:
            with self._understood():
                return msgspec.convert(answer.value, kind)
        if answer.of_server:
            raise ServerError(answer.error)
        raise RemoteError(self.name, answer.error)

    @property
    def talks(self) -> bool:
        """Return whether orders can be given."""
        return self._talk is not None and not self._waiting

    def _decoded(self, line: bytes, kind: type[T]) -> T:
        with self._understood():
            return msgspec.json.decode(line, type=kind)

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except DAMAGED as error:
            raise DataError(
                tr("{host}: what its pgladder answers can't be read: {error}", host=self.name, error=error)
            ) from error

    # --- the cut -----------------------------------------------------------------------------------------------------

    async def lose(self) -> None:
        """Have the power cut, and hang up once the box is gone.

        Raises:
            PowerError: it is not cut; a command that failed says why.

        """
        assert self._talk is not None
        self._heard, self.heard_ns = 0, monotonic_ns()
        try:
            self.switch.throw()
            await self._until_gone(self._talk)
        finally:
            self._hang_up()
        self.switch.gone()

    async def _until_gone(self, talk: Conversation) -> None:
        """Listen to what it writes, until it is gone."""
        deadline, ended = monotonic() + HAND_S, False
        while not talk.over:
            for line in talk.heard():
                self._heard, self.heard_ns = self._decoded(line, int), monotonic_ns()
            if not ended and self.switch.ended():
                deadline, ended = monotonic() + LEFT_ON_S, True
            if monotonic() > deadline:
                raise PowerError(tr("{host}: its power was not cut: it goes on answering.", host=self.name))
            await asyncio.sleep(LOOK_S)

    def back(self) -> Unflushed:
        """Wait until the box is there again; return what proves that it had lost its power.

        Raises:
            PowerError: it does not come back, was not off, or was shut down in order.
            NotTrustedError: it is another box now.

        """
        self.switch.finish()
        before = self._there
        assert before is not None
        there = self._there = self._until_back()
        if there.boot == before.boot:
            raise PowerError(
                tr("{host}: only the connection was lost: it has not booted since, and lost no power.", host=self.name)
            )
        if there.last is None:
            raise PowerError(
                tr(
                    "{host}: the file that it never flushed is not there: it was shut down in order, or has lost the"
                    " file as well. That proves no power cut.",
                    host=self.name,
                )
            )
        if there.last >= self._heard:
            raise PowerError(
                tr(
                    "{host}: it was shut down in order, so that nothing was lost that it had not flushed: that is no"
                    " power cut.",
                    host=self.name,
                )
            )
        return Unflushed(said=self._heard, left=there.last)

    def _until_back(self) -> There:
        deadline = monotonic() + BACK_S
        while True:
            try:
                return self._greet(begins=False)
            except SudoRefusedError:
                raise
            # Not admitted: a box that is booting lets nobody in.
            except (UnreachableError, NotAdmittedError) as error:
                if monotonic() > deadline:
                    raise PowerError(
                        tr("{error}; it has not come back within {seconds} s.", error=error, seconds=BACK_S)
                    ) from error
            sleep(AGAIN_S)

    def report(self, sentence: str) -> None:
        """Tell how it goes."""
        self._out.print(Text(sentence), soft_wrap=True)


@dataclass(slots=True)
class ServerOnBox:
    """One of its private servers, as ``Powered``; its number is that of its variant and layout in the plan."""

    box: BoxPower
    number: int
    unflushed: Unflushed | None = None
    system: str = ""
    """The number of the cluster, once it ran."""
    reached: Reached | None = None
    folder: Path = Path()
    """Of the tunnel's sockets."""

    @property
    def heard_ns(self) -> int | None:
        """See ``Powered.heard_ns``."""
        return self.box.heard_ns

    @property
    def by_hand(self) -> bool:
        """See ``Powered.by_hand``."""
        return self.box.switch.by_hand

    def make(self) -> Made:
        """Have it made."""
        return self.box.do("make", self.number, Made)

    def begin(self, how: How) -> None:  # noqa: ARG002 - a box has one way to lose its power
        """See ``Powered.begin``."""
        self.unflushed, self.system = None, ""
        self._reach("begin")
        # Once a connection has come through, a later one that does not is the server's fault.
        try:
            self.connect().close()
        except psycopg2.OperationalError as error:
            raise HostError(
                tr(
                    "{host}: nothing comes through ssh's tunnel to the private server there ({why}): see that its sshd"
                    " has AllowTcpForwarding yes.",
                    host=self.box.name,
                    why=" ".join(str(error).split())[:200],
                )
            ) from error

    def restart(self) -> float:
        """See ``Powered.restart``."""
        self.unflushed = self.box.back()
        return self._reach("restart").seconds

    def _reach(self, what: Do) -> Reached:
        """Have it started, and lead the tunnel there."""
        self.reached = self.box.do(what, self.number, Reached)
        if self.system and self.reached.system != self.system:
            raise ServerError(
                tr("{place} holds another cluster than before the cut", place=self.reached.data_directory)
            )
        self.system = self.reached.system
        # As libpq names a socket in a folder.
        self.folder = self.box.link.tunnel(f".s.PGSQL.{self.reached.port}", self.reached.port)
        return self.reached

    def endpoint(self, transport: Transport) -> Endpoint:  # noqa: ARG002 - through the tunnel, whatever is asked for
        """See ``Powered.endpoint``."""
        assert self.reached is not None
        return Endpoint(
            transport="socket",
            host=str(self.folder),
            port=self.reached.port,
            user=self.reached.user,
            database=self.reached.database,
            schema=self.reached.schema,
            password=self.box.password,
            parameters={"sslmode": "disable"},
        )

    def connect(self) -> Session:
        """See ``Powered.connect``; raises ServerError where another server answers."""
        assert self.reached is not None
        arguments = {**self.endpoint("socket").psycopg2_arguments(), "options": ""}
        session = Session(arguments, self.reached.schema)
        found = (session.setting("data_directory"), session.value(SYSTEM))
        if found != (self.reached.data_directory, self.system):
            session.close()
            raise ServerError(
                tr("the tunnel leads to another server, in {place}: nothing is written there", place=found[0])
            )
        return session

    def holds_pages(self, count: int, file: str) -> bool:  # noqa: ARG002
        """See ``Powered.holds_pages``: nobody tells what a kernel holds."""
        return False

    async def lose_power(self) -> None:
        """See ``Powered.lose_power``; when it was, nobody tells."""
        await self.box.lose()

    def forget(self, how: How, seed: int) -> Forgotten | None:  # noqa: ARG002
        """See ``Powered.forget``: what is not on the disk is gone already."""
        return None

    def damage(self) -> Iterable[str]:
        """See ``Powered.damage``."""
        return self.box.do("check", self.number, list[str])

    def end(self) -> None:
        """See ``Powered.end``."""
        self.box.do("end", self.number, type(None))

    def remade(self) -> None:
        """See ``Powered.remade``; of a box that is off it is done when the next run begins."""
        if self.box.talks:
            self.box.do("remade", self.number, type(None))


@contextmanager
def servers_on(box: BoxPower, plan: CutPlan) -> Iterator[Callable[[str, str], tuple[ServerOnBox, Made]]]:
    """Hold a server for each variant and layout on a box, made when first asked for; see ``bench.targets.cuts``."""
    things = [(variant.name, layout) for variant in plan.variants for layout in plan.layouts]
    known: dict[tuple[str, str], tuple[ServerOnBox, Made]] = {}

    def server_for(name: str, layout: str) -> tuple[ServerOnBox, Made]:
        if (name, layout) not in known:
            what = tr("{name} on {layout}", name=name, layout=layout)
            box.report(tr("{what}: making a server", what=what))
            server = ServerOnBox(box, things.index((name, layout)))
            known[name, layout] = server, server.make()
        return known[name, layout]

    try:
        box.begin()
        yield server_for
    except BaseException:
        # What went wrong first counts.
        try:
            box.close()
        except PgladderError as error:
            box.report(str(error))
        raise
    box.close()
