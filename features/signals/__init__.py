"""THE catalogue: every signal, defined once for the API, the nightly batch, Spark, the desk and the documentation.

Each module declares signals with :func:`features.catalogue.signal`; the catalogue gathers them in that order, which
is the order of the columns everywhere.
"""

from __future__ import annotations

from features.catalogue import Signal
from features.signals import agreements, conversation, purchases, standing

__all__ = ["BY_NAME", "CATALOGUE", "LEFT_OUT", "SIGNAL_NAMES"]

CATALOGUE: tuple[Signal, ...] = tuple(
    member
    for room in (purchases, agreements, conversation, standing)
    for member in vars(room).values()
    if isinstance(member, Signal)
)

SIGNAL_NAMES: tuple[str, ...] = tuple(signal.name for signal in CATALOGUE)

BY_NAME: dict[str, Signal] = {signal.name: signal for signal in CATALOGUE}

LEFT_OUT: dict[str, str] = {
    "G19": "Price- or promotion-driven purchase: an export does not say what moved the buyer.",
    "G23": "Response to campaigns: mailings are not events of an account.",
    "G28": "Goals and challenges recorded: a text, which no column carries.",
    "G30": "Accounts per representative: a fact of our side, not of the account.",
}
"""Criteria of the domain that no column of an export can carry, and why."""
