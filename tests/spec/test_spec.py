"""The pages of this folder, read by the table of signals; and that they leave no signal out."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pandas as pd
import pytest

from features.document import kinds_needed
from features.events import KINDS
from features.signals import BY_NAME, SIGNAL_NAMES
from features.table import signals_table
from tests.spec import Spec, load_specs

SPECS = list(load_specs())


@cache
def _table(case: str) -> pd.DataFrame:
    spec = next(spec for spec in SPECS if spec.case == case)
    events = [{"account_id": spec.account["account_id"], **event} for event in spec.events] + spec.neighbours
    columns = ["account_id", "occurred_at", "kind"]
    frame = pd.DataFrame(events) if events else pd.DataFrame(columns=columns)
    return signals_table(frame, spec.as_of, pd.DataFrame([spec.account]), spec.records).set_index("account_id")


def agrees(value: float, spec: Spec) -> bool:
    """Whether a door's answer is what the spec says; an unknown one is nan."""
    return math.isnan(value) if math.isnan(spec.expected) else math.isclose(value, spec.expected, rel_tol=1e-12)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_signal_is_what_its_spec_says(spec: Spec) -> None:
    value = _table(spec.case).loc[spec.account["account_id"], spec.signal]
    assert agrees(value, spec), f"{spec.signal} came to {value}, expected {spec.expected}: {spec.why}"


def test_cases_have_names_of_their_own() -> None:
    stories: dict[str, Any] = {}
    for spec in SPECS:
        story = (spec.account, spec.events, spec.neighbours, spec.records, spec.as_of)
        assert stories.setdefault(spec.case, story) == story, spec.case
    rows = [(spec.case, spec.signal) for spec in SPECS]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize("name", SIGNAL_NAMES)
def test_every_signal_begins_with_the_commonest_edges(name: str) -> None:
    specs = [spec for spec in SPECS if spec.signal == name]
    assert [spec.case for spec in specs[:2]] == ["An empty log", "An account without events among others"]
    assert any(len(spec.events) == 1 for spec in specs), "no single event"


@pytest.mark.parametrize("name", [name for name in SIGNAL_NAMES if 0 < len(kinds_needed(BY_NAME[name])) < len(KINDS)])
def test_every_signal_is_unknown_where_nothing_of_it_is_recorded(name: str) -> None:
    needed = set(kinds_needed(BY_NAME[name]))
    unrecorded = [s for s in SPECS if s.signal == name and s.records is not None and not needed & set(s.records)]
    assert unrecorded
    assert all(math.isnan(spec.expected) for spec in unrecorded)


def test_no_spec_speaks_of_an_unknown_signal() -> None:
    assert {spec.signal for spec in SPECS} == set(SIGNAL_NAMES)
