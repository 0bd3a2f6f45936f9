"""The page docs/rules.md, written from the rules that ship: `python -m models.document` prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from features.signals import BY_NAME, SIGNAL_NAMES
from models.conditions import parse_condition
from models.limits import LIMITS
from models.reasons import REVIEW_REASONS
from models.rule import SIDES, SINGLE, Property, Rule
from models.rules import RuleBook

__all__ = ["write_page"]

INTRODUCTION = """\
# Rules

<!-- Written by `make docs` from models/rules.toml and the policy: edit them there, not this page. -->

Rules are what a business knows before it has a single label. They answer where no model can be trusted, they are the
second opinion beside one that can, and they are read by people: each is a condition, a side, a weight and a sentence.

## How they count

**Votes.** A rule votes where its condition is true. The log-odds of "client" are `prior_log_odds` plus the weights of
the rules that vote client minus those that vote customer; the probability follows from them. A weight of 0.7 makes an
answer twice as likely, 1.4 four times, 2.1 eight times. One more vote for a side never lowers that side, and since the
prior must be smaller than every weight, votes that all point one way are never reversed. Even odds are answered
"customer", since clients are customers of whom more is known, and always go to a reviewer.

**Unknown is not false.** Where a signal is unknown (docs/signals.md says when) a comparison with it is neither true nor
false, and a rule that hangs on it abstains: a shop that records no meetings is not told that nobody met. `unknown or
true` is true, `unknown and false` is false, everything else with an unknown part stays unknown.

**Treatment.** Rules marked so rest on a signal that is itself a consequence of being treated as a client: an owner,
reviews, an onboarding. They are right about accounts that somebody has already judged (K3).

## Conditions

| write | for |
|---|---|
| `purchases >= 2` | a signal and a number, compared by `<` `<=` `==` `!=` `>=` `>` |
| `1 <= purchases < 4` | a range |
| `retainer_active > 0` | a yes/no signal that says yes |
| `a > 1 and not (b > 2 or c == 0)` | any of these joined |
| `known(days_since_meeting)` | a signal that is known; itself always true or false |

A property holds where `when` is true and `unless` is not: false or unknown.

## Your own rules

Copy models/rules.toml, edit it, and ask what it would change before it does:

```
rapport rules check my-rules.toml
rapport rules try my-rules.toml EXPORT
rapport classify EXPORT --out decisions.parquet --rules my-rules.toml
```

`evaluate`, `train` and `serve` take `--rules` too. Every decision bears the digest of the rules that it was made with.
"""


def write_page() -> str:
    """Write the page from the rules that ship."""
    return "\n".join(_lines(RuleBook.default()))


def _lines(book: RuleBook) -> Iterator[str]:
    yield INTRODUCTION
    for side in SIDES:
        rules = [rule for rule in book.rules if rule.vote == side]
        yield f"## What speaks for a {side}\n"
        rows = ((rule.name, f"{rule.weight:g}", _code(rule.when), rule.text, _criteria(rule)) for rule in rules)
        yield from _table(("rule", "weight", "when", "the reviewer reads", "criteria"), rows)
    yield "## Properties\n\nOf the engagement models the first that holds is the account's; a prospect has none.\n"
    models = [(f"engagement model: {each.name}", each) for each in book.engagement_models]
    single = [(name.replace("_", " "), each) for name, each in zip(SINGLE, book.single, strict=True) if each]
    yield from _table(("property", "holds", "meaning"), (_property(*each) for each in (*models, *single)))
    yield "## From a score to an answer\n"
    yield "Every limit of the policy, and every reason for which an answer goes to a reviewer.\n"
    limits = ((each.name, f"{each.direction} {each.value:g} {each.unit}", each.meaning) for each in LIMITS.values())
    yield from _table(("limit", "value", "meaning"), limits)
    yield from _table(("review reason", "meaning"), ((f"`{each.code}`", each.text) for each in REVIEW_REASONS))


def _property(name: str, each: Property) -> tuple[str, str, str]:
    exception = f", unless {_code(each.unless)}" if each.unless else ""
    return name, _code(each.when) + exception, each.text


def _criteria(rule: Rule) -> str:
    literals = (literal for choice in parse_condition(rule.when, SIGNAL_NAMES) for literal in choice)
    treatment = any(BY_NAME[literal.signal].treatment for literal in literals)
    return " ".join(rule.criteria) + (" (treatment)" if treatment else "")


def _code(condition: str) -> str:
    return f"`{' '.join(condition.split()).replace('( ', '(').replace(' )', ')')}`"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "|---" * len(header) + "|"
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


if __name__ == "__main__":
    sys.stdout.write(write_page())
