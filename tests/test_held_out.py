"""What is kept of a training so that a later model can be compared on the same accounts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.events import BadInput
from tests.contenders import dataset, strong
from training.tracking.held_out import HeldOut, hold_out, pseudonym


@pytest.fixture(scope="module")
def kept() -> HeldOut:
    return hold_out(strong())


def write(kept: HeldOut, folder: Path) -> Path:
    for name, content in kept.to_files().items():
        (folder / name).write_bytes(content)
    return folder


def test_every_account_that_was_learned_from_is_there(kept: HeldOut) -> None:
    assert list(kept.accounts) == [pseudonym(account) for account in dataset().account_ids]
    np.testing.assert_array_equal(kept.y, dataset().y)


def test_probabilities_come_from_the_fold_that_learned_without_the_account(kept: HeldOut) -> None:
    for number, card in enumerate(kept.scorecards):
        mine = kept.fold == number
        assert mine.any()
        p = 1 / (1 + np.exp(-card.score(kept.X[mine])))
        np.testing.assert_allclose(kept.probability[mine], p, rtol=1e-12)
        assert not set(np.flatnonzero(mine)) & set(strong().cross_fitted.splits[number][0])


def test_what_is_written_is_read_back(kept: HeldOut, tmp_path: Path) -> None:
    back = HeldOut.read(write(kept, tmp_path))
    assert back.version == strong().version
    assert back.to_files() == kept.to_files()
    np.testing.assert_array_equal(back.judged, kept.judged)
    assert {name: list(values) for name, values in back.slices.items()} == {
        name: list(values) for name, values in kept.slices.items()
    }


def test_no_account_can_be_read_from_it(kept: HeldOut) -> None:
    content = b"".join(kept.to_files().values())
    assert not [account for account in dataset().account_ids if account.encode() in content]
    assert len(set(kept.accounts)) == len(kept)


def test_signals_of_accounts_that_judge_nothing_are_not_kept() -> None:
    data, crossed = strong().dataset, strong().cross_fitted
    picked = np.arange(len(data)) < 10
    trained = replace(strong(), cross_fitted=replace(crossed, weights=np.where(picked, 0.0, crossed.weights)))
    kept = hold_out(trained)
    assert np.isnan(kept.X[picked]).all()
    assert not kept.judged[picked].any()
    assert kept.judged[~picked].all()
    assert not np.isnan(kept.probability[picked]).any()


def test_what_is_damaged_is_refused(kept: HeldOut, tmp_path: Path) -> None:
    folder = write(kept, tmp_path)
    (folder / "fold-1.npz").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="Train the model again"):
        HeldOut.read(folder)
    with pytest.raises(BadInput, match=r"accounts\.parquet"):
        HeldOut.read(tmp_path / "none")
