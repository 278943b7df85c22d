"""What a page needs that no run changes: Vega as one script, and the charts' specifications.

Making them takes seconds (vl-convert bundles Vega, Altair is slow to import), so they are kept in the user's cache
under the versions and the text they were made of; without a cache pages are only slower to build.
"""

import contextlib
import gzip
import hashlib
import os
from base64 import b64encode
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from bench.model.codec import DAMAGED
from bench.model.errors import PgladderError
from bench.model.language import tr
from bench.store.files import write_whole


class MissingControlError(PgladderError, RuntimeError):
    """What draws the charts is not installed: pages are made on the control machine."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The specifications are by name."""

    script: str
    """Defines ``vegaEmbed``; gzip in base64, as it lies in a page: of its 0.9 MB a third is left."""
    specifications: dict[str, dict[str, Any]]


def assets() -> Assets:
    """Return them from the cache, or make and keep them.

    Raises:
        MissingControlError: the extra ``control`` is not installed.

    """
    try:
        path = cache_directory() / f"page-{_key()}.json"
    except ModuleNotFoundError as error:  # importlib.metadata's PackageNotFoundError is one
        raise MissingControlError(
            tr("Pages are built where pgladder[control] is installed: {error}.", error=error)
        ) from error
    with contextlib.suppress(OSError, *DAMAGED):
        return msgspec.json.decode(path.read_bytes(), type=Assets)
    made = _make()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, msgspec.json.encode(made))
    return made


def cache_directory() -> Path:
    """Return where it may be kept (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "pgladder"


def _key() -> str:
    text = "".join(Path(__file__).with_name(name).read_text() for name in ("assets.py", "charts.py"))
    text += version("altair") + version("vl-convert-python")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _make() -> Assets:
    import vl_convert

    from bench.report.page.charts import specifications

    script = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the snippet is optional
    packed = b64encode(gzip.compress(script.encode(), mtime=0)).decode()
    return Assets(script=packed, specifications=specifications())
