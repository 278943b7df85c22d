"""What can go wrong between the control machine and a box; each names the box and the next step."""

from bench.model import PgladderError, WrongUseError


class RemoteError(PgladderError):
    """Something went wrong on, or on the way to, one box."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}")
        self.host, self.reason = host, reason


class UnreachableError(RemoteError, ConnectionError):
    """The box does not answer, or the connection was lost: it may be there again a moment later."""


class NotTrustedError(RemoteError, WrongUseError):
    """Its host key is not the one recorded, or none is."""


class NotAdmittedError(RemoteError, PermissionError):
    """It is the right box, but it does not let us in, or not do what we must."""


class RefusedError(RemoteError, WrongUseError):
    """The box can't do this now; nothing was changed there."""


class NotReadyError(RefusedError):
    """There is no pgladder on the box."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "it has no pgladder; make it ready: make provision")
