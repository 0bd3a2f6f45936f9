"""Query parameters: each said once, for reading a request, for refusing it and for the OpenAPI description."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import QueryParams

from serving.errors import SHOWN, Flaw, Refusal

__all__ = ["FILLED", "Parameter", "choice", "number", "read_query", "refuse_parameter", "text", "token", "truth"]

FILLED: Final = r"^[^\x00]*[^\x00\t-\r ][^\x00]*$"
"""Of a text with something in it, in words that every dialect of patterns reads alike; NUL stands in no database."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a query.

    Attributes
    ----------
    name : str
    meaning : str
        One sentence for the caller.
    expected : str
        What it must be, in words that an error message can end with.
    schema : mapping
        The same as JSON Schema.
    read : callable
        From its text to its value; a ValueError where it does not fit.
    default : object
        Its value where it is left out.
    required : bool
    """

    name: str
    meaning: str
    expected: str
    schema: Mapping[str, Any] = field(hash=False)
    read: Callable[[str], Any]
    default: Any = None
    required: bool = False

    def describe(self) -> dict[str, Any]:
        """Return the parameter as OpenAPI writes it."""
        known = {} if self.default is None else {"default": self.default}
        described = {"name": self.name, "in": "query", "description": self.meaning, "schema": {**self.schema, **known}}
        return described | ({"required": True} if self.required else {})


def read_query(query: QueryParams, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Read a query.

    Returns
    -------
    dict
        The value of each of `parameters`, by name.

    Raises
    ------
    Refusal
        A parameter is not known, missing, not what it may be, or there more than once.
    """
    values: dict[str, Any] = {}
    flaws = list(_read(query, {each.name: each for each in parameters}, values))[:SHOWN]
    if flaws:
        raise _refusal(flaws)
    return values


def refuse_parameter(name: str, detail: str) -> Refusal:
    """Return the refusal of one parameter, for what only shows when it is used."""
    return _refusal([Flaw(parameter=name, detail=detail)])


def number(name: str, meaning: str, low: int, high: int, default: int) -> Parameter:
    """Describe a whole number."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Parameter(name, meaning, f"a whole number from {low} to {high}", schema, _number(low, high), default)


def truth(name: str, meaning: str, *, default: bool) -> Parameter:
    """Describe a yes or no."""
    return Parameter(name, meaning, "true or false", {"type": "boolean"}, _TRUTHS.__getitem__, default)


def choice(other: str, of: Parameter) -> Parameter:
    """Let a parameter be one word, too, which is read as None."""
    return Parameter(
        of.name,
        of.meaning,
        f"{other}, or {of.expected}",
        {"anyOf": [of.schema, {"const": other}]},
        lambda text: None if text == other else of.read(text),
        of.default,
    )


def text(name: str, meaning: str, most: int, *, required: bool = False) -> Parameter:
    """Describe a text with something in it, of at most so many characters."""
    expected = f"a text that is not empty, of at most {most} characters"
    return token(name, meaning, most, FILLED, expected, required=required)


def token(name: str, meaning: str, most: int, pattern: str, expected: str, *, required: bool = False) -> Parameter:
    """Describe a text of a certain pattern, which begins with `^` and ends with `$`."""
    schema = {"type": "string", "minLength": 1, "maxLength": most, "pattern": pattern}
    return Parameter(name, meaning, expected, schema, _text(most, pattern), required=required)


def _refusal(flaws: Sequence[Flaw]) -> Refusal:
    return Refusal("invalid-parameter", "See errors for the parameters that do not fit.", flaws)


_TRUTHS = {"true": True, "false": False}


def _read(query: QueryParams, known: Mapping[str, Parameter], values: dict[str, Any]) -> Iterator[Flaw]:
    """Put the values that fit into `values`, and give what does not."""
    for name in sorted(query.keys() - known.keys()):
        named = ", ".join(known) or "none"
        yield Flaw(parameter=name, detail=f"there is no such parameter; expected one of {named}")
    for name, parameter in known.items():
        texts = query.getlist(name)
        if len(texts) > 1:
            yield Flaw(parameter=name, detail=f"expected once: {parameter.expected}")
        elif not texts and parameter.required:
            yield Flaw(parameter=name, detail=f"it is missing; expected {parameter.expected}")
        else:
            try:
                values[name] = parameter.read(texts[0]) if texts else parameter.default
            except (ValueError, KeyError):
                yield Flaw(parameter=name, detail=f"expected {parameter.expected}")


def _number(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        # Not int() alone, which takes digits of every script, signs and spaces.
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(high)) and low <= int(text) <= high):
            raise ValueError(text)
        return int(text)

    return read


def _text(most: int, pattern: str) -> Callable[[str], str]:
    fitting = re.compile(pattern)

    def read(text: str) -> str:
        if not 0 < len(text) <= most or not fitting.fullmatch(text):
            raise ValueError(text)
        return text

    return read
