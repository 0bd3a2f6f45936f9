"""The routes that read back what was decided, and the one that erases it."""

from __future__ import annotations

from starlette.routing import Route

from serving.clock import Clock
from serving.reading.accounts import Accounts
from serving.reading.archive import Archive
from serving.reading.changes import ChangesFeed
from serving.reading.cursors import Cursors
from serving.reading.predictions import KeptPredictions
from serving.recording.records import Records

__all__ = ["reading_routes"]


def reading_routes(records: Records, archive: Archive, clock: Clock) -> list[Route]:
    """Make the routes; plain ones, described in :mod:`serving.describing.reading`."""
    cursors = Cursors(records)
    predictions, accounts, changes = (
        KeptPredictions(records, archive),
        Accounts(records, cursors, clock),
        ChangesFeed(records, cursors),
    )
    return [
        Route("/v1/predictions/{prediction_id:uuid}", predictions.respond, methods=["GET"]),
        Route("/v1/accounts/{account_id}/predictions", accounts.history, methods=["GET"]),
        Route("/v1/accounts/{account_id}", accounts.erase, methods=["DELETE"]),
        Route("/v1/changes", changes.respond, methods=["GET"]),
    ]
