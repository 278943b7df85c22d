"""Templates of what a browser shows: whatever was read of files and boxes is text in them, never markup."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.model.language import tr
from bench.model.plain import harmless


def environment(package: str) -> Environment:
    """Return how the templates that lie in a package are filled in; their messages in the language that is spoken."""
    templates = Environment(
        loader=PackageLoader(package, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    templates.globals.update(tr=_tr)
    # Of a text that a template does not hold itself, such as a column's head: it is text, whatever it holds.
    templates.filters["tr"] = tr
    return templates


def _tr(message: str, /, **values: object) -> Markup:
    """Return a sentence of the catalogue, which may hold markup, its values as text."""
    # Of a template or a catalogue, so it is our own; what it is given is escaped.
    return Markup(tr(message)).format(**{name: _harmless(value) for name, value in values.items()})  # noqa: S704


def _harmless(value: object) -> object:
    """Leave out of what was read what steers or turns a text; markup is our own."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return harmless(value)
