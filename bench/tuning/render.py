"""Rendering of the harness overlay and the variants from ``templates/postgresql``; each with its hash."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from bench.model import Variant, WrongUseError

SUFFIX = ".conf.j2"


def template_directory() -> Path:
    """Return ``templates/postgresql``: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "templates" / "postgresql"
    return installed if installed.is_dir() else package.parent / "templates" / "postgresql"


def variant_names() -> list[str]:
    """Return the names of all variants: one for each file in ``variants/``."""
    return sorted(path.name.removesuffix(SUFFIX) for path in (template_directory() / "variants").glob(f"*{SUFFIX}"))


def render(name: str, values: Mapping[str, object]) -> Variant:
    """Render ``harness`` or ``variants/NAME`` with the facts of a box.

    Raises:
        WrongUseError: the template has an error; names file and cause.

    """
    environment = Environment(
        loader=FileSystemLoader(template_directory()),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    try:
        text = environment.get_template(f"{name}{SUFFIX}").render(values)
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise WrongUseError(f"Template {name}{SUFFIX}: {type(error).__name__}: {error}") from error
    return as_variant(name.rpartition("/")[2], text)


def as_variant(name: str, text: str) -> Variant:
    """Return a variant of this text."""
    return Variant(name=name, text=text, sha256=hashlib.sha256(text.encode()).hexdigest())
