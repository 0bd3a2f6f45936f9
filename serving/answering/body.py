"""From the bytes of a request to its content, or to a refusal that points to each place that does not fit."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import ClientDisconnect, Request

from serving.answering.schemas import RequestForm
from serving.errors import SHOWN, Flaw, Refusal, pointer_to, refuse_body

__all__ = ["check_size", "parse_body", "read_body"]

_NAMED: Final = 15
"""Names that a message lists; of more it names the nearest."""

_COUNTED: Final = 1_000
"""Of more flaws than these only their number is told: listing a hundred of a million takes as long as all of them."""


async def read_body(request: Request, most: int) -> bytes:
    """Read a JSON body of at most `most` bytes.

    Raises
    ------
    Refusal
        It is longer, or not marked as plain JSON.
    """
    headers: dict[bytes, bytes] = dict(request.scope["headers"])
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != b"application/json" or headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise Refusal(
            "unsupported-media-type", "Send the header Content-Type: application/json, and no Content-Encoding."
        )
    announced = headers.get(b"content-length", b"")
    if announced.isdigit():
        check_size(int(announced), most)
    body, more = await _piece(request)
    check_size(len(body), most)
    if not more:
        return body
    pieces, size = [body], len(body)
    while more:
        piece, more = await _piece(request)
        pieces.append(piece)
        size += len(piece)
        check_size(size, most)
    return b"".join(pieces)


async def _piece(request: Request) -> tuple[bytes, bool]:
    """Return the next piece of a body, and whether there are more."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def parse_body(body: bytes, form: RequestForm) -> dict[str, Any]:
    """Validate a body.

    Parameters
    ----------
    body : bytes
    form : RequestForm

    Returns
    -------
    dict
        With the fields that the body has, each in its type.

    Raises
    ------
    Refusal
        It is not JSON, bears a name twice in one object, or does not fit.
    """
    try:
        content: dict[str, Any] = form.adapter.validate_json(body)
    except ValidationError as error:
        raise _refusal(error, form) from None
    _check_names(body, content)
    return content


def check_size(size: int, most: int, what: str = "A body") -> None:
    """Refuse what has more bytes than it may."""
    if size > most:
        raise Refusal("body-too-large", f"{what} may have {most:,} bytes at most.", headers={"Connection": "close"})


def _check_names(body: bytes, content: dict[str, Any]) -> None:
    """Refuse an object that bears a name twice: readers differ in which value they take.

    A quote before a colon ends a name, except within a text, where it is escaped. So they are counted, which is quick,
    and only where they are not as many as the names that were read are they looked at.
    """
    names = len(content) + sum(len(content.get(part) or ()) for part in ("account", "signals"))
    names += sum(map(len, content.get("events") or ()))
    if body.count(b'":') == names:
        return
    twice: list[str] = []
    json.loads(body, object_pairs_hook=lambda pairs: twice.extend(_repeated(name for name, _ in pairs)))
    if twice:
        detail = f"expected each name once in an object; {', '.join(sorted(set(twice)))} stands twice in one"
        raise refuse_body([Flaw(pointer="", detail=detail)], len(twice))


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _refusal(error: ValidationError, form: RequestForm) -> Refusal:
    count = error.error_count()
    if count > _COUNTED:
        return Refusal("invalid-request", f"{count:,} places do not fit, too many to list: is this the right body?")
    errors = error.errors(include_url=False, include_context=False)
    if errors[0]["type"] == "json_invalid":
        return Refusal("invalid-json", f"{errors[0]['msg']}.")
    return refuse_body([_flaw(each, form) for each in errors[:SHOWN]], count)


def _flaw(error: ErrorDetails, form: RequestForm) -> Flaw:
    kind, place = error["type"], error["loc"]
    names = [step for step in place if isinstance(step, str)]
    if kind == "extra_forbidden":
        part = form.parts[names[0]].expected if len(names) > 1 else form.expected
        home = next((root for root, part in form.parts.items() if names[-1] in part.expected), None)
        advice = _suggest(names[-1], part) if home is None else f"it belongs in {home}"
        return Flaw(pointer=pointer_to(*place), detail=f"there is no such field; {advice}")
    expected = _expected(names, form)
    found = "it is missing; " if kind == "missing" else ""
    # Of what was found only its type is looked at. Systems often number their accounts, so this comes first of all.
    unquoted = kind == "string_type" and expected.startswith("a text") and type(error["input"]) in (int, float)
    advice = "; a number was sent: write it in quotes" if unquoted else ""
    return Flaw(pointer=pointer_to(*place), detail=f"{found}expected {expected}{advice}")


def _expected(names: list[str], form: RequestForm) -> str:
    if not names:
        return form.whole
    if len(names) == 1:
        return form.expected[names[0]]
    return form.parts[names[0]].expected[names[1]]


def _suggest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "expected one of " + ", ".join(names) if len(names) <= _NAMED else "GET /v1/signals lists the names"
