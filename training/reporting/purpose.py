"""What a model is for and what it must not be taken for: the words that card and report share."""

from __future__ import annotations

from typing import Final

from models.manifest import Facts

__all__ = ["INTENDED", "LIMITS", "NOT_FOR", "caveats"]

INTENDED: Final = (
    "Telling which accounts of a CRM are clients (who buy advice and an ongoing relationship) and which are customers "
    "(who buy products or single services), with a calibrated probability and its reasons, so that people serve them "
    "accordingly and review what is uncertain."
)

NOT_FOR: Final = (
    "Not for: decisions on credit, prices, employment or anything else about a natural person; accounts that bought "
    "nothing yet (they are prospects, by rule); another company's accounts without an evaluation on labels of theirs."
)

LIMITS: Final = (
    "A label says what somebody called the account. Where that was decided carelessly or unfairly, the model repeats "
    "it.",
    "Signals marked “treatment” follow from being treated as a client. They can confirm yesterday's decision rather "
    "than the account's nature.",
    "The dangerous error is a client served as a customer. The certificate bounds it; a reviewer should see what it "
    "leaves open.",
    "The promises hold for accounts drawn as the training accounts were. When the business changes, evaluate again.",
    "The model reads events, amounts and times, never names, texts or a person's characteristics; of a party it knows "
    "only whether it is an organisation.",
)

_STARTER: Final = (
    "This is the starter",
    "It was trained on simulated accounts, so that the first run has an answer. Its certificate speaks of simulated "
    "accounts too; therefore it answers automatically only where the rules agree. Train on your own labelled accounts "
    "as soon as there are some.",
)
_DISTILLED: Final = (
    "This model is distilled from the rules",
    "The rules taught it, not people: it smooths what they say and repeats what they get wrong. Labels of people, "
    "where there are any, only judge it. Train on labels as soon as there are some.",
)
_BY_TIME: Final = (
    "It was judged on the future",
    "Each model behind the figures learned from earlier labels and was judged on later ones, as it will be used. The "
    "earliest accounts are therefore learned from and not judged on.",
)


def caveats(facts: Facts) -> list[tuple[str, str]]:
    """Return what has to be said before any figure of a model: headings, each with its sentences."""
    said = ((facts.starter, _STARTER), (facts.taught_by == "rules", _DISTILLED), (facts.split == "time", _BY_TIME))
    return [text for holds, text in said if holds]
