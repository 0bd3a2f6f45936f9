"""From the bytes of a request to its content, or to a refusal that points to each place that does not fit."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from serving.answering.schemas import RequestForm
from serving.errors import SHOWN, Flaw, Refusal, pointer_to, refuse_body

__all__ = ["parse_body", "read_body"]

_NAMED: Final = 15
"""Names that a message lists; of more it names the nearest."""


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
    if announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    body = b""
    async for chunk in request.stream():
        body = body + chunk if body else chunk
        if len(body) > most:
            raise _too_large(most)
    return body


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
        It is not JSON, or does not fit.
    """
    try:
        content: dict[str, Any] = form.adapter.validate_json(body)
    except ValidationError as error:
        raise _refusal(error, form) from None
    _check_parts(content)
    return content


def _too_large(most: int) -> Refusal:
    return Refusal("body-too-large", f"A body may have {most:,} bytes at most.", headers={"Connection": "close"})


def _check_parts(content: dict[str, Any]) -> None:
    """Refuse a request that gives none or both of events and signals, or records beside signals."""
    given = [name for name in ("events", "signals") if content.get(name) is not None]
    if len(given) != 1:
        found = "neither" if not given else "both"
        raise refuse_body([Flaw(pointer="", detail=f"expected either events or signals, not {found}")])
    if given == ["signals"] and content.get("records") is not None:
        raise refuse_body(
            [Flaw(pointer="/records", detail="expected only beside events: a signal left out is unknown")]
        )


def _refusal(error: ValidationError, form: RequestForm) -> Refusal:
    errors = error.errors(include_url=False, include_context=False)
    if errors[0]["type"] == "json_invalid":
        return Refusal("invalid-json", f"{errors[0]['msg']}.")
    return refuse_body([_flaw(each, form) for each in errors[:SHOWN]], len(errors))


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
        return "an object with account, and events or signals"
    if len(names) == 1:
        return form.expected[names[0]]
    return form.parts[names[0]].expected[names[1]]


def _suggest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return "expected one of " + ", ".join(names) if len(names) <= _NAMED else "GET /v1/signals lists the names"
