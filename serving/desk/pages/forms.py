"""From a form that was sent to what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import Request

from reviews.answer import NOTE, OPINIONS, SURENESS, Answer
from reviews.checklist import CHECKLIST, fits
from serving.errors import Flaw, Refusal

__all__ = ["LONGEST", "answer_of", "prediction_of", "read_form"]

LONGEST: Final = 65_536
"""Bytes of a form: a note in any script, and room to spare."""

_FIELDS: Final = 64
_TRUTHS: Final = {"": None, "yes": True, "no": False}


async def read_form(request: Request) -> Mapping[str, str]:
    """Read a form; of fields that are there more than once the last counts.

    Raises
    ------
    Refusal
        It is no plain form, or too long.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Refusal("unsupported-media-type", "Send the form as the page does.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            raise Refusal("body-too-large", f"A form has at most {LONGEST:,} bytes: shorten the note.")
    try:
        # NUL stands in no database.
        text = body.decode("ascii").replace("%00", "")
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS))
    except ValueError:
        raise Refusal("invalid-request", "The form cannot be read: load the page again.") from None


def answer_of(form: Mapping[str, str], engagement_models: frozenset[str]) -> Answer:
    """Return what a reviewer says.

    Parameters
    ----------
    form : mapping
    engagement_models : frozenset of str
        Those that the rules know.

    Raises
    ------
    Refusal
        A field does not fit.
    """
    flaws = [Flaw(pointer="", detail=detail) for detail in _misfits(form, engagement_models)]
    if flaws:
        raise Refusal("invalid-request", "It was not kept, for this:", flaws)
    return Answer(
        relationship=form["relationship"],  # type: ignore[arg-type] # as was checked
        hybrid=form.get("hybrid") == "yes",
        engagement_model=form.get("engagement_model") or None,
        strategic_services=_TRUTHS[form.get("strategic_services", "")],
        sureness=form.get("sureness", "fairly"),  # type: ignore[arg-type]
        note=_note(form),
        checklist={code: form[code] for code in CHECKLIST if form.get(code)},
    )


def _misfits(form: Mapping[str, str], engagement_models: frozenset[str]) -> Iterator[str]:
    """Say of each field that does not fit what would."""
    if form.get("relationship", "") not in OPINIONS:
        yield "Choose one of the four verdicts."
    if form.get("sureness", "fairly") not in SURENESS:
        yield "How sure you are is unsure, fairly or sure."
    if form.get("engagement_model") and form["engagement_model"] not in engagement_models:
        yield "The engagement model is none of those that the rules know: load the page again."
    if form.get("strategic_services", "") not in _TRUTHS:
        yield "Strategic services are yes, no or cannot tell."
    if (length := len(_note(form))) > NOTE:
        yield f"A note has at most {NOTE:,} characters, and this one has {length:,}: shorten it."
    for code in CHECKLIST:
        if form.get(code) and not fits(code, form[code]):
            yield f"Question {code} has no such answer: load the page again."


def _note(form: Mapping[str, str]) -> str:
    return form.get("note", "").replace("\r\n", "\n").strip()


def prediction_of(form: Mapping[str, str]) -> UUID:
    """Return the prediction whose history and signals were on the page.

    Raises
    ------
    Refusal
    """
    try:
        return UUID(form.get("prediction", ""))
    except ValueError:
        raise Refusal("invalid-request", "The form cannot be read: load the page again.") from None
