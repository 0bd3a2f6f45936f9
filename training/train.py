"""From labelled accounts to a bundle: cross-fit, certify, fit, compile, describe."""

from __future__ import annotations

import io
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final

import joblib
import numpy as np
import numpy.typing as npt

from features.fingerprint import fingerprint
from features.progress import Progress, silent
from features.signals import CATALOGUE
from models.bundle import Bundle
from models.manifest import Calibration, Facts, TrainedSignal, version_of
from models.rules import RuleBook
from models.scorecard import Scorecard
from models.shelf import Shelf
from training.estimation.estimator import RelationshipClassifier
from training.judging.crossfit import CrossFitted, Limits, cross_fit
from training.judging.evaluate import estimate_sides, measure, summarise
from training.judging.fitting import calibrating, fit_scorecards, ranges
from training.judging.folds import Split, split
from training.judging.metrics import probability_figures
from training.judging.slices import SliceFigures, slice_figures, slices_of
from training.judging.yardsticks import judge_yardsticks
from training.labelled.dataset import Dataset
from training.labelled.minimum import refuse_too_few
from training.reporting.card import write_card

__all__ = ["Trained", "shelve", "train"]

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
    dataset : Dataset
    rules : RuleBook
    yardsticks : dict of str to ndarray of float64, shape (m,)
        P(client) of the cross-fitted accounts by models that explain nothing; none where they were left out.
    slices : list of SliceFigures
    """

    version: str
    facts: Facts
    scorecard: Scorecard
    estimator: RelationshipClassifier
    cross_fitted: CrossFitted
    summary: dict[str, Any]
    dataset: Dataset
    rules: RuleBook
    yardsticks: dict[str, Floats]
    slices: list[SliceFigures]


def train(  # noqa: PLR0913 - what may be chosen, each by its name
    dataset: Dataset,
    rules: RuleBook,
    seed: int,
    *,
    progress: Progress = silent,
    limits: Limits | None = None,
    estimator: RelationshipClassifier | None = None,
    starter: bool = False,
    how: Split = "account",
    yardsticks: bool = False,
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
    how : {"account", "time"}
        How accounts are kept from the models that are judged on them; see :func:`training.judging.folds.split`.
    yardsticks : bool
        Judge models that explain nothing on the same accounts too, which shows what being able to explain costs. It
        takes several times as long.

    Returns
    -------
    Trained

    Raises
    ------
    BadInput
        There are too few accounts of a class, or their labels cannot be split by time.
    """
    refuse_too_few(dataset)
    unfitted = RelationshipClassifier() if estimator is None else estimator
    splits, everyone = split(dataset, seed, how), np.arange(len(dataset))
    # All at once, since they keep several processes busy: a model for each fold, and last the one that is kept.
    *fits, (fitted, scorecard) = fit_scorecards(
        dataset, unfitted, [*(seen for seen, _ in splits), everyone], seed, progress
    )
    _check_equal(fitted, scorecard, dataset.X)
    scorecards = [each for _, each in fits]
    crossed = cross_fit(dataset, rules, splits, scorecards, limits or Limits(), seed, starter=starter, how=how)
    progress("Measuring", 0, 0)
    figures = measure(crossed.y, crossed.answers, seed, crossed.weights, crossed.prior)
    rivals = _judge_rivals(dataset, crossed, seed, progress) if yardsticks else {}
    sides = {name: probability_figures(crossed.y, said) for name, said in rivals.items()}
    rival_figures = estimate_sides(sides, crossed.weights, seed)
    parts = {name: values[crossed.rows] for name, values in slices_of(dataset).items()}
    said = crossed.answers
    slices = slice_figures(parts, crossed.y, said.model, said.rules, crossed.weights, seed)
    facts = Facts.model_validate(
        {
            **_describe_data(dataset),
            **_describe_model(fitted),
            "starter": starter,
            "split": how,
            "thresholds": crossed.thresholds,
            "metrics": figures,
            "yardsticks": rival_figures,
            "seed": seed,
            "rules": rules.digest,
        }
    )
    version = version_of(facts, scorecard.to_bytes())
    summary = summarise(dataset, figures, version, rival_figures, slices)
    return Trained(version, facts, scorecard, fitted, crossed, summary, dataset, rules, rivals, slices)


def shelve(
    trained: Trained, shelf: Shelf, created_at: str | None, extras: Mapping[str, bytes] | None = None
) -> tuple[Bundle, bool]:
    """Put a trained model on the shelf; the first one there becomes champion.

    Parameters
    ----------
    trained : Trained
    shelf : Shelf
    created_at : str or None
    extras : mapping of str to bytes, optional
        More files of the bundle, such as its report.

    Returns
    -------
    bundle : Bundle
    crowned : bool
        It has become champion by this.
    """
    pickled = io.BytesIO()
    joblib.dump(trained.estimator, pickled, compress=3)
    files = {
        "card.md": write_card(trained.facts, trained.version, created_at).encode(),
        "estimator.joblib": pickled.getvalue(),
        **(extras or {}),
    }
    bundle = shelf.put(trained.facts, trained.scorecard, created_at=created_at, extras=files)
    if shelf.has_champion():
        return bundle, False
    shelf.crown(bundle.version)
    return bundle, True


def _judge_rivals(dataset: Dataset, crossed: CrossFitted, seed: int, progress: Progress) -> dict[str, Floats]:
    """Return what the yardsticks say of the accounts that were judged, by what taught the model."""
    counted = calibrating(dataset.weights)
    said = judge_yardsticks(dataset.X, dataset.y, crossed.splits, seed, judge_weight=counted, progress=progress)
    return {name: probability[crossed.rows] for name, probability in said.items()}


def _check_equal(estimator: RelationshipClassifier, scorecard: Scorecard, X: Floats) -> None:
    """Refuse to go on with a scorecard that does not say what its estimator says, on any training account."""
    there, here = estimator.log_odds(X, of="client"), scorecard.score(X)
    worst = float(np.abs(there - here).max())
    if not worst <= _TOLERANCE * (1.0 + float(np.abs(there).max())):
        raise RuntimeError(f"The scorecard differs from its estimator by {worst:.3g} in log-odds: report this.")


def _describe_data(dataset: Dataset) -> dict[str, Any]:
    low, high = (_known(bounds) for bounds in ranges(dataset.X))
    signals = [
        TrainedSignal(
            name=signal.name, unit=signal.unit.name, low=low[place], high=high[place], treatment=signal.treatment
        )
        for place, signal in enumerate(CATALOGUE)
    ]
    return {
        "taught_by": "rules" if dataset.distilled else "labels",
        "signals": signals,
        "records": tuple(sorted(dataset.records)),
        "labels": dataset.labels,
        "data_digest": dataset.digest,
    }


def _describe_model(estimator: RelationshipClassifier) -> dict[str, Any]:
    calibration = estimator.calibration_
    return {
        "estimator": " and ".join(_NAMES[name] for name in estimator.shares()),
        "fingerprint": fingerprint(),
        "calibration": Calibration(slope=calibration.slope, intercept=calibration.intercept),
        "libraries": {"python": _PYTHON, **{name: metadata.version(name) for name in _LIBRARIES}},
    }


def _known(bounds: Floats) -> list[float | None]:
    return [None if np.isnan(bound) else float(bound) for bound in bounds]
