"""The examples' mappings on records that nobody here made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from features.coverage import cover
from features.mapping import ImportReport, import_source, load_mapping
from features.reader import Export, open_export

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
HIDDEN = {
    # Columns that give the answer away: nothing but the labels may look at them.
    "hotel": ("customer_type", "market_segment", "distribution_channel", "deposit_type"),
    "philadelphia": ("engagement_id",),
}


def imported(name: str, real_data: Callable[[str], Path], tmp_path: Path) -> tuple[ImportReport, Export, pd.DataFrame]:
    aside = tmp_path / "aside.parquet"
    report = import_source(load_mapping(EXAMPLES / f"{name}.toml"), real_data(name), tmp_path / name, aside)
    assert all(query.returned == query.kept + query.set_aside for query in report.queries)
    rows = pd.read_parquet(aside)
    assert len(rows) == sum(query.set_aside for query in report.queries)
    return report, open_export(tmp_path / name), rows


def test_philadelphia(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    report, export, aside = imported("philadelphia", real_data, tmp_path)
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


def test_hotel(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    report, export, aside = imported("hotel", real_data, tmp_path)
    rows = {query.name: query for query in report.queries}
    assert rows["events.deal"].returned == 119_390
    assert rows["events.deal"].set_aside == 9_760
    assert rows["events.purchase"].returned + rows["events.refund"].returned == 119_390
    assert aside["reason"].str.startswith("account_id is missing").all()
    labels = export.labels()
    assert labels is not None
    assert len(labels) == 530
    assert (labels["relationship"] == "client").mean() == pytest.approx(0.368, abs=5e-4)


def test_online_retail_is_imported_whole(real_data: Callable[[str], Path], tmp_path: Path) -> None:
    report, export, aside = imported("online_retail", real_data, tmp_path)
    (lines,) = report.queries
    assert lines.returned == 541_909
    assert lines.set_aside == 135_080
    assert aside["account_id"].isna().all()
    covered = cover(export)
    assert covered.n_accounts == 4_372
    assert covered.labels is None
    assert {kind.kind: kind.events for kind in covered.kinds} == {"purchase": 397_924, "refund": 8_905}


@pytest.mark.parametrize("name", HIDDEN)
def test_no_query_of_events_looks_at_the_answer(name: str) -> None:
    mapping = load_mapping(EXAMPLES / f"{name}.toml")
    for query in (*mapping.of("events"), *mapping.of("accounts")):
        assert not [column for column in HIDDEN[name] if column in query.sql], query.name
