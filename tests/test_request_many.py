"""Accounts that come together are measured and refused as each would be alone."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import KINDS, BadInput
from features.log import EventLog
from features.request import log_of_many, log_of_one
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from tests import logs
from tests.oracle import Event
from tests.wire import wire_account, wire_event

EVERY_KIND = frozenset(KINDS)
SPOILERS: list[dict[str, Any]] = [
    {"kind": "call", "occurred_at": "1969-12-31"},
    {"kind": "call", "occurred_at": "2026-02-30T09:00:00Z"},
    {"kind": "call", "occurred_at": "2026-01-02", "ends_at": "2026-01-01"},
    {"kind": "call", "occurred_at": "2026-01-02", "recorded_at": "2300-01-01"},
    {"kind": "meeting", "occurred_at": "2026-01-02", "subtype": "no such"},
    {"kind": "visit", "occurred_at": "2026-01-02"},
]
"""Events that do not fit; the last where visits are not recorded."""

ACCOUNT = st.tuples(st.lists(logs.events(), max_size=8), logs.facts())

Told = tuple[dict[str, Any], list[dict[str, Any]]]


@st.composite
def tellings(draw: st.DrawFn) -> list[Told]:
    """A few accounts as requests bring them, each in its own style, some spoiled."""
    told = []
    for name, (events, facts) in draw(st.lists(st.tuples(st.sampled_from("aab"), ACCOUNT), max_size=4)):
        style = draw(st.integers(0, 2))
        rows = [wire_event(event, style) for event in events]
        if draw(st.booleans()):
            rows = [{name: value for name, value in row.items() if value is not None} for row in rows]
        if draw(st.integers(0, 3)) == 0:
            rows.insert(draw(st.integers(0, len(rows))), draw(st.sampled_from(SPOILERS)))
        told.append((wire_account(name, facts), rows))
    return told


def measured(log: EventLog) -> npt.NDArray[np.float64]:
    return signals_matrix(log.at(logs.AS_OF))


@given(told=tellings(), records=st.sampled_from([EVERY_KIND, EVERY_KIND - {"visit"}]))
def test_many_together_are_each_alone(told: list[Told], records: frozenset[str]) -> None:
    together = log_of_many([account for account, _ in told], [rows for _, rows in told], records)
    signals = measured(together.log)
    assert sorted([*together.fitting, *together.refused]) == list(range(len(told)))
    assert together.log.account_ids.tolist() == [told[place][0]["account_id"] for place in together.fitting]
    for row, place in enumerate(together.fitting):
        alone = measured(log_of_one(*told[place], records))
        assert signals[row].tobytes() == alone.tobytes()
    for place, error in together.refused.items():
        with pytest.raises(BadInput, match="of the account") as alone_refused:
            log_of_one(*told[place], records)
        assert error.problems == alone_refused.value.problems


def test_rows_that_compete_are_told_apart_whatever_comes_first() -> None:
    """Two rows bear one id and differ only in whom they name: the order in which names come must not decide."""
    known = Event("call", logs.AS_OF - 2, contact_id="ann")
    either = [Event("call", logs.AS_OF - 1, contact_id=name, event_id="e") for name in ("ann", "bob")]
    found = {
        measured(log_of_one({"account_id": "a"}, [wire_event(event, 0) for event in rows], EVERY_KIND)).tobytes()
        for rows in permutations([known, *either])
    }
    assert len(found) == 1


def test_each_account_has_its_own_moment() -> None:
    rows = [wire_event(Event("call", logs.AS_OF - 1), 0)]
    log = log_of_many([{"account_id": "a"}, {"account_id": "a"}], [rows, rows], EVERY_KIND).log
    calls = signals_matrix(log.at(np.array([logs.AS_OF, logs.AS_OF - 1])))[:, SIGNAL_NAMES.index("calls_365d")]
    assert calls.tolist() == [1.0, 0.0]


def test_nobody_at_all_is_no_account() -> None:
    logged = log_of_many([], [], EVERY_KIND)
    assert (logged.log.n_accounts, logged.fitting, logged.refused) == (0, [], {})
