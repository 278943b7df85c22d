"""One recommended setting with its derivation, and the text of a variant file made of them.

Where the file goes and whether the server accepts it is ``bench.engines.postgresql``'s business.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

MAJOR = 15
"""Of PostgreSQL, where nobody says for which a formula is asked."""
BARE = re.compile(r"-?[0-9.]+[A-Za-z]*|[A-Za-z][A-Za-z0-9_]*")
"""Values postgresql.conf takes without quotes (src/backend/utils/misc/guc-file.l)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter, the text the tool writes for it, and where the value comes from in words."""

    name: str
    text: str
    derivation: str

    def __str__(self) -> str:
        """Explain the setting in a line: ``name = text: derivation``."""
        return f"{self.name} = {self.text}: {self.derivation}"


def settings_text(settings: Iterable[Setting], *, owned: Collection[str] = (), notes: Iterable[str] = ()) -> str:
    """Write the body of a variant file: notes as comments, then one line a setting with its derivation as a comment.

    Args:
        settings: in the order they are to be written.
        owned: parameters the harness overlay owns; they are shown commented out.
        notes: what the tool itself warns of.

    """
    lines = [f"# {note}".rstrip() for note in notes]
    for setting in settings:
        text = setting.text
        if setting.name in owned:
            lines.append(f"# the harness owns {setting.name}; the formula says {text}: {setting.derivation}")
            continue
        if not BARE.fullmatch(text):
            doubled = text.replace("'", "''")
            text = f"'{doubled}'"
        lines.append(f"{setting.name} = {text}  # {setting.derivation}")
    return "".join(f"{line}\n" for line in lines)
