"""The spool: a bounded file on this machine's own disk that holds what the database could not take yet."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from reviews.record import Entry
from serving.recording.lines import BadLine, check_line, read_line, write_line

__all__ = ["Chunk", "Spool"]

_BUFFER: Final = 262_144

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The oldest entries of a spool.

    Attributes
    ----------
    entries : tuple of Entry
        In the order in which they were spooled.
    records : int
        How many the lines said that they hold, readable or not.
    end : int
        Where the chunk ends in the file.
    """

    entries: tuple[Entry, ...]
    records: int
    end: int


class Spool:
    """One file, claimed for as long as it is open: whoever is killed lets go of it.

    Entries are appended by one thread while another takes them from the front. How far the front has come is not kept
    on disk: after a crash all of it is written to the database again, which ignores what it has.

    Parameters
    ----------
    path : Path
        Created, for its owner alone, where it is not there. What cannot be read goes to the file beside it with
        `.bad` behind its name.
    most : int
        Bytes that the file may have.
    found : callable, optional
        Called with each entry that an earlier process left.

    Raises
    ------
    BlockingIOError
        Another process has it.
    OSError
        It cannot be created or read.
    """

    def __init__(self, path: Path, most: int, found: Callable[[Entry], object] | None = None) -> None:
        self.path = path
        self.most = most
        self.records = 0
        self.size = 0
        self._front = 0
        self._aside = 0
        self._lock = Lock()
        self._file = _claim(path)
        try:
            self._survey(found)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, entries: Sequence[Entry]) -> int:
        """Put entries behind all others; they are on disk when this returns.

        Returns
        -------
        int
            How many of them there was room for, counted from the first.

        Raises
        ------
        OSError
            The disk is full or broken. None of them is in the spool.
        """
        lines, records = [], 0
        with self._lock:
            self._find_again()
            room = self.most - self.size
            for entry in entries:
                line = write_line(entry)
                room -= len(line)
                if room < 0:
                    break
                lines.append(line)
                records += len(entry.records) or 1
            try:
                end = self._write(b"".join(lines))
            except OSError:
                # Whatever part of it has arrived: the next one overwrites that, and a restart must not read it.
                with suppress(OSError):
                    os.ftruncate(self._file, self.size)
                raise
            self.size = end
            self.records += records
        return len(lines)

    def head(self, most: int) -> Chunk:
        """Read the oldest entries, about `most` records of them, without taking them away.

        What cannot be read is set aside, once, and counted, and stands in nobody's way.
        """
        entries, records, place = [], 0, self._front
        for line in self._lines(place, self.size):
            place += len(line)
            try:
                records += check_line(line)
                entries.append(read_line(line))
            except BadLine as error:
                if place > self._aside:
                    _log.error("%s: a line cannot be read, %s; it is kept in %s.", self.path, error, self._bad.name)
                    self.set_aside(line)
                    self._aside = place
            if records >= most:
                break
        return Chunk(tuple(entries), records, place)

    def done(self, chunk: Chunk) -> None:
        """Forget the oldest entries: the database has them."""
        with self._lock:
            self._front = chunk.end
            self.records -= chunk.records
            if self._front == self.size:
                os.ftruncate(self._file, 0)
                self._front = self._aside = self.size = self.records = 0

    def set_aside(self, line: bytes) -> None:
        """Keep a line for people to look at."""
        aside = os.open(self._bad, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(aside, line if line.endswith(b"\n") else line + b"\n")
            os.fsync(aside)
        finally:
            os.close(aside)

    @property
    def empty(self) -> bool:
        """Whether nothing waits in it."""
        return self._front == self.size

    def close(self) -> None:
        """Let go of the file; what it holds stays for the next process."""
        with self._lock:
            os.close(self._file)
            # Its number may be another file's soon, and a thread that was stuck must not write there.
            self._file = -1

    @property
    def _bad(self) -> Path:
        return self.path.with_name(f"{self.path.name}.bad")

    def _find_again(self) -> None:
        """Make the file anew where somebody deleted it: what is written to a file without a name is lost at the end."""
        if os.fstat(self._file).st_nlink:
            return
        _log.error("%s was deleted while it was in use; it is made anew.", self.path)
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        old, content = self._file, os.pread(self._file, self.size, 0)
        self._file, self.size = _claim(self.path), 0
        self.size = self._write(content)
        os.close(old)

    def _write(self, content: bytes) -> int:
        """Write at the end and wait until it is on disk; where that ends."""
        place, left = self.size, memoryview(content)
        while left:
            written = os.pwrite(self._file, left, place)
            place, left = place + written, left[written:]
        if content:
            os.fsync(self._file)
        return place

    def _lines(self, start: int, end: int) -> Iterator[bytes]:
        """Read line by line, never beyond what was on disk when it began."""
        with os.fdopen(os.dup(self._file), "rb", _BUFFER) as reader:
            reader.seek(start)
            while start < end:
                line = reader.readline(end - start)
                start += len(line)
                yield line

    def _survey(self, found: Callable[[Entry], object] | None) -> None:
        """Count what an earlier process left, and cut off a last line that it did not get to write."""
        self.size = os.fstat(self._file).st_size
        line = b""
        for line in self._lines(0, self.size):
            with suppress(BadLine):
                self.records += check_line(line)
                if found is not None:
                    found(read_line(line))
        if line and not line.endswith(b"\n"):
            # Nobody was told that it is kept, since that comes after the whole of it is on disk.
            _log.warning("%s: its last line is torn, by a crash; %d bytes are cut off.", self.path, len(line))
            self.set_aside(line)
            self.size -= len(line)
            os.ftruncate(self._file, self.size)


def _claim(path: Path) -> int:
    """Open a file that no other process has open."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(file, 0o600)
        _sync_folder(path.parent)
    except BaseException:
        os.close(file)
        raise
    return file


def _sync_folder(folder: Path) -> None:
    """Wait until the folder's list of files is on disk: a file that it does not name is lost with the power."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
