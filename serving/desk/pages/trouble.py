"""What a person sees in place of a page: the same refusal that a program gets as problem+json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from starlette.responses import Response
from starlette.types import Scope

from serving.desk.pages.answers import HOME, go, page
from serving.desk.pages.room import Viewer
from serving.doors.scopes import is_page
from serving.errors import SHOWN, Refusal
from serving.outcomes import OUTCOMES

__all__ = ["SIGN_IN", "Unsent", "again_page", "answer_trouble", "not_kept_page", "sign_in_page"]

SIGN_IN: Final = "/desk/sign-in"

_HOURS: Final = 12.0
_ADDRESS: Final = "unsent"
_FIELD: Final = "unsent."

_WORDS: Final = {
    "database-unavailable": (
        "The database is away",
        "The desk cannot read or keep anything for the moment. What was kept before is safe; try again soon.",
    ),
    "invalid-request": ("The answer does not fit", None),
    "unsupported-media-type": ("The form cannot be read", None),
    "body-too-large": ("That is too much", None),
    "foreign-host": ("This desk is called otherwise", None),
    "not-found": ("There is no such page", None),
    "forbidden": ("This is not for you to see", None),
}
"""Title and text where a person needs other words than a program."""


@dataclass(frozen=True, slots=True)
class Unsent:
    """A form that could not be taken, so that its sender need not write it again.

    Attributes
    ----------
    address : str
        Where it was sent to, or is to be sent; empty where sending it does not help, and it is only shown.
    fields : mapping of str to str
    """

    address: str
    fields: Mapping[str, str]

    def carried(self) -> Mapping[str, str]:
        """Return the fields by which another form carries it along."""
        return {_ADDRESS: self.address, **{f"{_FIELD}{name}": text for name, text in self.fields.items()}}

    @classmethod
    def carried_by(cls, form: Mapping[str, str]) -> Self | None:
        """Return what a form carries along; None where that is nothing for the desk."""
        address = form.get(_ADDRESS, "")
        fields = {name.removeprefix(_FIELD): text for name, text in form.items() if name.startswith(_FIELD)}
        return cls(address, fields) if is_page(address) and fields else None


async def answer_trouble(
    refusal: Refusal, scope: Scope, viewer: Viewer | None, now: int, unsent: Unsent | None = None
) -> Response:
    """Answer a request for a page that is refused; whoever has not signed in is sent to do so.

    Parameters
    ----------
    refusal : Refusal
    scope : Scope
        What the server said of the request.
    viewer : Viewer or None
    now : int
        Microseconds since 1970 UTC.
    unsent : Unsent or None
        What may be sent again.
    """
    if refusal.name == "unauthorized":
        return go(SIGN_IN)
    outcome = OUTCOMES[refusal.name]
    title, text = _WORDS.get(refusal.name, (outcome.title.removesuffix("."), None))
    content = {
        "title": title,
        "detail": text or refusal.detail,
        "flaws": [flaw.detail for flaw in refusal.flaws[:SHOWN]],
        "request_id": scope.get("request_id", ""),
        "unsent": unsent,
        "case": "",
    }
    answer = await page("trouble", content, viewer, "", now, refusal.status or outcome.status)
    answer.headers.update({**outcome.headers, **refusal.headers})
    return answer


async def not_kept_page(refusal: Refusal, unsent: Unsent, case: str, viewer: Viewer, now: int) -> Response:
    """Say why an answer could not be kept, and hold on to it.

    Parameters
    ----------
    refusal : Refusal
    unsent : Unsent
    case : str
        The case's address.
    viewer : Viewer
    now : int
        Microseconds since 1970 UTC.
    """
    content = {
        "title": "Your answer was not kept",
        "detail": refusal.detail,
        "flaws": [],
        "request_id": "",
        "unsent": unsent,
        "case": case,
    }
    return await page("trouble", content, viewer, "", now, OUTCOMES[refusal.name].status)


async def again_page(unsent: Unsent, now: int) -> Response:
    """Show to somebody who has signed in again what they could not send before."""
    content = {
        "title": "You are signed in again",
        "detail": "What you sent last was not kept yet.",
        "flaws": [],
        "request_id": "",
        "unsent": unsent,
        "case": "",
    }
    return await page("trouble", content, None, "", now)


async def sign_in_page(
    trouble: str | None,
    now: int,
    status: int = 200,
    following: str = HOME,
    unsent: Unsent | None = None,
    hours: float = _HOURS,
) -> Response:
    """Ask for a key, and say why the last one did not do.

    Parameters
    ----------
    trouble : str or None
    now : int
        Microseconds since 1970 UTC.
    status : int
    following : str
        Where to go on afterwards.
    unsent : Unsent or None
        What may be sent again afterwards.
    hours : float
        How long they stay signed in.
    """
    carried = {"next": following, **({} if unsent is None else unsent.carried())}
    content = {"trouble": trouble, "carried": carried, "hours": hours}
    return await page("signin", content, None, SIGN_IN, now, status)
