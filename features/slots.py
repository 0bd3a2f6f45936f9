"""Kind and subtype of an event as one small number, its slot.

Counting events by slot lets every signal that counts or adds share one pass over the log.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.events import KINDS

__all__ = ["KIND_NAMES", "KIND_OF_SLOT", "KIND_STARTS", "N_SLOTS", "slot_of", "slot_table", "slots_of"]

KIND_NAMES: tuple[str, ...] = tuple(KINDS)

_WIDTHS = np.array([1 + len(kind.subtypes) for kind in KINDS.values()], dtype=np.int64)
KIND_STARTS: npt.NDArray[np.int64] = np.concatenate(([0], np.cumsum(_WIDTHS)[:-1]))
"""First slot of each kind, that of an event without a subtype; its subtypes follow."""

KIND_OF_SLOT: npt.NDArray[np.int64] = np.repeat(np.arange(len(_WIDTHS)), _WIDTHS)
"""Position in `KIND_NAMES` of each slot's kind."""

N_SLOTS: int = int(_WIDTHS.sum())

_SLOTS: dict[tuple[str, str | None], int] = {
    (kind.name, subtype): int(start) + position
    for kind, start in zip(KINDS.values(), KIND_STARTS, strict=True)
    for position, subtype in enumerate((None, *kind.subtypes))
}
_RANGES: dict[str, slice] = {
    name: slice(int(start), int(start + width))
    for name, start, width in zip(KIND_NAMES, KIND_STARTS, _WIDTHS, strict=True)
}


def slot_of(kind: str, subtype: str | None = None) -> int:
    """Return the slot of an event; an unlisted subtype of a kind that lists none counts as none."""
    return _SLOTS.get((kind, subtype), _SLOTS[(kind, None)])


def slots_of(kind: str) -> slice:
    """Return all slots of a kind."""
    return _RANGES[kind]


def slot_table(kinds: Sequence[str], subtypes: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the slot of each combination of two dictionaries.

    Parameters
    ----------
    kinds, subtypes : sequences of str
        The distinct values of the two columns.

    Returns
    -------
    ndarray of int64, shape (len(kinds), len(subtypes) + 1)
        The last column is for a missing subtype.
    """
    table = np.empty((len(kinds), len(subtypes) + 1), dtype=np.int64)
    for row, kind in enumerate(kinds):
        table[row] = [*(slot_of(kind, subtype) for subtype in subtypes), slot_of(kind)]
    return table
