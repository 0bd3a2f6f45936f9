"""An entry as one line of a spool, and back: JSON behind a checksum, so that nothing damaged is ever believed."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final
from uuid import UUID
from zlib import crc32

from reviews.record import Entry, Record, Repeat, pack, unpack

__all__ = ["BadLine", "check_line", "read_line", "write_line"]


class BadLine(Exception):
    """A line is not what was written, or was written by a version with other fields."""


_CHECKSUM: Final = 8
"""Hexadecimal digits of the CRC-32 of what follows them and a space."""


def write_line(entry: Entry) -> bytes:
    """Write an entry as a line.

    Examples
    --------
    >>> write_line(Entry(())).decode().rstrip()
    'dc390ffc 1 {"records":[],"repeat":null}'
    """
    document = {
        "records": [_record_document(record) for record in entry.records],
        "repeat": None if entry.repeat is None else dict(zip(_REPEAT, _repeat_values(entry.repeat), strict=True)),
    }
    content = f"{len(entry.records) or 1} {json.dumps(document, default=_write, separators=(',', ':'))}".encode()
    return b"%08x %b\n" % (crc32(content), content)


def _record_document(record: Record) -> dict[str, Any]:
    document = dict(zip(_RECORD, _record_values(record), strict=True))
    return document if record.evidence is None else document | {"evidence": pack(record.evidence)}


def check_line(line: bytes) -> int:
    """Return how many records a line counts as, without reading them.

    Raises
    ------
    BadLine
        It is damaged.
    """
    content = line[_CHECKSUM + 1 : -1]
    if line[: _CHECKSUM + 1] != b"%08x " % crc32(content) or line[-1:] != b"\n":
        raise BadLine("its checksum does not fit")
    return int(content.partition(b" ")[0])


def read_line(line: bytes) -> Entry:
    """Read an entry from its line.

    Raises
    ------
    BadLine
        It is damaged, or has fields that this version does not know.
    """
    check_line(line)
    try:
        document = json.loads(line[line.index(b"{") :])
        repeat = document["repeat"]
        return Entry(
            tuple(Record(**_read(record)) for record in document["records"]),
            None if repeat is None else Repeat(**_read(repeat)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadLine(f"it was written by another version of the service ({type(error).__name__})") from None


_RECORD: Final = tuple(field.name for field in fields(Record))
_REPEAT: Final = tuple(field.name for field in fields(Repeat))
_record_values: Final[Callable[[Record], tuple[Any, ...]]] = attrgetter(*_RECORD)
_repeat_values: Final[Callable[[Repeat], tuple[Any, ...]]] = attrgetter(*_REPEAT)


def _write(value: bytes | UUID) -> str:
    """Write what JSON has no word for."""
    return value.hex if isinstance(value, UUID) else b64encode(value).decode()


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "id": UUID,
    "signals": b64decode,
    "evidence": lambda text: unpack(b64decode(text)),
    "review_reasons": tuple,
    "request": b64decode,
    "answer": b64decode,
}


def _read(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if value is None or name not in _READERS else _READERS[name](value)
        for name, value in values.items()
    }
