"""ssh as Ansible starts it: its output is handed on up to a bound. ``path/ssh`` keeps the policy of host keys.

Ansible keeps in memory whatever a box sends. ``ansible_ssh`` beside it is the program that inventory/group_vars/all.yml
names (``ansible_ssh_executable``); it starts this for each of Ansible's commands, so this loads no more than it must.
"""

import os
import select
import signal
import sys

MOST_BYTES = 16 << 20
"""What one command may print, complaints counted: facts of a large machine have some 100 kB."""
CHUNK_BYTES = 1 << 16
LOST = 255
"""As ssh ends where the box can't be talked to: Ansible counts it as unreachable then."""


def main() -> int:
    """Do as ssh with the arguments of the command line; return its exit code."""
    return relay(["ssh", *sys.argv[1:]])


def relay(command: list[str]) -> int:
    """Run a command, hand on what it prints as it comes; return its exit code, ``LOST`` where it prints too much."""
    process = _Process(command)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: process.terminate())
    try:
        _hand_on(process)
    except OverflowError:
        return _refused(f"it sends more than {MOST_BYTES:,} bytes: see to what runs there")
    except BrokenPipeError:  # nobody listens any more
        return LOST
    finally:
        process.terminate()
        code = process.wait()
    if code < 0:
        return LOST
    return code


class _Process:
    """A program, and what it prints. To import subprocess would double what each of Ansible's commands costs here."""

    def __init__(self, command: list[str]) -> None:
        # A pipe that has something in it after each signal, that of its end too: macOS has no pidfd.
        self.signals, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writing)
        self.code: int | None = None
        (self.out, its_out), (self.complaints, its_complaints) = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _become(command, its_out, its_complaints)
        os.close(its_out)
        os.close(its_complaints)

    def has_ended(self) -> bool:
        """Tell whether it has; its exit code is known then."""
        return self._waited(os.WNOHANG) is not None

    def wait(self) -> int:
        """Wait for its end; return its exit code, below 0 where a signal ended it."""
        code = self._waited(0)
        assert code is not None
        return code

    def terminate(self) -> None:
        """End it, if it has not ended."""
        if self.code is None:
            os.kill(self.pid, signal.SIGTERM)

    def _waited(self, how: int) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code


def _become(command: list[str], out: int, complaints: int) -> None:
    try:
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python, for itself
            signal.signal(ignored, signal.SIG_DFL)
        os.dup2(out, sys.stdout.fileno())
        os.dup2(complaints, sys.stderr.fileno())
        os.execvp(command[0], command)  # noqa: S606 - a list of words: no shell reads it
    except OSError as error:
        _refused(f"{command[0]} can't be started here: {error.strerror}")
    finally:
        sys.stderr.flush()
        os._exit(LOST)


def _hand_on(process: _Process) -> None:
    """Hand on what a program prints until it has ended; a connection that it leaves in the background prints nothing.

    Raises:
        OverflowError: it prints too much.
        BrokenPipeError: nobody reads it any more.

    """
    streams = {process.out: sys.stdout.fileno(), process.complaints: sys.stderr.fileno()}
    watch = select.poll()
    for each in (*streams, process.signals):
        watch.register(each, select.POLLIN)
    watch.register(sys.stdout.fileno(), 0)  # its reader's end is told all the same
    left, wait_ms = MOST_BYTES, None
    while streams and (ready := watch.poll(wait_ms)):
        for each, _ in ready:
            if each == process.signals:
                os.read(each, CHUNK_BYTES)
                if process.has_ended():
                    wait_ms = 0  # what it printed is there already
            elif each in streams:
                chunk = os.read(each, CHUNK_BYTES)
                left -= len(chunk)
                if left < 0:
                    raise OverflowError
                if not chunk:
                    watch.unregister(each)
                _write(streams.pop(each) if not chunk else streams[each], chunk)
            else:
                raise BrokenPipeError
    process.wait()


def _write(to: int, data: bytes) -> None:
    while data:
        data = data[os.write(to, data) :]


def _refused(why: str) -> int:
    print(f"pgladder: {why}", file=sys.stderr)  # noqa: T201
    return LOST


if __name__ == "__main__":
    sys.exit(main())
