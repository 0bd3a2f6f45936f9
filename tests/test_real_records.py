"""The examples' mappings on records that nobody here made."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from features.coverage import cover
from features.mapping import ImportReport, import_source, load_mapping
from features.reader import Export, open_export
from models.rules import RuleBook
from tests.quick import few_draws
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.certify import ALPHA
from training.labelled.dataset import load_dataset
from training.train import train

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
HIDDEN = {
    # Columns that give the answer away: nothing but the labels may look at them.
    "hotel": ("customer_type", "market_segment", "distribution_channel", "deposit_type"),
    "philadelphia": ("engagement_id",),
}


Imported = tuple[ImportReport, Export, pd.DataFrame]


@pytest.fixture(scope="module")
def imported(real_data: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Imported]:
    """`imported(name)` is one set as an export, with what was set aside."""
    home = tmp_path_factory.mktemp("real")

    @cache
    def of(name: str) -> Imported:
        aside = home / f"{name}-aside.parquet"
        report = import_source(load_mapping(EXAMPLES / f"{name}.toml"), real_data(name), home / name, aside)
        assert all(query.returned == query.kept + query.set_aside for query in report.queries)
        rows = pd.read_parquet(aside)
        assert len(rows) == sum(query.set_aside for query in report.queries)
        return report, open_export(home / name), rows

    return of


def test_philadelphia(imported: Callable[[str], Imported]) -> None:
    report, export, aside = imported("philadelphia")
    assert [(q.name, q.returned, q.set_aside) for q in report.queries] == [
        ("events.deal", 15_671, 1),
        ("events.purchase", 25_657, 0),
        ("labels", 2_139, 0),
    ]
    assert aside["reason"].str.startswith("occurred_at is missing").all()
    assert export.n_events() == 15_670 + 25_657
    covered = cover(export)
    assert covered.records == ("purchase", "deal")
    assert covered.n_accounts == 2_139
    assert covered.labels is not None
    assert covered.labels["client"] / 2_139 == pytest.approx(0.637, abs=5e-4)


def test_hotel(imported: Callable[[str], Imported]) -> None:
    report, export, aside = imported("hotel")
    rows = {query.name: query for query in report.queries}
    assert rows["events.deal"].returned == 119_390
    assert rows["events.deal"].set_aside == 9_760
    assert rows["events.purchase"].returned + rows["events.refund"].returned == 119_390
    assert aside["reason"].str.startswith("account_id is missing").all()
    labels = export.labels()
    assert labels is not None
    assert len(labels) == 530
    assert (labels["relationship"] == "client").mean() == pytest.approx(0.368, abs=5e-4)


def test_online_retail_is_imported_whole(imported: Callable[[str], Imported]) -> None:
    report, export, aside = imported("online_retail")
    (lines,) = report.queries
    assert lines.returned == 541_909
    assert lines.set_aside == 135_080
    assert aside["account_id"].isna().all()
    covered = cover(export)
    assert covered.n_accounts == 4_372
    assert covered.labels is None
    assert {kind.kind: kind.events for kind in covered.kinds} == {"purchase": 397_924, "refund": 8_905}


@pytest.mark.parametrize("name", ["philadelphia", "hotel"])
def test_they_are_learned_from(name: str, imported: Callable[[str], Imported]) -> None:
    small = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=12, max_leaf_nodes=4), n_folds=2)
    with few_draws():
        judged = train(load_dataset(imported(name)[1]), RuleBook.default(), seed=1, estimator=small)
    assert judged.summary["auroc"] > 0.85
    for side in ("client", "customer"):
        wrong = judged.summary[f"auto_error_{side}"]
        assert wrong is None or wrong < 2 * ALPHA


@pytest.mark.parametrize("name", HIDDEN)
def test_no_query_of_events_looks_at_the_answer(name: str) -> None:
    mapping = load_mapping(EXAMPLES / f"{name}.toml")
    for query in (*mapping.of("events"), *mapping.of("accounts")):
        assert not [column for column in HIDDEN[name] if column in query.sql], query.name
