"""The model card: what a bundle is for and how good it is, for people."""

from __future__ import annotations

from models.manifest import Estimate, Facts
from models.policy import Thresholds
from training.dataset import describe_counts

__all__ = ["write_card"]

_FIGURES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "log_loss": "log loss, nats",
    "brier": "Brier score",
    "ece": "calibration error, 10 bins of equal mass",
}
_DECISIONS = {
    "auto_share": "answered automatically",
    "auto_error_client": "wrong among those answered “client”",
    "auto_error_customer": "wrong among those answered “customer”",
    "client_called_customer": "true clients automatically called customer",
}

_STARTER = """\
> **This is the starter.** It was trained on simulated accounts, so that the first run has an answer. Its certificate
> speaks of simulated accounts too; therefore it answers automatically only where the rules agree. Train on your own
> labelled accounts as soon as there are some.

"""

_USE = """\
## Intended use

Telling which accounts of a CRM are clients (who buy advice and an ongoing relationship) and which are customers (who
buy products or single services), with a calibrated probability and its reasons, so that people serve them accordingly
and review what is uncertain.

Not for: decisions on credit, prices, employment or anything else about a natural person; accounts that bought nothing
yet (they are prospects, by rule); another company's accounts without an evaluation on labels of theirs.
"""

_LIMITS = """\
## Limits and ethics

- A label says what somebody called the account. Where that was decided carelessly or unfairly, the model repeats it.
- Signals marked “treatment” follow from being treated as a client. They can confirm yesterday's decision rather than
  the account's nature.
- The dangerous error is a client served as a customer. The certificate bounds it; a reviewer should see what it leaves
  open.
- The promises hold for accounts drawn as the training accounts were. When the business changes, evaluate again.
- The model reads events, amounts and times, never names, texts or a person's characteristics; of a party it knows only
  whether it is an organisation.
"""


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
    n_client, n_customer = facts.labels.of_class("client"), facts.labels.of_class("customer")
    when = "" if created_at is None else f" Made {created_at}."
    sources = ", ".join(
        f"{source} ({counts.get('client', 0):,} client, {counts.get('customer', 0):,} customer)"
        for source, counts in facts.labels.by_source.items()
    )
    return (
        f"# Model {version}\n\n"
        + (_STARTER if facts.starter else "")
        + f"A scorecard compiled from {facts.estimator}: log-odds of “client” as a sum of named contributions."
        + f"{when}\n\n"
        + _USE
        + "\n## Data\n\n"
        f"- {n_client + n_customer:,} labelled accounts: {n_client:,} clients, {n_customer:,} customers.\n"
        f"- Labels by source: {sources}. Accounts with contradicting labels: {facts.labels.contradicted:,}.\n"
        f"- Labels left out: {describe_counts(facts.labels.left_out)}.\n"
        f"- Kinds of event that the source records: {', '.join(facts.records)}.\n"
        f"- Signals: {len(facts.signals)}, of which "
        f"{', '.join(signal.name for signal in facts.signals if signal.treatment)} are treatment.\n"
        f"- Digest of the data: `{facts.data_digest}`; seed {facts.seed}.\n\n"
        "## How good it is\n\n"
        "On accounts that the judged model never saw (cross-fitted); in brackets 95 % intervals.\n\n"
        + _compare(facts)
        + "\n"
        + "".join(
            f"- {text}: {_percent(facts.metrics['decisions'][name])}\n"
            for name, text in _DECISIONS.items()
            if name in facts.metrics["decisions"]
        )
        + "\n## Certificate\n\n"
        + _promise(facts.thresholds)
        + "\n"
        + _LIMITS
    )


def _compare(facts: Facts) -> str:
    lines = ["| figure | model | rules |", "|---|---|---|"]
    for name, title in _FIGURES.items():
        model, rules = (facts.metrics[side].get(name) for side in ("model", "rules"))
        if model is not None and rules is not None:
            lines.append(f"| {title} | {_number(model)} | {_number(rules)} |")
    return "\n".join(lines) + "\n"


def _promise(thresholds: Thresholds) -> str:
    sides = {
        "client": ("from a probability of", thresholds.client),
        "customer": ("up to a probability of", thresholds.customer),
    }
    lines = [
        f"- “{side}” is automatic {bound} {value:.3f}."
        if value is not None
        else f"- “{side}” always goes to review: nothing could be promised."
        for side, (bound, value) in sides.items()
    ]
    return (
        f"With {1 - thresholds.delta:.0%} confidence at most {thresholds.alpha:.1%} of the automatic answers of each "
        f"kind are wrong, and at most {thresholds.beta:.1%} of all true clients are automatically called customer.\n\n"
        + "\n".join(lines)
        + "\n"
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
