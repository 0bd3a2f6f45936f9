"""What the signals of a bundled reference log come to on this machine, with this code.

A model means something only with the signals it learned from. A bundle carries the fingerprint of its training; before
it answers, its reader compares it with the fingerprint of the code that is to feed it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

import numpy as np
import pandas as pd

from features.arrow import log_of_frames, to_micros
from features.events import KINDS
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix

__all__ = ["TOLERANCE", "Fingerprint", "differences", "fingerprint", "fingerprint_digest"]

Fingerprint = dict[str, tuple[float | None, ...]]
"""Values of each signal by its name; None is nan."""

TOLERANCE: Final = 1e-9
"""Largest relative difference that still is the same value: log and exp differ in the last bits between processors."""

_AS_OF = to_micros("2026-07-01")
_SOURCES = (frozenset(KINDS), frozenset({"purchase", "refund"}), frozenset({"contract", "meeting", "deal"}))
"""What three sources record: a signal is a number for one and unknown for another."""


def fingerprint() -> Fingerprint:
    """Return the signals of the reference log, `features/reference`.

    Returns
    -------
    dict of str to tuple
        In the order of the catalogue; one value for each account of each of three sources, of which one records
        every kind, one sales alone and one agreements alone.

    Examples
    --------
    >>> fingerprint()["retainer_active"][0]
    1.0
    """
    return dict(_measured())


def fingerprint_digest() -> str:
    """Return the fingerprint as one short text that changes with any bit of it."""
    return sha256(json.dumps(fingerprint()).encode()).hexdigest()[:32]


def differences(stored: Mapping[str, Sequence[float | None]], tolerance: float = TOLERANCE) -> list[str]:
    """Name the signals that come out otherwise than they did for `stored`.

    Parameters
    ----------
    stored : mapping of str to sequence of float or None
        As `fingerprint` returned it elsewhere.
    tolerance : float
        Relative; at least 0.

    Returns
    -------
    list of str
        One sentence a signal, in the order of the catalogue, those that exist no more last. Empty where both agree.
    """
    here = _measured()
    lost = [f"{name}: no longer in the catalogue" for name in stored if name not in here]
    found = (_difference(name, stored.get(name), values, tolerance) for name, values in here.items())
    return [sentence for sentence in found if sentence] + lost


@lru_cache(maxsize=1)
def _measured() -> Fingerprint:
    log = log_of_frames(_read("events.csv"), _read("accounts.csv"))
    tables = [signals_matrix(replace(log, records=records).at(_AS_OF)) for records in _SOURCES]
    columns = np.concatenate(tables).T.tolist()
    return {
        name: tuple(None if math.isnan(value) else value for value in column)
        for name, column in zip(SIGNAL_NAMES, columns, strict=True)
    }


def _read(name: str) -> pd.DataFrame:
    with files("features").joinpath("reference", name).open(encoding="utf-8") as file:
        return pd.read_csv(file)


def _difference(
    name: str, stored: Sequence[float | None] | None, here: Sequence[float | None], tolerance: float
) -> str | None:
    """Return a sentence about the first value of a signal that differs, or None."""
    if stored is None:
        return f"{name}: not in the catalogue that was learned from"
    if len(stored) != len(here):
        return f"{name}: {len(stored)} values stored, {len(here)} here: another reference log"
    for position, (then, now) in enumerate(zip(stored, here, strict=True)):
        if not _same(then, now, tolerance):
            return f"{name}: {_word(then)} stored, {_word(now)} here (value {position + 1})"
    return None


def _same(then: float | None, now: float | None, tolerance: float) -> bool:
    if then is None or now is None:
        return then is now
    return math.isclose(then, now, rel_tol=tolerance)


def _word(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.10g}"
