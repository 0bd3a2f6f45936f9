"""What stands behind a model's figures, kept so that a later model can be compared on the same accounts."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.events import BadInput
from features.signals import SIGNAL_NAMES
from models.scorecard import BrokenScorecard, Scorecard
from training.judging.slices import slices_of

if TYPE_CHECKING:
    from training.train import Trained

__all__ = ["HELD_OUT", "HeldOut", "hold_out", "pseudonym"]

HELD_OUT: Final = "held_out"
"""The folder of a run's files that holds it."""

_ACCOUNTS, _FOLD = "accounts.parquet", "fold-{}.npz"
_SIGNAL, _SLICE = "signal:", "slice:"
_VERSION = b"rapport_version"

Floats = npt.NDArray[np.float64]
Objects = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Every account that a model learned from, and the models that learned without it.

    Attributes
    ----------
    version : str
        The model.
    accounts : ndarray of str, shape (n,)
        Pseudonyms, see `pseudonym`.
    y : ndarray of bool, shape (n,)
        True for a client.
    weights : ndarray of float64, shape (n,)
        How many accounts each stands for; 0 where nothing is judged by it.
    fold : ndarray of int64, shape (n,)
        Which of the scorecards learned without the account; -1 where all learned from it.
    probability : ndarray of float64, shape (n,)
        P(client) by that scorecard; nan where there is none.
    X : ndarray of float64, shape (n, n_signals)
        Signals in the order of the catalogue; nan throughout where nothing is judged by the account.
    slices : dict of str to ndarray of str, shape (n,)
        See :func:`training.judging.slices.slices_of`.
    scorecards : tuple of Scorecard
        One a fold.
    """

    version: str
    accounts: Objects
    y: npt.NDArray[np.bool_]
    weights: Floats
    fold: npt.NDArray[np.int64]
    probability: Floats
    X: Floats
    slices: dict[str, Objects]
    scorecards: tuple[Scorecard, ...]

    def __len__(self) -> int:
        return len(self.accounts)

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """Which accounts the model can be judged by, shape (n,)."""
        return (self.weights > 0) & (self.fold >= 0)

    def to_files(self) -> dict[str, bytes]:
        """Write as files by their names: a table and an archive a fold."""
        folds = {_FOLD.format(number): card.to_bytes() for number, card in enumerate(self.scorecards)}
        return {_ACCOUNTS: self._table(), **folds}

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `to_files` wrote.

        Raises
        ------
        BadInput
            It is not that, or of other signals than the catalogue's.
        """
        try:
            table = pq.read_table(folder / _ACCOUNTS)
            version = table.schema.metadata[_VERSION].decode()
            frame = table.to_pandas()
            fold = frame["fold"].to_numpy(dtype=np.int64)
            return cls(
                version=version,
                accounts=frame["account"].to_numpy(dtype=object),
                y=frame["client"].to_numpy(dtype=bool),
                weights=frame["weight"].to_numpy(dtype=np.float64),
                fold=fold,
                probability=frame["probability_client"].to_numpy(dtype=np.float64),
                X=frame[[f"{_SIGNAL}{name}" for name in SIGNAL_NAMES]].to_numpy(dtype=np.float64),
                slices=_slices(frame),
                scorecards=tuple(Scorecard.load(folder / _FOLD.format(number)) for number in range(fold.max() + 1)),
            )
        except (pa.ArrowException, OSError, KeyError, TypeError, BrokenScorecard) as error:
            raise BadInput(
                f"The accounts behind a model cannot be read from {folder} ({error}): damaged, or written "
                "with other signals than this code measures. Train the model again."
            ) from error

    def _table(self) -> bytes:
        columns = {
            "account": pa.array(self.accounts, pa.string()),
            "client": pa.array(self.y),
            "weight": pa.array(self.weights),
            "fold": pa.array(self.fold),
            "probability_client": pa.array(self.probability, from_pandas=True),
            **{f"{_SLICE}{name}": pa.array(values, pa.string()) for name, values in self.slices.items()},
            **{f"{_SIGNAL}{name}": pa.array(self.X[:, f], from_pandas=True) for f, name in enumerate(SIGNAL_NAMES)},
        }
        stream = io.BytesIO()
        pq.write_table(pa.table(columns).replace_schema_metadata({_VERSION: self.version.encode()}), stream)
        return stream.getvalue()


def hold_out(trained: Trained) -> HeldOut:
    """Take what a later comparison needs from a model that was just trained.

    Returns
    -------
    HeldOut
        In the order of the dataset. Signals are kept only of accounts that can judge.
    """
    dataset, crossed = trained.dataset, trained.cross_fitted
    n = len(dataset)
    probability, weights, fold = np.full(n, np.nan), np.zeros(n), np.full(n, -1, dtype=np.int64)
    probability[crossed.rows], weights[crossed.rows] = crossed.answers.model, crossed.weights
    fold[crossed.rows] = crossed.fold
    X = np.full(dataset.X.shape, np.nan)
    judging = weights > 0
    X[judging] = dataset.X[judging]
    return HeldOut(
        version=trained.version,
        accounts=np.array([pseudonym(account) for account in dataset.account_ids], dtype=object),
        y=dataset.y,
        weights=weights,
        fold=fold,
        probability=probability,
        X=X,
        slices=slices_of(dataset),
        scorecards=tuple(model.scorecard for model in crossed.models),
    )


def pseudonym(account_id: str) -> str:
    """Name an account so that two trainings name it alike, and its id stays with the CRM.

    It is a SHA-256, so whoever holds a list of ids can still find them: a tracking server is guarded like the CRM.
    """
    return hashlib.sha256(json.dumps(["rapport", account_id]).encode()).hexdigest()[:32]


def _slices(frame: pd.DataFrame) -> dict[str, Objects]:
    names = [str(name) for name in frame.columns if str(name).startswith(_SLICE)]
    return {name.removeprefix(_SLICE): frame[name].to_numpy(dtype=object) for name in names}
