"""What a sound bundle is made of, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.fingerprint import fingerprint
from features.signals import CATALOGUE, SIGNAL_NAMES
from models.curves import Curve
from models.manifest import Calibration, Estimate, Facts, LabelCounts, TrainedSignal
from models.policy import Thresholds
from models.scorecard import Scorecard

CARD = b"# A model\n"


def make_scorecard(step: float = 0.5) -> Scorecard:
    """One step a signal."""
    shares = np.array([0.5, 0.25, 0.25])
    return Scorecard(0.1, tuple(Curve.of_steps(name, np.array([1.0]), step * shares, shares) for name in SIGNAL_NAMES))


def make_facts(**changes: Any) -> Facts:
    """Facts that could be true."""
    facts = Facts(
        starter=False,
        taught_by="labels",
        split="account",
        estimator="pairwise trees",
        signals=tuple(
            TrainedSignal(name=signal.name, unit=signal.unit.name, low=0.0, high=None, treatment=signal.treatment)
            for signal in CATALOGUE
        ),
        records=("meeting", "purchase"),
        fingerprint=fingerprint(),
        calibration=Calibration(slope=1.1, intercept=-0.2),
        thresholds=Thresholds(client=0.9123456789012345, customer=None),
        metrics={"model": {"auroc": Estimate(value=0.93, low=0.9, high=0.95)}},
        yardsticks={},
        labels=LabelCounts(by_source={"crm": {"client": 40, "customer": 60}}, left_out={"prospect": 3}, contradicted=1),
        data_digest="0" * 64,
        seed=1,
        rules="abc",
        libraries={"numpy": "2"},
    )
    return facts.model_copy(update=changes)
