"""From templates to pages: everything that is put into one is escaped, and what is missing is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.drawing import signed
from serving.desk.pages.files import address_of
from serving.desk.words import numbers, times, vocabulary

__all__ = ["render"]

_FILTERS: Final = {
    "ago": times.ago,
    "count": numbers.count,
    "day": times.day,
    "decimal": numbers.decimal,
    "exact": times.exact,
    "hours": times.hours,
    "long": times.long,
    "machine": times.machine,
    "pct": "{:.2f}%".format,
    "percent": numbers.percent,
    "signed": signed,
}


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(_FILTERS)
    made.globals.update(
        static=address_of,
        keys=vocabulary.KEYS,
        opinions=vocabulary.OPINIONS,
        surenesses=list(vocabulary.SURENESSES.values()),
        surenesses_by_code=vocabulary.SURENESSES,
    )
    return made


_ENVIRONMENT: Final = _environment()


def render(template: str, content: Mapping[str, Any]) -> str:
    """Write a page.

    Parameters
    ----------
    template : str
        Its file's name without endings.
    content : mapping
        What it shows.
    """
    return _ENVIRONMENT.get_template(f"{template}.html.j2").render(content)
