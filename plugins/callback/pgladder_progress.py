"""A play as one line that tells how far it is; whole are what it says to people, what fails, and the recap."""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import suppress
from typing import Any

from ansible.plugins.callback.default import CallbackModule as Default

DOCUMENTATION = r"""
name: pgladder_progress
type: stdout
short_description: Tell how far a play is in one line
description:
  - Of more than a hundred tasks it shows the one under way, how many were before it, and for how long the play lasts.
  - Messages for people (M(ansible.builtin.debug)), failures and the recap are shown in full.
  - Where nobody looks (no terminal), it says so every half minute.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
author: pgladder
"""

TERMINAL_EVERY_S = 1
ELSEWHERE_EVERY_S = 30
STDOUT = 1
ASKS = frozenset({"pause", "ansible.builtin.pause"})
SAYS = frozenset({"debug", "ansible.builtin.debug"})
ERASE = "\r\x1b[K"


class Line:
    """The line: rewritten in place on a terminal, a line of its own now and then elsewhere."""

    def __init__(self) -> None:
        self.rewritten = os.isatty(STDOUT) and os.environ.get("TERM", "dumb") != "dumb"
        self.task = ""
        """Empty: nothing is under way, or somebody is asked."""
        self._done, self._began = 0, time.monotonic()
        every_s = TERMINAL_EVERY_S if self.rewritten else ELSEWHERE_EVERY_S
        threading.Thread(target=self._keep_telling, args=(every_s,), daemon=True).start()

    def begin(self, task: str) -> None:
        """Tell that a task begins."""
        self._done += bool(task)
        self.task = task
        if self.rewritten and task:
            self._tell()

    def erase(self) -> None:
        """Make room for what is shown in full."""
        if self.rewritten:
            _write(ERASE)

    def text(self) -> str:
        """Return what it says now, as wide as the terminal at most."""
        said = f"{time.monotonic() - self._began:.0f} s, task {self._done}: {self.task}"
        return said[: shutil.get_terminal_size().columns - 1]

    def _tell(self) -> None:
        # The cursor waits at its beginning: a warning of Ansible's takes its place.
        _write(f"{ERASE}{self.text()}\r" if self.rewritten else f"{self.text()}\n")

    def _keep_telling(self, every_s: float) -> None:
        while True:
            time.sleep(every_s)
            if self.task:
                self._tell()


def _write(text: str) -> None:
    # Not through sys.stdout: its lock may be held at the moment when Ansible forks.
    with suppress(OSError):
        os.write(STDOUT, text.encode(errors="replace"))


class CallbackModule(Default):  # type: ignore[misc] # Ansible has no types
    """What Ansible asks for."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "pgladder_progress"

    def __init__(self) -> None:
        super().__init__()
        self._line = Line()

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Say nothing of it, and remember it for what is shown in full."""
        self._play = play

    def v2_playbook_on_task_start(self, task: Any, **_: Any) -> None:
        """Tell of it, but for one that asks somebody."""
        self._line.erase()
        self._line.begin("" if task.action in ASKS else task.get_name())

    v2_playbook_on_handler_task_start = v2_playbook_on_task_start

    def v2_runner_on_ok(self, result: Any) -> None:
        """Show what it says to people."""
        of_items = result.task.loop and "results" in result.result  # it was said of each
        if result.task.action in SAYS and not of_items:
            self._line.erase()
            self._display.display(f"{result.host.get_name()}: {_words(result.result.get('msg', ''))}")
        self._handle_warnings_and_exception(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """Show what it says of an item."""
        self.v2_runner_on_ok(result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Say nothing of it."""

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """Say nothing of it."""

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """Say nothing of it."""

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Show it, but for one that the play reckons with."""
        if not ignore_errors:
            self._line.erase()
            super().v2_runner_on_failed(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """Show it."""
        self._line.erase()
        super().v2_runner_item_on_failed(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Show it."""
        self._line.erase()
        super().v2_runner_on_unreachable(result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Show the recap."""
        self._line.begin("")
        self._line.erase()
        super().v2_playbook_on_stats(stats)


def _words(message: Any) -> str:
    return "\n".join(map(str, message)) if isinstance(message, list) else str(message)
