"""Rendering of the harness overlay and the variants from ``templates/postgresql``; each with its hash.

A variant's template may ask for ``hardware`` (ram_mb, cores, disk, disk_gb), for ``connections`` (what the plan needs;
an error where nobody says) and for ``formula(name)``, the settings of a published formula with their derivations as
comments.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from stat import S_ISREG

from bench.engines.postgresql import parameters
from bench.engines.postgresql.conf import Given, read_conf, refuse_owned
from bench.engines.postgresql.majors import known_major
from bench.model.errors import DataError, HostError, NothingDoneError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.plan import Variant
from bench.model.values import NAME
from bench.tuning.formulas import tune, tune_for_need
from bench.tuning.hardware import Hardware
from bench.tuning.settings import Setting, settings_text

SUFFIX = ".conf.j2"
HARNESS = "harness"
AS_FOUND = "as-found"
"""The variant of a server someone brings."""
RESERVED = ("all", AS_FOUND, "harness")
"""Names that mean something else: every variant, that of a server someone brings, and what lies under every variant."""
MOST_BYTES = 1_000_000
"""Of a template: the largest built in has 500; one a thousand times as large is some other file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What a variant is rendered for.

    Attributes:
        hardware: what the formulas may know.
        connections: asked of a formula as its user would; None for the tool's own default.
        need: of a plan; instead of ``connections``, and raised to the fewest a tool takes.
        owned: parameters the harness sets; formulas show theirs commented out. None set: nothing is refused.
        version: PostgreSQL's major; None: the reference.

    """

    hardware: Hardware
    connections: int | None = None
    need: int | None = None
    owned: Collection[str] = ()
    version: str | None = None


def template_directory() -> Path:
    """Return ``templates/postgresql``: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parents[2]
    installed = package / "templates" / "postgresql"
    if installed.is_dir():
        return installed
    return package.parent / "templates" / "postgresql"


def variant_names() -> list[str]:
    """Return the names of all variants, ``stock`` first: one a file in ``variants/``, also one that can't be taken."""
    names = sorted(path.name.removesuffix(SUFFIX) for path in (template_directory() / "variants").glob(f"*{SUFFIX}"))
    return sorted(names, key=lambda name: name != "stock")


def summary(name: str) -> str:
    """Return what a variant says of itself in its template's first line.

    Raises:
        DataError: the file can't be taken; the message gives the reason.

    """
    lines = _text(f"variants/{name}").splitlines()
    if lines and lines[0].startswith("#"):
        return lines[0].strip(" #")
    return ""


def is_users(variant: str) -> bool:
    """Return whether a variant is a template of the user's, given by its path."""
    return variant.endswith(SUFFIX)


def name_of(variant: str) -> str:
    """Return the name of a variant that is given by name or by path."""
    return Path(variant).name.removesuffix(SUFFIX) if is_users(variant) else variant


def pick_variants(asked: Sequence[str]) -> list[str]:
    """Return the variants asked for, by name or by path; raises as ``pick``."""
    return pick("variant", asked, [*variant_names(), *filter(is_users, asked)])


def _text(name: str) -> str:
    """Read ``harness``, ``variants/NAME`` or a user's file: a regular one, or a link to one, whose name is its own."""
    path = Path(name) if is_users(name) else template_directory() / f"{name}{SUFFIX}"
    try:
        if name != HARNESS:
            _check_name(path.name.removesuffix(SUFFIX), users=is_users(name))
        return _read(path)
    except DataError as error:
        shown = name.removesuffix(SUFFIX)
        raise DataError(_of_template(shown if shown.isprintable() else ascii(shown), error)) from error


def _check_name(name: str, *, users: bool) -> None:
    if users and name in variant_names():
        raise DataError(tr("pgladder has a variant of that name; give the file another."))
    if not NAME.fullmatch(name):
        raise DataError(tr("a name has letters, digits, '.', '_' and '-', the first a letter or digit."))
    if name.lower() in RESERVED:
        raise DataError(tr("the name is pgladder's own; give the file another."))
    alike = (other for other in variant_names() if other.lower() == name.lower())
    if (whose := min(alike, key=lambda other: (not other.islower(), other), default=name)) != name:
        raise DataError(tr("the name is that of {file}; give the file another.", file=f"{whose}{SUFFIX}"))


def _of_template(name: str, why: object) -> str:
    return tr("Template {file}: {why}", file=f"{name}{SUFFIX}", why=why)


def _read(path: Path) -> str:
    try:
        if not S_ISREG(path.stat().st_mode):
            raise DataError(tr("it is no regular file."))
        with path.open("rb") as file:
            read = file.read(MOST_BYTES + 1)
        # Read, not asked for its size: a file may grow, and those of /proc have none.
        if len(read) > MOST_BYTES:
            raise DataError(tr("it is larger than {most:,} bytes.", most=MOST_BYTES))
        return read.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(tr("it is not UTF-8: {error}.", error=error)) from error
    except OSError as error:
        raise DataError(tr("it can't be read: {why}.", why=error.strerror)) from error


def render(name: str, values: Mapping[str, object]) -> Variant:
    """Render ``harness`` or ``variants/NAME`` with the facts of a box.

    Raises:
        NothingDoneError: the template can't be taken or has an error; names file and cause.

    """
    source = _text(name)
    # Late: most commands render nothing.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError

    environment = Environment(
        loader=FileSystemLoader(template_directory()),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    try:
        text = environment.from_string(source).render(values)
    except HostError:  # the box is at fault, not the template
        raise
    except NothingDoneError as error:
        raise type(error)(_of_template(name.removesuffix(SUFFIX), error)) from error
    except (TemplateError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        line = f" (line {error.lineno})" if isinstance(error, TemplateSyntaxError) else ""
        why = f"{type(error).__name__}: {error}{line}"
        raise DataError(_of_template(name.removesuffix(SUFFIX), why)) from error
    return as_variant(Path(name).name.removesuffix(SUFFIX), text)


def render_variant(name: str, box: Box) -> Variant:
    """Render a variant and check its text: every parameter that is known takes the value.

    Raises:
        HostError: its formula has nothing for this hardware, or it is for other majors of PostgreSQL.
        NothingDoneError: the template or its text has an error; says where and what.

    """
    from jinja2 import StrictUndefined  # late, as in render

    connections = (
        box.need or box.connections or StrictUndefined("it uses connections: say with --connections how many.")
    )
    known = {"hardware": box.hardware, "connections": connections, "formula": partial(_formula, box)}
    variant = replace(render(name if is_users(name) else f"variants/{name}", known), version=box.version)
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
    if variant.refused:
        return {}
    return parameters.effect(_values(variant), huge_page_bytes=huge_page_bytes, version=variant.version)


def _values(variant: Variant) -> dict[str, parameters.Value]:
    return parameters.values(texts(variant), f"Variant {variant.name}", variant.version)


def _formula(box: Box, name: str) -> str:
    major = known_major(box.version)
    if box.need is None:
        note, found = f"For {box.hardware}", tune(name, box.hardware, box.connections, major)
    else:
        note = f"For {box.hardware} and a plan that needs {box.need} connections"
        found = tune_for_need(name, box.hardware, box.need, major)
    _check_range(name, [each for each in found if each.name not in box.owned], box.version)
    return settings_text(found, owned=box.owned, notes=[note, ""])


def _check_range(formula: str, found: Iterable[Setting], version: str | None) -> None:
    """Refuse a formula on a box so small or so large that PostgreSQL does not take what it says there."""
    where = f"PostgreSQL {known_major(version)} does not take what {formula} says for this box"
    try:
        parameters.values({each.name: each.text for each in found}, where, version)
    except parameters.OutOfRangeError as error:
        raise HostError(str(error)) from error


def as_variant(name: str, text: str, refused: str | None = None, version: str | None = None) -> Variant:
    """Return a variant of this text, or one that is refused."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Variant(name=name, text=text, sha256=sha256, version=version, refused=refused)
