"""Templates of what a browser shows: whatever was read of files and boxes is text in them, never markup."""

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.model.plain import harmless


def environment(package: str) -> Environment:
    """Return how the templates that lie in a package are filled in."""
    return Environment(
        loader=PackageLoader(package, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )


def _harmless(value: object) -> object:
    """Leave out of what was read what steers or turns a text; markup is our own."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return harmless(value)
