"""How to form a list of signals from an account's measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.expressions import Ratio, Sum

__all__ = ["Plan", "plan_signals"]

Positions = npt.NDArray[np.int64]
Plan = tuple[Positions, Positions, Positions, Positions, npt.NDArray[np.bool_]]
"""Positions of the measures to add, where each signal's end, the same of the divisors, and whether to divide."""


def plan_signals(expressions: Sequence[Sum | Ratio], records: frozenset[str]) -> Plan:
    """Lay out signals for the kernel.

    Parameters
    ----------
    expressions : sequence of Sum or Ratio
        One a signal.
    records : frozenset of str
        The kinds that the source records. Measures of another are left out, and a signal that none is left of is nan.
    """
    parts = [_recorded(e.part if isinstance(e, Ratio) else e, records) for e in expressions]
    wholes = [_recorded(e.whole, records) if isinstance(e, Ratio) else [] for e in expressions]
    for part, whole, expression in zip(parts, wholes, expressions, strict=True):
        if isinstance(expression, Ratio) and not whole:
            part.clear()
    divides = np.array([isinstance(e, Ratio) and e.divide for e in expressions])
    return (*_flat(parts), *_flat(wholes), divides)


def _recorded(total: Sum, records: frozenset[str]) -> list[int]:
    return [row.position for row in total.rows if row.kind is None or row.kind in records]


def _flat(lists: Sequence[list[int]]) -> tuple[Positions, Positions]:
    positions = np.array([position for part in lists for position in part], dtype=np.int64)
    return positions, np.cumsum([len(part) for part in lists], dtype=np.int64)
