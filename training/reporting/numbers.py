"""How the report writes numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from models.drawing import signed
from models.manifest import Estimate
from training.reporting.plain_words import percent

__all__ = ["FILTERS"]


def write_figure(found: Estimate | None, digits: int = 3) -> str:
    """Write a figure with its interval; a dash where it is undefined."""
    if found is None or found.value is None:
        return "–"
    numbers = [found.value] if found.low is None or found.high is None else [found.value, found.low, found.high]
    value, *ends = (f"{number:.{digits}f}".replace("-", "−") for number in numbers)
    return value + (f" [{', '.join(ends)}]" if ends else "")


def value_of(figures: Mapping[str, Estimate], name: str) -> float | None:
    return figures[name].value if name in figures else None


def write_signed(value: float | None, digits: int = 3) -> str:
    return "–" if value is None else signed(value, digits)


def write_count(value: int) -> str:
    return f"{value:,}"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "count": write_count,
    "figure": write_figure,
    "percent": percent,
    "signed": write_signed,
    "value": value_of,
}
"""By the names that the templates call them."""
