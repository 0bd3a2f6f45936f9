"""The language in which a rule says when it holds, and what a condition is made of.

A condition compares signals with numbers and joins the comparisons::

    retainer_active > 0 and not (meetings_365d == 0 or 1 <= purchases < 4)
    known(days_since_meeting)

It is three-valued after Kleene: a comparison with an unknown signal is neither true nor false, and the condition is
unknown wherever what is known does not settle it. `known(signal)` itself is always true or false.
"""

from __future__ import annotations

import ast
import difflib
import itertools
import math
import re
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Alternatives", "ConditionError", "Literal", "parse_condition"]

LONGEST = 1000
"""Characters that a condition may have."""

LARGEST = 1e300
"""Numbers beyond are typing errors, and would leave no room for the next larger float."""

MOST_ALTERNATIVES = 64
"""Ways in which one condition may come true, once every `or` is carried outward."""


class ConditionError(ValueError):
    """A text that is no condition.

    Parameters
    ----------
    expected : str
        What should have stood there, in words that end a sentence.
    position : int
        The character that it is about, counted from 1.
    """

    def __init__(self, expected: str, position: int) -> None:
        self.expected = expected
        self.position = position
        super().__init__(f"{expected}, at character {position}")


@dataclass(frozen=True, slots=True)
class Literal:
    """The smallest part of a condition: a signal is at least so much, or known at all.

    It holds where ``sense * signal >= threshold``, and where `inverted` exactly where that does not hold, so that of
    an unknown signal `inverted` is true and everything else is not.

    Attributes
    ----------
    signal : str
    sense : float
        1, or -1 for an upper bound.
    threshold : float
        In the signal's unit, times `sense`.
    inverted : bool
    """

    signal: str
    sense: float
    threshold: float
    inverted: bool = False


Alternatives = tuple[tuple[Literal, ...], ...]
"""A condition as a list of alternatives: it is true where all literals of any one of them hold."""

_OPPOSITE = {ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
_MIRRORED = {ast.Gt: ast.Lt, ast.GtE: ast.LtE, ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Eq: ast.Eq, ast.NotEq: ast.NotEq}


def parse_condition(text: str, signals: Collection[str], *, negated: bool = False) -> Alternatives:
    """Read a condition.

    Parameters
    ----------
    text : str
        Comparisons (``< <= == != >= >``, also in a chain) of a signal with a number, and ``known(signal)``, joined by
        ``and``, ``or``, ``not`` and parentheses.
    signals : collection of str
        The names that may occur.
    negated : bool
        Read its negation instead, which is true exactly where the condition is false.

    Returns
    -------
    tuple of tuple of Literal
        Carrying every `or` outward keeps Kleene's values, since his logic is distributive and knows De Morgan's laws.

    Raises
    ------
    ConditionError
        The text is not such a condition, or names no signal.

    Examples
    --------
    >>> parse_condition("visits >= 3", ["visits"])
    ((Literal(signal='visits', sense=1.0, threshold=3.0, inverted=False),),)
    >>> parse_condition("vists >= 3", ["visits"])
    Traceback (most recent call last):
    models.conditions.ConditionError: a signal, but 'vists' is none: did you mean 'visits'?, at character 1
    """
    flat = re.sub(r"\s", " ", text.strip())
    if len(flat) > LONGEST:
        raise ConditionError(f"at most {LONGEST:,} characters", LONGEST + 1)
    if "#" in flat:
        raise ConditionError("a condition without a comment; write it on the line above", flat.index("#") + 1)
    try:
        tree = ast.parse(flat, mode="eval")
    except SyntaxError as error:
        raise ConditionError(f"a condition such as 'purchases >= 2' ({error.msg})", error.offset or 1) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConditionError(f"a condition such as 'purchases >= 2' ({error})", 1) from error
    return _Reader(frozenset(signals)).read(tree.body, not negated)


class _Reader:
    """Reads a tree of Python's grammar as alternatives; whatever is not in ours is refused."""

    def __init__(self, signals: frozenset[str]) -> None:
        self.signals = signals

    def read(self, node: ast.expr, holds: bool) -> Alternatives:
        match node:
            case ast.BoolOp(op=operator, values=values):
                parts = [self.read(value, holds) for value in values]
                joins = isinstance(operator, ast.And) == holds
                return _all_of(parts, _position(node)) if joins else tuple(itertools.chain(*parts))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.read(operand, not holds)
            case ast.Compare():
                return self.read_chain(node, holds)
            case ast.Call(func=ast.Name(id="known"), args=[argument], keywords=[]):
                return ((Literal(self.name(argument), 1.0, -math.inf, inverted=not holds),),)
            case ast.Name():
                raise ConditionError(f"a comparison, such as '{self.name(node)} > 0'", _position(node))
            case _:
                raise ConditionError(
                    "a comparison of a signal with a number, known(signal), and, or, not", _position(node)
                )

    def read_chain(self, node: ast.Compare, holds: bool) -> Alternatives:
        sides = [node.left, *node.comparators]
        links = zip(sides, node.ops, sides[1:], strict=False)
        parts = [self.read_link(*link, holds) for link in links]
        return _all_of(parts, _position(node)) if holds else tuple(itertools.chain(*parts))

    def read_link(self, left: ast.expr, operator: ast.cmpop, right: ast.expr, holds: bool) -> Alternatives:
        kind = type(operator)
        if kind not in _OPPOSITE:
            raise ConditionError("one of the comparisons < <= == != >= >", _position(right))
        if not isinstance(left, ast.Name):
            left, kind, right = right, _MIRRORED[kind], left
        return _bounds(self.name(left), kind if holds else _OPPOSITE[kind], _number(right))

    def name(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise ConditionError("a signal on one side and a number on the other", _position(node))
        if node.id not in self.signals:
            close = difflib.get_close_matches(node.id, sorted(self.signals), n=1)
            hint = f": did you mean '{close[0]}'?" if close else "; GET /v1/signals and docs/signals.md list them"
            raise ConditionError(f"a signal, but '{node.id}' is none{hint}", _position(node))
        return node.id


def _position(node: ast.expr) -> int:
    return node.col_offset + 1


def _number(node: ast.expr) -> float:
    sign, digits = 1.0, node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign, digits = (-1.0 if isinstance(node.op, ast.USub) else 1.0), node.operand
    value = digits.value if isinstance(digits, ast.Constant) else None
    # bool is an int to Python, and True no number to anybody.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST:
        return sign * float(value)
    raise ConditionError("a number", _position(node))


def _bounds(signal: str, operator: type[ast.cmpop], number: float) -> Alternatives:
    """Give a comparison as bounds that may be touched: a strict one lies at the next float."""
    least = Literal(signal, 1.0, number)
    most = Literal(signal, -1.0, -number)
    above = Literal(signal, 1.0, math.nextafter(number, math.inf))
    below = Literal(signal, -1.0, math.nextafter(-number, math.inf))
    forms: dict[type[ast.cmpop], Alternatives] = {
        ast.GtE: ((least,),),
        ast.LtE: ((most,),),
        ast.Gt: ((above,),),
        ast.Lt: ((below,),),
        ast.Eq: ((least, most),),
        ast.NotEq: ((below,), (above,)),
    }
    return forms[operator]


def _all_of(parts: list[Alternatives], position: int) -> Alternatives:
    """Join conditions by `and`: every choice of one alternative of each is an alternative."""
    if math.prod(len(part) for part in parts) > MOST_ALTERNATIVES:
        raise ConditionError("a simpler condition; make several rules of this one", position)
    return tuple(tuple(itertools.chain(*choice)) for choice in itertools.product(*parts))
