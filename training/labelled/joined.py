"""Datasets of several sources, put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from training.labelled.dataset import Dataset
from training.labelled.provenance import join_counts

__all__ = ["join_datasets"]


def join_datasets(datasets: Sequence[Dataset]) -> Dataset:
    """Put datasets of several sources with labels of people together, each source a group of its own."""
    columns = ("X", "y", "account_ids", "as_of", "inclusion", "timed")
    return Dataset(
        **{name: np.concatenate([getattr(one, name) for one in datasets]) for name in columns},
        groups=np.repeat(np.arange(len(datasets)), [len(one) for one in datasets]),
        labels=join_counts([one.labels for one in datasets]),
        records=frozenset().union(*(one.records for one in datasets)),
        facts=pd.concat([one.facts for one in datasets], ignore_index=True),
        contradictions=tuple(found for one in datasets for found in one.contradictions),
    )
