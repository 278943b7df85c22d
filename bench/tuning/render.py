"""Rendering of the harness overlay and the variants from ``templates/postgresql``; each with its hash.

A variant's template may ask for ``hardware`` (ram_mb, cores, disk, disk_gb), for ``connections`` (what the plan needs,
or none) and for ``formula(name)``, the settings of a published formula with their derivations as comments.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.conf import Given, read_conf, refuse_owned
from bench.model import Variant, WrongUseError
from bench.tuning import parameters
from bench.tuning.formulas import tune, tune_for_need
from bench.tuning.hardware import Hardware, UnfitError
from bench.tuning.settings import Setting, settings_text

SUFFIX = ".conf.j2"
RESERVED = ("all", "as-found", "harness")
"""Names that mean something else: every variant, that of a server someone brings, and what lies under every variant."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", re.ASCII)
"""As ``model.Name``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a variant is rendered for.

    Attributes:
        hardware: what the formulas may know.
        connections: asked of a formula as its user would; None for the tool's own default.
        need: of a plan; instead of ``connections``, and raised to the fewest a tool takes.
        owned: parameters the harness sets; formulas show theirs commented out. None set: nothing is refused.

    """

    hardware: Hardware
    connections: int | None = None
    need: int | None = None
    owned: Collection[str] = ()


def template_directory() -> Path:
    """Return ``templates/postgresql``: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "templates" / "postgresql"
    return installed if installed.is_dir() else package.parent / "templates" / "postgresql"


def variant_names() -> list[str]:
    """Return the names of all variants, ``stock`` first: one for each file in ``variants/``.

    Raises:
        WrongUseError: a file has the name of another (but for capitals), one that means something else, or none.

    """
    names = sorted(path.name.removesuffix(SUFFIX) for path in (template_directory() / "variants").glob(f"*{SUFFIX}"))
    taken = dict.fromkeys(RESERVED, "pgladder's own")
    for name in names:
        if not NAME.fullmatch(name):
            raise WrongUseError(f"Template variants/{name}{SUFFIX}: a name has letters, digits, '.', '_' and '-'.")
        if name.lower() in taken:
            whose = taken[name.lower()]
            raise WrongUseError(f"Template variants/{name}{SUFFIX}: the name is {whose}; give the file another.")
        taken[name.lower()] = f"that of {name}{SUFFIX}"
    return sorted(names, key=lambda name: name != "stock")


def summary(name: str) -> str:
    """Return what a variant says of itself in its template's first line.

    Raises:
        WrongUseError: the file is no text.

    """
    path = template_directory() / "variants" / f"{name}{SUFFIX}"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise WrongUseError(f"Template variants/{name}{SUFFIX}: it is not UTF-8: {error}") from error
    return lines[0].strip(" #") if lines and lines[0].startswith("#") else ""


def render(name: str, values: Mapping[str, object]) -> Variant:
    """Render ``harness`` or ``variants/NAME`` with the facts of a box.

    Raises:
        WrongUseError: the template has an error; names file and cause.

    """
    # Late: most commands render nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

    environment = Environment(
        loader=FileSystemLoader(template_directory()),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    try:
        text = environment.get_template(f"{name}{SUFFIX}").render(values)
    except UnfitError:
        raise
    except WrongUseError as error:
        raise WrongUseError(f"Template {name}{SUFFIX}: {error}") from error
    except (TemplateError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        line = f" (line {error.lineno})" if isinstance(error, TemplateSyntaxError) else ""
        raise WrongUseError(f"Template {name}{SUFFIX}: {type(error).__name__}: {error}{line}") from error
    return as_variant(name.rpartition("/")[2], text)


def render_variant(name: str, box: Box) -> Variant:
    """Render a variant and check its text: every parameter is one of PostgreSQL 15 and takes the value.

    Raises:
        UnfitError: its formula has nothing for this hardware, or what PostgreSQL does not take.
        WrongUseError: the template or its text has an error; says where and what.

    """
    known = {"hardware": box.hardware, "connections": box.need or box.connections, "formula": partial(_formula, box)}
    variant = render(f"variants/{name}", known)
    given = settings(variant)
    if box.owned:
        refuse_owned(given, box.owned, f"Variant {name}")
    _values(variant)
    return variant


def settings(variant: Variant) -> dict[str, Given]:
    """Return what a variant sets, and the words that say why."""
    return read_conf(variant.text, f"Variant {variant.name}")


def texts(variant: Variant) -> dict[str, str]:
    """Return what a variant sets, without the words."""
    return {name: given.text for name, given in settings(variant).items()}


def effect_of(variant: Variant, *, huge_page_bytes: int | None) -> dict[str, parameters.Value]:
    """Return what is in force under a variant, as ``parameters.effect``; nothing is under one that is refused.

    Raises as ``parameters.values``.
    """
    return {} if variant.refused else parameters.effect(_values(variant), huge_page_bytes=huge_page_bytes)


def _values(variant: Variant) -> dict[str, parameters.Value]:
    return parameters.values(texts(variant), f"Variant {variant.name}")


def _formula(box: Box, name: str) -> str:
    if box.need is None:
        note, found = f"For {box.hardware}", tune(name, box.hardware, box.connections)
    else:
        note = f"For {box.hardware} and a plan that needs {box.need} connections"
        found = tune_for_need(name, box.hardware, box.need)
    _check_range(name, [each for each in found if each.name not in box.owned])
    return settings_text(found, owned=box.owned, notes=[note, ""])


def _check_range(formula: str, found: Iterable[Setting]) -> None:
    """Refuse a formula on a box so small or so large that PostgreSQL does not take what it says there."""
    where = f"PostgreSQL 15 does not take what {formula} says for this box"
    try:
        parameters.values({each.name: each.text for each in found}, where)
    except parameters.OutOfRangeError as error:
        raise UnfitError(str(error)) from error


def as_variant(name: str, text: str, refused: str | None = None) -> Variant:
    """Return a variant of this text, or one that is refused."""
    return Variant(name=name, text=text, sha256=hashlib.sha256(text.encode()).hexdigest(), refused=refused)
