"""Leaks: signals that know the label are caught in the forms that they really take, and honest ones are let be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.arrow import log_of_frames, to_micros
from features.log import NEVER
from features.reader import open_export
from features.signals import BY_NAME, CATALOGUE, SIGNAL_NAMES
from tests.quick import one_bag
from training.auditing.contrast import contrast_values
from training.auditing.leak_limits import ADVICE, ALONE
from training.auditing.leaks import Leak, find_leaks, measure_later
from training.auditing.owners import read_owners
from training.auditing.separation import auroc_of, separate
from training.auditing.suspicion import LABEL_TIME, Evidence, Suspicion, relatives, suspect
from training.judging.folds import split
from training.labelled.dataset import build_dataset, load_dataset
from training.simulator.simulate import World, simulate, write_export

N_ACCOUNTS = 500
OWNER = {"has_owner", "owner_days"}
AT_STRENGTH = pytest.mark.parametrize(
    "strength", [one_bag, pytest.param(nullcontext, marks=pytest.mark.slow)], ids=["one bag", "as it ships"]
)


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(N_ACCOUNTS, seed=3)


def assign_owners(world: World, *, dated: bool, share: float = 0.9) -> World:
    """Give nearly every client an owner within a month after the label, and one customer in fifty."""
    rng = np.random.default_rng(0)
    client = (world.labels["relationship"] == "client").to_numpy()
    hit = rng.random(len(client)) < np.where(client, share, 0.02)
    since = world.labels["labelled_at"] + pd.to_timedelta(rng.uniform(0, 30, len(client)), unit="D").round("us")
    accounts = world.accounts.copy()
    assert accounts["account_id"].tolist() == world.labels["account_id"].tolist()
    accounts.loc[hit, "owner_id"] = "rep-9"
    accounts.loc[hit, "owner_since"] = since[hit]
    if not dated:
        accounts["owner_since"] = pd.Series(pd.NaT, index=accounts.index, dtype="datetime64[us, UTC]")
    return replace(world, accounts=accounts)


def forget_times(world: World, whose: str | None = None) -> World:
    """Take the times off the labels, or off those of one class."""
    labels = world.labels
    gone = labels["relationship"] == whose if whose else pd.Series(data=True, index=labels.index)
    return replace(world, labels=labels.assign(labelled_at=labels["labelled_at"].where(~gone)))


def onboard_after(world: World) -> World:
    """Hold an onboarding meeting with each client in the days after the label."""
    labels = world.labels[world.labels["relationship"] == "client"]
    held = labels["labelled_at"] + pd.Timedelta(hours=6)
    meetings = pd.DataFrame(
        {"account_id": labels["account_id"], "occurred_at": held, "kind": "meeting", "subtype": "onboarding"}
    )
    return replace(world, events=pd.concat([world.events, meetings], ignore_index=True))


def backdate_referrals(world: World) -> World:
    """Write referrals for clients alone, at the account's first event, with no word of when they were recorded."""
    events = world.events[world.events["kind"] != "referral"]
    first = world.events.groupby("account_id")["occurred_at"].min()
    clients = world.labels.loc[world.labels["relationship"] == "client", "account_id"]
    clients = clients[clients.isin(first.index)]
    rows = pd.DataFrame({"account_id": clients, "occurred_at": first[clients].to_numpy(), "kind": "referral"})
    return replace(world, events=pd.concat([events, rows], ignore_index=True))


def look(world: World) -> Evidence:
    log = log_of_frames(world.events, world.accounts, world.records)
    as_of = to_micros(world.as_of)
    dataset = build_dataset([log], world.labels, as_of, world.records)
    at_end = build_dataset([log], world.labels.assign(labelled_at=pd.NaT), as_of, world.records)
    places = pd.Index(at_end.account_ids).get_indexer(pd.Index(dataset.account_ids))
    owners = read_owners(world.accounts, dataset.account_ids)
    return Evidence(dataset, at_end.X[places], owners, split(dataset, 0), 0)


def suspicions(world: World) -> dict[str, list[Suspicion]]:
    """By kind."""
    found: dict[str, list[Suspicion]] = {}
    for one in suspect(look(world)):
        found.setdefault(one.kind, []).append(one)
    return found


def leaks(world: World, strength: Callable[[], AbstractContextManager[None]]) -> tuple[Leak, ...]:
    seen = look(world)
    with strength():
        return find_leaks(seen.dataset, seen.later, seen.owners, seed=0).leaks


# --- a planted leak: the owner was assigned after the label


@AT_STRENGTH
@pytest.mark.slow
def test_an_undated_owner_is_caught_and_costs_most(
    world: World, strength: Callable[[], AbstractContextManager[None]]
) -> None:
    found = leaks(assign_owners(world, dated=False), strength)
    caught = next(one for one in found if one.found.kind == "without a date")
    assert set(caught.found.signals) == OWNER
    assert caught.found.in_training
    assert caught.harm == pytest.approx(caught.absent.log_loss - caught.present.log_loss)
    assert caught.harm > 0.03
    assert caught.present.auroc > caught.absent.auroc
    assert found[0].harm - caught.harm < 0.005, "only all treatment together may cost as much"


@AT_STRENGTH
def test_an_owner_dated_after_the_label_is_caught_and_kept_out_of_training(
    world: World, strength: Callable[[], AbstractContextManager[None]]
) -> None:
    found = leaks(assign_owners(world, dated=True), strength)
    caught = next(one for one in found if one.found.kind == "after the label")
    assert set(caught.found.signals) == OWNER
    assert not caught.found.in_training
    assert caught.harm > 0.01
    assert "clients (9" in caught.found.evidence, "nine in ten, with the count"
    seen = [one.found.in_training for one in found]
    assert seen == sorted(seen, reverse=True), "what training sees comes first"


def test_an_owner_leaks_where_labels_have_no_time(world: World) -> None:
    found = suspicions(forget_times(assign_owners(world, dated=True)))
    assert "after the label" not in found, "without times nobody can tell"
    assert [set(one.signals) for one in found["without a date"]] == [OWNER]
    assert found["without a date"][0].in_training


def test_half_the_clients_are_enough(world: World) -> None:
    found = suspicions(assign_owners(world, dated=False, share=0.5))
    assert [set(one.signals) for one in found["without a date"]] == [OWNER]


# --- other leaks


def test_events_after_the_label_are_caught(world: World) -> None:
    found = suspicions(onboard_after(world))["after the label"]
    assert "onboarding_meetings" in {one.signals[0] for one in found}
    assert not any(one.in_training for one in found)


def test_a_backdated_event_that_separates_alone_is_caught(world: World) -> None:
    found = suspicions(backdate_referrals(world))["separates alone"]
    assert [one.signals[0] for one in found] == ["referrals"]
    assert found[0].alone is not None
    assert found[0].alone >= ALONE.value


def test_times_on_one_class_alone_are_caught(world: World) -> None:
    found = suspicions(forget_times(world, "customer"))["label time"]
    assert found[0].signals == (LABEL_TIME,)
    assert "0 of" in found[0].evidence


# --- and nothing else


@pytest.mark.parametrize("company", ["crm", "estate", "wholesaler"])
def test_an_honest_export_is_let_be(company: str) -> None:
    """At each company only treatment is listed, which is always looked at."""
    assert suspicions(simulate(N_ACCOUNTS, seed=21, company=company)).keys() <= {"treatment"}


@pytest.mark.slow
@pytest.mark.parametrize("company", ["crm", "shop", "agency", "saas", "practice", "procurement", "estate", "garage"])
@pytest.mark.parametrize("seed", [31, 32, 33])
def test_honest_exports_are_let_be(company: str, seed: int) -> None:
    assert suspicions(simulate(1500, seed=seed, company=company)).keys() <= {"treatment"}


def test_treatment_is_measured_one_by_one_and_together(world: World) -> None:
    found = [one.signals for one in suspicions(world)["treatment"]]
    single, together = found[:-1], found[-1]
    assert set(together) == {signal.name for signal in CATALOGUE if signal.treatment}
    assert sorted(name for names in single for name in names) == sorted(together)


def test_every_finding_has_advice(world: World) -> None:
    spoilt = backdate_referrals(onboard_after(assign_owners(forget_times(world, "customer"), dated=False)))
    found = suspicions(spoilt)
    assert len(found) >= 3
    assert found.keys() <= ADVICE.keys()


# --- the parts


def test_relatives_answer_the_same_criteria() -> None:
    assert relatives("owner_days") == ("owner_days", "has_owner")
    for name in SIGNAL_NAMES:
        assert {BY_NAME[other].criteria for other in relatives(name)} == {BY_NAME[name].criteria}


def test_a_column_is_judged_on_accounts_that_its_tree_never_saw(world: World) -> None:
    seen = look(world)
    y, weights = seen.dataset.y, seen.dataset.weights
    noise = np.random.default_rng(0).random(len(y))
    gaps = np.where(y, np.nan, 1.0)
    assert auroc_of(separate(noise, y, seen.splits), y)(weights) < 0.6
    assert auroc_of(separate(gaps, y, seen.splits), y)(weights) == 1.0, "a value that is missing may tell all"
    assert auroc_of(separate(np.full(len(y), np.nan), y, seen.splits), y)(weights) == 0.5


def test_owners_are_told_by_what_is_on_file() -> None:
    table = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "owner_id": ["x", "y", None],
            "owner_since": pd.to_datetime(["2026-03-01", None, None], utc=True),
        }
    )
    owners = read_owners(table, np.array(["c", "a", "b", "unheard"], dtype=object))
    assert owners.named.tolist() == [False, True, True, False]
    assert owners.since.tolist() == [NEVER, to_micros("2026-03-01"), NEVER, NEVER]
    times, timed = np.full(4, to_micros("2026-02-01")), np.array([True, True, True, False])
    assert owners.after(times, timed).tolist() == [False, True, False, False]
    assert owners.undated(timed).tolist() == [False, False, True, False]
    assert not read_owners(None, np.array(["a"], dtype=object)).named.any()


def test_later_signals_are_those_of_the_end(world: World, tmp_path: Path) -> None:
    write_export(world, tmp_path / "crm")
    export = open_export(tmp_path / "crm")
    as_of = export.default_as_of()
    dataset = load_dataset(export, as_of)
    later = measure_later(export, dataset, as_of)
    tenure = SIGNAL_NAMES.index("tenure_days")
    days = (as_of - dataset.as_of) / 86_400_000_000
    assert later[:, tenure] - dataset.X[:, tenure] == pytest.approx(days, abs=1e-6)


def test_a_contrast_survives_a_class_of_which_nothing_is_known() -> None:
    text = contrast_values(np.array([np.nan, 2.0]), np.array([True, False]), BY_NAME["deals"])
    assert text.startswith("median not known for clients and 2 for customers")
