"""A configuration tried out beside a running server, which does not notice.

Owns what can be told before a variant is applied: PostgreSQL's own reading of every setting, whether preload libraries
are there, and whether the box can hold what is asked. ``postgres -C`` reads a staged data directory: harness, variant
and copies of what it needs besides, so that the sizes of shared memory, which it will not tell of a directory in use,
are had as well (PostgreSQL 15, src/backend/postmaster/postmaster.c).
"""

import os
import re
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import psutil

from bench.engines.postgresql.binaries import build_of
from bench.engines.postgresql.conf import read_conf, refuse_owned
from bench.engines.postgresql.owner import Owner
from bench.engines.postgresql.parameters import hint, parameters
from bench.engines.postgresql.session import VariantError
from bench.engines.postgresql.units import shown
from bench.engines.postgresql.wal import KEEPING_WAL
from bench.model.errors import DataError
from bench.model.plan import Variant
from bench.probes.control_group import memory_limit_bytes

STAGE = """
set -eu
umask 077
staged=$1 data=$2 configuration=$3
rm -rf "$staged"
mkdir "$staged" "$staged/global" "$staged/base" "$staged/${configuration##*/}" # Citus makes a directory in base
# without the line that leads to the data directory in use, which Debian writes
sed '/^data_directory/d' "${configuration%/*}/postgresql.conf" >"$staged/postgresql.conf"
: >"$staged/postgresql.auto.conf"
for name in PG_VERSION global/pg_control server.crt server.key; do # a certificate is there for TLS only
  [ ! -e "$data/$name" ] || cp "$data/$name" "$staged/$name"
done
"""
HARNESS_FILE, VARIANT_FILE = "10-harness.conf", "20-variant.conf"
SHARED, IN_HUGE_PAGES = "shared_memory_size", "shared_memory_size_in_huge_pages"
"""Each follows from other settings, and is another under each variant; the second is asked for where it matters."""
SIZES = (SHARED, *KEEPING_WAL, "huge_pages", "shared_buffers")
TOLD_BY_ITS_TEXT = ("bool", "integer", "real")
"""Kinds of parameters of which a text says all, given that PostgreSQL takes it: nobody need ask for its reading."""
LOOP = 'postgres=$1 data=$2; shift 2; for name; do "$postgres" -D "$data" -C "$name" || exit; printf "\\0"; done'
PRELOADED = {"shared_preload_libraries": "", "session_preload_libraries": "", "local_preload_libraries": "plugins/"}
HUGE_PAGES = ("/proc/sys/vm/nr_hugepages", "/proc/sys/vm/nr_overcommit_hugepages")
UNRECOGNIZED = re.compile(r'unrecognized configuration parameter "([^"]+)"')
GB = 1e9
PROCESSORS = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Checked:
    """A variant that PostgreSQL takes and the box can hold."""

    variant: Variant
    of_harness: Mapping[str, str]
    """What the harness sets, as written."""
    texts: Mapping[str, str]
    """What harness and variant set, as written."""
    readings: Mapping[str, str]
    """PostgreSQL's own reading of the words among them, and of sizes, these in base units."""


class Staging:
    """Checks variants on top of one harness, against one data directory; each text once.

    ``configuration`` is where harness and variant belong; ``postgresql.conf`` beside it includes it by its name.
    """

    def __init__(self, directory: Path, data: Path, configuration: Path, bin_dir: Path, owner: Owner) -> None:
        self._directory, self._data, self._bin, self._owner = directory, data, bin_dir, owner
        self._configuration = directory / configuration.name
        self._known: dict[Variant, Checked] = {}
        self._known_readings: dict[str, str] = {}
        """Of what no variant has set so far, the harness's own among it: had once, it stays."""
        owner.do("sh", "-c", STAGE, "sh", directory, data, configuration)

    def check(self, harness: Variant, variant: Variant, disk_bytes: int = 0) -> Checked:
        """Try a variant out.

        Args:
            harness: what it comes on top of.
            variant: the one.
            disk_bytes: what the trials under it will put on the disk of the data directory, its WAL included.

        Raises:
            VariantError: PostgreSQL does not take it, or the box can't hold it; says which setting and why.

        """
        if variant not in self._known:
            self._known[variant] = self._check(harness, variant, disk_bytes)
        return self._known[variant]

    def _check(self, harness: Variant, variant: Variant, disk_bytes: int) -> Checked:
        texts = {name: given.text for name, given in read_conf(harness.text, "The harness").items()}
        try:
            own = {name: given.text for name, given in read_conf(variant.text, "its text").items()}
            refuse_owned(own, texts, "it")
        except DataError as error:
            raise VariantError(variant.name, str(error)) from error
        for why in self._missing_libraries(own):
            raise VariantError(variant.name, why)
        # Into a copy: what runs reads its own files, and never what is only tried.
        self._owner.put(self._configuration / VARIANT_FILE, variant.text)
        if not self._known:
            self._owner.put(self._configuration / HARNESS_FILE, harness.text)
        kept = {name: text for name, text in self._known_readings.items() if name not in own}
        asked = {name for name in texts | own if self._is_asked_for(name)}
        readings = kept | self._all_readings(variant.name, sorted(asked.difference(SIZES, kept)), kept)
        self._known_readings |= {name: readings[name] for name in readings.keys() - own.keys() - {SHARED}}
        if readings["huge_pages"] == "on":
            readings |= self._readings(variant.name, [IN_HUGE_PAGES])
        for why in too_much(readings, self._data, disk_bytes):
            raise VariantError(variant.name, why)
        return Checked(variant, texts, texts | own, readings)

    def _is_asked_for(self, name: str) -> bool:
        known = parameters(build_of(self._bin).major).get(name)
        return known is None or known.kind not in TOLD_BY_ITS_TEXT

    def _all_readings(self, variant: str, names: Sequence[str], kept: Collection[str]) -> dict[str, str]:
        """Ask for every one, and the sizes not kept, on all processors at once: PostgreSQL is started for each."""
        asked = [*(size for size in SIZES if size not in kept), *names]
        # At once, as of these the size of shared memory alone takes the directory's lock.
        shares = list(filter(None, (asked[start::PROCESSORS] for start in range(PROCESSORS))))
        with ThreadPoolExecutor(PROCESSORS) as pool:
            shares_read = pool.map(lambda share: self._readings(variant, share), shares)
        return {name: text for share in shares_read for name, text in share.items()}

    def _readings(self, variant: str, names: Sequence[str]) -> dict[str, str]:
        done = self._owner.run(["sh", "-c", LOOP, "sh", self._bin / "postgres", self._directory, *names])
        if done.returncode:
            raise VariantError(variant, complaint(done.stderr) + hint(UNRECOGNIZED.findall(done.stderr)))
        return {name: text.rstrip("\n") for name, text in zip(names, done.stdout.split("\0")[:-1], strict=True)}

    def _missing_libraries(self, texts: Mapping[str, str]) -> Iterable[str]:
        for name, within in PRELOADED.items():
            for library in filter(None, (each.strip(' "') for each in texts.get(name, "").split(","))):
                libraries = self._owner.run([self._bin / "pg_config", "--pkglibdir"]).stdout.strip()
                path = Path(libraries) / within / library.replace("$libdir/", "")
                if not path.is_file() and not path.with_name(path.name + ".so").is_file():
                    yield f"{name} = {texts[name]}: there is no library {library} in {path.parent}"


def complaint(log: str) -> str:
    """Return what PostgreSQL complains of, with its hint: ``invalid value for parameter "work_mem": "3XB" (…)``."""
    first: dict[str, str] = {}
    for level, text in re.findall(r"\b(LOG|ERROR|FATAL|PANIC|HINT): +(.*)", log):
        if "skipping missing" in text or "contains errors" in text:
            continue
        kind = level if level in {"LOG", "HINT"} else "grave"
        first.setdefault(kind, text)
    what = first.get("grave", first.get("LOG", log.strip()))
    hint = f" ({first['HINT']})" if "HINT" in first else ""
    return re.sub(r' in file "[^"]*"', "", what) + hint


def too_much(readings: Mapping[str, str], data: Path, disk_bytes: int) -> Iterable[str]:
    """Say what of a configuration the box can't hold: shared memory, huge pages, WAL and with it what is written."""
    shared, (memory, whose) = int(readings["shared_memory_size"]) << 20, memory_left_to_us()
    if shared > memory:
        yield (
            f"shared_buffers = {shown(Fraction(readings['shared_buffers']), '8kB')}: with it PostgreSQL takes"
            f" {shared / GB:.1f} GB of shared memory, and {whose} {memory / GB:.1f} GB"
        )
    if readings["huge_pages"] == "on":
        pages, there = int(readings[IN_HUGE_PAGES]), sum(map(_count, HUGE_PAGES))
        if not 0 <= pages <= there:
            yield f"huge_pages = on: it takes {pages} huge pages, and {there} are set aside (vm.nr_hugepages)"
    name = max(KEEPING_WAL, key=lambda name: int(readings[name]))
    keeps, wal = f"{name} = {shown(Fraction(readings[name]), 'MB')}", data / "pg_wal"
    free = shutil.disk_usage(wal).free + sum(map(_size, wal.glob("[0-9A-F]*")))
    if int(readings[name]) << 20 > free:
        yield f"{keeps}: so much is not free, {free / GB:.1f} GB are"
    elif disk_bytes > free and wal.stat().st_dev == data.stat().st_dev:
        yield f"{keeps}: WAL and rows may take {disk_bytes / GB:.1f} GB, and {free / GB:.1f} GB are free"


def memory_left_to_us() -> tuple[int, str]:
    """Return how many bytes there are for us, and in words by what."""
    total, limit = psutil.virtual_memory().total, None
    with suppress(OSError, ValueError):  # no control groups, or none that tell
        limit = memory_limit_bytes(Path("/"))
    if limit and limit < total:
        return limit, "its control group allows"
    return total, "this box has"


def _size(file: Path) -> int:
    with suppress(FileNotFoundError):  # a checkpoint has just removed it, or given it another name
        return file.stat().st_size
    return 0


def _count(path: str) -> int:
    try:
        return int(Path(path).read_text())
    except OSError:
        return 0  # a kernel without huge pages
