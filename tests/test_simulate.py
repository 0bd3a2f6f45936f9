"""The simulated world keeps the promises that everything tested against it rests on."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import cross_val_predict

from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, KINDS, LABEL_COLUMNS, BadInput, Column
from training.simulator.archetypes import ARCHETYPES, PROSPECT, Stream
from training.simulator.companies import COMPANIES, FULL_CRM
from training.simulator.simulate import World, simulate, simulate_mix, write_export

FOUR_SIGMA = 4.0
companies = st.sampled_from(sorted(COMPANIES))
seeds = st.integers(0, 2**32)


@cache
def crm() -> World:
    return simulate(4000, seed=11)


@cache
def many(base_rate: float | None) -> pd.DataFrame:
    return buyers(simulate(12_000, seed=5, base_rate=base_rate))


def buyers(world: World) -> pd.DataFrame:
    return world.truth[world.truth["relationship"] != "prospect"]


def check_column(frame: pd.DataFrame, column: Column) -> None:
    values = frame[column.name]
    present = values.dropna()
    assert not column.required or len(present) == len(values)
    if column.type == "time":
        assert str(values.dtype) == "datetime64[us, UTC]"
    elif column.type == "number":
        assert values.dtype == np.float64
        assert present.between(column.low, column.high).all()
    else:
        assert pd.api.types.is_string_dtype(values.dtype)
        assert not column.allowed or present.isin(column.allowed).all()


@settings(max_examples=25, deadline=None)
@given(company=companies, seed=seeds, n=st.integers(1, 60))
def test_every_column_is_what_an_export_allows(company: str, seed: int, n: int) -> None:
    world = simulate(n, seed, company=company)
    tables = (world.events, EVENT_COLUMNS), (world.accounts, ACCOUNT_COLUMNS), (world.labels, LABEL_COLUMNS)
    for frame, columns in tables:
        assert list(frame.columns) == [column.name for column in columns]
        for column in columns:
            check_column(frame, column)
    for kind, rows in world.events.groupby("kind"):
        assert set(rows["subtype"].dropna()) <= set(KINDS[str(kind)].subtypes)
    assert list(world.accounts["account_id"]) == list(world.labels["account_id"]) == list(world.truth["account_id"])
    assert world.accounts["account_id"].is_unique
    assert len(world.accounts) == n


@settings(max_examples=25, deadline=None)
@given(company=companies, seed=seeds)
def test_nothing_is_known_before_it_happened_or_after_the_export(company: str, seed: int) -> None:
    world = simulate(50, seed, company=company)
    events, end = world.events, pd.Timestamp(world.as_of)
    assert (events["occurred_at"] < end).all()
    assert (events["recorded_at"].dropna() < end).all()
    assert (events["recorded_at"] >= events["occurred_at"]).where(events["recorded_at"].notna(), True).all()
    assert (events["ends_at"] >= events["occurred_at"]).where(events["ends_at"].notna(), True).all()
    assert (events.loc[events["kind"] == "deal", "ends_at"].dropna() < end).all()
    last = max(events["occurred_at"].max(), events["recorded_at"].max())
    assert (world.labels["labelled_at"] <= last + pd.Timedelta(1, "us")).all()
    for column in ("owner_since", "created_at"):
        assert (world.accounts[column].dropna() < end).all()


@settings(max_examples=10, deadline=None)
@given(company=companies, seed=seeds)
def test_the_same_seed_gives_the_same_world_and_another_seed_another(company: str, seed: int) -> None:
    one, two = simulate(40, seed, company=company), simulate(40, seed, company=company)
    for name in ("events", "accounts", "labels", "truth"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name))
    other = simulate(40, seed + 1, company=company)
    assert not one.truth["p_client"].equals(other.truth["p_client"])


@pytest.mark.parametrize("name", COMPANIES)
def test_a_company_files_only_what_it_records_and_knows_both_classes(name: str) -> None:
    company, world = COMPANIES[name], simulate(1500, seed=3, company=name)
    assert set(world.events["kind"]) == set(company.records) == set(world.records)
    assert world.labels["relationship"].value_counts(normalize=True)[["client", "customer"]].min() > 0.1
    assert world.events["contact_id"].notna().any() == company.contacts
    assert world.events["subtype"].notna().any() == company.subtypes
    assert world.accounts["party"].notna().any() == company.parties
    assert world.accounts["owner_id"].notna().any() == company.owners


@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_the_best_possible_classifier_errs_on_about_one_account_in_fifteen(seed: int) -> None:
    p = buyers(simulate(3000, seed))["p_client"]
    assert 0.05 <= np.minimum(p, 1 - p).mean() <= 0.08


@pytest.mark.parametrize("base_rate", [None, 0.5, 0.04])
@pytest.mark.parametrize("when", ["", "_now"])
def test_labels_are_draws_from_p_client(base_rate: float | None, when: str) -> None:
    truth = many(base_rate)
    p = truth[f"p_client{when}"]
    surplus = (truth[f"relationship{when}"] == "client") - p
    by_probability = pd.qcut(p, 8)
    for _, group in surplus.groupby(by_probability, observed=True):
        variance = (p[group.index] * (1 - p[group.index])).sum()
        assert abs(group.sum()) <= FOUR_SIGMA * np.sqrt(variance)


def test_a_label_is_the_state_at_its_time_and_only_customers_turn() -> None:
    world = crm()
    assert list(world.labels["relationship"]) == list(world.truth["relationship"])
    truth = buyers(world)
    moved = truth[truth["relationship"] != truth["relationship_now"]]
    assert len(moved) > 0
    assert set(moved["relationship"]) == {"customer"}
    assert (moved["p_client_now"] > moved["p_client"]).all()
    assert truth["p_client"].between(0, 1, inclusive="neither").all()


@pytest.mark.parametrize("base_rate", [0.04, 0.2, 0.5, 0.9])
def test_the_base_rate_is_the_one_asked_for(base_rate: float) -> None:
    p = buyers(simulate(4000, seed=8, base_rate=base_rate))["p_client"]
    assert p.mean() == pytest.approx(base_rate, abs=0.01 + FOUR_SIGMA * p.std() / np.sqrt(len(p)))
    assert p.std() > 0.1, "the rate is reached by who the accounts are, not by one number for all"


def test_a_prospect_has_bought_signed_and_met_nothing() -> None:
    world = crm()
    prospects = world.truth[world.truth["relationship"] == "prospect"]
    assert prospects["p_client"].isna().all()
    assert set(prospects["archetype"]) == {PROSPECT.name}
    theirs = world.events[world.events["account_id"].isin(prospects["account_id"])]
    assert set(theirs["kind"]) == {"deal", "email", "call"}
    silent = ~world.accounts["account_id"].isin(world.events["account_id"])
    assert 0.001 < silent.mean() < 0.05


def test_rows_come_late_are_corrected_and_have_gaps() -> None:
    events = crm().events
    assert events["recorded_at"].notna().mean() == pytest.approx(FULL_CRM.late_share, abs=0.015)
    repeated = events[events["event_id"].duplicated(keep=False)]
    assert 0.001 < len(repeated) / len(events) < 0.05
    versions = repeated.groupby("event_id").agg(["nunique", "size"])
    assert (versions["account_id", "nunique"] == 1).all()
    assert (versions["occurred_at", "nunique"] == 1).all()
    assert versions["amount", "nunique"].mean() > 1.9
    purchases = events[events["kind"] == "purchase"]
    assert 0.02 < purchases["amount"].isna().mean() < 0.2
    assert 0.02 < purchases["subtype"].isna().mean() < 0.2


def test_a_full_crm_holds_some_dozens_of_events_an_account_of_every_archetype() -> None:
    world = crm()
    assert 30 <= len(world.events) / len(world.accounts) <= 75
    assert set(world.truth["archetype"]) == {*ARCHETYPES, PROSPECT.name}


def test_the_shopper_comes_at_random_and_the_accountant_like_clockwork() -> None:
    world = crm()
    purchases = world.events[world.events["kind"] == "purchase"].merge(world.truth, on="account_id")
    days = purchases.groupby(["archetype", "account_id"])["occurred_at"].diff().dt.total_seconds() / 86_400
    gaps = days[days > 0].groupby([purchases["archetype"], purchases["account_id"]]).agg(["mean", "std", "size"])
    many = gaps[gaps["size"] >= 5]
    variation = (many["std"] / many["mean"]).groupby(level=0).median()
    assert variation["accountant"] < 0.4
    assert variation["supermarket shopper"] > 0.7


def plain_counts(world: World) -> pd.DataFrame:
    """Counts and recency of what was known when each account was labelled."""
    events = world.events.merge(world.labels[["account_id", "labelled_at"]], on="account_id")
    known = events["recorded_at"].fillna(events["occurred_at"]) < events["labelled_at"]
    events = events[known & (events["occurred_at"] < events["labelled_at"])].copy()
    events["age"] = (events["labelled_at"] - events["occurred_at"]).dt.total_seconds() / 86_400
    events["finer"] = events["kind"] + " " + events["subtype"].fillna("")
    table = pd.concat(
        [
            pd.crosstab(events["account_id"], events["kind"]),
            pd.crosstab(events["account_id"], events["finer"]),
            pd.crosstab(events["account_id"], events["kind"].where(events["age"] < 365)).add_suffix(" 365d"),
            events.groupby("account_id")["age"].agg(["min", "max"]),
            events.groupby("account_id")[["contact_id", "kind"]].nunique().add_suffix(" distinct"),
            events.groupby("account_id")["amount"].median(),
        ],
        axis=1,
    )
    rates = table[sorted(set(events["kind"]))].div(table["max"] + 20, axis=0).add_suffix(" a day")
    facts = world.accounts.set_index("account_id")
    table = pd.concat([table, rates], axis=1).reindex(facts.index)
    return table.assign(organisation=facts["party"] == "organisation", owner=facts["owner_id"].notna())


def test_the_events_say_what_the_truth_knows() -> None:
    world = crm()
    truth = buyers(world)
    X = plain_counts(world).loc[truth["account_id"]].to_numpy(dtype=float)
    y = (truth["relationship"] == "client").to_numpy()
    trees = HistGradientBoostingClassifier(max_iter=80, learning_rate=0.07, max_leaf_nodes=8, random_state=0)
    learned = cross_val_predict(trees, X, y, cv=3, method="predict_proba")[:, 1]
    p = truth["p_client"].to_numpy()
    assert log_loss(y, p) < log_loss(y, learned) < 1.3 * log_loss(y, p)
    assert roc_auc_score(y, learned) > roc_auc_score(y, p) - 0.02


def test_a_mix_holds_every_company_and_no_account_twice() -> None:
    worlds = simulate_mix(2000 + 7, seed=4)
    ids = pd.concat([world.truth["account_id"] for world in worlds])
    assert len(ids) == 2007
    assert ids.is_unique
    assert {world.records for world in worlds} == {company.records for company in COMPANIES.values()}


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_written_export_is_sorted_and_says_what_is_recorded(tmp_path: Path, suffix: str) -> None:
    world = simulate(60, seed=6, company="hotel")
    write_export(world, tmp_path / "export", suffix)
    about = json.loads((tmp_path / "export" / "export.json").read_text())
    assert about == {"records": ["purchase", "refund", "deal", "ticket"], "sorted": True}
    order = "1, 2, 3 NULLS LAST, 4 NULLS LAST, 5 NULLS LAST"
    query = f"SELECT * FROM '{tmp_path}/export/events.{suffix}'"
    columns = "account_id, epoch_us(occurred_at), amount, score, epoch_us(ends_at)"
    as_written = duckdb.sql(f"SELECT {columns} FROM ({query})").fetchall()
    assert as_written == duckdb.sql(f"SELECT {columns} FROM ({query}) ORDER BY {order}").fetchall()
    assert len(as_written) == len(world.events)
    for name, frame in (("accounts", world.accounts), ("labels", world.labels)):
        assert duckdb.sql(f"SELECT count(*) FROM '{tmp_path}/export/{name}.{suffix}'").fetchall() == [(len(frame),)]
    truth = pd.read_parquet(tmp_path / "export" / "truth.parquet")
    pd.testing.assert_frame_equal(truth, world.truth)


def test_as_of_moves_the_world() -> None:
    naive, zoned = simulate(30, seed=1, as_of="2024-03-01"), simulate(30, seed=1, as_of="2024-03-01T01:00:00+01:00")
    pd.testing.assert_frame_equal(naive.events, zoned.events)
    assert naive.events["occurred_at"].max() < pd.Timestamp("2024-03-01", tz="UTC")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"n_accounts": 0}, "at least 1"),
        ({"company": "bakery"}, "wholesaler"),
        ({"base_rate": 1.0}, "between 0 and 1"),
        ({"base_rate": float("nan")}, "between 0 and 1"),
        ({"as_of": "yesterweek"}, "such as 2026-07-01"),
    ],
)
def test_bad_arguments_are_refused_with_what_was_expected(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        simulate(**{"n_accounts": 5, "seed": 1, **arguments})  # type: ignore[arg-type]


def test_too_small_a_mix_and_an_unknown_suffix_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected one for each"):
        simulate_mix(3, seed=1)
    with pytest.raises(BadInput, match="parquet or csv"):
        write_export(simulate(3, seed=1), tmp_path, "xlsx")


def test_an_export_is_not_written_beside_one_in_another_format(tmp_path: Path) -> None:
    write_export(simulate(3, seed=1), tmp_path, "csv")
    write_export(simulate(3, seed=2), tmp_path, "csv")
    with pytest.raises(BadInput, match="another format"):
        write_export(simulate(3, seed=1), tmp_path, "parquet")


@pytest.mark.parametrize(
    "stream", [{"kind": "haircut"}, {"kind": "call", "mix": {"advice": 1.0}}, {"kind": "call", "every": 0.0}]
)
def test_a_stream_that_is_no_event_is_refused(stream: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="stream"):
        Stream(**{"every": 1.0, **stream})  # type: ignore[arg-type]
