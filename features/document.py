"""The page docs/signals.md, written from the catalogue: `python -m features.document` prints it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from features.catalogue import Signal
from features.events import KINDS
from features.expressions import Ratio, Sum
from features.measures import MONTH_DAYS, WINDOWS
from features.signals import CATALOGUE, LEFT_OUT, agreements, conversation, purchases, standing

__all__ = ["kinds_needed", "write_page"]

ROOMS = {
    "Buying": purchases,
    "Agreements": agreements,
    "Conversation": conversation,
    "Standing": standing,
}
WINDOWED = ", ".join(str(days) for days in WINDOWS if days is not None)

INTRODUCTION = f"""\
# Signals

<!-- Written by `make docs` from the catalogue in features/signals/: edit the definitions there, not this page. -->

A signal is one number that an account's events come to, as far as they were known at one moment, `as_of`. There
are {len(CATALOGUE)}. Each is defined once, for one account or for millions, in the API, in batch and on Spark.
A changed signal is a breaking change: it stands in the changelog, and a model that learned from the old one is
refused.

## How they count

**What is known.** An event counts if it occurred and was recorded before `as_of`, both strictly. Of several
rows with one `event_id` the latest recorded before `as_of` counts, and only that one.

**Windows.** A window of n days ({WINDOWED}) is n × 24 hours back from `as_of`. An event exactly n days old
counts. Without a window a signal looks over all that is known.

**Days and months.** Days are counted back from `as_of` in steps of 24 hours, months in steps of {MONTH_DAYS}
days, so that neither time zones nor the calendar's lengths matter. "Days since" is exact, with fractions: 36
hours are 1.5 days.

**Contracts and deals.** A contract is in force from `occurred_at` until `ends_at`, of which the last moment
does not count; without an end it is open. Its end is planned, so it is known from the start. A deal's end is
not known until it has come: before, the deal is open and has no cycle.

**Unknown is not none.** A count of nothing is 0. A signal is unknown (nan; empty in CSV, null in Parquet and
JSON) where

- the source does not record any kind that it needs (`records` in `export.json` or in a request): a shop that records
  no meetings is not told that nobody met. A sum of several kinds leaves out those that are not recorded;
- there is nothing to speak of: a mean or share of no events, days since a purchase that never was, the spend of
  purchases none of which has an amount;
- no row says it: the party or the owner of an account that nobody entered.

**Treatment.** Some signals are a consequence of treating an account as a client: it is given an owner, reviews,
an onboarding. They may leak the label, so they are marked, and training reports with and without them.

**Direction.** Where the domain says that more of a signal can only speak for one side, the trained model is
held to it: an active retainer never makes "client" less likely. Without a direction the model may learn any
shape.

**Criteria** are the ids of the domain's signals (G), rule questions (R) and classes (C) that a signal answers
to.
"""

HEADER = "| signal | unit | looks back | meaning | needs | criteria | treatment | speaks for |"


def kinds_needed(signal: Signal) -> tuple[str, ...]:
    """Return the kinds of event that a signal is made of, in the order of the catalogue of kinds.

    Empty where it is made of the account's facts, or of whatever event there is.
    """
    expression = signal.expression
    sums: tuple[Sum, ...] = (expression.part, expression.whole) if isinstance(expression, Ratio) else (expression,)
    named = {row.kind for total in sums for row in total.rows}
    return tuple(kind for kind in KINDS if kind in named)


def write_page() -> str:
    """Return the page, in Markdown."""
    rooms = (f"## {title}\n\n{_table(_declared_in(room))}" for title, room in ROOMS.items())
    left_out = "\n".join(f"- **{criterion}** {reason}" for criterion, reason in LEFT_OUT.items())
    closing = f"## Left out\n\nCriteria of the domain that no column of an export can carry.\n\n{left_out}\n"
    return "\n".join([INTRODUCTION, *rooms, closing])


def _declared_in(room: object) -> Iterator[Signal]:
    names = vars(room)
    return (signal for signal in CATALOGUE if names.get(signal.name) is signal)


def _table(signals: Iterable[Signal]) -> str:
    ruler = "|---" * HEADER.count(" | ") + "|---|"
    return "\n".join([HEADER, ruler, *(_row(signal) for signal in signals), ""])


def _row(signal: Signal) -> str:
    kinds = kinds_needed(signal)
    cells = (
        f"`{signal.name}`",
        signal.unit.name,
        "" if signal.window_days is None else f"{signal.window_days} days",
        signal.meaning,
        "any" if len(kinds) == len(KINDS) else ", ".join(kinds),
        ", ".join(signal.criteria),
        "treatment" if signal.treatment else "",
        signal.direction or "",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(write_page(), end="")
