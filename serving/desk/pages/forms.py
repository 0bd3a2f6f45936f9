"""From a form that was sent to what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.requests import Request

from reviews.answer import NOTE, Answer
from reviews.checklist import CHECKLIST
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
    engagement = form.get("engagement_model") or None
    strategic = form.get("strategic_services", "")
    if strategic not in _TRUTHS or (engagement is not None and engagement not in engagement_models):
        raise Refusal("invalid-request", "A field of the form does not fit: load the page again.")
    try:
        return Answer(
            relationship=form.get("relationship", ""),  # type: ignore[arg-type] # what is none is refused there
            hybrid=form.get("hybrid") == "yes",
            engagement_model=engagement,
            strategic_services=_TRUTHS[strategic],
            sureness=form.get("sureness", "fairly"),  # type: ignore[arg-type]
            note=form.get("note", "").replace("\r\n", "\n").strip(),
            checklist={code: form[code] for code in CHECKLIST if form.get(code)},
        )
    except ValueError:
        flaw = Flaw(pointer="", detail=f"one of the four verdicts, and a note of at most {NOTE:,} characters")
        raise Refusal("invalid-request", "Choose a verdict before you save.", [flaw]) from None


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
