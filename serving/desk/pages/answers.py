"""How pages answer: whole pages, never kept by a cache, or the address of the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import anyio.to_thread
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.desk.pages.room import Viewer
from serving.desk.pages.templating import render

__all__ = ["HOME", "go", "page"]

HOME: Final = "/desk/"

_PAGES: Final = (("Queue", HOME), ("My answers", "/desk/history"))
_OF_LEADS: Final = (("Disputes", "/desk/disputes"), ("Overview", "/desk/overview"))

_KEPT: Final = {"Cache-Control": "no-store"}
"""What is shown is about accounts, and what was blind is not blind a moment later."""


async def page(
    template: str, content: Mapping[str, Any], viewer: Viewer | None, here: str, now: int, status: int = 200
) -> Response:
    """Answer with a page, written in a thread.

    Parameters
    ----------
    template : str
    content : mapping
    viewer : Viewer or None
        None: nobody has signed in.
    here : str
        Address of the page among those of the head, or of that which it belongs to.
    now : int
        Microseconds since 1970 UTC.
    status : int
    """
    frame = {"notice": None, "trouble": None, "viewer": viewer, "pages": _pages(viewer), "here": here, "now": now}
    html = await anyio.to_thread.run_sync(render, template, {**frame, **content})
    return HTMLResponse(html, status, dict(_KEPT))


def go(address: str, **query: str) -> Response:
    """Send the browser to another page, which it asks for anew."""
    return RedirectResponse(f"{address}?{urlencode(query)}" if query else address, 303, dict(_KEPT))


def _pages(viewer: Viewer | None) -> tuple[tuple[str, str], ...]:
    return (*_PAGES, *_OF_LEADS) if viewer is not None and viewer.lead else _PAGES
