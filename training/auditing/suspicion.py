"""What makes a signal suspect of knowing the label: cheap looks at one signal at a time, with no model refitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from features.measures import DAY
from features.progress import Progress, silent
from features.signals import BY_NAME, CATALOGUE, SIGNAL_NAMES
from training.auditing.contrast import contrast_shares, contrast_values
from training.auditing.leak_limits import ALONE, CLOCK, GAINED, HAND, LEAST_TIMED, TOLD, Kind
from training.auditing.owners import Owners
from training.auditing.separation import auroc_of, separate
from training.judging.folds import Splits
from training.judging.metrics import Figure, estimate
from training.labelled.dataset import Dataset

__all__ = ["LABEL_TIME", "Evidence", "Suspicion", "relatives", "suspect"]

LABEL_TIME: Final = "labelled_at"
"""Stands in the place of a signal where the time of the label itself tells what it says."""

_OWNER = "has_owner"
_DRAWS = 200

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What there is to look at.

    Attributes
    ----------
    dataset : Dataset
        Its signals as of each label's time.
    later : ndarray of float64, shape (n, n_signals)
        The same accounts' signals at the end of the export.
    owners : Owners
    splits : list of (train rows, test rows)
    seed : int
    """

    dataset: Dataset
    later: Floats
    owners: Owners
    splits: Splits
    seed: int

    def alone(self, column: Floats, weights: Floats | None = None) -> tuple[Figure, float]:
        """Return the AUROC of one column alone, as a figure and on accounts of these weights; 0.5 where it is none."""
        figure = auroc_of(separate(column, self.dataset.y, self.splits), self.dataset.y)
        return figure, figure(self.dataset.weights if weights is None else weights) or 0.5

    def compare(self) -> Floats | None:
        """Return the weights of the accounts whose label has a time; None where there are too few of a class."""
        timed, y = self.dataset.timed & self.dataset.judged, self.dataset.y
        enough = min(int((timed & y).sum()), int((timed & ~y).sum())) >= LEAST_TIMED
        return np.where(timed, self.dataset.weights, 0.0) if enough else None


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A signal, or what belongs together, that may know the label.

    Attributes
    ----------
    signals : tuple of str
        The suspect first, then those of the same criteria, which tell the same in another way.
    kind : str
        See :data:`training.auditing.leak_limits.ADVICE`.
    evidence : str
        Sentences with figures.
    in_training : bool
        Training sees it; False where the times of the labels keep it out.
    alone : float or None
        AUROC of the suspect alone, where it was looked at.
    """

    signals: tuple[str, ...]
    kind: Kind
    evidence: str
    in_training: bool
    alone: float | None


def suspect(evidence: Evidence, progress: Progress = silent) -> list[Suspicion]:
    """Look at each signal alone.

    Parameters
    ----------
    evidence : Evidence
    progress : callable, optional

    Returns
    -------
    list of Suspicion
        No two of one kind about signals of the same criteria: of those the strongest leads.
    """
    found = [*_owners(evidence), *_label_times(evidence)]
    then: dict[str, float] = {}
    compared = evidence.compare()
    for place, signal in enumerate(CATALOGUE):
        progress("Looking at each signal alone", place, len(CATALOGUE))
        figure, then[signal.name] = evidence.alone(evidence.dataset.X[:, place])
        if compared is not None:
            found += _gains(evidence, place, figure, compared)
    progress("Looking at each signal alone", len(CATALOGUE), len(CATALOGUE))
    found += [_separates(evidence, name, auroc) for name, auroc in then.items() if auroc >= ALONE.value]
    return _strongest([*found, *_treatments(evidence, then)])


def relatives(name: str) -> tuple[str, ...]:
    """Return a signal and those that answer the same criteria of the domain, itself first."""
    same = [other.name for other in CATALOGUE if other.criteria == BY_NAME[name].criteria and other.name != name]
    return (name, *same)


def _separates(evidence: Evidence, name: str, auroc: float) -> Suspicion:
    told = contrast_values(evidence.dataset.X[:, SIGNAL_NAMES.index(name)], evidence.dataset.y, BY_NAME[name])
    text = f"Alone {name} separates clients from customers with an AUROC of {auroc:.3f}: {told}."
    return Suspicion(relatives(name), "separates alone", text, in_training=True, alone=auroc)


def _gains(evidence: Evidence, place: int, figure: Figure, weights: Floats) -> Iterator[Suspicion]:
    """Compare a signal at the label's time with itself at the end of the export."""
    name, y = SIGNAL_NAMES[place], evidence.dataset.y
    at_label = figure(weights) or 0.5
    if at_label + GAINED.value > 1.0:
        return
    figure_later, at_end = evidence.alone(evidence.later[:, place], weights)
    if at_end - at_label < GAINED.value or at_end < TOLD.value:
        return

    def gain(drawn: Floats) -> float | None:
        before, after = figure(drawn), figure_later(drawn)
        return None if before is None or after is None else after - before

    sure = estimate({"gain": gain}, weights, evidence.seed, _DRAWS)["gain"].low
    if sure is None or sure < GAINED.value / 2:
        return
    told = contrast_values(evidence.later[:, place], y, BY_NAME[name])
    text = f"When the labels were given {name} alone had an AUROC of {at_label:.3f}, now it has {at_end:.3f}: {told}."
    yield Suspicion(relatives(name), "after the label", text, in_training=False, alone=at_end)


def _owners(evidence: Evidence) -> Iterator[Suspicion]:
    """Look at when owners came."""
    data, owners = evidence.dataset, evidence.owners
    late, undated = owners.after(data.as_of, data.timed), owners.undated(data.timed)
    if (auroc := _hand(late, data)) >= HAND.value:
        text = f"Owners came at or after the label, for {contrast_shares(late, data.y)} (alone: AUROC {auroc:.3f})."
        yield Suspicion(relatives(_OWNER), "after the label", text, in_training=False, alone=auroc)
    if (auroc := _hand(undated, data)) >= HAND.value:
        text = (
            "Nothing shows that the owner came before the label, since one of the two has no date, for "
            f"{contrast_shares(undated, data.y)} (alone: AUROC {auroc:.3f})."
        )
        yield Suspicion(relatives(_OWNER), "without a date", text, in_training=True, alone=auroc)


def _hand(flag: Bools, data: Dataset) -> float:
    """Return the AUROC of a flag that is to speak for clients."""
    return auroc_of(flag.astype(np.float64), data.y)(data.weights) or 0.5


def _label_times(evidence: Evidence) -> Iterator[Suspicion]:
    data = evidence.dataset
    _, auroc = evidence.alone((data.as_of - data.as_of.min()) / DAY)
    if auroc >= CLOCK.value:
        text = (
            f"When a label was given alone tells what it says, with an AUROC of {auroc:.3f}; "
            f"{contrast_shares(data.timed, data.y)} carry a time."
        )
        yield Suspicion((LABEL_TIME,), "label time", text, in_training=True, alone=auroc)


def _treatments(evidence: Evidence, then: Mapping[str, float]) -> Iterator[Suspicion]:
    """List what follows from being treated as a client, each and all together, where it is on file at all."""
    known = [s.name for place, s in enumerate(CATALOGUE) if s.treatment and _varies(evidence.dataset.X[:, place])]
    for name in known:
        told = contrast_values(evidence.dataset.X[:, SIGNAL_NAMES.index(name)], evidence.dataset.y, BY_NAME[name])
        text = f"{name} follows from being treated as a client; alone it has an AUROC of {then[name]:.3f}: {told}."
        yield Suspicion(relatives(name), "treatment", text, in_training=True, alone=then[name])
    if len({frozenset(relatives(name)) for name in known}) > 1:
        text = f"All {len(known)} signals that follow from being treated as a client, together."
        yield Suspicion(tuple(known), "treatment", text, in_training=True, alone=None)


def _varies(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    return bool(len(known)) and (len(known) < len(column) or bool(np.ptp(known) > 0))


def _strongest(found: list[Suspicion]) -> list[Suspicion]:
    """Put findings of one kind about signals of the same criteria together, with the strongest signal first."""
    groups: dict[tuple[str, frozenset[str]], list[Suspicion]] = {}
    for one in found:
        groups.setdefault((one.kind, frozenset(one.signals)), []).append(one)
    together = []
    for group in groups.values():
        group.sort(key=lambda one: -(one.alone or 0.0))
        together.append(replace(group[0], evidence=" ".join(one.evidence for one in group)))
    return together
