"""From trials to figures with intervals, and to the lines of docs/results.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benchmarks.loop.rounds import ARMS, Arm, Course, Size
from models.manifest import Estimate
from training.asking.learning_curve import GAIN

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

DRAWS = 2000
NAMES: dict[Arm, str] = {
    "desk": "the desk's order",
    "random": "by chance",
}


@dataclass(frozen=True, eq=False)
class Loop:
    """What several trials found. Intervals hold 95 % of a bootstrap over trials, in which arms stay paired."""

    size: Size
    trials: Sequence[Mapping[Arm, Course]]

    @property
    def labels(self) -> Rows:
        """Labels of reviewers before any round and after each."""
        return np.arange(self.size.rounds + 1) * self.size.labels

    def values(self, arm: Arm, metric: str) -> Floats:
        """Return a figure of each trial's models, shape (trials, rounds + 1)."""
        return np.array([[each[metric] for each in trial[arm].figures] for trial in self.trials])

    def mean(self, arm: Arm, metric: str, turn: int) -> Estimate:
        """Return a figure after a round."""
        return self._mean_of(self.values(arm, metric)[:, turn])

    def gain(self, metric: str, turn: int) -> Estimate:
        """Return by how much the desk's model differs from its rival's after a round."""
        return self._mean_of((self.values("desk", metric) - self.values("random", metric))[:, turn])

    def needed(self, arm: Arm) -> Estimate:
        """Count the labels with which an arm gets to `GAIN` of what the rival gains with all of its own in log loss."""
        return self.over_trials(lambda rows: self._needed(rows)[arm])

    def ratio(self) -> Estimate:
        """Divide those that the desk's order needs by those that the rival needs."""
        return self.over_trials(self._ratio)

    def fewer(self) -> float:
        """Return the share of draws in which they are fewer."""
        return float((self._draws(self._ratio) < 1).mean())

    def over_trials(self, measure: Callable[[Rows], float]) -> Estimate:
        """Give what is measured on some trials with its interval; a bound that no number of labels reaches is None."""
        value = measure(np.arange(len(self.trials)))
        # Where a curve never gets there, the number of labels is greater than any.
        return self._estimate(value, np.nan_to_num(self._draws(measure), nan=np.inf))

    def _mean_of(self, values: Floats) -> Estimate:
        return self._estimate(float(values.mean()), values[self._drawn].mean(axis=1))

    def _estimate(self, value: float, draws: Floats) -> Estimate:
        if len(self.trials) == 1:
            return Estimate(value=_known(value), low=None, high=None)
        ranked = np.sort(draws)
        low, high = (float(ranked[round(share * (DRAWS - 1))]) for share in (0.025, 0.975))
        return Estimate(value=_known(value), low=_known(low), high=_known(high))

    def _draws(self, measure: Callable[[Rows], float]) -> Floats:
        return np.array([measure(rows) for rows in self._drawn])

    @cached_property
    def _drawn(self) -> Rows:
        return np.random.default_rng(0).integers(len(self.trials), size=(DRAWS, len(self.trials)))

    def _ratio(self, rows: Rows) -> float:
        needed = self._needed(rows)
        return needed["desk"] / needed["random"]

    def _needed(self, rows: Rows) -> dict[Arm, float]:
        losses = {arm: self._losses[arm][rows].mean(axis=0) for arm in ARMS}
        first, *_, last = losses["random"]
        target = float(first + GAIN * (last - first))
        return {arm: labels_for(self.labels, losses[arm], target) for arm in ARMS}

    @cached_property
    def _losses(self) -> dict[Arm, Floats]:
        return {arm: self.values(arm, "log_loss") for arm in ARMS}


def labels_for(labels: Rows, losses: Floats, target: float) -> float:
    """Find from how many labels on a curve stays at a log loss or below; nan where it ends above.

    Examples
    --------
    >>> labels_for(np.array([0, 100, 200]), np.array([0.5, 0.3, 0.2]), 0.4)
    50.0
    """
    above = np.flatnonzero(losses > target)
    if not len(above):
        return float(labels[0])
    last = int(above[-1])
    if last == len(labels) - 1:
        return float("nan")
    share = (losses[last] - target) / (losses[last] - losses[last + 1])
    return float(labels[last] + share * (labels[last + 1] - labels[last]))


def as_markdown(loop: Loop, picture: str) -> Iterator[str]:
    """Yield the lines of the section of docs/results.md."""
    size = loop.size
    yield (
        f"A simulated company of {size.accounts:,} accounts whose CRM has labelled {size.start} of them by chance, "
        f"from which the first model learns. Then for {size.rounds} rounds: the model decides all accounts "
        "(`rapport classify --record`); four reviewers and a lead work at the desk until "
        f"{size.labels} more verdicts say client or customer; the next model learns from the CRM's labels and all "
        "verdicts (`rapport train --labels-from`). A reviewer says what the account is by the simulator's truth, with "
        f"{size.slips:.0%} slips, and on the reveal finds half of those that a sure machine contradicts. The rival has "
        "the same company, start and slips, and its team the same number of verdicts, on cases drawn by chance from "
        f"all accounts without a label. Means over {len(loop.trials)} companies (in brackets 95 % intervals), none of "
        "which was looked at when order and calibration were chosen "
        "([0021](decisions/0021-what-the-queue-learns-from.md)); "
        f"each model is judged by P(client) of up to {size.kept_out:,} accounts kept out; the estimator takes fewer "
        "trees than the product's.\n"
    )
    yield f"![Log loss and AUROC against verdicts, by order]({picture})\n"
    for metric, title in (("log_loss", "log loss"), ("auroc", "AUROC")):
        heads = [*(f"{title}, {NAMES[arm]}" for arm in ARMS), "difference"]
        yield f"| verdicts | {' | '.join(heads)} |"
        yield f"|---:|{'---:|' * len(heads)}"
        for turn, labels in enumerate(loop.labels):
            cells = [text(loop.mean(arm, metric, turn), ".4f") for arm in ARMS]
            yield f"| {labels} | {' | '.join(cells)} | {text(loop.gain(metric, turn), '+.4f')} |"
        yield ""
    yield from _sentences(loop)


def _sentences(loop: Loop) -> Iterator[str]:
    all_labels = loop.labels[-1]
    desk, chance = (text(loop.needed(arm), ".0f") for arm in ARMS)
    yield (
        f"To get to {GAIN:.0%} of what {all_labels} verdicts by chance gain in log loss takes {desk} verdicts in the "
        f"desk's order and {chance} by chance: {text(loop.ratio(), '.2f')} × as many (fewer in {loop.fewer():.1%} of "
        "the bootstrap's draws).\n"
    )
    courses = {arm: [trial[arm] for trial in loop.trials] for arm in ARMS}
    wrong = {arm: float(np.mean([course.wrong for course in courses[arm]])) for arm in ARMS}
    answers = {arm: float(np.mean([course.work.answers for course in courses[arm]])) for arm in ARMS}
    audited = [sum(label.inclusion is not None for label in course.labels.given) for course in courses["desk"]]
    automatic = " → ".join(f"{loop.mean('desk', 'automatic', turn).value:.0%}" for turn in range(len(loop.labels)))
    yield (
        f"For {all_labels} verdicts the team gave {answers['desk']:.0f} answers at the desk and "
        f"{answers['random']:.0f} by chance, second readings included; {wrong['desk']:.1%} and {wrong['random']:.1%} "
        "of the verdicts are wrong: on the desk's cases the machine is seldom sure enough to find a slip. "
        f"{np.mean(audited):.1f} at the desk came of the audit sample. Decided automatically of the accounts kept out, "
        f"start and rounds: {automatic}."
    )


def text(found: Estimate, style: str) -> str:
    """Write a figure with its interval."""
    value, low, high = (
        "never" if each is None else format(each, style).replace("-", "−")
        for each in (found.value, found.low, found.high)
    )
    return value if found.low is None and found.high is None else f"{value} [{low}, {high}]"


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
