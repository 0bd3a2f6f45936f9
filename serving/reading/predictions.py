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
from serving.answering.wanted import QUERY as ASKING
from serving.answering.wanted import Wanted
from serving.errors import Refusal
from serving.parameters import read_query
from serving.reading.archive import Archive, Missing
from serving.reading.schemas import PredictionKept
from serving.reading.wire import answer_of, json_response
from serving.recording.records import Records
from serving.times import time_text

__all__ = ["QUERY", "KeptPredictions"]

QUERY: Final = tuple(parameter for parameter in ASKING if parameter.name == "reasons")

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
        identity: UUID = request.path_params["prediction_id"]
        found, names, rules = await self._records.read(lambda ledger: self._look_up(ledger, identity))
        if isinstance(found, Tombstone):
            raise Refusal("gone", f"The account of this prediction was erased at {time_text(found.erased_at)}.")
        if found is None:
            raise Refusal("not-found", _NONE)
        answer = await anyio.to_thread.run_sync(self._explain, found, rules, wanted["reasons"])
        return json_response(_whole(answer, found, names))

    def _look_up(self, ledger: Ledger, identity: UUID) -> tuple[Record | Tombstone | None, Names | None, str | None]:
        """Return a prediction, the names of its signals, and the text of its rules where they are not in use."""
        found = ledger.prediction(identity)
        if not isinstance(found, Record):
            return found, None, None
        rules = None if self._archive.has_rules(found.rules) else ledger.rules(found.rules)
        return found, ledger.catalogue(found.catalogue), rules

    def _explain(self, record: Record, rules: str | None, reasons: int | None) -> dict[str, Any]:
        """Return the answer of the first time, or all of it that can still be said."""
        wanted = Wanted(reasons)
        try:
            decision = self._archive.explain(record, rules, reasons)
        except Missing as missing:
            return answer_of(record, 0.0, (), Wanted(0)) | {"reasons": None, "note": str(missing)}
        return answer_of(record, decision.base, decision.reasons, wanted) | {"note": None}


def _whole(answer: dict[str, Any], record: Record, names: Names | None) -> dict[str, Any]:
    """Put the signals into an answer, and its members into the order of their description."""
    values = np.frombuffer(record.signals, dtype="<f8").tolist()
    answer["signals"] = None if names is None else dict(zip(names, values, strict=True))
    answer["recorded"] = True
    return {name: answer[name] for name in PredictionKept.model_fields if name in answer}
