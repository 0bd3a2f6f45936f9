"""What decided once and may decide no more: models by version, rules by digest, loaded again to explain old answers."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path
from typing import Final

from features.events import BadInput
from models.decision import Decision
from models.policy import Model
from models.rules import RuleBook
from models.shelf import recall
from reviews.record import CATALOGUE, Record
from reviews.replay import decided_fields, recompute
from serving.incumbent import Incumbent

__all__ = ["Archive", "Missing"]

_KEPT: Final = 8
"""Models and rule books that stay in memory."""

_SAME: Final = 1e-9
"""Difference of probabilities that another processor's last bits can make."""


class Missing(Exception):
    """Something that decided is gone or would decide otherwise; the message says what, in one sentence."""


class Archive:
    """Finds what decided.

    Parameters
    ----------
    store : Path
        The folder of the trained models.
    rules : RuleBook
        The rules in use.
    incumbent : Incumbent
        Whose model may stand nowhere else: in memory it outlives its files.
    """

    def __init__(self, store: Path, rules: RuleBook, incumbent: Incumbent) -> None:
        self._rules = rules
        self._incumbent = incumbent
        # What cannot be loaded raises and is not kept, so a store that was mended needs no restart.
        self._load_model = lru_cache(_KEPT)(lambda version: recall(version, store).model)
        self._parse_rules = lru_cache(_KEPT)(RuleBook.parse)

    def has_rules(self, digest: str) -> bool:
        """Say whether these rules are in use, so that nobody need look up their text."""
        return digest == self._rules.digest

    def explain(self, record: Record, text: str | None, reasons: int | None) -> Decision:
        """Decide again, from the kept signals and by the versions that decided.

        Parameters
        ----------
        record : Record
        text : str or None
            Of its rules, where they are not in use.
        reasons : int or None
            So many of the strongest; None = all.

        Raises
        ------
        Missing
            One of them is gone, or the answer would be another.
        """
        if record.catalogue != CATALOGUE:
            raise Missing("It was judged by other signals than this version measures.")
        rules, model = self.rules_of(record.rules, text), self.model_of(record.model)
        decision = recompute([record], rules, model).decision(0, reasons)
        if not _agrees(decision, record):
            raise Missing("This version decides otherwise than the one that answered: `rapport replay` lists where.")
        return decision

    def rules_of(self, digest: str, text: str | None) -> RuleBook:
        """Return the rules of a digest, of which `text` is the text where they are not in use.

        Raises
        ------
        Missing
        """
        if self.has_rules(digest):
            return self._rules
        if text is None:
            raise Missing(f"The text of the rules {digest} was not kept.")
        try:
            return self._parse_rules(text, digest)
        except BadInput:
            raise Missing(f"The rules {digest} name signals that this version does not measure.") from None

    def model_of(self, version: str | None) -> Model | None:
        """Return the model of a version; None for None, where the rules answered alone.

        Raises
        ------
        Missing
        """
        if version is None:
            return None
        incumbent = self._incumbent.office.choice.model
        if incumbent is not None and incumbent.version == version:
            return incumbent
        try:
            return self._load_model(version)
        except BadInput:
            raise Missing(f"Model {version} is no longer in the store, or damaged.") from None


def _agrees(decision: Decision, record: Record) -> bool:
    """Say whether the answer is the one that was given, but for the last bits of another processor."""
    return all(_alike(getattr(record, name), getattr(decision, name)) for name in decided_fields(record))


def _alike(given: object, again: object) -> bool:
    if isinstance(given, float) and isinstance(again, float):
        return math.isclose(given, again, rel_tol=0.0, abs_tol=_SAME)
    return given == again
