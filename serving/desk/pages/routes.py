"""The addresses of the desk's pages."""

from __future__ import annotations

from starlette.routing import Route

from serving.desk.pages import files
from serving.desk.pages.case import CasePage
from serving.desk.pages.chart import ChartImage
from serving.desk.pages.deeds import Deeds
from serving.desk.pages.disputes import DisputesPage
from serving.desk.pages.mine import MinePage
from serving.desk.pages.overview import HERE, OverviewPage
from serving.desk.pages.overviews import Overviews
from serving.desk.pages.peers import Peers
from serving.desk.pages.queue import QueuePage
from serving.desk.pages.room import Room

__all__ = ["page_routes"]

_CASE = "/desk/cases/{case_id}"


def page_routes(room: Room) -> list[Route]:
    """Make the routes; signing in and out are those of whoever keeps the sessions."""
    deeds, overviews = Deeds(room), Overviews(room)
    pages = {
        "/desk/": QueuePage(room).respond,
        "/desk/history": MinePage(room).respond,
        "/desk/disputes": DisputesPage(room).respond,
        _CASE: CasePage(room, Peers(room)).respond,
        HERE: OverviewPage(room, overviews).respond,
        "/desk/charts/{name}.svg": ChartImage(room, overviews).respond,
        f"{files.ROOT}/{{digest}}/{{name}}": files.respond,
    }
    forms = {
        "/desk/next": deeds.next,
        f"{_CASE}/claim": deeds.claim,
        f"{_CASE}/answer": deeds.answer,
        f"{_CASE}/revise": deeds.revise,
        f"{_CASE}/rule": deeds.rule,
        f"{_CASE}/skip": deeds.skip,
        f"{_CASE}/undo": deeds.undo,
    }
    return [
        *(Route(address, respond, methods=["GET"]) for address, respond in pages.items()),
        *(Route(address, respond, methods=["POST"]) for address, respond in forms.items()),
    ]
