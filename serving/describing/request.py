"""The request's schema as OpenAPI shows it: what pydantic says of it, and what only the code behind it knows.

Two rules no schema can say: an event's `ends_at` is not before its `occurred_at`, and its kind is among `records`.
"""

from __future__ import annotations

from typing import Any, Final

from features.events import KINDS
from serving.describing.calendar import TIME

__all__ = ["refine"]

_BLANK: Final = r"^\s*$"


def refine(schemas: dict[str, Any]) -> None:
    """Make the schemas of a request say all that can be said.

    Parameters
    ----------
    schemas : dict
        By name, as OpenAPI's components hold them; among them PredictionRequest, BatchRequest, Account and Event.
    """
    request, event = schemas["PredictionRequest"], schemas["Event"]
    for schema in (request, event, schemas["Account"], schemas["BatchRequest"]):
        for about in schema["properties"].values():
            _name_days(about)
    # One account that does not fit is answered in its place, so it is no flaw of the batch.
    accounts = schemas["BatchRequest"]["properties"]["accounts"]
    accounts["items"] = {
        "anyOf": [accounts["items"], {"description": "Anything else is answered by an error in its place."}]
    }
    request["oneOf"] = [
        {"title": "With events", "required": ["events"], "properties": _is(events="array", signals="null")},
        {
            "title": "With ready signals",
            "required": ["signals"],
            "properties": _is(signals="object", events="null", records="null"),
        },
    ]
    event["oneOf"] = [
        {"title": "A kind of which any subtype is taken", "properties": {"kind": {"enum": _kinds(told_apart=False)}}},
        *(
            {
                "title": f"A {name}",
                "properties": {"kind": {"const": name}, "subtype": _subtypes(KINDS[name].subtypes)},
            }
            for name in _kinds(told_apart=True)
        ),
    ]


def _kinds(*, told_apart: bool) -> list[str]:
    """Return the kinds whose subtypes signals tell apart, or those of which they do not."""
    return [kind.name for kind in KINDS.values() if bool(kind.subtypes) is told_apart]


def _subtypes(words: tuple[str, ...]) -> dict[str, Any]:
    # A blank one is a missing one, as in a file.
    return {"anyOf": [{"enum": [*words, None]}, {"type": "string", "pattern": _BLANK}]}


def _is(**types: str) -> dict[str, Any]:
    return {name: {"type": kind} for name, kind in types.items()}


def _name_days(about: dict[str, Any]) -> None:
    """Let a time be a day of the calendar, wherever in the schema of a field it stands."""
    for each in (about, *about.get("anyOf", ())):
        if isinstance(each, dict) and each.get("format") == "date-time":
            # The format would ask for a zone, and for the time of day.
            del each["format"]
            each["pattern"] = TIME
