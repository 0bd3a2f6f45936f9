"""How a delimited text file is read: its delimiter, and the first row that is out of step."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from features.events import BadInput

__all__ = ["csv_reader", "ragged_row"]

DELIMITERS = (",", ";", "\t", "|")


def csv_reader(path: Path) -> str:
    """Return the DuckDB table function that reads a file, its name excepted.

    A header is expected, types are told from the whole file, and nothing is left to guessing that could pass over a
    row: with a free choice of delimiter, preamble or comment, DuckDB reads a file with a broken row as one column of
    text, without a word.

    Raises
    ------
    BadInput
        The file is empty, not in UTF-8 or not what its suffix says.
    """
    try:
        with _open(path) as lines:
            header = lines.readline()
    except (UnicodeDecodeError, EOFError, OSError) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from error
    if not header.strip():
        raise BadInput(f"{path.name} cannot be read: expected a first line that names its columns.")
    delimiter = _delimiter(header)
    name = str(path).replace("'", "''")
    return (
        f"read_csv('{name}', header = true, skip = 0, comment = '', delim = '{delimiter}', "
        """quote = '"', escape = '"', sample_size = -1)"""
    )


def ragged_row(path: Path) -> str | None:
    """Say which row of a delimited file has not as many values as its header; None where all have."""
    if not path.name.lower().endswith((".csv", ".csv.gz")):
        return None
    with _open(path) as lines:
        header = lines.readline()
        lines.seek(0)
        rows = csv.reader(lines, delimiter=_delimiter(header), strict=True)
        try:
            width = len(next(rows))
            for number, row in enumerate(rows, start=1):
                if row and len(row) != width:
                    return f"row {number} has {len(row)} values, expected {width} as in the header."
        except (csv.Error, UnicodeDecodeError, EOFError, OSError) as error:
            return f"after line {rows.line_num}: {error}."
    return None


def _delimiter(header: str) -> str:
    """Return the delimiter that makes the most columns of the header."""
    return max(DELIMITERS, key=lambda sign: len(next(csv.reader([header], delimiter=sign), [])))


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8", newline="") as lines:
        yield lines
