"""From trials to figures with intervals, and to the lines of docs/results.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.loop.rounds import ARMS, Arm, Course, Size
from models.manifest import Estimate

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

DRAWS = 2000
NAMES: dict[Arm, str] = {
    "desk": "the desk's order",
    "random": "by chance",
    "fair": "by chance, as a fair sample",
}


@dataclass(frozen=True, eq=False)
class Loop:
    """What several trials found. Intervals hold 95 % of a bootstrap over trials, in which arms stay paired."""

    size: Size
    trials: Sequence[Sequence[Course]]

    @property
    def labels(self) -> Rows:
        """Labels of reviewers before any round and after each."""
        return np.arange(self.size.rounds + 1) * self.size.labels

    def values(self, arm: Arm, metric: str) -> Floats:
        """Return a figure of each trial's models, shape (trials, rounds + 1)."""
        found = [{arm: given for course in trial for arm, given in course.figures.items()} for trial in self.trials]
        return np.array([[each[metric] for each in one[arm]] for one in found])

    def mean(self, arm: Arm, metric: str, turn: int) -> Estimate:
        """Return a figure after a round."""
        return self._mean_of(self.values(arm, metric)[:, turn])

    def gain(self, rival: Arm, metric: str, turn: int) -> Estimate:
        """Return by how much the desk's model differs from a rival's after a round."""
        return self._mean_of((self.values("desk", metric) - self.values(rival, metric))[:, turn])

    def needed(self, arm: Arm, rival: Arm) -> Estimate:
        """Count the labels after which an arm's log loss is no greater than a rival's after all rounds."""
        return self.over_trials(self._needed(arm, rival))

    def ratio(self, rival: Arm) -> Estimate:
        """Divide those that the desk's order needs by those that the rival was given."""
        needed = self._needed("desk", rival)
        return self.over_trials(lambda rows: needed(rows) / self.labels[-1])

    def shorter(self, rival: Arm) -> float:
        """Return the share of draws in which the desk's order needs fewer labels than the rival was given."""
        return float((self._draws(self._needed("desk", rival)) < self.labels[-1]).mean())

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

    @property
    def _drawn(self) -> Rows:
        return np.random.default_rng(0).integers(len(self.trials), size=(DRAWS, len(self.trials)))

    def _needed(self, arm: Arm, rival: Arm) -> Callable[[Rows], float]:
        own, others = self.values(arm, "log_loss"), self.values(rival, "log_loss")[:, -1]
        return lambda rows: labels_for(self.labels, own[rows].mean(axis=0), float(others[rows].mean()))


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
        f"{size.slips:.0%} slips, and on the reveal finds half of those that a sure machine contradicts. The rival "
        "has the same company, start and slips, and its team the same number of verdicts, on cases drawn by chance "
        "from all accounts without a label; once its labels are picked by hand as the desk's are, once they count as "
        "a fair sample, by which calibration is learned too. "
        f"Means over {len(loop.trials)} companies, each model judged by P(client) of {size.kept_out:,} accounts kept "
        "out; the estimator takes fewer trees than the product's.\n"
    )
    yield f"![Log loss and AUROC against labels of reviewers, by order]({picture})\n"
    for metric, title in (("log_loss", "Log loss"), ("auroc", "AUROC")):
        yield from _table(loop, metric, title)
    yield from _sentences(loop)


def _table(loop: Loop, metric: str, title: str) -> Iterator[str]:
    rivals = ARMS[1:]
    heads = [NAMES[arm] for arm in ARMS] + [f"the desk's − {NAMES[arm]}" for arm in rivals]
    yield f"{title}, with 95 % intervals over the companies:\n"
    yield f"| verdicts | {' | '.join(heads)} |"
    yield f"|---:|{'---:|' * len(heads)}"
    for turn, labels in enumerate(loop.labels):
        cells = [text(loop.mean(arm, metric, turn), ".4f") for arm in ARMS]
        cells += [text(loop.gain(arm, metric, turn), "+.4f") for arm in rivals]
        yield f"| {labels} | {' | '.join(cells)} |"
    yield ""


def _sentences(loop: Loop) -> Iterator[str]:
    for rival in ARMS[1:]:
        reached = f"The log loss that {loop.labels[-1]} verdicts reach {NAMES[rival]}, "
        reached += f"{text(loop.mean(rival, 'log_loss', -1), '.4f')}, "
        needed = loop.needed("desk", rival)
        if needed.value is None:
            yield f"{reached}the desk's order does not reach with as many.\n"
        else:
            yield (
                f"{reached}the desk's order reaches with {text(needed, '.0f')}: {text(loop.ratio(rival), '.2f')} × as "
                f"many (fewer in {loop.shorter(rival):.1%} of the bootstrap's draws).\n"
            )
    work = [[trial[side] for trial in loop.trials] for side in (0, 1)]
    wrong = [float(np.mean([course.wrong for course in side])) for side in work]
    answers = [float(np.mean([course.work.answers for course in side])) for side in work]
    audited = np.mean([sum(label.inclusion is not None for label in course.labels.given) for course in work[0]])
    automatic = " → ".join(f"{loop.mean('desk', 'automatic', turn).value:.0%}" for turn in range(len(loop.labels)))
    yield (
        f"For {loop.labels[-1]} verdicts the team gave {answers[0]:.0f} answers at the desk and {answers[1]:.0f} by "
        f"chance, second readings included; {wrong[0]:.1%} and {wrong[1]:.1%} of the verdicts are wrong. "
        f"{audited:.0f} of the desk's came of the audit sample. Decided automatically of the accounts kept out, "
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
