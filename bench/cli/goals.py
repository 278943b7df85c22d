"""``make help``: the lines that the Makefile gathers on standard input, in the language of who asks.

A goal and its words are apart by a tab. Run by any Python that is there, also before ``make setup``: it loads nothing
of the environment's. What the catalogues lack, such as a question of a user's, is shown as it is.
"""

import sys

from bench.model.language import speak, tr

COLUMN = 16
"""Where the words begin."""


def main() -> None:
    """Print the list."""
    speak()
    for line in sys.stdin.read().splitlines():
        goal, tab, words = line.partition("\t")
        sys.stdout.write(f"{goal}\t{tr(words)}\n".expandtabs(COLUMN) if tab else f"{tr(goal)}\n")


if __name__ == "__main__":
    main()
