"""What stands against making a model the champion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from models.bundle import Bundle
from models.limits import Limit
from models.manifest import Estimate
from training.judging.slices import LEAST_IN_SLICE
from training.tracking.compare import Comparison, SliceDifference

__all__ = ["LEAST_COMPARED", "SLICE_TOLERANCE", "obstacles"]

SLICE_TOLERANCE: Final = Limit(
    "slice_tolerance",
    0.02,
    "nats an account",
    "more than",
    "A challenger whose log loss on a part of the accounts is this much above the champion's, and surely above it, is "
    "not promoted.",
)
LEAST_COMPARED: Final = Limit(
    "least_compared", 20.0, "accounts of each class", "fewer than", "Two models are not compared on so few accounts."
)


def obstacles(challenger: Bundle, comparison: Comparison, tolerance: float = SLICE_TOLERANCE.value) -> tuple[str, ...]:
    """List what stands against a challenger, with the figures and the way out.

    A part of the accounts counts against it where its log loss is worse by more than the tolerance and the interval of
    the difference lies above 0. By the value alone, chance would refuse nearly every model that has many small parts;
    by the interval's lower end against the tolerance, hardly any part would be large enough to refuse one.

    Parameters
    ----------
    challenger : Bundle
    comparison : Comparison
    tolerance : float
        See `SLICE_TOLERANCE`.

    Returns
    -------
    tuple of str
        A sentence or two each; empty where nothing stands against it.
    """
    return tuple(_listed(challenger, comparison, tolerance))


def _listed(challenger: Bundle, comparison: Comparison, tolerance: float) -> Iterator[str]:
    if challenger.manifest.taught_by == "rules":
        yield (
            f"{challenger.version} is distilled from the rules, and so may be the answers that it is judged by: they "
            "do not prove it better than a champion. Label accounts and train without --distil."
        )
    if min(comparison.n_client, comparison.n_customer) < LEAST_COMPARED.value:
        yield (
            f"There are {comparison.n_client:,} clients and {comparison.n_customer:,} customers to compare the two on, "
            f"{comparison.n_left_out:,} being left out since nothing that {comparison.champion} says of them is "
            f"unseen; it takes {LEAST_COMPARED.value:.0f} of each. Label more accounts."
        )
    elif not comparison.better:
        yield _not_better(comparison)
    for part in comparison.slices:
        if _is_worse(part.difference, tolerance):
            yield _worse_part(part, tolerance)


def _is_worse(difference: Estimate, tolerance: float) -> bool:
    if difference.value is None or difference.low is None:
        return False
    return difference.value > tolerance and difference.low > 0


def _not_better(comparison: Comparison) -> str:
    doubt = (
        ""
        if comparison.known
        else (
            f" What {comparison.champion} learned from is not known, so that it may have learned from these accounts, "
            "which flatters it."
        )
    )
    return (
        f"It is not surely better than the champion {comparison.champion}: its log loss is "
        f"{_figure(comparison, 'challenger')} against {_figure(comparison, 'champion')}, a difference of "
        f"{_interval(comparison.difference)} on the same {comparison.n:,} accounts, and the whole interval must lie "
        f"below 0.{doubt} More labels narrow the interval; better signals or labels move it."
    )


def _worse_part(part: SliceDifference, tolerance: float) -> str:
    return (
        f"On {part.slice} = {part.value} ({part.n:,} accounts; parts below {LEAST_IN_SLICE} are not judged) its log "
        f"loss is worse by {_interval(part.difference)}, where {tolerance:g} is tolerated. See what these accounts "
        "have in common in its report, and label more of them."
    )


def _figure(comparison: Comparison, side: str) -> str:
    value = comparison.figures["challenger" if side == "challenger" else "champion"]["log_loss"].value
    return "unknown" if value is None else f"{value:.4f}"


def _interval(difference: Estimate) -> str:
    if difference.value is None or difference.low is None or difference.high is None:
        return "unknown size"
    return f"{difference.value:+.4f} (95 % interval {difference.low:+.4f} to {difference.high:+.4f})"
