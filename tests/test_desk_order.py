"""In which order cases are looked at, how long a verdict lasts, on what reviewers settle: whatever the cases are."""

from __future__ import annotations

import dataclasses
import heapq
from itertools import permutations
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.signals import SIGNAL_NAMES
from models.reasons import REVIEW_REASONS
from reviews.answer import Answer, Given
from reviews.case import WHYS, Filters
from reviews.database import Database, open_database
from reviews.desk import Desk
from reviews.lasting import distance, lasts
from reviews.record import CATALOGUE, Record
from reviews.schema import upgrade
from reviews.settling import settle
from reviews.terms import DAY, DOUBLING, FAR, TERMS
from reviews.value import GREATEST, LEAST, ORDER, SPREAD, drawn_value, due_at, value_of
from reviews.verdict import Standing
from tests.desks import ANN, doubtful, drawn, signals
from tests.records import entry_of, make_record

values = st.floats(LEAST, GREATEST)
times = st.integers(0, 10**16)
MOST = SPREAD * DOUBLING.value * DAY
SOUGHT = [why for why in WHYS if why != "audit"]
vectors = st.lists(st.floats(0, 1e9) | st.just(float("nan")), min_size=len(SIGNAL_NAMES), max_size=len(SIGNAL_NAMES))


@given(first=times, value=values, later=st.integers(1, 10**15), other=values)
def test_no_case_is_overtaken_by_one_that_came_much_later(first: int, value: float, later: int, other: float) -> None:
    assert due_at(first, value) <= due_at(first + round(MOST) + later, other)


@given(cases=st.lists(st.tuples(st.integers(0, 120), values), min_size=1, max_size=150))
def test_every_case_is_reached_within_a_bounded_number_of_claims(cases: list[tuple[int, float]]) -> None:
    """However valuable what keeps coming is: a case waits for those that came before it or up to `MOST` after it."""
    arrivals = sorted((day * DAY, value) for day, value in cases)
    waiting: list[tuple[int, int]] = []
    claims, reached = 0, dict.fromkeys(range(len(arrivals)), -1)
    now = 0
    while claims < len(arrivals):
        for i, (opened_at, value) in enumerate(arrivals):
            if opened_at <= now and reached[i] == -1 and (due_at(opened_at, value), i) not in waiting:
                heapq.heappush(waiting, (due_at(opened_at, value), i))
        if waiting:
            _, i = heapq.heappop(waiting)
            reached[i], claims = claims, claims + 1
        else:
            now += DAY
        now += DAY // 3  # fewer claims than what comes in
    for i, (opened_at, _) in enumerate(arrivals):
        bound = sum(other <= opened_at + MOST for other, _ in arrivals)
        assert reached[i] < bound


@given(value=values, days=st.integers(0, 1000))
def test_waiting_doubles_the_value(value: float, days: int) -> None:
    """Opened earlier by one doubling is worth as much as having twice the value."""
    if value <= GREATEST / 2:
        earlier, worth_more = due_at(days * DAY, value), due_at(days * DAY + round(DOUBLING.value * DAY), 2 * value)
        assert abs(earlier - worth_more) <= 1


@given(probability=st.floats(0, 1), money=st.floats(0, 1e300), why=st.sampled_from(SOUGHT), data=st.data())
def test_a_value_is_in_its_range(probability: float, money: float, why: str, data: st.DataObject) -> None:
    reasons = data.draw(st.lists(st.sampled_from([reason.code for reason in REVIEW_REASONS]), unique=True))
    record = make_record(
        probability_client=probability, signals=signals(spend_365d=money), review_reasons=tuple(reasons)
    )
    assert LEAST <= value_of(record, why) <= GREATEST  # type: ignore[arg-type]


def test_value_grows_with_doubt_money_and_disagreement() -> None:
    plain = make_record(probability_client=0.8)
    unsure, rich = make_record(probability_client=0.6), make_record(signals=signals(spend_365d=1e4))
    rich = dataclasses.replace(rich, probability_client=0.8)
    divided = make_record(probability_client=0.8, review_reasons=("rules_contradict",))
    assert all(value_of(each, "route") > value_of(plain, "route") for each in (unsure, rich, divided))
    assert value_of(divided, "route") == 2 * value_of(plain, "route")


@given(others=st.lists(values), case_id=st.uuids())
def test_an_audit_s_value_lies_among_those_of_the_others(others: list[float], case_id: UUID) -> None:
    value = drawn_value(bytes(32), case_id, sorted(others))
    assert min(others, default=LEAST) * (1 - 1e-9) <= value <= max(others, default=GREATEST) * (1 + 1e-9)


def queue_of(database: Database, records: list[Record]) -> list[str]:
    """Return the accounts in the order in which they are looked at, all being opened at one time, as in a batch."""
    database.ledger.secret(ORDER, lambda: bytes(range(32)))
    database.ledger.write([entry_of(*records)])
    return [line.account_id for line in Desk(database).queue(Filters(), ANN, records[0].decided_at, limit=1000)]


def test_audits_stand_in_the_queue_like_any_others(database: Database) -> None:
    """A reviewer who could tell them by their place would know what the machine had decided by itself."""
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(7)
    ids = [UUID(int=i) for i in rng.permutation(360).tolist()]
    doubts = rng.uniform(0.05, 0.95, 300).tolist()
    routed = [doubtful(f"r-{i}", id=ids[i], probability_client=p, decided_at=0) for i, p in enumerate(doubts)]
    places = queue_of(database, [*routed, *(drawn(f"a-{i}", id=ids[300 + i], decided_at=0) for i in range(60))])
    audits = [place for place, account in enumerate(places) if account.startswith("a")]
    assert len(places) == 360
    assert ks_2samp(audits, sorted(set(range(360)) - set(audits))).pvalue > 0.05
    # Of 60 random ones of 360 fifty stand alone, or nearly: 50 runs, give or take 3.
    runs = sum(place - 1 not in audits for place in audits)
    assert 41 <= runs <= 59


def test_audits_are_read_in_an_order_that_owes_nothing_to_doubt(tmp_path: Path) -> None:
    """What the machine thinks of them, and what they are worth, may be the reverse: they come in the same order."""
    plain = [drawn(f"a-{i}", decided_at=0, probability_client=0.5 + i / 100) for i in range(40)]
    other = [
        dataclasses.replace(each, probability_client=1.5 - each.probability_client, signals=signals(spend_365d=9.0**i))
        for i, each in enumerate(plain)
    ]
    orders = []
    for records in (plain, other):
        with open_database(f"sqlite:///{tmp_path}/{len(orders)}.db") as database:
            upgrade(database)
            orders.append(queue_of(database, [doubtful("b", decided_at=0), doubtful("c", decided_at=0), *records]))
    assert orders[0] == orders[1]
    assert orders[0] != sorted(orders[0], key=lambda name: (len(name), name))


def test_an_audit_keeps_its_place_when_it_is_predicted_again(database: Database) -> None:
    records = [drawn(f"a-{i}", decided_at=0) for i in range(20)]
    before = queue_of(database, [*records, *(doubtful(f"r-{i}", decided_at=0) for i in range(5))])
    newer = [dataclasses.replace(drawn(each.account_id), decided_at=1) for each in records]
    assert queue_of(database, newer) == before


@given(first=vectors, second=vectors)
def test_distance_is_a_distance(first: list[float], second: list[float]) -> None:
    a, b = np.array(first), np.array(second)
    assert distance(a, a) == 0.0
    assert distance(a, b) == distance(b, a)
    assert 0.0 <= distance(a, b) <= 1.0


@given(row=vectors, days=st.floats(0, 1e4))
def test_time_alone_moves_nothing(row: list[float], days: float) -> None:
    later = np.array(row)
    clocks = [i for i, name in enumerate(SIGNAL_NAMES) if name.startswith("days_since") or name == "tenure_days"]
    later[clocks] += days
    assert distance(np.array(row), later) == 0.0


def test_a_verdict_lasts_until_its_time_or_until_signals_move() -> None:
    seen = signals(purchases=4.0, contracts=0.0, meetings_90d=2.0)
    standing = Standing(1, "acme", "client", until=100, catalogue=CATALOGUE, signals=seen)
    here = np.frombuffer(seen)
    there = np.frombuffer(signals(purchases=4.0, contracts=1.0, meetings_90d=6.0))
    assert distance(here, there) > FAR.value
    assert [lasts(standing, here, at) for at in (99, 100)] == ["stands", "expired"]
    assert lasts(standing, there, 99) == "moved"
    # What was measured otherwise cannot be compared; time still passes.
    assert [lasts(standing, None, at) for at in (99, 100)] == ["stands", "expired"]
    assert lasts(dataclasses.replace(standing, catalogue="older"), there, 99) == "stands"


def given_by(reviewer: str, said: str, stage: str = "blind", number: int = 1) -> Given:
    nothing = UUID(int=0)
    answer = Answer(said)  # type: ignore[arg-type]
    return Given(number, nothing, "acme", reviewer, 0, stage, answer, nothing, None, "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "wanted", "state", "by"),
    [
        ([], 1, "open", None),
        (["client"], 1, "closed", 0),
        (["client"], 2, "open", None),
        (["client", "client"], 2, "closed", 0),
        (["client", "customer"], 2, "lead", None),
        (["unclear", "customer"], 2, "lead", None),
        (["unclear", "unclear"], 2, "closed", 0),
        (["client", "customer", "lead prospect"], 2, "closed", 2),
        (["lead client"], 2, "closed", 0),
    ],
)
def test_settling(said: list[str], wanted: int, state: str, by: int | None) -> None:
    answers = [
        given_by(str(i), each.split()[-1], "lead" if each.startswith("lead") else "blind", i)
        for i, each in enumerate(said)
    ]
    outcome = settle(answers, wanted)
    assert (outcome.state, outcome.by) == (state, None if by is None else answers[by])


@given(said=st.lists(st.sampled_from(["client", "customer", "unclear"]), min_size=2, max_size=4))
def test_who_came_first_does_not_decide_whether_they_agree(said: list[str]) -> None:
    states = {
        settle([given_by(str(i), each) for i, each in enumerate(order)], len(said)).state
        for order in permutations(said)
    }
    assert states == {"closed" if len(set(said)) == 1 else "lead"}


def test_each_term_has_a_name_a_unit_and_a_sentence() -> None:
    for name, limit in TERMS.items():
        assert limit.name == name
        assert limit.meaning.endswith(".")
        assert limit.unit
