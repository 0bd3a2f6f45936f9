"""docs/settings.md: every setting of the service, from the class that reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from serving.settings import Settings

__all__ = ["settings_page"]

_HEAD: Final = """# Settings

Each setting of the service is a variable of the environment. Where `rapport serve` has an option for it, the option
counts more. A variable that does not fit is refused at the start, by its name, and so is one that is nearly called as
one of these.

```sh
RAPPORT_DATABASE=postgresql://rapport:secret@db.acme.com/rapport RAPPORT_WORKERS=2 rapport serve
```

Sizes and counts are those of one process; `RAPPORT_WORKERS` processes have as many times that.
"""

_GROUPS: Final = {
    "Listening": ("host", "port", "workers", "keep_alive_seconds", "arrival_seconds", "drain_seconds"),
    "Who answers": ("store", "model", "rules", "champion_seconds"),
    "What is kept": (
        "database",
        "database_seconds",
        "record_seconds",
        "queue",
        "spool",
        "spool_bytes",
        "audit_share",
        "repeat_hours",
    ),
    "Who may ask": ("auth", "key_seconds"),
    "The review desk": ("second_share", "verdict_seconds", "session_hours", "proxy_header", "proxy_addresses"),
    "How much": ("max_body_bytes", "max_events", "max_batch", "max_batch_bytes", "max_waiting"),
    "What is logged": ("log_level",),
}

_TYPES: Final = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def settings_page() -> str:
    """Return docs/settings.md."""
    return "\n".join([_HEAD, *(_section(title, names) for title, names in _GROUPS.items())])


def _section(title: str, names: tuple[str, ...]) -> str:
    rows = (_row(name, Settings.model_fields[name]) for name in names)
    head = "| variable | type | default | meaning |\n|---|---|---|---|"
    return "\n".join([f"## {title}", "", head, *rows, ""])


def _row(name: str, field: FieldInfo) -> str:
    kind = ", ".join([_type(field.annotation), *_limits(field)])
    return f"| `{Settings.variable(name)}` | {kind} | {_default(field.default)} | {field.description} |"


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if isinstance(annotation, UnionType):
        annotation = next(each for each in get_args(annotation) if each is not NoneType)
    return _TYPES[annotation]


def _limits(field: FieldInfo) -> Iterator[str]:
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "unit" in extra:
        yield f"{extra['unit']}"
    bounds = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    for limit in field.metadata:
        for bound, words in bounds.items():
            value = getattr(limit, bound, None)
            if value is not None:
                yield f"{words} {value:,}"


def _default(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(settings_page())
