"""Months at the desk whose truth is known: the audit sample tells how often the machine errs, though reviewers slip."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from features.arrow import log_of_frames, to_micros
from features.table import signals_matrix
from models.policy import decide
from models.rules import RuleBook
from reviews.answer import Answer, Shown
from reviews.audited import AuditedMonth
from reviews.database import open_database
from reviews.desk import Desk
from reviews.record import Record
from reviews.sample import AUDIT, inclusion_of
from reviews.schema import upgrade
from reviews.terms import DAY
from tests.desks import ANN, BEN, EVE, drawn
from tests.records import entry_of, make_record
from training.simulator.simulate import simulate

SLIPS = 0.05
START = 1_767_225_600_000_000  # 2026-01-01
MONTH = 31 * DAY


class Automatic(NamedTuple):
    """What the rules decide automatically of a simulated world, and what is true."""

    said: npt.NDArray[np.str_]
    true: npt.NDArray[np.str_]
    probability: npt.NDArray[np.float64]

    @property
    def error(self) -> float:
        return float((self.said != self.true).mean())


@cache
def automatic() -> Automatic:
    world = simulate(2500, 11)
    log = log_of_frames(world.events, world.accounts, world.records)
    decisions = decide(signals_matrix(log.at(to_micros(world.as_of))), RuleBook.default())
    truth = world.truth.set_index("account_id")["relationship_now"].loc[list(log.account_ids)].to_numpy(dtype=str)
    auto = decisions.auto
    return Automatic(decisions.relationship[auto], truth[auto], decisions.probability_client[auto])


def draw(desk_secret: bytes, month: int, share: float) -> dict[str, Record]:
    """A month's audit sample, drawn as a service draws it; the accounts are others each month."""
    at, found = START + month * MONTH, automatic()
    records = {}
    for i, (said, probability) in enumerate(zip(found.said.tolist(), found.probability.tolist(), strict=True)):
        account = f"{month}-{i}"
        inclusion = inclusion_of(desk_secret, account, at, share)
        if inclusion is not None:
            records[account] = make_record(
                account,
                decided_at=at + i,
                relationship=said,
                probability_client=probability,
                decided_by="rules",
                inclusion=inclusion,
            )
    return records


def reading(desk: Desk, at: int, slips: float, rng: np.random.Generator) -> Iterator[None]:
    """Two reviewers, who slip now and then, empty the queue, answer by answer; the lead, who does not slip, decides
    what they dispute."""

    def said(account: str, *, sure: bool = False) -> Answer:
        true = str(automatic().true[int(account.partition("-")[2])])
        wrong = not sure and rng.random() < slips
        return Answer({"client": "customer", "customer": "client", "prospect": "customer"}[true] if wrong else true)  # type: ignore[arg-type]

    for reviewer in (ANN, BEN, ANN):
        while (case := desk.claim(reviewer, at)) is not None:
            desk.answer(case.id, reviewer, said(case.account_id), at, Shown(case.prediction_id))
            yield
    for dispute in desk.lead(EVE, at, limit=1000):
        case = desk.case(dispute.line.id, EVE)
        desk.rule(case.id, EVE, said(case.account_id, sure=True), at, Shown(case.prediction_id))
        yield


def work(url: str, months: int, share: float, slips: float, *, stop: bool = False) -> list[AuditedMonth]:
    """Return what is told of each month, in the end or where reviewers have stopped anywhere."""
    rng = np.random.default_rng(3)
    told = []
    with open_database(url) as database:
        desk, secret = Desk(database), database.ledger.secret(AUDIT, lambda: rng.bytes(32))
        for month in range(months):
            at = START + month * MONTH
            records = draw(secret, month, share)
            database.ledger.write([entry_of(*records.values())])
            answers = reading(desk, at + DAY, slips, rng)
            deque(islice(answers, rng.integers(1, len(records) + 5)) if stop else answers, maxlen=0)
            told += desk.overview(at, at + 1, at + DAY).audited
            deque(answers, maxlen=0)
        return told


@pytest.fixture
def memory_url() -> Iterator[str]:
    """An empty SQLite database in memory, if there is such a disk: thousands of answers wait for thousands of flushes.

    That those are written through has its own tests.
    """
    memory = Path("/dev/shm")  # noqa: S108 - Linux's
    with TemporaryDirectory(prefix="rapport-", dir=memory if memory.is_dir() else None) as folder:
        url = f"sqlite:///{folder}/rapport.db"
        with open_database(url) as database:
            upgrade(database)
        yield url


def covers(month: AuditedMonth) -> bool:
    assert month.low is not None
    assert month.high is not None
    return month.low <= automatic().error <= month.high


def test_a_month_is_read_and_told(memory_url: str) -> None:
    (month,) = work(memory_url, 1, 0.05, 0.0)
    with open_database(memory_url) as database:
        told = [int(label.account_id.partition("-")[2]) for label in Desk(database).labels(0)]
    assert month.complete
    assert month.drawn == len(told) > 20
    assert month.wrong == np.count_nonzero(automatic().said[told] != automatic().true[told])
    assert month.decided == pytest.approx(month.drawn / 0.05)


def test_a_month_that_is_half_read_is_not_told_as_right(memory_url: str) -> None:
    """Who agrees settles a case at once, and who contradicts does not: what is settled first is what was right."""
    records = [drawn(f"a-{i}") for i in range(100)]

    def read(desk: Desk, reviewer: str) -> AuditedMonth:
        at = records[0].decided_at + DAY
        while (case := desk.claim(reviewer, at)) is not None:
            wrong = int(case.account_id[2:]) < 10
            answer = Answer("customer" if wrong else "client")
            desk.answer(case.id, reviewer, answer, at, Shown(case.prediction_id))
        (month,) = desk.overview(at - DAY, at, at).audited
        return month

    with open_database(memory_url) as database:
        database.ledger.write([entry_of(*records)])
        half = read(Desk(database), ANN)
        whole = read(Desk(database), BEN)
    assert (half.wrong, half.error, half.complete) == (0, None, False)
    assert half.pending >= 10
    assert half.read + half.pending == 100
    assert half.low is not None
    assert half.high is not None
    assert half.low <= 0.1 < half.high
    assert (whole.pending, whole.error, whole.complete) == (0, 0.1, True)


def test_what_is_taken_back_is_pending_no_more(memory_url: str) -> None:
    record = drawn("a")
    at = record.decided_at + DAY
    with open_database(memory_url) as database:
        database.ledger.write([entry_of(record)])
        desk = Desk(database)
        case = desk.claim(ANN, at)
        assert case is not None
        desk.answer(case.id, ANN, Answer("customer"), at, Shown(case.prediction_id))
        (before,) = desk.overview(at - DAY, at, at).audited
        desk.undo(case.id, ANN, at)
        (after,) = desk.overview(at - DAY, at, at).audited
    assert (before.pending, after.pending) == (1, 0)
    assert (after.low, after.high) == (None, None)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [False, True], ids=["read whole", "half read"])
@pytest.mark.parametrize("slips", [0.0, SLIPS], ids=["who never err", "who slip"])
def test_the_interval_covers_the_true_error_in_ninety_of_a_hundred_months(
    memory_url: str, slips: float, stop: bool, told: Callable[[str], None]
) -> None:
    months = work(memory_url, 100, 0.06, slips, stop=stop)
    assert len(months) == 100
    covered = sum(map(covers, months))
    assert all((month.error is not None) == month.complete for month in months)
    mean = np.mean([month.error for month in months if month.error is not None] or [np.nan])
    told(f"true error {automatic().error:.2%}, estimated {mean:.2%} in the mean; covered in {covered} of 100 months")
    assert covered >= 90
    assert stop or abs(mean - automatic().error) < 0.01
