"""ssh as Ansible starts it: its output is handed on up to a bound. ``path/ssh`` keeps the policy of host keys.

Ansible keeps in memory whatever a box sends. ``ansible_ssh`` beside it is the program that inventory/group_vars/all.yml
names (``ansible_ssh_executable``); it starts this for each of Ansible's commands, so this loads no more than it must.
"""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from threading import Thread

MOST_BYTES = 16 << 20
"""What one command may print, complaints counted: facts of a large machine have some 100 kB."""
CHUNK_BYTES = 1 << 16
LOST = 255
"""As ssh ends where the box can't be talked to: Ansible counts it as unreachable then."""


def main() -> int:
    """Do as ssh with the arguments of the command line; return its exit code."""
    return relay(["ssh", *sys.argv[1:]])


def relay(command: Sequence[str]) -> int:
    """Run a command, hand on what it prints as it comes; return its exit code, ``LOST`` where it prints too much."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe)
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


def _hand_on(process: "subprocess.Popen[bytes]") -> None:
    """Hand on what a program prints until it has ended; a connection that it leaves in the background prints nothing.

    Raises:
        OverflowError: it prints too much.
        BrokenPipeError: nobody reads it any more.

    """
    assert process.stdout
    assert process.stderr
    streams = {process.stdout.fileno(): sys.stdout.fileno(), process.stderr.fileno(): sys.stderr.fileno()}
    # A pipe that is closed when it ends: macOS has no pidfd.
    ended, writing = os.pipe()
    Thread(target=_close_at_end, args=(process, writing), daemon=True).start()
    watch = select.poll()
    for each in (*streams, ended):
        watch.register(each, select.POLLIN)
    watch.register(sys.stdout.fileno(), 0)  # its reader's end is told all the same
    left, wait_ms = MOST_BYTES, None
    while streams and (ready := watch.poll(wait_ms)):
        for each, _ in ready:
            if each == ended:
                watch.unregister(ended)
                wait_ms = 0
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


def _close_at_end(process: "subprocess.Popen[bytes]", writing: int) -> None:
    process.wait()
    os.close(writing)


def _write(to: int, data: bytes) -> None:
    while data:
        data = data[os.write(to, data) :]


def _refused(why: str) -> int:
    print(f"pgladder: {why}", file=sys.stderr)  # noqa: T201
    return LOST


if __name__ == "__main__":
    sys.exit(main())
