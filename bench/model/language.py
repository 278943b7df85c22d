"""In which language people are answered: English as the sources have it, any other by one catalogue of gettext's.

Owns which language that is (``--lang``, else the environment's), and the way from a sentence to its translation. Before
an entry point says who asks it is English, and English is what programs are given: JSON, ``--format``, records, shared
files. Names of fields, phases and settings, units and digits are the same in every language.

A sentence is translated whole, its values by name. Its catalogue is ``locale/<language>/LC_MESSAGES/pgladder.po``;
``tests/catalogue.py`` gathers what it holds and makes the ``.mo`` beside it, which is all that is read here.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bench.model.errors import UsageError

if TYPE_CHECKING:
    from gettext import GNUTranslations

ENGLISH = "en"
FOLDER = Path(__file__).parents[1] / "locale"
CATALOGUE = "LC_MESSAGES/pgladder.mo"
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first that is set names the language of messages (POSIX, Environment Variables)."""
NO_LANGUAGE = {"C", "POSIX"}


class _Spoken:
    """The language of this process."""

    name = ENGLISH


def languages() -> list[str]:
    """Return every language there is, by its code."""
    return [ENGLISH, *sorted(path.name for path in FOLDER.iterdir() if (path / CATALOGUE).is_file())]


def spoken() -> str:
    """Return the code of the language that people are answered in."""
    return _Spoken.name


def speak(name: str | None = None) -> None:
    """Answer people in this language from now on; without a name in that of the environment, else in English.

    Raises:
        UsageError: there is no such language.

    """
    if name is None:
        _Spoken.name = next(filter(None, map(_known, _of_environment())), ENGLISH)
        return
    known = _known(name)
    if known is None:
        raise UsageError(tr("Unknown language {name!r}; there are: {known}.", name=name, known=", ".join(languages())))
    _Spoken.name = known


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Answer in a language for a while."""
    before = _Spoken.name
    speak(name)
    try:
        yield
    finally:
        _Spoken.name = before


def _of_environment() -> list[str]:
    """Return the languages that the environment asks for, as GNU gettext reads them: LANGUAGE lists several."""
    named = next(filter(None, map(os.environ.get, LOCALE)), "")
    if named.partition(".")[0] in NO_LANGUAGE:
        return []
    return [*os.environ.get("LANGUAGE", "").split(":"), named]


def _known(name: str) -> str | None:
    """Return the code of a language that is there, of a locale's name: ``ko`` of ``ko_KR.UTF-8``."""
    code = name.partition(".")[0].partition("@")[0].partition("_")[0]
    # A name of the environment leads to no other folder.
    if code == ENGLISH or (code.isalpha() and (FOLDER / code / CATALOGUE).is_file()):
        return code
    return None


# --- sentences -------------------------------------------------------------------------------------------------------


class Given(str):
    """A word that somebody gave, such as the name of a variant: no catalogue is asked for it, whatever it is."""

    __slots__ = ()


def tr(message: str, /, **values: object) -> str:
    """Return a sentence in the language that is spoken, its values put in by their names; a word as it was given."""
    # Of an empty message gettext returns its catalogue's header.
    if _Spoken.name != ENGLISH and message and not isinstance(message, Given):
        message = _catalogue(_Spoken.name).gettext(message)
    return message.format(**values) if values else message


def tr_of(kind: str, word: str) -> str:
    """Return a word of a kind, such as the ``method`` of a phase, looked up among those of its kind alone.

    So what a user called a piece of theirs is not taken for a word of another kind.
    """
    if _Spoken.name == ENGLISH or not word:
        return word
    return _catalogue(_Spoken.name).pgettext(kind, word)


def tr_many(one: str, many: str, /, count: int, **values: object) -> str:
    """Return the sentence for so many, ``count`` among its values."""
    if _Spoken.name == ENGLISH:
        message = one if count == 1 else many
    else:
        message = _catalogue(_Spoken.name).ngettext(one, many, count)
    return message.format(count=count, **values)


def later(message: str) -> str:
    """Return a sentence as it is: it belongs into the catalogue, and ``tr`` translates it where it is shown."""
    return message


@cache
def _catalogue(name: str) -> "GNUTranslations":
    # Loaded where another language is spoken.
    from gettext import GNUTranslations

    with (FOLDER / name / CATALOGUE).open("rb") as file:
        return GNUTranslations(file)
