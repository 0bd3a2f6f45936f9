"""Printing how good a model is, beside the rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from features.events import BadInput
from models.manifest import LabelCounts
from rapport.show import print_table, say
from training.tracking.release import REPORT, Released
from training.train import Trained

__all__ = ["print_release", "print_summary", "print_training", "write_figures"]

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


def print_training(trained: Trained) -> None:
    """Print what training found: labels, figures, thresholds."""
    _print_labels(trained.facts.labels)
    if trained.dataset.distilled:
        say(f"Distilled from the rules: {len(trained.dataset):,} accounts, labels of people only judge.")
        if not trained.cross_fitted.weights.any():
            say("No label of a person is there to judge it by. It answers automatically where the rules would.")
            return
    if trained.summary["auroc"] is None:
        say("Labels of both classes are missing to judge by: the figures that need them stay empty.")
    print_summary(trained.summary)
    limits = trained.facts.thresholds
    say(
        f"Chosen: {trained.facts.estimator}. Automatic: client {_from(limits.client, 'from')}, "
        f"customer {_from(limits.customer, 'up to')} (of each kind at most {limits.alpha:.0%} wrong, at most "
        f"{limits.beta:.0%} of clients called customer, each with {1 - limits.delta:.0%} confidence)."
    )


def print_release(released: Released, store: Path) -> None:
    """Print where the model stands now, and what to do next."""
    version, comparison = released.bundle.version, released.comparison
    say(f"Model [bold]{version}[/] is on the shelf {store}{' and is its champion' if released.crowned else ''}.")
    say(f"Its report: {released.bundle.path / REPORT}")
    if comparison is not None and comparison.champion != version:
        found = comparison.difference
        say(
            f"Log loss against the champion {comparison.champion} on {comparison.n:,} accounts that neither saw: "
            f"{found.value:+.3f} [{found.low:+.3f} to {found.high:+.3f}] (below 0 is better)."
            if found.value is not None and found.low is not None and found.high is not None
            else f"It cannot be compared with the champion {comparison.champion}: no account judges both."
        )
        say(f"To let it answer: [bold]rapport promote {version}[/]")


def print_summary(summary: Summary) -> None:
    """Print the figures of a model beside those of the rules and the base rate on the same accounts."""
    clients, customers = summary["n_client"], summary["n_customer"]
    counts = f"{clients + customers:,} labelled accounts: {clients:,} clients, {customers:,} customers"
    rows = [
        (
            text,
            summary[name],
            _interval(summary, name),
            summary[f"rules_{name}"],
            _interval(summary, f"rules_{name}"),
            summary[f"base_rate_{name}"],
        )
        for name, text in _FIGURES.items()
    ]
    print_table(
        f"{summary['version']} on {counts}", ("", "model", "95 % interval", "rules", "95 % interval", "base rate"), rows
    )
    if summary["yardsticks"]:
        rivals = [
            (name, *(figures[figure]["value"] for figure in _FIGURES))
            for name, figures in summary["yardsticks"].items()
        ]
        own = (summary["version"], *(summary[figure] for figure in _FIGURES))
        names = ("", *(name.replace("_", " ") for name in _FIGURES))
        print_table("What being able to explain costs: models that cannot, on the same accounts", names, [own, *rivals])
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


def _print_labels(labels: LabelCounts) -> None:
    sources = "; ".join(
        f"{source}: {counts.get('client', 0):,} clients, {counts.get('customer', 0):,} customers"
        for source, counts in labels.by_source.items()
    )
    if sources:
        say(f"Labels by {sources}.")
    if labels.hand_picked:
        say(f"  picked by hand, learned from and not judged by: {labels.hand_picked:,}")
    for reason, count in labels.left_out.items():
        say(f"  left out, {count:,}: {reason}")
    if labels.contradicted:
        say(f"  accounts with contradicting labels, {labels.contradicted:,}: `rapport audit` lists them")


def _interval(summary: Summary, name: str) -> str | None:
    low, high = summary["intervals"][name]
    return None if low is None else f"{low:.3f} to {high:.3f}"


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


def _from(threshold: float | None, word: str) -> str:
    return "never" if threshold is None else f"{word} {threshold:.3f}"
