"""`GET /v1/predictions/{prediction_id}`: what was decided, from which signals, by which versions, and why."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import anyio.to_thread
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from reviews.change import Tombstone
from reviews.ledger import Ledger
from reviews.record import Record
from serving.errors import Refusal
from serving.parameters import choice, number, read_query
from serving.reading.archive import Archive, Missing
from serving.reading.schemas import PredictionKept
from serving.reading.wire import json_response, listed, time_text
from serving.recording.records import Records

__all__ = ["QUERY", "KeptPredictions"]

QUERY: Final = (
    choice("all", number("reasons", "So many of the strongest reasons, or all of them and the base.", 0, 999, 5)),
)

_NONE: Final = (
    "No prediction of this id is kept. One that was answered with recorded: false is found as soon as the database has "
    "it; one that was asked for with record=false never is."
)

Names = tuple[str, ...]


class KeptPredictions:
    """Reads predictions back.

    Parameters
    ----------
    records : Records
    archive : Archive
    """

    def __init__(self, records: Records, archive: Archive) -> None:
        self._records = records
        self._archive = archive

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal
            There is none of this id, it was erased, or it cannot be reached now.
        """
        wanted = read_query(request.query_params, QUERY)
        identity = _uuid(request.path_params["prediction_id"])
        found, names, rules = await self._records.read(lambda ledger: self._look_up(ledger, identity))
        if isinstance(found, Tombstone):
            raise Refusal("gone", f"The account of this prediction was erased at {time_text(found.erased_at)}.")
        if found is None:
            raise Refusal("not-found", _NONE)
        explained = await anyio.to_thread.run_sync(self._explain, found, rules, wanted["reasons"])
        return json_response(_answer(found, names, explained))

    def _look_up(self, ledger: Ledger, identity: UUID) -> tuple[Record | Tombstone | None, Names | None, str | None]:
        """Return a prediction, the names of its signals, and the text of its rules where they are not in use."""
        found = ledger.prediction(identity)
        if not isinstance(found, Record):
            return found, None, None
        rules = None if self._archive.has_rules(found.rules) else ledger.rules(found.rules)
        return found, ledger.catalogue(found.catalogue), rules

    def _explain(self, record: Record, rules: str | None, reasons: int | None) -> dict[str, Any]:
        try:
            decision = self._archive.explain(record, rules, reasons)
        except Missing as missing:
            return {"reasons": None, "note": str(missing)}
        base = {"base_log_odds": decision.base} if reasons is None else {}
        return {**base, "reasons": decision.reasons, "note": None}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal("not-found", "A prediction's id is a UUID, as its answer gave it.") from None


def _answer(record: Record, names: Names | None, explained: dict[str, Any]) -> dict[str, Any]:
    """Put together what :class:`serving.reading.schemas.PredictionKept` describes, in its order."""
    values = np.frombuffer(record.signals, dtype="<f8").tolist()
    told = listed(record) | explained
    told |= {"signals": None if names is None else dict(zip(names, values, strict=True)), "recorded": True}
    return {name: told[name] for name in PredictionKept.model_fields if name in told}
