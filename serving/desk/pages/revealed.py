"""What a reviewer sees once they have answered: model and rules side by side, and similar accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from models.reasons import REVIEW_REASONS
from reviews.comparison import Similar
from reviews.record import Record
from serving.desk.charts.bars import bar_rows, scale_of
from serving.desk.pages.opinions import Opinion
from serving.desk.words.numbers import percent

__all__ = ["revealed_of"]

_NAMES: Final = {"model": "The model", "rules": "The rules"}
_BASES: Final = {"model": "An average account", "rules": "Before any rule"}
_TEXTS: Final = {reason.code: reason.text for reason in REVIEW_REASONS}


def revealed_of(record: Record, opinions: tuple[Opinion, Opinion], similar: Sequence[Similar]) -> dict[str, Any]:
    """Return what the page of a case shows after the answer.

    Parameters
    ----------
    record : Record
    opinions : tuple of Opinion
        The model's and the rules'.
    similar : sequence of Similar

    Returns
    -------
    dict
        For the template.
    """
    scale = scale_of([(each.base, each.reasons) for each in opinions if each.says])
    return {
        "sides": [_side(each, scale) for each in opinions],
        "reveal_in_words": _routed(record),
        "versions_in_words": _versions(record),
        "similar": similar,
    }


def _side(opinion: Opinion, scale: float) -> dict[str, Any]:
    name = _NAMES[opinion.code]
    return {
        "code": opinion.code,
        "name": name,
        "heading": f"{name}: what speaks for which side",
        "says": opinion.says,
        "sureness": percent(opinion.probability) if opinion.says else "",
        "silent": opinion.silent,
        "rows": bar_rows(opinion.base, _BASES[opinion.code], opinion.reasons, scale) if opinion.says else [],
    }


def _routed(record: Record) -> str:
    if record.route == "auto":
        return "It was sure enough to decide this account by itself; it is here so that somebody checks."
    return " ".join(["It left the account to you.", *(_TEXTS.get(code, "") for code in record.review_reasons)]).strip()


def _versions(record: Record) -> str:
    model = f"Model {record.model}, rules" if record.model else "Rules"
    return f"{model} {record.rules}."
