"""One file of a disk that forgets: its bytes on the disk, and those that were written and never flushed.

What is flushed is written to a real file, which is the disk; all else is held in blocks of 4 KiB, as a page cache does.
Names are ``disk``'s.
"""

import os
from random import Random

BLOCK = 4096
"""Bytes that a disk writes all or not at all; half a page of PostgreSQL."""
HALF = 0.5
"""The chance of a block that was not flushed to be on the disk nevertheless, where writes are torn."""


class File:
    """A file's bytes; a truncation counts as bytes, and is on the disk when they are flushed."""

    def __init__(self, descriptor: int | None = None, size: int = 0) -> None:
        self.descriptor = descriptor
        """Of the real file; None as long as it has no name on the disk."""
        self.size = size
        self._kept = size
        """How many bytes of the real file still count: it was truncated to so many."""
        self._blocks: dict[int, bytes] = {}
        """Written and not flushed, by their number."""

    def __del__(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)

    @property
    def unflushed_bytes(self) -> int:
        """How much is held that a cut would forget, in whole blocks."""
        return len(self._blocks) * BLOCK

    def read(self, offset: int, size: int) -> bytes:
        """Return bytes, up to the end of the file."""
        size = max(0, min(size, self.size - offset))
        numbers = range(offset // BLOCK, -(-(offset + size) // BLOCK))
        if not any(number in self._blocks for number in numbers):
            return self._on_disk(offset, size)
        skipped = offset - numbers.start * BLOCK
        return b"".join(map(self._block, numbers))[skipped : skipped + size]

    def write(self, offset: int, data: bytes) -> None:
        """Hold bytes until they are flushed."""
        end = offset + len(data)
        for number in range(offset // BLOCK, -(-end // BLOCK)):
            start = number * BLOCK
            begins, ends = max(offset, start), min(end, start + BLOCK)
            part = data[begins - offset : ends - offset]
            if len(part) < BLOCK:
                old = self._block(number)
                part = old[: begins - start] + part + old[ends - start :]
            self._blocks[number] = part
        self.size = max(self.size, end)

    def truncate(self, size: int) -> None:
        """Shorten or lengthen it; what is added is zeros."""
        number, within = divmod(size, BLOCK)
        for beyond in [each for each in self._blocks if each > number or (each == number and not within)]:
            del self._blocks[beyond]
        if number in self._blocks:
            self._blocks[number] = self._blocks[number][:within].ljust(BLOCK, b"\0")
        self._kept = min(self._kept, size)
        self.size = size

    def flush(self) -> None:
        """Have all of it on the disk; its name must be there already."""
        assert self.descriptor is not None
        os.ftruncate(self.descriptor, self._kept)
        for number, block in self._blocks.items():
            os.pwrite(self.descriptor, block, number * BLOCK)
        os.ftruncate(self.descriptor, self.size)
        self._kept = self.size
        self._blocks.clear()

    def tear(self, chance: Random) -> tuple[int, int]:
        """Have some of the blocks on the disk, each or not by chance; return how many, and of how many pages one half.

        A kernel may have written any block before the power went, in any order.
        """
        if self.descriptor is None:
            return 0, 0
        survivors = {number for number in sorted(self._blocks) if chance.random() < HALF}
        for number in survivors:
            start = number * BLOCK
            os.pwrite(self.descriptor, self._blocks[number][: self.size - start], start)
        pages = {number // 2 for number in self._blocks}
        whole = [page for page in pages if {2 * page, 2 * page + 1} <= self._blocks.keys()]
        torn = [page for page in whole if (2 * page in survivors) != (2 * page + 1 in survivors)]
        return len(survivors), len(torn)

    def _block(self, number: int) -> bytes:
        return self._blocks.get(number) or self._on_disk(number * BLOCK, BLOCK)

    def _on_disk(self, offset: int, size: int) -> bytes:
        there = max(0, min(size, self._kept - offset))
        if there == 0 or self.descriptor is None:
            return bytes(size)
        return os.pread(self.descriptor, there, offset).ljust(size, b"\0")
