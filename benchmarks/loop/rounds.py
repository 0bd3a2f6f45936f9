"""The loop itself: a night decides, reviewers settle cases, their verdicts train the model of the next night."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.loop.team import SLIPS, ByChance, Choose, Team, Work, first_in_queue
from benchmarks.loop.world import RULES, Company, found_company
from models.manifest import LabelCounts
from models.policy import Model
from models.shelf import Shelf
from reviews.batch import Batch, record_export
from reviews.database import Database, open_database
from reviews.schema import prepare
from reviews.terms import DAY, HOUR
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.fitting import fit_scorecard, ranges
from training.labelled.dataset import Dataset, load_dataset
from training.labelled.reviewed import DeskLabels, merge_labels
from training.train import shelve, train

Arm = Literal["desk", "random"]

ARMS: tuple[Arm, ...] = ("desk", "random")
"""Cases as the desk offers them, and cases drawn by chance."""

AUDITED = 0.02
"""Share of the automatic answers that the audit sample draws, as `rapport classify` does."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a trial is.

    Attributes
    ----------
    accounts : int
        That may be asked about.
    kept_out : int
        To judge by.
    start : int
        Labels of the CRM.
    labels : int
        Of the reviewers, a round.
    rounds : int
    slips : float
        Share of the reviewers' answers.
    """

    accounts: int = 2000
    kept_out: int = 3000
    start: int = 150
    labels: int = 100
    rounds: int = 3
    slips: float = SLIPS


@dataclass(frozen=True, slots=True)
class Course:
    """How the work at one desk went.

    Attributes
    ----------
    figures : list of dict
        Of the model before any review, and after each round.
    work : Work
    labels : DeskLabels
        Of the reviewers, all of them.
    wrong : float
        Share of them that are not what the account is.
    taught : LabelCounts
        What the last model was trained from, by source.
    """

    figures: list[dict[str, float]]
    work: Work
    labels: DeskLabels
    wrong: float
    taught: LabelCounts


def run_trial(
    folder: Path,
    seed: int,
    size: Size,
    say: Callable[[str], None],
    estimator: RelationshipClassifier | None = None,
    *,
    certified: bool = True,
) -> dict[Arm, Course]:
    """Work at two desks from one start: as the first offers its cases, and by chance at the other.

    Parameters
    ----------
    folder : Path
        Empty; holds export, databases and models afterwards.
    seed : int
        Of company, start, slips and models: the same for each arm.
    size : Size
    say : callable
        Told what is being done.
    estimator : RelationshipClassifier, optional
        What learns; by default the product's own with fewer trees.
    certified : bool
        Train as the product does, so that some accounts are decided automatically. Without, it is five times as quick,
        and every account waits at the desk.
    """
    say("the company")
    company = found_company(folder / "crm", seed, size.accounts, size.kept_out, size.start)
    trial = _Trial(company, size, seed, folder, say, estimator or _quick_estimator(), certified)
    say("the first model")
    first = trial.train(load_dataset(company.export, company.as_of))
    # Without thresholds nothing is automatic, so that any account may be drawn: the rival asks about all alike.
    uncertified = replace(first, thresholds=None)
    return {
        "desk": trial.work("desk", first, AUDITED, trial.train),
        "random": trial.work("random", uncertified, 0.0, trial.fit),
    }


@dataclass(frozen=True, slots=True)
class _Trial:
    company: Company
    size: Size
    seed: int
    folder: Path
    say: Callable[[str], None]
    estimator: RelationshipClassifier
    certified: bool

    def work(self, name: Arm, model: Model, audited: float, learn: Callable[[Dataset], Model]) -> Course:
        """Go through nights and days, at a desk with a database of its own."""
        company, size = self.company, self.size
        figures, labels = [company.judge(model)], DeskLabels([], ())
        taught = LabelCounts(by_source={}, left_out={}, contradicted=0)
        with open_database(f"sqlite:///{self.folder / name}.db", seconds=60) as database:
            prepare(database)
            team = Team(database, company.truth, self.seed, size.slips)
            choose: Choose = first_in_queue(team) if name == "desk" else ByChance(team, company.labelled)
            for turn in range(size.rounds):
                self.say(f"{name}, round {turn + 1}")
                night = company.as_of + turn * DAY
                self._record(database, night, model, audited)
                team.work_until((turn + 1) * size.labels, night + HOUR, choose)
                labels = DeskLabels(list(team.labels()), team.desk.labellers())
                dataset = self._dataset(labels)
                model, taught = learn(dataset), dataset.labels
                figures.append(company.judge(model))
        wrong = [label.relationship != company.truth[label.account_id] for label in labels.given]
        return Course(figures, team.work, labels, float(np.mean(wrong)), taught)

    def _record(self, database: Database, night: int, model: Model, audited: float) -> None:
        """Decide the export and open its cases as `rapport classify --record` does."""
        deque(record_export(self.company.export, Batch(night, night, RULES, model, audited), database), maxlen=0)

    def _dataset(self, desk: DeskLabels) -> Dataset:
        """Read what there is to learn as `rapport train --labels-from` does."""
        labels = merge_labels(self.company.export.labels(), desk).labels
        latest = max(label.labelled_at for label in desk.given)
        return load_dataset(self.company.export, latest, labels=labels)

    def train(self, dataset: Dataset) -> Model:
        """Train, certify and put on the shelf as `rapport train` does."""
        if not self.certified:
            return self.fit(dataset)
        trained = train(dataset, RULES, self.seed, estimator=self.estimator)
        bundle, _ = shelve(trained, Shelf(self.folder / "store"), None)
        return bundle.model

    def fit(self, dataset: Dataset) -> Model:
        """Train without a certificate, which costs five models more and changes no bit of this one."""
        _, scorecard = fit_scorecard(dataset, self.estimator, np.arange(len(dataset)), self.seed)
        return Model(f"uncertified-{len(dataset)}", scorecard, None, *ranges(dataset.X))


def _quick_estimator() -> RelationshipClassifier:
    """Return the product's estimator with fewer trees: a run takes some hundred fits."""
    return RelationshipClassifier(trees=PairwiseTrees(n_bags=2, max_iter=40, learning_rate=0.15), n_folds=3)
