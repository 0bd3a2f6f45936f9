"""Datasets made by hand, where a test needs labels and times rather than events."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.signals import SIGNAL_NAMES
from models.manifest import LabelCounts
from training.labelled.dataset import Dataset

DAY = 86_400_000_000


def dataset_of(
    y: npt.NDArray[np.bool_], seed: int = 0, *, as_of: npt.NDArray[np.int64] | None = None, strength: float = 1.5
) -> Dataset:
    """Accounts whose signals are noise but for three, which are higher for clients."""
    rng = np.random.default_rng(seed)
    n = len(y)
    X = rng.normal(size=(n, len(SIGNAL_NAMES)))
    # Signals without a direction, so that nothing keeps a model from learning from them.
    for name in ("purchase_mean", "tenure_days", "purchase_gap_days"):
        X[:, SIGNAL_NAMES.index(name)] += strength * y
    return Dataset(
        X=X,
        y=y,
        account_ids=np.array([f"a{i:05}" for i in range(n)], dtype=object),
        as_of=np.full(n, 20_000 * DAY) if as_of is None else as_of,
        groups=np.arange(n),
        labels=LabelCounts(
            by_source={"crm": {"client": int(y.sum()), "customer": int((~y).sum())}}, left_out={}, contradicted=0
        ),
        records=frozenset({"purchase"}),
        inclusion=np.ones(n),
        timed=np.full(n, as_of is not None),
        facts=pd.DataFrame({"industry": [None] * n, "party": [None] * n}, dtype=object),
    )
