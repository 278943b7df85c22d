"""How a run travels: one tar stream from the box, in which each file carries its SHA-256.

What is there already is not sent again. A file is moved in place only when it is whole; the plan comes first, records
after the samples they speak of, checksums last: at any moment, what lies in place is a run that can be read.
"""

import hashlib
import io
import re
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bench.model.errors import PgladderError
from bench.model.language import tr
from bench.store.files import PART, write_whole
from bench.store.run_directory import CANCELLED, HOST, PLAN, SAMPLES, SAMPLES_NAME, SUMS, SUSPECTS, TRIALS

ABANDONED_S = 3600
"""So long after it was last written to, nobody writes a file any more."""
DIGEST = "PGLADDER.sha256"
END = "PGLADDER.end"
"""The last member's name: without it the stream was cut. It holds the name of the mark that the run ended with."""
SAMPLES_FILE = re.compile(rf"{SAMPLES}/{SAMPLES_NAME.pattern}")
MOST_BYTES = {PLAN: 64 << 20, HOST: 16 << 20, TRIALS: 256 << 20, SUSPECTS: 16 << 20, SUMS: 16 << 20, END: 64}
MOST_SAMPLES_BYTES = 64 << 20
MOST_DIGEST_BYTES = 4096
"""Of the header that carries a file's digest."""
MOST_FILES = 100_000
MOST_RUN_BYTES = 16 << 30
"""Some ten times what the longest run comes to: a box that sends more is not sending a run."""
BLOCK_BYTES = tarfile.BLOCKSIZE


class DamagedError(PgladderError):
    """What came is not what was sent; what lies in place is as it was, or whole."""


class TooMuchError(DamagedError):
    """What came is larger than any run is."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a stream brought."""

    files: int
    bytes: int
    sealed: bool
    """Checksums are there: the run came to its end."""


def digests(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a run, by name."""
    return {name: _digest((directory / name).read_bytes()) for name in _names(directory)}


def pack(directory: Path, have: Mapping[str, str], out: IO[bytes]) -> None:
    """Write the files of a run that are not among ``have``; it may be under way meanwhile."""
    sealed = (directory / SUMS).is_file()  # asked first: what is written later belongs to the next time
    mark = CANCELLED if (directory / CANCELLED).is_file() else ""
    trials = directory / TRIALS
    records = trials.read_bytes() if trials.is_file() else None  # before the samples, so that each record has its own
    sent = False
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as stream:
        for name in _names(directory):
            content = records if name == TRIALS else (directory / name).read_bytes()
            if content is None or (name == SUMS and not sealed):
                continue
            digest = _digest(content)
            if have.get(name) != digest or (name == SUMS and sent):  # whatever comes takes the checksums there away
                _add(stream, name, content, digest)
                sent = True
        _add(stream, END, (SUMS if sealed else mark).encode(), "")


def unpack(source: IO[bytes], directory: Path) -> Transfer:
    """Verify each file as it comes and move it in place; its name and its size are looked at before it is read.

    Raises:
        DamagedError: the stream was cut, or a file is not what its digest tells, or is none of a run.
        TooMuchError: a file, or all of them, are larger than those of a run.

    """
    files = size = 0
    while True:
        name, content, digest = _next_file(source)
        if name == END:
            return _closed(directory, files, size, content)
        files, size = files + 1, size + len(content)
        if files > MOST_FILES or size > MOST_RUN_BYTES:
            raise TooMuchError(
                tr("what came is more than a run ({files:,} files, {bytes:,} bytes)", files=files, bytes=size)
            )
        _place(directory, name, content, digest)


def _next_file(source: IO[bytes]) -> tuple[str, bytes, str]:
    """Return name, content and digest of the next file, as ``_add`` writes them."""
    header, digest = _header(source), ""
    if header.type == tarfile.XHDTYPE:
        digest = _digest_of(_content(source, header, MOST_DIGEST_BYTES))
        header = _header(source)
    if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise DamagedError(tr("{name!r} is no file of a run", name=header.name[:80]))
    return header.name, _content(source, header, _most_bytes(header.name)), digest


def _header(source: IO[bytes]) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(_exactly(source, BLOCK_BYTES), "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise DamagedError(tr("what came is no run, or was cut off ({error})", error=error)) from error


def _most_bytes(name: str) -> int:
    if SAMPLES_FILE.fullmatch(name):
        return MOST_SAMPLES_BYTES
    if name not in MOST_BYTES:
        raise DamagedError(tr("{name!r} is no file of a run", name=name[:80]))
    return MOST_BYTES[name]


def _content(source: IO[bytes], header: tarfile.TarInfo, most_bytes: int) -> bytes:
    if not 0 <= header.size <= most_bytes:
        raise TooMuchError(
            tr(
                "{name!r} shall have {bytes:,} bytes; in a run it has {most:,} at most",
                name=header.name[:80],
                bytes=header.size,
                most=most_bytes,
            )
        )
    content = _exactly(source, header.size)
    _exactly(source, -header.size % BLOCK_BYTES)
    return content


def _exactly(source: IO[bytes], count: int) -> bytes:
    content = source.read(count)
    if len(content) < count:
        raise DamagedError(tr("what came was cut off"))
    return content


def _digest_of(header: bytes) -> str:
    """Return the digest of an extended header: lines of their length, a name, its value (pax, POSIX.1-2001)."""
    found = re.search(rb"(?:^|\n)\d+ " + re.escape(DIGEST.encode()) + rb"=([0-9a-f]{64})\n", header)
    return found[1].decode() if found else ""


def _names(directory: Path) -> Iterator[str]:
    """Yield what belongs to a run, in the order in which it travels."""
    if (directory / PLAN).is_file():
        yield PLAN
    yield from sorted(
        f"{SAMPLES}/{path.name}" for path in (directory / SAMPLES).glob("*") if SAMPLES_NAME.fullmatch(path.name)
    )
    yield from (name for name in (HOST, SUSPECTS, TRIALS, SUMS) if (directory / name).is_file())


def _add(stream: tarfile.TarFile, name: str, content: bytes, digest: str) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.pax_headers = len(content), {DIGEST: digest}
    stream.addfile(member, io.BytesIO(content))


def _place(directory: Path, name: str, content: bytes, digest: str) -> None:
    if _digest(content) != digest:
        raise DamagedError(tr("{name} did not come as it was sent", name=name))
    if name != SUMS:
        (directory / SUMS).unlink(missing_ok=True)  # of an earlier end: they don't list this
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)


def _closed(directory: Path, files: int, size: int, mark: bytes) -> Transfer:
    """End a whole stream, whose mark says how the run ended: checksums that the box took back are none."""
    sealed, cancelled = mark == SUMS.encode(), mark == CANCELLED.encode()
    if mark and not sealed and not cancelled:
        raise DamagedError(tr("{name} did not come as it was sent", name=END))
    if not sealed:
        (directory / SUMS).unlink(missing_ok=True)
    (directory / CANCELLED).unlink(missing_ok=True)
    if cancelled:
        write_whole(directory / CANCELLED, b"")
    _tidy(directory)
    return Transfer(files, size, sealed=sealed)


def _tidy(directory: Path) -> None:
    """Remove what pulls that were cut off left half written; what another one is writing now is younger."""
    for part in directory.rglob(f"*{PART}"):
        with suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > ABANDONED_S:
                part.unlink()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
