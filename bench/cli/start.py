"""The first moments of a command: Ctrl-C ends it with a sentence also while its modules are being loaded."""

import os
import sys

STOPPED = 1


def main() -> None:
    """Run ``pgladder``; exits with its code."""
    _run("bench.cli.main", "main")


def fab() -> None:
    """Run Fabric, which carries out the remote verbs; exits with its code."""
    sys.argv[0] = "fab"
    _run("fabric.main", "program.run")


def _run(module: str, name: str) -> None:
    """Load a module and call what it has by a name."""
    # At once, and until what catches signals is loaded.
    sys.excepthook = _report
    import signal
    from importlib import import_module
    from operator import attrgetter

    # Else whoever started us has it ignored.
    heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if heard:
        signal.signal(signal.SIGINT, lambda *_: _stop())
    command = attrgetter(name)(import_module(module))
    try:
        if heard:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        command()
    except KeyboardInterrupt:
        _stop()
    finally:
        # The exit code is given: another Ctrl-C must not change it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _report(kind, error, trace) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - types are slow to load
    if issubclass(kind, KeyboardInterrupt):
        _stop()
    sys.__excepthook__(kind, error, trace)


def _stop() -> None:
    """End at once: nothing was begun."""
    os.write(2, b"pgladder: Stopped.\n")
    os._exit(STOPPED)
