"""What counts as a leak: kinds of finding, what to do about each, and the limits, each one named object."""

from __future__ import annotations

from typing import Final, Literal

from models.limits import Limit

__all__ = ["ADVICE", "ALONE", "CLOCK", "GAINED", "HAND", "LEAST_TIMED", "LIMITS", "TOLD", "Kind"]

# In thirty worlds of ten kinds of simulated company the strongest honest signal alone reached 0.955, and 0.876 on two
# sets of real records.
ALONE: Final = Limit(
    "alone", 0.97, "AUROC", "at least", "A signal that alone separates clients from customers so well: hardly honest."
)
# In the same worlds the months from label to export gave an honest signal 0.108 at most, and those that gained most
# told little even then: 0.66. So both limits have to be reached.
GAINED: Final = Limit(
    "gained", 0.10, "AUROC", "at least", "A signal alone tells so much more at the end of the export than at the label."
)
TOLD: Final = Limit("told", 0.75, "AUROC", "at least", "And so much at the end of the export.")
HAND: Final = Limit(
    "hand", 0.60, "AUROC", "at least", "Owners who are undated, or came after the label, alone tell so much of it."
)
CLOCK: Final = Limit("clock", 0.75, "AUROC", "at least", "When a label was given alone tells so much of what it says.")

LIMITS: Final[dict[str, Limit]] = {limit.name: limit for limit in (ALONE, GAINED, TOLD, HAND, CLOCK)}
"""Every limit of the search for leaks by its name."""

LEAST_TIMED: Final = 20
"""Labels with a time, of each class, below which nothing is compared with a later moment."""

Kind = Literal["separates alone", "after the label", "without a date", "label time", "treatment"]

ADVICE: Final[dict[Kind, str]] = {
    "separates alone": (
        "Find out how it comes to be recorded. If that follows from the label, leave it out of the import, or give "
        "each event its true recorded_at."
    ),
    "after the label": (
        "Keep labelled_at on every label: then training does not see it. Where labels have no time, leave it out of "
        "the import."
    ),
    "without a date": (
        "Import owner_since and labelled_at, or leave owner_id out: without both, an owner assigned because of the "
        "label counts as having been there before."
    ),
    "label time": "Give labels of both classes times from the same months, or none.",
    "treatment": "It follows from being treated as a client: rely on it only if it is there before anybody decides.",
}
"""What to do about each kind of finding."""
