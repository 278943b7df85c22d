"""The errors that users read; every other module raises these."""


class PgladderError(Exception):
    """Something a user should read: what happened, to what, and what to do next."""


class NothingDoneError(PgladderError):
    """Nothing was measured or changed (exit code 2); its kinds tell the cause."""


class UsageError(NothingDoneError, ValueError):
    """What was asked for is unknown, contradicts itself or can't be done."""


class DataError(NothingDoneError, ValueError):
    """A file, or what a box sent, can't be taken for what it should be: damaged, contradictory, of a newer pgladder."""


class HostError(NothingDoneError):
    """The machine, server or box can't do it, or not now: unfit, too small, busy, or a fact of it can't be read."""
