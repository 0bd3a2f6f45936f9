"""Counts of where labels came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from models.manifest import LabelCounts
from training.labelled.labels import Resolved

__all__ = ["count_labels", "describe_counts", "join_counts"]


def count_labels(resolved: Resolved, rows: npt.NDArray[np.intp], left_out: dict[str, int]) -> LabelCounts:
    """Count the labels that are learned from or judged by.

    Parameters
    ----------
    resolved : Resolved
    rows : ndarray of int
        Which of them.
    left_out : dict of str to int
        The others, by reason.

    Returns
    -------
    LabelCounts
    """
    client, sources = resolved.client[rows], resolved.sources[rows].astype(str)
    times = resolved.as_of[rows][resolved.timed[rows]]
    labellers = {name for name in resolved.labellers[rows] if name is not None}
    return LabelCounts(
        by_source={
            str(source): {
                "client": int(client[sources == source].sum()),
                "customer": int((~client[sources == source]).sum()),
            }
            for source in np.unique(sources)
        },
        left_out=left_out,
        contradicted=len(resolved.contradictions),
        hand_picked=int(np.isnan(resolved.inclusion[rows]).sum()),
        labellers=len(labellers),
        earliest=_day(times.min()) if len(times) else None,
        latest=_day(times.max()) if len(times) else None,
    )


def join_counts(counts: Sequence[LabelCounts]) -> LabelCounts:
    """Add the counts of several sources, whose labellers are different people."""
    left_out: Counter[str] = Counter()
    by_source: dict[str, Counter[str]] = {}
    for one in counts:
        left_out.update(one.left_out)
        for source, classes in one.by_source.items():
            by_source.setdefault(source, Counter()).update(classes)
    return LabelCounts.model_validate(
        {
            "by_source": by_source,
            "left_out": left_out,
            "contradicted": sum(one.contradicted for one in counts),
            "hand_picked": sum(one.hand_picked for one in counts),
            "labellers": sum(one.labellers for one in counts),
            "earliest": min((one.earliest for one in counts if one.earliest), default=None),
            "latest": max((one.latest for one in counts if one.latest), default=None),
        }
    )


def describe_counts(counts: dict[str, int]) -> str:
    """Write counts by reason as part of a sentence."""
    return ", ".join(f"{count:,} {reason}" for reason, count in counts.items()) or "none"


def _day(micros: np.int64) -> str:
    return datetime.fromtimestamp(int(micros) / 1e6, UTC).date().isoformat()
