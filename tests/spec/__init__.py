"""What each signal is, as tables that a business person can read; every door is held to the same ones.

A page (`*.md` beside this file) is a list of cases. A case is a heading, what is said of the account, its events in
the form of a request, and what signals come to. `expected` is written as the arithmetic that leads to it.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AS_OF = "2026-07-01T00:00:00Z"
ACCOUNT = "acme"
HERE = Path(__file__).parent
PAGES = ("beginnings", "purchases", "agreements", "conversation", "standing", "known", "unrecorded")


@dataclass(frozen=True)
class Spec:
    """One signal in one case.

    `account` and `events` are in the form of a request to the API; `neighbours` are events of other accounts, each
    with its `account_id`, which must make no difference. `expected` is nan where the signal is unknown.
    """

    signal: str
    case: str
    account: dict[str, Any]
    events: list[dict[str, Any]]
    neighbours: list[dict[str, Any]]
    records: list[str] | None
    as_of: str
    expected: float
    why: str

    def __str__(self) -> str:
        return f"{self.signal}: {self.case}"


def load_specs() -> Iterator[Spec]:
    """Yield each row of expectations of every page."""
    for page in PAGES:
        _, *cases = re.split(r"^## ", (HERE / f"{page}.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
        for case in cases:
            yield from _read_case(case)


def _read_case(text: str) -> Iterator[Spec]:
    title, _, body = text.partition("\n")
    said = dict(re.findall(r"^(as of|account|records): (.*)$", body, flags=re.MULTILINE))
    rows = list(_tables(body))
    events = [_event(row) for row in rows if "kind" in row]
    records = said.get("records")
    for row in rows:
        for signal in row.get("signal", "").split(", ") if "signal" in row else ():
            yield Spec(
                signal=signal,
                case=title.strip(),
                account={"account_id": ACCOUNT} | _facts(said.get("account", "")),
                events=[event for event in events if "account_id" not in event],
                neighbours=[event for event in events if "account_id" in event],
                records=None if records is None else records.split(", "),
                as_of=said.get("as of", AS_OF),
                expected=_value(row["expected"]),
                why=row["because"],
            )


def _tables(body: str) -> Iterator[dict[str, str]]:
    header: list[str] = []
    for line in body.splitlines():
        if not line.startswith("|"):
            header = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not header:
            header = cells
        elif not set(line) <= set("|-"):
            yield dict(zip(header, cells, strict=True))


def _event(row: dict[str, str]) -> dict[str, Any]:
    numbers = {name: float(row[name]) for name in ("amount", "score") if row.get(name)}
    return {name: text for name, text in row.items() if text} | numbers


def _facts(text: str) -> dict[str, str | None]:
    pairs = (part.split("=") for part in text.split(", ") if part)
    return {name: None if value == "none" else value for name, value in pairs}


_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def _value(text: str) -> float:
    if text == "unknown":
        return math.nan
    return _evaluate(ast.parse(text.replace("×", "*").replace("²", "**2"), mode="eval").body)


def _evaluate(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=2)):
            return _evaluate(left) ** 2
        case ast.BinOp(left=left, op=op, right=right):
            return float(_OPERATIONS[type(op)](_evaluate(left), _evaluate(right)))
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument]):
            return math.sqrt(_evaluate(argument))
    raise AssertionError(f"not the arithmetic of a spec: {ast.unparse(node)}")
