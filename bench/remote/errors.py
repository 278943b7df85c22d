"""What can go wrong between the control machine and a box; each names the box and the next step."""

from bench.model.errors import HostError, NothingDoneError, PgladderError
from bench.model.language import tr


class RemoteError(PgladderError):
    """Something went wrong on, or on the way to, one box."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host, self.reason = host, reason


class UnreachableError(RemoteError, ConnectionError):
    """The box does not answer, or the connection was lost: it may be there again a moment later."""

    def __init__(self, host: str, reason: str, *, silent_s: float = 0) -> None:
        super().__init__(host, reason)
        self.silent_s = silent_s
        """How long its programs had not answered, while it could be reached."""
        self.answered = 0.0
        """When one answered last, as ``time.monotonic`` has it."""


class NotTrustedError(RemoteError, HostError):
    """Its host key is not the one recorded, or none is."""


class NotAdmittedError(RemoteError, PermissionError):
    """It is the right box, but it does not let us in, or not do what we must."""


class SudoRefusedError(NotAdmittedError):
    """Its sudo does not let us: not tried again, for a box may lock who is wrong too often."""


class RefusedError(RemoteError, NothingDoneError):
    """The box did not do this, for whichever cause; nothing was changed there."""


class NotReadyError(RefusedError):
    """There is no pgladder on the box."""

    def __init__(self, host: str) -> None:
        super().__init__(host, tr("it has no pgladder; make it ready: make provision"))


class TooMuchOutputError(RemoteError):
    """The box sends what no pgladder sends: it is not listened to any more."""

    def __init__(self, host: str, most_bytes: int = 0) -> None:
        reason = tr("it sends without end, as no pgladder does: see to what runs there, then make provision")
        if most_bytes:
            reason = tr(
                "it sends more than {most:,} bytes, as no pgladder does: see to what runs there, then make provision",
                most=most_bytes,
            )
        super().__init__(host, reason)
