"""A scorecard as bytes: flat numpy arrays in an npz archive, without pickles, the same bytes for the same scorecard."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.curves import Curve, Floats, PairTable

FORMAT = 1
"""Version of the layout; a file of another version is refused."""

#: Kind and number of dimensions of every array in the file.
LAYOUT: dict[str, tuple[str, int]] = {
    "format": ("i", 0),
    "base": ("f", 0),
    "signal_names": ("U", 1),
    "edge_counts": ("i", 1),
    "edges": ("f", 1),
    "levels": ("f", 1),
    "slopes": ("f", 1),
    "anchors": ("f", 1),
    "masses": ("f", 1),
    "pairs": ("i", 2),
    "cut_counts": ("i", 2),
    "cuts": ("f", 1),
    "cut_masses": ("f", 1),
    "cells": ("f", 1),
}

Arrays = Mapping[str, NDArray[np.generic]]


class BrokenScorecard(ValueError):
    """The bytes are not a scorecard, or its parts contradict each other."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What a scorecard is made of.

    Attributes
    ----------
    base : float
        Log-odds of the average account.
    curves : tuple of Curve
        One a signal, in the order of the signals.
    tables : tuple of PairTable
        Any number, each of two different signals.
    """

    base: float
    curves: tuple[Curve, ...]
    tables: tuple[PairTable, ...]


def write_parts(parts: Parts) -> bytes:
    """Write the parts of a scorecard as the bytes of an npz archive."""
    arrays = _flatten(parts)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in LAYOUT:
            # A member's time of writing would make two equal scorecards differ.
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(arrays[name]), allow_pickle=False)
            archive.writestr(member, content.getvalue())
    return stream.getvalue()


def read_parts(content: bytes) -> Parts:
    """Read the parts of a scorecard back.

    Raises
    ------
    BrokenScorecard
        When the bytes are not such an archive, or an array has the wrong type, dimension or length.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise BrokenScorecard(f"The scorecard file cannot be read ({error}). Restore it, or train again.") from error
    _check_layout(arrays)
    return _unflatten(arrays)


def _flatten(parts: Parts) -> dict[str, NDArray[np.generic]]:
    curves, tables = parts.curves, parts.tables
    places = {curve.signal: place for place, curve in enumerate(curves)}
    sides = [side for table in tables for side in (table.row_edges, table.column_edges)]
    masses = [side for table in tables for side in (table.row_masses, table.column_masses)]
    return {
        "format": np.array(FORMAT),
        "base": np.array(parts.base, dtype=np.float64),
        "signal_names": np.array([curve.signal for curve in curves], dtype=np.str_),
        "edge_counts": np.array([len(curve.edges) for curve in curves], dtype=np.int64),
        "edges": _joined([curve.edges for curve in curves]),
        "levels": _joined([curve.levels for curve in curves]),
        "slopes": _joined([curve.slopes for curve in curves]),
        "anchors": _joined([curve.anchors for curve in curves]),
        "masses": _joined([curve.masses for curve in curves]),
        "pairs": np.array([[places[name] for name in table.signals] for table in tables], dtype=np.int64).reshape(
            -1, 2
        ),
        "cut_counts": np.array([len(side) for side in sides], dtype=np.int64).reshape(-1, 2),
        "cuts": _joined(sides),
        "cut_masses": _joined(masses),
        "cells": _joined([table.values.ravel() for table in tables]),
    }


def _unflatten(arrays: Arrays) -> Parts:
    counts = arrays["edge_counts"].astype(np.int64)
    bins = {
        name: _split(arrays, name, counts + (0 if name == "edges" else 2))
        for name in ("edges", "levels", "slopes", "anchors", "masses")
    }
    names = [str(name) for name in arrays["signal_names"]]
    _expect(len(counts) == len(names), f"{len(names)} signal names but {len(counts)} counts of edges")
    curves = tuple(Curve(name, *(bins[part][f] for part in bins)) for f, name in enumerate(names))
    return Parts(float(arrays["base"]), curves, _tables(arrays, names))


def _tables(arrays: Arrays, names: Sequence[str]) -> tuple[PairTable, ...]:
    pairs, counts = arrays["pairs"].astype(np.int64), arrays["cut_counts"].astype(np.int64)
    _expect(
        pairs.shape == counts.shape == (len(pairs), 2),
        f"pairs of shape {pairs.shape} and counts of their edges of shape {counts.shape}",
    )
    _expect(bool(((pairs >= 0) & (pairs < len(names))).all()), f"a pair of a signal that is none of the {len(names)}")
    edges = _split(arrays, "cuts", counts.ravel())
    masses = _split(arrays, "cut_masses", counts.ravel() + 2)
    cells = _split(arrays, "cells", (counts + 2).prod(axis=1))
    return tuple(
        PairTable(
            signals=(names[row], names[column]),
            row_edges=edges[2 * p],
            column_edges=edges[2 * p + 1],
            values=cells[p].reshape(len(masses[2 * p]), len(masses[2 * p + 1])),
            row_masses=masses[2 * p],
            column_masses=masses[2 * p + 1],
        )
        for p, (row, column) in enumerate(pairs)
    )


def _check_layout(arrays: Arrays) -> None:
    _expect(
        set(arrays) == set(LAYOUT),
        f"missing arrays {sorted(set(LAYOUT) - set(arrays))}, unknown arrays {sorted(set(arrays) - set(LAYOUT))}",
    )
    for name, (kind, dimensions) in LAYOUT.items():
        array = arrays[name]
        _expect(
            array.dtype.kind == kind and array.ndim == dimensions,
            f"array {name!r} of type {array.dtype} with {array.ndim} dimensions, expected kind {kind!r} with "
            f"{dimensions}",
        )
    _expect(int(arrays["format"]) == FORMAT, f"format {int(arrays['format'])}, expected {FORMAT}")


def _split(arrays: Arrays, name: str, lengths: NDArray[np.int64]) -> list[Floats]:
    """Cut a flat array into pieces of these lengths."""
    flat = arrays[name].astype(np.float64)
    _expect(
        bool((lengths >= 0).all()) and int(lengths.sum()) == len(flat),
        f"array {name!r} holds {len(flat)} numbers, expected {int(lengths.sum())}",
    )
    return np.split(flat, np.cumsum(lengths)[:-1]) if len(lengths) else []


def _joined(arrays: Sequence[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *arrays])


def _expect(holds: bool, finding: str) -> None:
    if not holds:
        raise BrokenScorecard(f"The scorecard file is damaged: {finding}. Restore it, or train again.")
