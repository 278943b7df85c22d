"""The errors that users read; every other module raises these."""


class PgladderError(Exception):
    """Something a user should read: what happened, to what, and what to do next."""


class WrongUseError(PgladderError, ValueError):
    """Wrong use, damaged data or an unfit host: nothing was measured or changed (exit code 2)."""
