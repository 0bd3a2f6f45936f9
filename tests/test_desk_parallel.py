"""Many reviewers at once, while predictions are written: no case is held twice, and none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier
from uuid import UUID

from reviews.answer import Answer, Shown
from reviews.case import CaseRefused
from reviews.database import Database, open_database
from reviews.desk import Desk
from tests.desks import doubtful
from tests.records import entry_of

REVIEWERS = 50
PROCESSES = 5
NOW = 10**15


@contextmanager
def desks(url: str, n: int = PROCESSES, **settings: float) -> Iterator[list[Desk]]:
    """Desks with connections of their own, as several processes of a service have."""
    with ExitStack() as stack:
        databases = [stack.enter_context(open_database(url, seconds=120.0)) for _ in range(n)]
        yield [Desk(database, **({"second_share": 0.0} | settings)) for database in databases]


def at_once(n: int, deed: Callable[[int], object]) -> list[object]:
    """Let as many threads do something, all beginning at one moment."""
    barrier = Barrier(n)

    def begin(i: int) -> object:
        barrier.wait()
        return deed(i)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(begin, range(n)))


def test_fifty_who_claim_at_once_get_fifty_different_cases(database: Database, database_url: str) -> None:
    database.ledger.write([entry_of(*(doubtful(f"a-{i}") for i in range(REVIEWERS - 10)))])
    with desks(database_url) as rooms:

        def claim(i: int) -> UUID | None:
            case = rooms[i % PROCESSES].claim(f"r-{i}", NOW)
            return None if case is None else case.id

        claims = at_once(REVIEWERS, claim)
    held = Counter(claim for claim in claims if claim is not None)
    assert len(held) == REVIEWERS - 10
    assert set(held.values()) == {1}
    assert claims.count(None) == 10


def test_one_case_that_fifty_ask_for_goes_to_one(database: Database, database_url: str) -> None:
    record = doubtful("acme")
    database.ledger.write([entry_of(record)])
    with desks(database_url) as rooms:

        def claim(i: int) -> str:
            try:
                rooms[i % PROCESSES].claim_one(record.id, f"r-{i}", NOW)
            except CaseRefused as refused:
                return refused.why
            return "mine"

        assert Counter(at_once(REVIEWERS, claim)) == {"mine": 1, "held": REVIEWERS - 1}


def test_a_day_at_the_desk_while_predictions_come_in(database: Database, database_url: str) -> None:
    """Six reviewers empty the queue, half of it read twice, while the machine writes the same accounts again."""
    accounts = [f"a-{i}" for i in range(40)]
    database.ledger.write([entry_of(*map(doubtful, accounts))])
    with desks(database_url, 3, second_share=0.5) as rooms:

        def review(i: int) -> int:
            done = 0
            while (case := rooms[i % 3].claim(f"r-{i}", NOW)) is not None:
                rooms[i % 3].answer(case.id, f"r-{i}", Answer("client"), NOW, Shown(case.prediction_id))
                done += 1
            return done

        def work(i: int) -> int:
            if i < 6:
                return review(i)
            for turn in range(5):
                database.ledger.write([entry_of(*(doubtful(name) for name in accounts[turn::5]))])
            return 0

        answers = sum(map(int, at_once(7, work)))  # type: ignore[call-overload]
        # Who left before somebody else's first answer had come may be wanted once more.
        answers += sum(review(i) for i in range(6))
        twice = answers - len(accounts)
        assert 5 < twice < 35
        assert Counter(label.account_id for label in rooms[0].labels(0)) == Counter(accounts)
