"""Printing how good a model is, beside the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from features.events import BadInput
from models.bundle import Bundle
from rapport.show import print_table, say
from training.train import Trained

__all__ = ["print_summary", "print_training", "write_figures"]

Summary = dict[str, Any]

_FIGURES: Final = {
    "auroc": "AUROC (1 is best)",
    "average_precision": "average precision (1 is best)",
    "log_loss": "log loss (0 is best)",
    "brier": "Brier score (0 is best)",
    "ece": "calibration error (0 is best)",
}
_DECISIONS: Final = {
    "auto_share": "answered automatically",
    "auto_error_client": "wrong among those answered client",
    "auto_error_customer": "wrong among those answered customer",
    "client_called_customer": "clients automatically called customer",
}


def print_training(trained: Trained, bundle: Bundle) -> None:
    """Print what training found: labels, figures, thresholds."""
    labels = trained.facts.labels
    sources = "; ".join(
        f"{source}: {counts.get('client', 0):,} clients, {counts.get('customer', 0):,} customers"
        for source, counts in labels.by_source.items()
    )
    say(f"Labels by {sources}.")
    for reason, count in labels.left_out.items():
        say(f"  left out, {count:,}: {reason}")
    print_summary(trained.summary)
    limits = bundle.manifest.thresholds
    say(
        f"Chosen: {trained.facts.estimator}. Automatic: client {_from(limits.client, 'from')}, "
        f"customer {_from(limits.customer, 'up to')} (of each kind at most {limits.alpha:.0%} wrong, at most "
        f"{limits.beta:.0%} of clients called customer, each with {1 - limits.delta:.0%} confidence)."
    )


def print_summary(summary: Summary) -> None:
    """Print the figures of a model beside those of the rules on the same accounts."""
    clients, customers = summary["n_client"], summary["n_customer"]
    title = f"{summary['version']} on {summary['n_accounts']:,} accounts: {clients:,} clients, {customers:,} customers"
    rows = [
        (text, summary[name], _interval(summary, name), summary[f"rules_{name}"], _interval(summary, f"rules_{name}"))
        for name, text in _FIGURES.items()
    ]
    print_table(title, ("", "model", "95 % interval", "rules", "95 % interval"), rows)
    shares = [(text, _share(summary[name]), _interval(summary, name)) for name, text in _DECISIONS.items()]
    print_table("Decisions", ("", "share", "95 % interval"), shares)


def write_figures(summary: Summary, seconds: float, path: Path | None) -> None:
    """Write the figures as JSON, with the seconds that the command took."""
    if path is None:
        return
    text = json.dumps({**summary, "seconds": round(seconds, 3)}, indent=2, allow_nan=False)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error


def _interval(summary: Summary, name: str) -> str | None:
    low, high = summary["intervals"][name]
    return None if low is None else f"{low:.3f} to {high:.3f}"


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


def _from(threshold: float | None, word: str) -> str:
    return "never" if threshold is None else f"{word} {threshold:.3f}"
