"""A simulated company: its export with few labels of the CRM, and accounts that are kept out to judge by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from features.arrow import log_of_frames, to_micros
from features.reader import Export, open_export
from features.table import signals_matrix
from models.policy import Model, decide
from models.rules import RuleBook
from training.judging.metrics import probability_figures
from training.simulator.simulate import World, simulate, write_export

Floats = npt.NDArray[np.float64]

RULES = RuleBook.default()

METRICS = ("log_loss", "auroc")
"""By which a model is judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Company:
    """What there is to learn from, and what nobody learns from.

    Attributes
    ----------
    export : Export
        Of the accounts that may be asked about. Its labels are those few that the CRM has.
    as_of : int
        The moment of the export; microseconds since 1970 UTC.
    truth : mapping of str to str
        What each account is at that moment.
    labelled : frozenset of str
        The accounts that the CRM has a label of.
    X : ndarray of float64, shape (m, n_signals)
        Of the accounts kept out, prospects excepted.
    probability : ndarray of float64, shape (m,)
        P(client) of each by the simulator.
    client : ndarray of bool, shape (m,)
        Drawn from it.
    """

    export: Export
    as_of: int
    truth: Mapping[str, str]
    labelled: frozenset[str]
    X: Floats
    probability: Floats
    client: npt.NDArray[np.bool_]

    def judge(self, model: Model) -> dict[str, float]:
        """Judge a model by the accounts kept out: `METRICS` and the share that it decides automatically."""
        said = expit(model.scorecard.score(self.X))
        auroc = probability_figures(self.client, said)["auroc"](np.ones(len(said)))
        return {
            "log_loss": self.log_loss(said),
            "auroc": np.nan if auroc is None else float(auroc),
            "automatic": float(decide(self.X, RULES, model).auto.mean()),
        }

    def log_loss(self, said: Floats) -> float:
        """Return the log loss to be expected over all that the truth might have drawn: one draw's noise is left out."""
        p, q = self.probability, np.clip(said, 1e-12, 1 - 1e-12)
        return float(-np.mean(p * np.log(q) + (1 - p) * np.log1p(-q)))


def found_company(folder: Path, seed: int, n_accounts: int, n_kept_out: int, n_labels: int) -> Company:
    """Simulate a company and write the export of the accounts that may be asked about.

    Parameters
    ----------
    folder : Path
        Of the export.
    seed : int
    n_accounts : int
        That may be asked about.
    n_kept_out : int
    n_labels : int
        That the CRM has, of accounts drawn by chance.
    """
    world = simulate(n_accounts + n_kept_out, seed)
    rng = np.random.default_rng(seed)
    truth = world.truth.set_index("account_id")
    names = rng.permutation(truth.index.to_numpy(dtype=object))
    inside, outside = names[:n_accounts], names[n_accounts:]
    buyers = [name for name in inside if truth.at[name, "relationship"] != "prospect"]
    labelled = frozenset(buyers[:n_labels])
    write_export(_part(world, inside, labelled), folder)
    kept_out = truth.loc[outside]
    kept_out = kept_out[kept_out["p_client_now"].notna()].sort_index()
    events, accounts = (_rows(frame, kept_out.index) for frame in (world.events, world.accounts))
    log = log_of_frames(events, accounts, world.records)
    here = kept_out.reindex(log.account_ids)
    return Company(
        export=open_export(folder),
        as_of=to_micros(world.as_of),
        truth=dict(zip(inside, truth["relationship_now"].reindex(inside).tolist(), strict=True)),
        labelled=labelled,
        X=signals_matrix(log.at(to_micros(world.as_of))),
        probability=here["p_client_now"].to_numpy(dtype=np.float64),
        client=here["relationship_now"].eq("client").to_numpy(dtype=np.bool_),
    )


def _part(world: World, names: npt.NDArray[np.object_], labelled: frozenset[str]) -> World:
    events, accounts, truth = (_rows(frame, names) for frame in (world.events, world.accounts, world.truth))
    return replace(world, events=events, accounts=accounts, truth=truth, labels=_rows(world.labels, labelled))


def _rows(frame: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    return frame[frame["account_id"].isin(list(names))].reset_index(drop=True)
