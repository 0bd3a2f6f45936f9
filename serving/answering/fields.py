"""What each field of a request may hold, as types and in words, read from the vocabulary of events and signals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import AfterValidator, ConfigDict, Field
from typing_extensions import TypedDict

from features.catalogue import Signal, Unit
from features.events import Column

__all__ = ["Part", "list_of", "part_of_columns", "part_of_signals", "typed_object", "value_type"]

# The shape of a time. Whether there is such a day is left to who reads it, and so are the bounds.
_TIME: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$"
# Something beside white space, and no NUL, which PostgreSQL can hold in no text.
_FILLED: Final = r"^[^\x00]*[^\s\x00][^\x00]*$"
_LONGEST: Final = 200
"""Characters of a text that something is called by."""

_STRICT: Final = ConfigDict(extra="forbid", strict=True)
_make_typed_dict: Any = TypedDict


@dataclass(frozen=True, slots=True)
class Part:
    """An object within a request.

    Attributes
    ----------
    type : type
        A typed dictionary that refuses what it does not name, for pydantic.
    expected : dict of str to str
        By field, what a value must be, in words that an error message can end with.
    """

    type: Any
    expected: dict[str, str]


def part_of_columns(name: str, columns: Iterable[Column]) -> Part:
    """Describe an object with an export's columns for fields.

    Parameters
    ----------
    name : str
        As the OpenAPI document calls it.
    columns : iterable of Column
        One that is not required may be left out.
    """
    fields = {column.name: _of_column(column) for column in columns}
    expected = {column.name: _expected(column) for column in columns}
    return Part(typed_object(name, fields), expected)


def part_of_signals(name: str, signals: Iterable[Signal]) -> Part:
    """Describe an object with signals for fields, each a number that its unit can have, or null."""
    fields, expected = {}, {}
    for signal in signals:
        unit = signal.unit
        meaning = f"{signal.meaning} ({unit.name})"
        number = _number(unit.low, unit.high)
        if unit.whole:
            number = Annotated[number, AfterValidator(_check_whole), Field(json_schema_extra={"multipleOf": 1})]
        fields[signal.name] = NotRequired[Annotated[number | None, Field(description=meaning)]]
        expected[signal.name] = f"{_values_of(unit)} ({unit.name}), or null for unknown"
    return Part(typed_object(name, fields), expected)


def typed_object(name: str, fields: dict[str, Any]) -> Any:
    """Make a typed dictionary that refuses what it does not name; its fields are data, so mypy knows none."""
    made = _make_typed_dict(name, fields)
    made.__pydantic_config__ = _STRICT
    return made


def _of_column(column: Column) -> Any:
    about: dict[str, Any] = {"description": column.meaning}
    if column.required:
        return Annotated[value_type(column), Field(**about)]
    return NotRequired[Annotated[value_type(column) | None, Field(**about)]]


def list_of(kind: Any) -> Any:
    """Return the type of a list of values of a type that is data here, so that mypy does not know it."""
    return list[kind]


def value_type(column: Column) -> Any:
    """Return the type of a value of the column that is there."""
    if column.allowed:
        return Literal[column.allowed]
    match column.type:
        case "number":
            return _number(column.low, column.high)
        case "time":
            return Annotated[str, Field(pattern=_TIME, json_schema_extra={"format": "date-time"})]
        case _:
            return Annotated[str, Field(pattern=_FILLED, max_length=_LONGEST)] if column.required else str


def _expected(column: Column) -> str:
    if not column.required:
        return f"{column.expected}, or null"
    free = column.type == "string" and column.allowed is None
    return column.expected + (f", of at most {_LONGEST} characters and without NUL" if free else "")


def _values_of(unit: Unit) -> str:
    """Return what a value in the unit must be, in words that an error message can end with."""
    if unit.whole and (unit.low, unit.high) == (0, 1):
        return "0 or 1"
    words = Column(unit.name, "number", "", low=unit.low, high=unit.high).expected
    return words.replace("a number", "a whole number") if unit.whole else words


def _check_whole(number: float) -> float:
    # Exactly; pydantic's own multiple_of lets rounding pass.
    if not number.is_integer():
        raise ValueError("not whole")
    return number


def _number(low: float, high: float) -> Any:
    least, most = (bound if math.isfinite(bound) else None for bound in (low, high))
    return Annotated[float, Field(allow_inf_nan=False, ge=least, le=most)]
