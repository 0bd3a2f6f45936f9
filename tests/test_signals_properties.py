"""What must hold of the signals of any log."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from features.signals import CATALOGUE, SIGNAL_NAMES
from tests.logs import AS_OF, Accounts, accounts, events, measure, records, rows_of
from tests.oracle import DAY, Event, Facts, signals_of

Signals = dict[str, npt.NDArray[np.float64]]


def bits(signals: Signals) -> dict[str, bytes]:
    """Each account's signals as bytes, so that equal means equal to the last bit."""
    return {name: row.tobytes() for name, row in signals.items()}


@given(accounts(), records())
def test_signals_are_what_their_meanings_say(book: Accounts, recorded: frozenset[str]) -> None:
    for name, row in measure(book, recorded=recorded).items():
        expected = signals_of(*book[name], AS_OF, recorded)
        assert expected.keys() == set(SIGNAL_NAMES)
        for signal, value in zip(SIGNAL_NAMES, row.tolist(), strict=True):
            same = math.isclose(value, expected[signal], rel_tol=1e-12, abs_tol=1e-15)
            assert same or (math.isnan(value) and math.isnan(expected[signal])), (name, signal, value, expected[signal])


@given(accounts(), records())
def test_one_account_alone_is_the_account_in_a_batch(book: Accounts, recorded: frozenset[str]) -> None:
    together = bits(measure(book, recorded=recorded))
    for name, about in book.items():
        assert bits(measure({name: about}, recorded=recorded))[name] == together[name]


@given(accounts(), st.data())
def test_the_order_of_rows_changes_nothing(book: Accounts, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows_of(book)))
    assert bits(measure(book, rows=shuffled)) == bits(measure(book))


@given(st.lists(events(), min_size=2, max_size=4), st.data())
def test_of_rows_with_one_id_recorded_at_one_moment_the_same_counts(log: list[Event], data: st.DataObject) -> None:
    first = log[0]
    rivals = [first, *(e._replace(occurred_at=first.occurred_at, ends_at=None) for e in log[1:])]
    rivals = [e._replace(event_id="e1", recorded_at=first.occurred_at, amount=None, score=None) for e in rivals]
    book = {"a": (rivals, Facts())}
    # Which of the rivals' contacts is new depends on whom these calls name.
    calls = [Event("call", AS_OF - DAY, contact_id=name) for name in ("ann", "bob")]
    rows = rows_of({"a": (calls, Facts())})
    shuffled = data.draw(st.permutations(rows_of(book)))
    assert bits(measure(book, rows=rows + shuffled)) == bits(measure(book, rows=rows + rows_of(book)))


@given(accounts(), events(), st.integers(0, 400 * DAY), st.data())
def test_what_was_not_known_changes_nothing(book: Accounts, event: Event, later: int, data: st.DataObject) -> None:
    occurred = event._replace(occurred_at=AS_OF + later, ends_at=None, recorded_at=None)
    recorded = event._replace(recorded_at=AS_OF + later)
    name = data.draw(st.sampled_from(sorted(book)))
    rows = [*rows_of(book), *({"account_id": name} | new._asdict() for new in (occurred, recorded))]
    assert bits(measure(book, rows=rows)) == bits(measure(book))


@given(accounts(max_size=3), accounts(max_size=1))
def test_another_account_changes_nobody(book: Accounts, other: Accounts) -> None:
    newcomer = {f"{name} too": about for name, about in other.items()}
    together = bits(measure(book | newcomer))
    assert {name: together[name] for name in book} == bits(measure(book))


@given(accounts(), st.lists(st.integers(-50, 500), min_size=6, max_size=6))
def test_a_moment_for_each_account_is_one_at_a_time(book: Accounts, days: list[int]) -> None:
    ids = sorted(book, key=str.encode)
    moments = np.array([AS_OF - day * DAY for day in days[: len(ids)]])
    together = measure(book, moments)
    alone = {name: measure(book, int(moment))[name] for name, moment in zip(ids, moments, strict=True)}
    assert bits(together) == bits(alone)


@given(accounts(), records(), st.lists(events(), min_size=1, max_size=6), st.data())
def test_kinds_that_are_not_recorded_never_matter(
    book: Accounts, recorded: frozenset[str], strays: list[Event], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(book)))
    unrecorded = [{"account_id": name} | e._asdict() for e in strays if e.kind not in recorded]
    rows = [row for row in rows_of(book) if row["kind"] in recorded]
    with_strays = measure(book, recorded=recorded, rows=[*unrecorded, *rows])
    assert bits(with_strays) == bits(measure(book, recorded=recorded, rows=rows))


@given(accounts())
def test_every_value_is_one_that_its_unit_can_have(book: Accounts) -> None:
    for row in measure(book).values():
        for signal, value in zip(CATALOGUE, row.tolist(), strict=True):
            # A share of sums of floats may miss 1 by the last bit.
            assert math.isnan(value) or signal.unit.low <= value <= signal.unit.high + 1e-12, signal.name
