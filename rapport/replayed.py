"""Deciding recorded predictions again, and showing what that found."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from features.events import BadInput
from models.policy import Model
from models.rules import RuleBook
from models.shelf import recall
from rapport.show import bar, print_table, say
from reviews.ledger import Ledger
from reviews.replay import Replay
from reviews.replay import replay as run

__all__ = ["replay_latest", "show_replay"]

_SHOWN: Final = 20
_KEPT: Final = 8


def replay_latest(ledger: Ledger, store: Path, last: int) -> Replay:
    """Decide the latest predictions again by the versions in a store and the rules in the ledger."""

    @lru_cache(_KEPT)
    def find_rules(digest: str) -> RuleBook:
        if digest == RuleBook.default().digest:
            return RuleBook.default()
        text = ledger.rules(digest)
        if text is None:
            raise BadInput(f"The rules {digest} were not kept.")
        try:
            return RuleBook.parse(text, digest)
        except BadInput:
            raise BadInput(f"The rules {digest} name signals that this Rapport does not measure.") from None

    @lru_cache(_KEPT)
    def find_model(version: str) -> Model:
        return recall(version, store).model

    with bar() as progress:
        return run(ledger.latest(last), find_rules, find_model, lambda step, done, _: progress(step, done, last))


def show_replay(found: Replay) -> None:
    """Print what deciding again has shown."""
    if found.differences:
        rows = [(each.record.id, each.name, getattr(each.record, each.name), each.now) for each in found.differences]
        print_table("Decided otherwise now", ("id", "field", "kept", "now"), rows[:_SHOWN], text_columns=4)
    if len(found.differences) > _SHOWN:
        say(f"… and {len(found.differences) - _SHOWN:,} differences more.")
    for reason, n in found.gone.most_common():
        say(f"{n:,} could not be decided again: {reason}")
    say(f"{found.recomputed:,} decided again: {found.equal:,} equal to the last bit, {found.different:,} different.")
