"""The model that is in office: loaded once, replaced when the store's pointer names another."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from features.signals import SIGNAL_NAMES
from models.bundle import BrokenBundle, Bundle
from models.policy import Model
from models.shelf import Choice, Shelf, choose

__all__ = ["Incumbent", "Office"]

CARD: Final = "card.md"

Source = Literal["champion", "starter", "named", "rules"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Office:
    """Who answers from some moment on. Replaced whole, so that a request sees one and no mixture.

    Attributes
    ----------
    choice : Choice
    source : {"champion", "starter", "named", "rules"}
    card : str or None
        The model's card; None where the rules answer.
    """

    choice: Choice
    source: Source
    card: str | None

    @classmethod
    def of(cls, model: str | None, store: Path) -> Office:
        """Find who is to answer; the rules where the model that should is absent or broken.

        Raises
        ------
        BadInput
            A model was asked for by a name that nothing has.
        """
        try:
            choice = choose(model, store)
        except BrokenBundle as error:
            choice = Choice(None, f"The rules answer, since no model can: {error}", degraded=True)
        if choice.model is not None:
            _warm(choice.model)
        bundle = choice.bundle
        return cls(choice, _source(model, bundle), None if bundle is None else _read_card(bundle))


class Incumbent:
    """Keeps the office filled.

    Parameters
    ----------
    model : str or None
        As :func:`models.shelf.choose` takes it; only the default, the champion, is looked after.
    store : Path
    """

    def __init__(self, model: str | None, store: Path) -> None:
        self._model = model
        self._store = store
        self.office = Office.of(model, store)

    @property
    def wrong(self) -> str | None:
        """Why a model that should answer does not, in a sentence; None where all is well."""
        choice = self.office.choice
        return choice.note if choice.degraded else None

    async def look(self) -> None:
        """Look at the pointer, and load what it names, if that has changed, in a thread.

        A model that cannot answer is tried again each time, so a store that was mended needs no restart.
        """
        if self._model is None:
            await asyncio.to_thread(self.replace)

    def replace(self) -> None:
        """Replace who is in office, if the pointer says so. Requests in hand finish with whom they began."""
        if not self.office.choice.degraded and _named(self._store) == self._in_office():
            return
        office = Office.of(None, self._store)
        if office.choice.note != self.office.choice.note:
            _log.warning("%s", office.choice.note)
        self.office = office

    def _in_office(self) -> str | None:
        bundle = self.office.choice.bundle
        return bundle.version if bundle is not None and self.office.source == "champion" else None


def _warm(model: Model) -> None:
    """Have a model lay out its tables, which takes milliseconds, before a request asks it the first time."""
    model.scorecard.explain(np.full((1, len(SIGNAL_NAMES)), np.nan))
    _ = model.reach, model.hurdles


def _named(store: Path) -> str | None:
    """Return the version that the pointer names; None where there is none, or what can be no version."""
    try:
        return Shelf(store).champion()
    except BrokenBundle:
        return ""


def _source(model: str | None, bundle: Bundle | None) -> Source:
    if bundle is None:
        return "rules"
    if bundle.manifest.starter:
        return "starter"
    return "champion" if model is None else "named"


def _read_card(bundle: Bundle) -> str | None:
    """Read the card, if it still is the one that the manifest was sealed with."""
    stored = bundle.manifest.files.get(CARD)
    try:
        content = (bundle.path / CARD).read_bytes()
    except OSError:
        return None
    fits = stored is not None and hashlib.sha256(content).hexdigest() == stored.sha256
    return content.decode("utf-8", errors="replace") if fits else None
