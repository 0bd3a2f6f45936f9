"""The first page of the report: what was learned, for people who have one minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from features.catalogue import Signal
from models.drawing import signed
from models.manifest import Estimate, Facts, LabelCounts
from training.reporting.disagreement import Disagreement
from training.reporting.shapes import Shape
from training.tracking.compare import Comparison

if TYPE_CHECKING:
    from training.train import Trained

__all__ = ["how_good", "next_steps", "of_whom", "percent", "promise", "signal_in_words", "what_changed"]

_MODEST: Final = 1000  # labels: below, more of them help more than anything else
_CROOKED: Final = 0.05  # calibration error: above, a probability should not be quoted
_EXACT: Final = 1e-9
_STRONG: Final = 3
_SOURCES: Final = {"crm": "the CRM", "reviewer": "reviewers"}


def percent(value: float | None, digits: int = 1) -> str:
    """Write a share as people do; a dash where there is none.

    Examples
    --------
    >>> percent(0.5412), percent(1.0), percent(None)
    ('54.1 %', '100 %', '–')
    """
    if value is None:
        return "–"
    whole = round(100 * value)
    return f"{whole} %" if abs(100 * value - whole) < _EXACT else f"{100 * value:.{digits}f} %"


def of_whom(facts: Facts) -> str:
    """Say from how many labels of whom the model learned."""
    labels = facts.labels
    clients, customers = labels.of_class("client"), labels.of_class("customer")
    if clients + customers == 0:
        return "No account carries a label."
    sources = " and ".join(
        f"{_SOURCES.get(source, source)} ({sum(of.values()):,})" for source, of in labels.by_source.items()
    )
    verb = "It learned from" if facts.taught_by == "labels" else "People's labels judged it on"
    people = f", {_count(labels.labellers, 'person', 'people')} by name," if labels.labellers else ""
    return (
        f"{verb} {_count(clients + customers, 'labelled account')}: {_count(clients, 'client')} and "
        f"{_count(customers, 'customer')}, labelled by {sources}{people}{_span(labels)}."
    )


def _span(labels: LabelCounts) -> str:
    if labels.earliest is None or labels.latest is None:
        return ""
    same = labels.earliest == labels.latest
    return f" on {labels.earliest}" if same else f" between {labels.earliest} and {labels.latest}"


def _count(n: int, one: str, many: str | None = None) -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def how_good(facts: Facts) -> list[str]:
    """Say how good the model is beside the rules and the base rate."""
    model, rules, base = (facts.metrics.get(side, {}) for side in ("model", "rules", "base rate"))
    auroc = _value(model, "auroc")
    if auroc is None:
        return [
            "The labels at hand do not show both a client and a customer to judge it by: how good it is, nobody knows."
        ]
    beside = _value(rules, "auroc")
    said = [
        f"Shown a client and a customer that it never saw, it ranks the client first in {_of_hundred(auroc)} of 100 "
        "cases" + (f"; the rules in {_of_hundred(beside)}" if beside is not None else "") + ", guessing in 50."
    ]
    error = _value(model, "ece")
    if error is not None:
        said.append(f"What it says in per cent differs from what comes true by {100 * error:.1f} points on average.")
    losses = {name: _value(side, "log_loss") for name, side in (("rules", rules), ("base rate", base))}
    own = _value(model, "log_loss")
    saved = [
        f"{1 - own / loss:.0%}".replace("%", " %") + f" {'less' if own < loss else 'more'} than the {name}"
        for name, loss in losses.items()
        if own is not None and loss
    ]
    if saved:
        said.append(f"Its probabilities surprise (log loss) {' and '.join(saved).replace('-', '')}.")
    return said


def _value(side: dict[str, Estimate], name: str) -> float | None:
    return side[name].value if name in side else None


def _of_hundred(share: float) -> str:
    return f"{100 * share:.0f}"


def promise(facts: Facts) -> str:
    """Say how much is answered automatically, and with which promise."""
    limits, share = facts.thresholds, _value(facts.metrics.get("decisions", {}), "auto_share")
    sides = [side for side, bound in (("client", limits.client), ("customer", limits.customer)) if bound is not None]
    if not sides:
        return (
            "Nothing could be promised, so every answer goes to a reviewer"
            + (" unless the rules that taught it would decide" if facts.taught_by == "rules" else "")
            + "."
        )
    amount = (
        "" if share is None else f" Of 100 accounts it answers {100 * share:.0f} on its own; reviewers see the others."
    )
    alone = (
        "" if len(sides) > 1 else f" Only “{sides[0]}” is ever automatic: for the other side nothing could be promised."
    )
    return (
        f"The promise, with {percent(1 - limits.delta)} confidence: at most {percent(limits.alpha)} of the automatic "
        f"answers of each kind are wrong, and at most {percent(limits.beta)} of all true clients are automatically "
        f"called customer.{amount}{alone}"
    )


def signal_in_words(shape: Shape) -> str:
    """Say what a signal is and which side more of it speaks for."""
    subject = _subject(shape.signal)
    if shape.signal.unit.name == "yes/no":
        ending = {1: "where so, it speaks for client", -1: "where so, it speaks for customer"}
    else:
        ending = {1: "the more, the likelier a client", -1: "the more, the likelier a customer"}
    return f"{subject}: {ending.get(shape.trend, 'speaks for either side, depending on the stretch')}."


def _subject(signal: Signal) -> str:
    # What follows a semicolon in a meaning says how to read the number.
    return signal.meaning.partition(";")[0].rstrip(".")


def what_changed(comparison: Comparison) -> str:
    """Say in a sentence whether the model is better than the champion."""
    found = comparison.difference
    if found.value is None or found.low is None or found.high is None:
        return f"There are no accounts on which it could be compared with the champion {comparison.champion} fairly."
    interval = (
        f"{signed(found.value, 4)} nats an account, 95 % interval {signed(found.low, 4)} to {signed(found.high, 4)}"
    )
    verdict = (
        "is better than" if comparison.better else "is worse than" if found.low > 0 else "is not surely better than"
    )
    return (
        f"On the same {_count(comparison.n, 'account')}, neither judged on what it learned from, "
        f"{comparison.challenger} {verdict} the champion {comparison.champion}: log loss {interval}."
    )


def next_steps(
    trained: Trained, comparison: Comparison | None, shapes: Sequence[Shape], parted: Disagreement
) -> list[str]:
    """Propose what to do next, the most urgent first."""
    facts = trained.facts
    steps = [*_about_labels(facts), *_about_trust(facts, shapes)]
    if parted.opposing and trained.cross_fitted.weights.any():
        steps.append(
            f"Read where the rules oppose the model most often (“{parted.opposing[0].text}”), and mend the rule or the "
            "labels."
        )
    if comparison is None:
        steps.append(
            "It is the first model here, so nothing had to be beaten. Let reviewers see its answers for a while."
        )
    elif comparison.better:
        steps.append(f"Promote it: rapport promote {trained.version}")
    else:
        steps.append("Keep the champion, unless there are reasons beyond these figures.")
    return steps


def _about_labels(facts: Facts) -> list[str]:
    labels = facts.labels
    n = labels.of_class("client") + labels.of_class("customer")
    steps = []
    if facts.starter or facts.taught_by == "rules":
        steps.append("Have people label accounts and train on those: a reviewed audit sample is the best start.")
    elif n < _MODEST or None in (facts.thresholds.client, facts.thresholds.customer):
        steps.append("Label more accounts: with more to judge by, more can be promised and answered automatically.")
    if labels.contradicted:
        steps.append(f"Settle {_count(labels.contradicted, 'contradicting label')}: rapport audit lists the accounts.")
    return steps


def _about_trust(facts: Facts, shapes: Sequence[Shape]) -> list[str]:
    steps = []
    treated = [shape.signal.name for shape in shapes[:_STRONG] if shape.signal.treatment]
    if treated:
        steps.append(
            f"Ask whether {' and '.join(treated)} follow from the label rather than lead to it: rapport audit shows "
            "the figures without such signals."
        )
    error = _value(facts.metrics.get("model", {}), "ece")
    if error is not None and error > _CROOKED:
        steps.append("Do not quote its probabilities as they are: they are off by more than five points on average.")
    return steps
