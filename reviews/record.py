"""What is kept of a prediction: enough to show it, to explain it again bit for bit, and to judge it."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np

from features.log import FloatColumn
from features.signals import SIGNAL_NAMES
from models.decision import Decider, Relationship, Route

__all__ = ["CATALOGUE", "Entry", "Record", "Repeat", "catalogue_digest", "pack", "signals_of", "unpack"]


def catalogue_digest(names: tuple[str, ...]) -> str:
    """Name the order of a vector of signals, so that one kept years ago is still read with the right names."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


CATALOGUE: Final = catalogue_digest(SIGNAL_NAMES)
"""The order of the signals that this code measures."""


def pack(evidence: bytes) -> bytes:
    """Compress evidence for keeping, as quickly as zlib can: harder work would save the disk a tenth."""
    return zlib.compress(evidence, 1)


def unpack(packed: bytes) -> bytes:
    """Return what was packed."""
    return zlib.decompress(packed)


@dataclass(frozen=True, slots=True)
class Repeat:
    """What a caller may send a second time under the same `Idempotency-Key`, to get the first answer again.

    Attributes
    ----------
    key : str
        The caller's, unique among those of one API key.
    key_id : str
        Of the API key; empty where nobody has to show one.
    request : bytes
        SHA-256 of what was asked: method, path, query and body.
    answer : bytes
        The first answer's body.
    at : int
        When it was given, microseconds since 1970 UTC.
    """

    key: str
    key_id: str
    request: bytes
    answer: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Record:
    """One prediction, as it is kept. Nothing of it is ever edited; erasure of its account is the one exception.

    Attributes
    ----------
    id : UUID
        Version 7, so that ids are in the order of time.
    account_id : str
    decided_at, as_of : int
        Microseconds since 1970 UTC.
    catalogue : str
        Digest of the signals' names in order; see `catalogue_digest`.
    signals : bytes
        What was judged: little-endian float64, one a signal in that order, nan for unknown.
    relationship : {"client", "customer", "prospect"}
    confidence, probability_client : float
        In [0, 1].
    hybrid, strategic_services : bool
    engagement_model : str or None
    decided_by : {"reviewer", "rules", "model"}
    route : {"auto", "review"}
    review_reasons : tuple of str
        Codes, in the order of the decision.
    model : str or None
        Version; None where the rules answered alone.
    rules : str
        Digest of the rule book.
    key_id : str or None
        Of the API key that asked.
    inclusion : float or None
        Probability with which this automatic answer was drawn into the audit sample; None: not drawn.
    evidence : bytes or None
        The request's account, events and records as JSON: what a reviewer has to see. Kept for answers that go to
        review and for the audit sample; where it is stored, compressed by `pack`.
    """

    id: UUID
    account_id: str
    decided_at: int
    as_of: int
    catalogue: str
    signals: bytes
    relationship: Relationship
    confidence: float
    probability_client: float
    hybrid: bool
    engagement_model: str | None
    strategic_services: bool
    decided_by: Decider
    route: Route
    review_reasons: tuple[str, ...]
    model: str | None
    rules: str
    key_id: str | None = None
    inclusion: float | None = None
    evidence: bytes | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one request asks to keep: all of it, or nothing.

    Attributes
    ----------
    records : tuple of Record
        One for a single prediction; as many as were answered for a batch.
    repeat : Repeat or None
        Where the caller sent an `Idempotency-Key`.
    """

    records: tuple[Record, ...]
    repeat: Repeat | None = None


def signals_of(catalogue: str, signals: bytes) -> FloatColumn | None:
    """Return kept signals in the order of this code's catalogue; None where they were measured by another one."""
    if catalogue != CATALOGUE or len(signals) != 8 * len(SIGNAL_NAMES):
        return None
    return np.frombuffer(signals, dtype="<f8")
