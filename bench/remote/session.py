"""One program on this machine that talks to a box (ssh), read as it speaks: every wait and every buffer has a bound."""

import os
import selectors
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

from bench.model.language import tr

CHUNK_BYTES = 1 << 16
MOST_ERRORS_BYTES = 1 << 20
"""What one command may complain of in all; of that the last ``KEPT_ERRORS_BYTES`` are kept."""
KEPT_ERRORS_BYTES = 1 << 14
MOST_UNREAD_BYTES = 1 << 20
END_S = 5


class TooMuchError(Exception):
    """It says more than anything of ours does."""


class Session:
    """A program that was started, its input fed and its output read without blocking; for one thread at a time."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        # A session of its own: Ctrl-C at the terminal is ours, and ssh asks by SSH_ASKPASS for want of a terminal.
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=True, env=env
        )
        self.out, self.errors = bytearray(), bytearray()
        """What it said and nobody read yet; the last that it complained of."""
        self._complained = 0
        self._input = bytearray()
        self._input_ends = False
        self._selector = selectors.DefaultSelector()
        assert self._process.stdin
        os.set_blocking(self._process.stdin.fileno(), False)
        self._open_streams = {self._process.stdout, self._process.stderr}
        for stream in self._open_streams:
            assert stream
            self._selector.register(stream, selectors.EVENT_READ, stream)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def closed(self) -> bool:
        """Return whether it has said everything."""
        return not self._open_streams

    @property
    def ended(self) -> bool:
        """Return whether its process has ended."""
        return self._process.poll() is not None

    def send(self, data: bytes, *, last: bool = False) -> None:
        """Give it input, as soon as it takes it; ``last``: nothing comes after it."""
        stdin = self._process.stdin
        assert stdin
        if stdin.closed:
            return
        self._input += data
        self._input_ends = last
        if stdin not in self._selector.get_map():
            self._selector.register(stdin, selectors.EVENT_WRITE, stdin)

    def step(self, seconds: float) -> bool:
        """Move what can be moved now, after waiting so long for it at most; return whether anything was.

        Raises:
            TooMuchError: it prints errors without end.

        """
        ready = self._selector.select(max(seconds, 0))
        for key, _ in ready:
            if key.data is self._process.stdin:
                self._feed()
            else:
                self._take(key.data)
        return bool(ready)

    def recv(self, seconds: float) -> bytes:
        """Return the next bytes it says, at most ``CHUNK_BYTES`` of them; none at the end.

        Raises:
            TimeoutError: it said nothing for so long.
            TooMuchError: see ``step``.

        """
        end = time.monotonic() + seconds
        while not self.out and not self.closed:
            if not self.step(end - time.monotonic()) and time.monotonic() >= end:
                raise TimeoutError(tr("no output for {seconds:g} s", seconds=seconds))
        chunk = bytes(self.out[:CHUNK_BYTES])
        del self.out[:CHUNK_BYTES]
        return chunk

    def exit_code(self, seconds: float) -> int:
        """Return how it ended, negative by a signal.

        Raises:
            TimeoutError: it goes on.

        """
        try:
            return self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(tr("it did not end within {seconds:g} s", seconds=seconds)) from error

    def end(self) -> None:
        """End it, whatever it does; from any thread."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def close(self) -> None:
        """End it and let go of it."""
        self.end()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._selector.close()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream
            with suppress(BrokenPipeError):
                stream.close()

    def _feed(self) -> None:
        assert self._process.stdin
        try:
            if self._input:
                sent = os.write(self._process.stdin.fileno(), self._input[:CHUNK_BYTES])
                del self._input[:sent]
        except BlockingIOError:
            return
        # It wants no more; its exit code tells why.
        except BrokenPipeError:
            self._input.clear()
            self._input_ends = True
        if not self._input:
            self._selector.unregister(self._process.stdin)
            if self._input_ends:
                with suppress(BrokenPipeError):
                    self._process.stdin.close()

    def _take(self, stream: IO[bytes]) -> None:
        chunk = os.read(stream.fileno(), CHUNK_BYTES)
        if not chunk:
            self._selector.unregister(stream)
            self._open_streams.discard(stream)
        elif stream is self._process.stdout:
            self.out += chunk
            if len(self.out) > MOST_UNREAD_BYTES:
                raise TooMuchError(tr("its login shell prints without end"))
        else:
            self.errors += chunk
            del self.errors[:-KEPT_ERRORS_BYTES]
            self._complained += len(chunk)
            if self._complained > MOST_ERRORS_BYTES:
                raise TooMuchError(tr("it prints errors without end"))
