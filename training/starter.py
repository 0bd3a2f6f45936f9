"""The bundle that ships, models/starter: `python -m training.starter` makes it, byte for byte the same each time.

It learns from simulated companies, so that the first run has an answer. Companies differ in what they record; so that
it holds up on records that it was not made for, most of the simulated ones record less than their kind could, and it is
judged on companies of a kind that it never saw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from features.arrow import log_of_frames, to_micros
from features.progress import Progress, silent
from models.bundle import save_bundle
from models.rules import RuleBook
from models.shelf import STARTER
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.crossfit import Limits
from training.labelled.dataset import Dataset, build_dataset
from training.labelled.joined import join_datasets
from training.reporting.card import write_card
from training.simulator.companies import COMPANIES
from training.simulator.simulate import World, simulate_mix
from training.train import Trained, train

__all__ = ["SEED", "build_starter", "record_less", "starter_dataset", "write_starter"]

SEED: Final = 20_260_701
N_ACCOUNTS: Final = 24_000

LIMITS: Final = Limits(alpha=0.03, beta=0.05)
"""Stricter than usual: accounts of one company err together, and the tests take them as independent."""

_KEPT = 0.65  # of the kinds that a company could record
_KEPT_COLUMN = 0.6

_DEALINGS = ("purchase", "contract", "deal")
"""A company records at least one of these: else it has no accounts to speak of."""


@dataclass(frozen=True, slots=True)
class _Habits:
    """What a company leaves out of its records."""

    kinds: frozenset[str]
    columns: tuple[str, ...]


def build_starter(n_accounts: int = N_ACCOUNTS, seed: int = SEED, progress: Progress = silent) -> Trained:
    """Simulate companies and train the starter on them.

    Parameters
    ----------
    n_accounts : int
        Of all companies together.
    seed : int
    progress : callable, optional

    Returns
    -------
    Trained
    """
    # Strongly regularised: small leaves would learn the habits of these companies instead of what they have in common.
    trees = PairwiseTrees(
        n_bags=1,
        max_iter=200,
        learning_rate=0.1,
        max_leaf_nodes=4,
        min_samples_leaf=50,
        l2_regularization=20.0,
        max_bins=32,
        max_features=0.15,
    )
    return train(
        starter_dataset(n_accounts, seed),
        RuleBook.default(),
        seed,
        progress=progress,
        limits=LIMITS,
        estimator=RelationshipClassifier(trees=trees),
        starter=True,
    )


def starter_dataset(n_accounts: int, seed: int) -> Dataset:
    """Simulate companies, most of which record less than their kind could; companies of one kind are one group."""
    worlds = simulate_mix(n_accounts, seed)
    rng = np.random.default_rng(seed)
    measured = []
    for position, world in enumerate(worlds):
        filed = world if position < len(COMPANIES) else record_less(world, rng)
        log = log_of_frames(filed.events, filed.accounts, filed.records)
        as_of = to_micros(filed.as_of)
        measured.append(build_dataset([log], filed.labels, as_of, filed.records))
    joined = join_datasets(measured)
    # A mix goes through all companies in turn.
    return replace(joined, groups=joined.groups % len(COMPANIES))


def record_less(world: World, rng: np.random.Generator) -> World:
    """Return a world as a company would have it on file that records fewer kinds and columns."""
    habits = _draw_habits(world, rng)
    events = world.events[world.events["kind"].isin(habits.kinds)].reset_index(drop=True)
    return replace(
        world,
        events=_without(events, habits.columns),
        accounts=_without(world.accounts, habits.columns),
        records=habits.kinds,
    )


def _draw_habits(world: World, rng: np.random.Generator) -> _Habits:
    kinds = {kind for kind in sorted(world.records) if rng.random() < _KEPT}
    dealings = [kind for kind in _DEALINGS if kind in world.records]
    kinds.add(str(rng.choice(dealings)))
    columns = [name for name in ("subtype", "contact_id", "party", "owner_id") if rng.random() >= _KEPT_COLUMN]
    return _Habits(frozenset(kinds), (*columns, *(["owner_since"] if "owner_id" in columns else [])))


def _without(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    return table.drop(columns=[name for name in columns if name in table.columns])


def write_starter(folder: Path, trained: Trained) -> None:
    """Write the bundle; its bytes depend on nothing but the model.

    Without the estimator: nobody trains on from it, and it would be most of the bytes.
    """
    card = write_card(trained.facts, trained.version, None).encode()
    save_bundle(folder, trained.facts, trained.scorecard, created_at=None, extras={"card.md": card})


def main() -> None:
    """Write models/starter."""
    trained = build_starter(progress=lambda step, done, total: print(f"{step}: {done} of {total}"))
    write_starter(STARTER, trained)
    print(f"models/starter is {trained.version}: AUROC {trained.summary['auroc']:.3f} at companies it never saw")


if __name__ == "__main__":
    main()
