"""The addresses of the desk's JSON."""

from __future__ import annotations

from starlette.routing import Route

from serving.desk.api.labels import LabelsApi
from serving.desk.api.reviews import ReviewsApi
from serving.desk.pages.room import Room
from serving.reading.cursors import Cursors

__all__ = ["api_routes"]

_REVIEWS = "/v1/reviews"
_CASE = f"{_REVIEWS}/{{case_id}}"


def api_routes(room: Room, cursors: Cursors) -> list[Route]:
    """Make the routes; plain ones, described in :mod:`serving.describing.desk`."""
    reviews, labels = ReviewsApi(room), LabelsApi(room, cursors)
    asked = {
        _REVIEWS: reviews.queue,
        _CASE: reviews.show,
        f"{_CASE}/reveal": reviews.reveal,
        "/v1/labels": labels.respond,
    }
    done = {
        # Before the cases: no case is called that.
        f"{_REVIEWS}/claim": reviews.claim_next,
        f"{_CASE}/claim": reviews.claim,
        f"{_CASE}/release": reviews.release,
        f"{_CASE}/skip": reviews.skip,
        f"{_CASE}/answer": reviews.answer,
        f"{_CASE}/revise": reviews.revise,
        f"{_CASE}/undo": reviews.undo,
        f"{_CASE}/rule": reviews.rule,
    }
    return [
        *(Route(address, respond, methods=["POST"]) for address, respond in done.items()),
        *(Route(address, respond, methods=["GET"]) for address, respond in asked.items()),
    ]
