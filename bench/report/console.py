"""The console that everything is printed on.

A module of its own: what is asked of results, or measured, prints by it, and loads no more of what draws tables.
"""

import os
import sys
from collections.abc import Iterable
from typing import Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from bench.model.plain import harmless

WIDTH = 80


class PatientConsole(Console):
    """A console whose reader may leave (``| head``): what was begun goes on, unseen. What it prints is harmless."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Return what is to be printed; only our own control codes (of a progress bar) are any."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield segment._replace(text=harmless(segment.text))

    def on_broken_pipe(self) -> None:
        """Say no more."""
        self.quiet = True
        # Python flushes its streams when it ends, and would fail there again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def console(*, stderr: bool = False) -> Console:
    """Return a console that keeps to 80 columns; without styles where NO_COLOR asks for none (no-color.org)."""
    colors: Literal["auto"] | None = "auto"
    if os.environ.get("NO_COLOR"):
        colors = None
    # Without markup and emoji: brackets and colons are text, a path or a server's message may have some.
    out = PatientConsole(stderr=stderr, color_system=colors, highlight=False, markup=False, emoji=False)
    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        out.width = min(out.width, WIDTH)
    else:
        out.width = WIDTH
    return out
