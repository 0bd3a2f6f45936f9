"""The model card."""

from __future__ import annotations

import pytest

from models.manifest import Estimate, LabelCounts
from models.policy import Thresholds
from tests.bundles import make_facts
from training.reporting.card import write_card
from training.reporting.purpose import INTENDED, LIMITS, NOT_FOR

FIGURE = Estimate(value=0.75, low=0.7, high=0.8)
UNKNOWN = Estimate(value=None, low=None, high=None)


def said(text: str) -> str:
    """The text without its line breaks and marks of quotation."""
    return " ".join(text.replace("\n> ", " ").split())


def test_it_holds_use_data_figures_certificate_and_limits() -> None:
    card = write_card(make_facts(), "lusab-babad", "2026-11-23")
    headings = [line[3:] for line in card.splitlines() if line.startswith("## ")]
    assert headings == ["Intended use", "Data", "How good it is", "Certificate", "Limits and ethics"]
    assert card.startswith("# Model lusab-babad\n")
    assert "Made 2026-11-23." in card
    for text in (INTENDED, NOT_FOR, *LIMITS):
        assert text in said(card)
    assert "100 labelled accounts: 40 clients, 60 customers." in card


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"starter": True}, "This is the starter"),
        ({"taught_by": "rules"}, "distilled from the rules"),
        ({"split": "time"}, "judged on the future"),
        ({"yardsticks": {"LightGBM": {"auroc": FIGURE}}}, "LightGBM"),
        ({"thresholds": Thresholds(client=None, customer=0.125)}, "“client” always goes to review"),
        ({"thresholds": Thresholds(client=0.875, customer=None)}, "“client” is automatic from a probability of 0.875"),
    ],
)
def test_it_says_what_is_special(changes: dict[str, object], expected: str) -> None:
    assert (
        expected not in said(write_card(make_facts(thresholds=Thresholds(None, None)), "v", None))
        or "client" in expected
    )
    assert expected in said(write_card(make_facts(**changes), "v", None))


def test_it_says_who_labelled_and_who_was_picked_by_hand() -> None:
    labels = LabelCounts(
        by_source={"crm": {"client": 40, "customer": 60}, "reviewer": {"client": 3, "customer": 0}},
        left_out={"prospect": 3},
        contradicted=2,
        hand_picked=3,
        labellers=4,
        earliest="2025-01-02",
        latest="2026-03-04",
    )
    card = said(write_card(make_facts(labels=labels), "v", None))
    assert "reviewer (3 client, 0 customer)" in card
    assert "Picked by hand: 3; learned from, and not judged by." in card
    assert "where named: 4, from 2025-01-02 to 2026-03-04." in card
    assert "Labels left out: 3 prospect." in card
    assert "contradicting labels: 2." in card


def test_it_stays_on_one_page_and_stands_without_any_figure() -> None:
    full = make_facts(
        metrics={side: dict.fromkeys(("auroc", "log_loss"), FIGURE) for side in ("model", "rules", "base rate")}
        | {"decisions": {"auto_share": FIGURE, "auto_error_client": UNKNOWN}},
        yardsticks={"random forest": {"auroc": FIGURE, "log_loss": UNKNOWN}},
    )
    card = write_card(full, "v", None)
    assert len(card.splitlines()) <= 75
    assert "| AUROC | 0.750 [0.700, 0.800] | 0.750" in card
    assert "wrong among those answered “client”: there are none" in card
    assert "| log loss, nats |" in card
    assert "undefined" in card
    empty = write_card(make_facts(metrics={}), "v", None)
    assert "How good it is" in empty
    assert "|---" not in empty
