"""Reading a rules file: TOML whose every mistake is named by file, rule and key."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from features.events import BadInput, Problem
from models.conditions import ConditionError, parse_condition
from models.rule import LARGEST_WEIGHT, SIDES, SINGLE, Property, Rule, RuleTables

__all__ = ["check_tables", "read_tables"]


SHOWN = 80
"""Characters of a long text that a message repeats."""


@dataclass(frozen=True, slots=True)
class _Key:
    """A key that a table may have: what it must be in words, and its default; None where it must be there."""

    type: type
    expected: str
    default: Any = None


_TEXT = _Key(str, "a text that is not empty")
_WHEN = _Key(str, "a condition such as 'meetings_90d >= 2'")
_SENTENCE = _Key(str, "a sentence", "")
_RULE: dict[str, _Key] = {
    "name": _TEXT,
    "when": _WHEN,
    "vote": _Key(str, " or ".join(SIDES)),
    "weight": _Key(float, f"log-odds above 0 and at most {LARGEST_WEIGHT:g}, such as 1.5"),
    "text": _Key(str, "a sentence that a reviewer will read"),
    "criteria": _Key(list, 'a list of texts such as ["R03"]', ()),
}
_PROPERTY: dict[str, _Key] = {"when": _WHEN, "unless": _Key(str, "a condition", ""), "text": _SENTENCE}
_ENGAGEMENT: dict[str, _Key] = {"name": _TEXT, **_PROPERTY}
_FILE: dict[str, _Key] = {
    "prior_log_odds": _Key(float, "a number, smaller than every weight", 0.0),
    "rule": _Key(list, "[[rule]] tables", ()),
    "engagement_model": _Key(list, "[[engagement_model]] tables", ()),
    **{name: _Key(dict, f"a table [{name}]", {}) for name in SINGLE},
}


def check_tables(tables: RuleTables, signals: Collection[str], source: str) -> None:
    """Check what a book says against the signals there are.

    Raises
    ------
    BadInput
        A condition, name, weight or prior does not hold; all such places are named together.
    """
    titles = [title for title, _ in tables.tables()]
    problems = [
        _problem(source, title, "name", None, "a name that no other bears")
        for title in dict.fromkeys(titles)
        if titles.count(title) > 1
    ]
    for title, table in tables.tables():
        problems += [_problem(source, title, *finding) for finding in _findings(table, signals)]
    weights = [rule.weight for rule in tables.rules]
    if not weights:
        problems.append(_problem(source, "", "rule", None, "one [[rule]] at least"))
    smallest = min((weight for weight in weights if weight > 0), default=math.inf)
    if not abs(tables.prior_log_odds) < smallest:
        expected = f"less than the smallest weight, {smallest:g}, so that no unanimous vote is reversed"
        problems.append(_problem(source, "", "prior_log_odds", tables.prior_log_odds, expected))
    _refuse(source, problems)


def _findings(table: Rule | Property, signals: Collection[str]) -> Iterator[tuple[str, object, str]]:
    """Give key, value and what was expected of everything in a table that does not hold."""
    for key, text in table.conditions.items():
        try:
            parse_condition(text, signals)
        except ConditionError as error:
            yield key, _excerpt(text.strip(), error.position), str(error)
    if isinstance(table, Rule):
        if table.vote not in SIDES:
            yield "vote", table.vote, _RULE["vote"].expected
        if not 0 <= table.weight <= LARGEST_WEIGHT:
            yield "weight", table.weight, f"log-odds that are not negative and at most {LARGEST_WEIGHT:g}"


def _problem(source: str, title: str, key: str, value: object, expected: str) -> Problem:
    """Name a place as `rules.toml, rule 'retainer', key 'when'`."""
    where = ", ".join(part for part in (source, title, f"key '{key}'" if key else "") if part)
    return Problem(where, None, None, None if value is None else _excerpt(str(value)), expected)


def _excerpt(text: str, position: int = 1) -> str:
    """Return a text, of a long one what stands around a character, counted from 1."""
    start = max(0, min(position - SHOWN // 2, len(text) - SHOWN))
    end = start + SHOWN
    # Two more for the signs that something is left out, so that an excerpt is left as it is.
    if len(text) <= SHOWN + 2:
        return text
    return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")


def _refuse(source: str, problems: list[Problem]) -> None:
    if problems:
        count = "1 thing does" if len(problems) == 1 else f"{len(problems)} things do"
        raise BadInput(f"{source}: {count} not hold; docs/rules.md shows how rules are written.", problems)


def read_tables(text: str, source: str) -> RuleTables:
    """Read the text of a rules file.

    Parameters
    ----------
    text : str
        TOML.
    source : str
        How messages call the file.

    Raises
    ------
    BadInput
        It is not TOML, or a key is missing, unknown or of the wrong type; all such places are named together.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{source} is not TOML: {error}. A text stands in quotes, a rule under [[rule]].") from error
    reader = _Reader(source)
    top = reader.table(content, _FILE, "")
    rules = [reader.table(each, _RULE, _title("rule", each, i)) for i, each in enumerate(top["rule"], 1)]
    models = [
        reader.table(each, _ENGAGEMENT, _title("engagement_model", each, i))
        for i, each in enumerate(top["engagement_model"], 1)
    ]
    single = {name: reader.table(top[name], _PROPERTY, f"[{name}]") for name in SINGLE if top[name]}
    _refuse(source, reader.problems)
    return RuleTables(
        rules=tuple(Rule(**each) for each in rules),
        engagement_models=tuple(Property(**each) for each in models),
        prior_log_odds=top["prior_log_odds"],
        **{name: Property(name, **content) for name, content in single.items()},
    )


def _title(kind: str, content: object, number: int) -> str:
    name = content.get("name") if isinstance(content, dict) else None
    return f"{kind} '{name}'" if isinstance(name, str) and name else f"{kind} {number}"


@dataclass(slots=True)
class _Reader:
    """Reads tables by their keys and gathers what is wrong."""

    source: str
    problems: list[Problem] = field(default_factory=list)

    def table(self, content: object, keys: Mapping[str, _Key], title: str) -> dict[str, Any]:
        if not isinstance(content, dict):
            self.report(title, "", content, "a table with the keys " + ", ".join(keys))
            return {}
        for name in sorted(content.keys() - keys.keys()):
            close = difflib.get_close_matches(name, list(keys), n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            self.report(title, name, None, "one of the keys " + ", ".join(keys) + hint)
        return {name: self.value(content, name, key, title) for name, key in keys.items()}

    def value(self, content: Mapping[str, Any], name: str, key: _Key, title: str) -> Any:
        if name not in content:
            if key.default is None:
                self.report(title, name, None, key.expected)
            return key.default
        value = content[name]
        if _fits(value, name, key):
            return tuple(value) if key.type is list else key.type(value)
        self.report(title, name, value, key.expected)
        return key.default if key.default is not None else key.type()

    def report(self, title: str, key: str, value: object, expected: str) -> None:
        self.problems.append(_problem(self.source, title, key, value, expected))


def _fits(value: object, name: str, key: _Key) -> bool:
    if key.type is float:
        number = type(value) in {int, float} and math.isfinite(value)  # type: ignore[arg-type]
        return number and (name != "weight" or 0 < value <= LARGEST_WEIGHT)  # type: ignore[operator]
    if name == "vote":
        return value in SIDES
    if name == "criteria":
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, key.type) and (key.default is not None or bool(value))
