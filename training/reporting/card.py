"""The model card: what a bundle is for and how good it is, for people, on one page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Final

from models.manifest import Estimate, Facts, LabelCounts
from models.policy import Thresholds
from training.labelled.provenance import describe_counts
from training.reporting.purpose import INTENDED, LIMITS, NOT_FOR, caveats

__all__ = ["write_card"]

_FIGURES: Final = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "log_loss": "log loss, nats",
    "brier": "Brier score",
    "ece": "calibration error, 10 bins of equal mass",
}
_DECISIONS: Final = {
    "auto_share": "answered automatically",
    "auto_error_client": "wrong among those answered “client”",
    "auto_error_customer": "wrong among those answered “customer”",
    "client_called_customer": "true clients automatically called customer",
}
_SIDES: Final = ("model", "rules", "base rate")
_WIDTH: Final = 118


def write_card(facts: Facts, version: str, created_at: str | None) -> str:
    """Write the card of a model as Markdown.

    Parameters
    ----------
    facts : Facts
    version : str
    created_at : str or None

    Returns
    -------
    str
    """
    when = "" if created_at is None else f" Made {created_at}."
    parts = (
        f"# Model {version}\n",
        *(_quote(f"**{title}.** {text}") for title, text in caveats(facts)),
        _wrap(
            f"A scorecard compiled from {facts.estimator}: log-odds of “client” as a sum of named contributions.{when}"
        ),
        "## Intended use\n",
        _wrap(INTENDED),
        _wrap(NOT_FOR),
        "## Data\n",
        "".join(_item(line) for line in _data(facts)),
        "## How good it is\n",
        _wrap(_judged(facts)),
        _compare({**{side: facts.metrics.get(side, {}) for side in _SIDES}, **facts.yardsticks}),
        "".join(_item(line) for line in _decisions(facts.metrics.get("decisions", {}))),
        "## Certificate\n",
        _promise(facts.thresholds),
        "## Limits and ethics\n",
        "".join(_item(text) for text in LIMITS),
    )
    return "\n".join(part for part in parts if part)


def _data(facts: Facts) -> list[str]:
    labels = facts.labels
    n_client, n_customer = labels.of_class("client"), labels.of_class("customer")
    treatment = ", ".join(signal.name for signal in facts.signals if signal.treatment)
    return [
        f"{n_client + n_customer:,} labelled accounts: {n_client:,} clients, {n_customer:,} customers.",
        f"Labels by source: {_sources(labels)}. Accounts with contradicting labels: {labels.contradicted:,}.",
        f"Labels left out: {describe_counts(labels.left_out)}.",
        *_provenance(labels),
        f"Kinds of event that the source records: {', '.join(facts.records)}.",
        f"Signals: {len(facts.signals)}, of which {treatment or 'none'} are treatment.",
        f"Digest of the data: `{facts.data_digest}`; seed {facts.seed}.",
    ]


def _provenance(labels: LabelCounts) -> list[str]:
    lines = []
    if labels.labellers or labels.earliest:
        span = f", from {labels.earliest} to {labels.latest}" if labels.earliest else ""
        lines.append(f"People who gave them, where named: {labels.labellers:,}{span}.")
    if labels.hand_picked:
        lines.append(f"Picked by hand: {labels.hand_picked:,}; learned from, and not judged by.")
    return lines


def _sources(labels: LabelCounts) -> str:
    return (
        ", ".join(
            f"{source} ({counts.get('client', 0):,} client, {counts.get('customer', 0):,} customer)"
            for source, counts in labels.by_source.items()
        )
        or "none"
    )


def _judged(facts: Facts) -> str:
    how = {
        "account": "On accounts that the judged model never saw (cross-fitted)",
        "time": "On accounts labelled later than all that the judged model learned from",
    }[facts.split]
    return f"{how}; in brackets 95 % intervals."


def _compare(sides: Mapping[str, Mapping[str, Estimate]]) -> str:
    shown = {side: figures for side, figures in sides.items() if figures}
    if not shown:
        return ""
    lines = [f"| figure | {' | '.join(shown)} |", "|---" * (len(shown) + 1) + "|"]
    for name, title in _FIGURES.items():
        if any(name in figures for figures in shown.values()):
            cells = (_number(figures[name]) if name in figures else "" for figures in shown.values())
            lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _decisions(found: Mapping[str, Estimate]) -> list[str]:
    return [f"{text}: {_percent(found[name])}" for name, text in _DECISIONS.items() if name in found]


def _promise(thresholds: Thresholds) -> str:
    sides = {
        "client": ("from a probability of", thresholds.client),
        "customer": ("up to a probability of", thresholds.customer),
    }
    lines = [
        f"“{side}” is automatic {bound} {value:.3f}."
        if value is not None
        else f"“{side}” always goes to review: nothing could be promised."
        for side, (bound, value) in sides.items()
    ]
    return (
        _wrap(
            f"With {1 - thresholds.delta:.0%} confidence at most {thresholds.alpha:.1%} of the automatic answers of "
            f"each kind are wrong, and at most {thresholds.beta:.1%} of all true clients are automatically "
            "called customer."
        )
        + "\n"
        + "".join(_item(line) for line in lines)
    )


def _number(found: Estimate) -> str:
    if found.value is None:
        return "undefined"
    interval = "" if found.low is None else f" [{found.low:.3f}, {found.high:.3f}]"
    return f"{found.value:.3f}{interval}"


def _percent(found: Estimate) -> str:
    if found.value is None:
        return "there are none"
    interval = "" if found.low is None else f" [{found.low:.1%}, {found.high:.1%}]"
    return f"{found.value:.1%}{interval}"


def _wrap(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def _item(text: str) -> str:
    return (
        textwrap.fill(f"- {text}", _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        + "\n"
    )


def _quote(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="> ", subsequent_indent="> ") + "\n"
