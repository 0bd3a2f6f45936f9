"""docs/signals.md says all there is to say of each signal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from features.catalogue import Signal
from features.document import kinds_needed, write_page
from features.events import KINDS
from features.signals import BY_NAME, CATALOGUE, LEFT_OUT, SIGNAL_NAMES

CRITERIA = [f"G{number:02}" for number in range(1, 31)]
PAGE = write_page()


@pytest.mark.parametrize("signal", CATALOGUE, ids=lambda signal: signal.name)
def test_page_has_one_row_of_each_signal(signal: Signal) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{signal.name}` |")]
    assert len(rows) == 1
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert cells[1] == signal.unit.name
    assert signal.meaning in cells
    assert ("treatment" in cells) == signal.treatment
    assert ("client" in cells, "customer" in cells) == (signal.direction == "client", signal.direction == "customer")
    assert (f"{signal.window_days} days" in cells) == (signal.window_days is not None)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_every_criterion_is_answered_or_left_out(criterion: str) -> None:
    answered = any(criterion in signal.criteria for signal in CATALOGUE)
    assert answered != (criterion in LEFT_OUT)
    assert re.search(rf"\b{criterion}\b", PAGE)


def test_nothing_else_is_left_out() -> None:
    assert set(LEFT_OUT) <= set(CRITERIA)


def test_kinds_needed() -> None:
    assert kinds_needed(BY_NAME["refund_share"]) == ("purchase", "refund")
    assert kinds_needed(BY_NAME["touchpoints_per_purchase"]) == (
        "purchase", "meeting", "call", "email", "visit", "ticket",
    )  # fmt: skip
    assert kinds_needed(BY_NAME["events"]) == tuple(KINDS)
    assert kinds_needed(BY_NAME["has_owner"]) == ()


def test_names_say_their_window() -> None:
    for name in SIGNAL_NAMES:
        said = re.search(r"_(\d+)d$", name)
        assert BY_NAME[name].window_days == (int(said[1]) if said else None), name


def test_page_is_the_file() -> None:
    assert (Path(__file__).parents[1] / "docs" / "signals.md").read_text(encoding="utf-8") == PAGE
