"""From labelled accounts to a bundle: cross-fit, certify, fit, compile, describe."""

from __future__ import annotations

import io
import platform
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

import joblib
import numpy as np
import numpy.typing as npt

from features.events import BadInput
from features.fingerprint import fingerprint
from features.progress import Progress, silent
from features.signals import CATALOGUE
from models.bundle import Bundle
from models.manifest import Calibration, Facts, TrainedSignal, version_of
from models.policy import Thresholds
from models.rules import RuleBook
from models.scorecard import Scorecard
from models.shelf import Shelf
from training.card import write_card
from training.crossfit import CrossFitted, Limits, cross_fit, fit_scorecard, ranges
from training.dataset import Dataset, describe_counts
from training.estimator import RelationshipClassifier
from training.evaluate import Figures, measure, summarise

__all__ = ["LEAST_PER_CLASS", "Trained", "shelve", "train"]

LEAST_PER_CLASS: Final = 20
"""Labelled accounts of each class below which nothing is learned."""

_TOLERANCE: Final = 1e-9
_NAMES: Final = {"trees": "pairwise trees", "logistic": "spline logistic"}
_PYTHON: Final = ".".join(platform.python_version_tuple()[:2])
_LIBRARIES: Final = ("joblib", "numpy", "scikit-learn", "scipy")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model with everything that is known of it, not yet on a shelf.

    Attributes
    ----------
    version : str
    facts : Facts
    scorecard : Scorecard
    estimator : RelationshipClassifier
        What the scorecard was compiled from.
    cross_fitted : CrossFitted
    summary : dict
        The figures as `--json` writes them.
    """

    version: str
    facts: Facts
    scorecard: Scorecard
    estimator: RelationshipClassifier
    cross_fitted: CrossFitted
    summary: dict[str, Any]


def train(
    dataset: Dataset,
    rules: RuleBook,
    seed: int,
    *,
    progress: Progress = silent,
    limits: Limits | None = None,
    estimator: RelationshipClassifier | None = None,
    starter: bool = False,
) -> Trained:
    """Train a model and judge it on accounts that it never saw.

    Parameters
    ----------
    dataset : Dataset
    rules : RuleBook
        What stands beside the model: figures are given for both, and where the rules firmly contradict there is no
        automatic answer to certify.
    seed : int
        The same data and seed give the same scorecard, byte for byte, and the same version.
    progress : callable, optional
    limits : Limits, optional
    estimator : RelationshipClassifier, optional
        Not fitted; by default one with its own settings.
    starter : bool
        The accounts are simulated.

    Returns
    -------
    Trained

    Raises
    ------
    BadInput
        There are too few accounts of a class.
    """
    refuse_too_few(dataset)
    unfitted = RelationshipClassifier() if estimator is None else estimator
    crossed = cross_fit(dataset, rules, seed, unfitted, limits or Limits(), progress, starter=starter)
    figures = measure(dataset.y, crossed.answers, seed)
    progress("Fitting on all accounts", 0, 1)
    fitted, scorecard = fit_scorecard(dataset, unfitted, np.arange(len(dataset)), seed)
    _check_equal(fitted, scorecard, dataset.X)
    progress("Fitting on all accounts", 1, 1)
    facts = _describe(dataset, fitted, crossed.thresholds, figures, rules, seed, starter)
    version = version_of(facts, scorecard.to_bytes())
    return Trained(version, facts, scorecard, fitted, crossed, summarise(dataset, figures, version))


def shelve(trained: Trained, shelf: Shelf, created_at: str | None) -> tuple[Bundle, bool]:
    """Put a trained model on the shelf; the first one there becomes champion.

    Returns
    -------
    bundle : Bundle
    crowned : bool
        It has become champion by this.
    """
    pickled = io.BytesIO()
    joblib.dump(trained.estimator, pickled, compress=3)
    extras = {
        "card.md": write_card(trained.facts, trained.version, created_at).encode(),
        "estimator.joblib": pickled.getvalue(),
    }
    bundle = shelf.put(trained.facts, trained.scorecard, created_at=created_at, extras=extras)
    if shelf.has_champion():
        return bundle, False
    shelf.crown(bundle.version)
    return bundle, True


def refuse_too_few(dataset: Dataset) -> None:
    """Raise BadInput where a class has fewer accounts than anything can be learned from."""
    if min(dataset.n_client, dataset.n_customer) >= LEAST_PER_CLASS:
        return
    raise BadInput(
        f"There are labels of {dataset.n_client:,} clients and {dataset.n_customer:,} customers; training needs "
        f"{LEAST_PER_CLASS} of each at least. Left out: {describe_counts(dataset.labels.left_out)}. "
        "Label more accounts, or let the rules or the starter answer meanwhile."
    )


def _check_equal(estimator: RelationshipClassifier, scorecard: Scorecard, X: Floats) -> None:
    """Refuse to go on with a scorecard that does not say what its estimator says, on any training account."""
    there, here = estimator.log_odds(X, of="client"), scorecard.score(X)
    worst = float(np.abs(there - here).max())
    if not worst <= _TOLERANCE * (1.0 + float(np.abs(there).max())):
        raise RuntimeError(f"The scorecard differs from its estimator by {worst:.3g} in log-odds: report this.")


def _describe(
    dataset: Dataset,
    estimator: RelationshipClassifier,
    thresholds: Thresholds,
    figures: Figures,
    rules: RuleBook,
    seed: int,
    starter: bool,
) -> Facts:
    low, high = (_known(bounds) for bounds in ranges(dataset.X))
    calibration = estimator.calibration_
    return Facts.model_validate(
        {
            "starter": starter,
            "estimator": _NAMES[estimator.chosen_],
            "signals": [
                TrainedSignal(
                    name=signal.name,
                    unit=signal.unit.name,
                    low=low[place],
                    high=high[place],
                    treatment=signal.treatment,
                )
                for place, signal in enumerate(CATALOGUE)
            ],
            "records": tuple(sorted(dataset.records)),
            "fingerprint": fingerprint(),
            "calibration": Calibration(slope=calibration.slope, intercept=calibration.intercept),
            "thresholds": thresholds,
            "metrics": figures,
            "labels": dataset.labels,
            "data_digest": dataset.digest,
            "seed": seed,
            "rules": rules.digest,
            "libraries": {"python": _PYTHON, **{name: metadata.version(name) for name in _LIBRARIES}},
        }
    )


def _known(bounds: Floats) -> list[float | None]:
    return [None if np.isnan(bound) else float(bound) for bound in bounds]
