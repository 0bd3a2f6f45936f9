"""The folder that an export is: which files it may hold, and what its `export.json` says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.events import KINDS, BadInput, Problem, check_records

__all__ = [
    "DESCRIPTION",
    "Description",
    "find_file",
    "holds_only_an_export",
    "read_description",
    "stamp",
    "write_description",
]

DESCRIPTION = "export.json"
TABLES = ("events", "accounts", "labels")
SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Description:
    """What `export.json` says of an export.

    Attributes
    ----------
    records : frozenset of str
        The kinds that the source records at all.
    sorted : bool
        Events are in order of account and time.
    """

    records: frozenset[str] = frozenset(KINDS)
    sorted: bool = False


def find_file(folder: Path, table: str) -> Path | None:
    """Return the file of a table, None where the export has none.

    Raises
    ------
    BadInput
        It is there both as Parquet and as CSV.
    """
    found = [folder / (table + suffix) for suffix in SUFFIXES if (folder / (table + suffix)).is_file()]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise BadInput(f"{folder} holds both {names}; remove one, since they may differ.")
    return found[0] if found else None


def holds_only_an_export(folder: Path) -> bool:
    """Say whether a folder is empty or holds an export and nothing else, so that it may be replaced."""
    ours = {DESCRIPTION, *(table + suffix for table in TABLES for suffix in SUFFIXES)}
    return all(entry.name in ours and entry.is_file() for entry in folder.iterdir())


def read_description(folder: Path) -> Description:
    """Return what the folder's `export.json` says, the defaults where there is none.

    Raises
    ------
    BadInput
        It is not a JSON object, or has a key, kind or value that is not known.
    """
    path = folder / DESCRIPTION
    if not path.exists():
        return Description()
    if not path.is_file():
        raise BadInput(f"{path} is not a file; remove it, or write a file that says what the source records.")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}.") from error
    if not isinstance(said, dict):
        raise BadInput(f'{path} must be a JSON object such as {{"records": ["purchase"], "sorted": true}}.')
    unknown = [
        Problem(DESCRIPTION, None, str(key), None, "records or sorted") for key in said.keys() - {"records", "sorted"}
    ]
    if unknown:
        raise BadInput(f"{path} has a key that is not known.", unknown)
    return Description(_records(said, path), _sorted(said, path))


def _records(said: dict[str, Any], path: Path) -> frozenset[str]:
    records = said.get("records")
    if records is None:
        return frozenset(KINDS)
    if not isinstance(records, list) or not records or not all(isinstance(kind, str) for kind in records):
        expected = 'a list of one kind or more, such as ["purchase", "meeting"]; leave it out if all are recorded'
        raise BadInput(f"{path} cannot be read.", [Problem(DESCRIPTION, None, "records", repr(records), expected)])
    return check_records(records, DESCRIPTION)


def _sorted(said: dict[str, Any], path: Path) -> bool:
    value = said.get("sorted", False)
    if not isinstance(value, bool):
        raise BadInput(f"{path} cannot be read.", [Problem(DESCRIPTION, None, "sorted", repr(value), "true or false")])
    return value


def stamp(*files: Path | None) -> list[list[object]]:
    """Return what changes when a file does: its path, its size, and when it was written and when touched in any way.

    Files that are None or not there are passed over.
    """
    there = [path.resolve() for path in files if path is not None and path.is_file()]
    told = [(path, path.stat()) for path in there]
    return [[str(path), about.st_size, about.st_mtime_ns, about.st_ctime_ns] for path, about in told]


def write_description(folder: Path, records: Iterable[str], *, in_order: bool) -> None:
    """Write `export.json`; the kinds in the order of the catalogue, so that it is the same each time."""
    recorded = check_records(records, DESCRIPTION)
    said = {"records": [kind for kind in KINDS if kind in recorded], "sorted": in_order}
    (folder / DESCRIPTION).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
