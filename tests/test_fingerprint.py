"""The fingerprint of the signals, by which a model knows the code that it learned from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from features.fingerprint import differences, fingerprint
from features.signals import SIGNAL_NAMES

Stored = dict[str, list[Any]]


def test_it_covers_every_signal_with_a_value_that_is_known() -> None:
    found = fingerprint()
    assert tuple(found) == SIGNAL_NAMES
    assert [name for name, values in found.items() if all(value is None for value in values)] == []


def test_every_signal_tells_accounts_apart() -> None:
    constant = [name for name, values in fingerprint().items() if len({v for v in values if v is not None}) < 2]
    assert constant == []


def test_it_agrees_with_itself_after_a_journey_as_json() -> None:
    assert differences(json.loads(json.dumps(fingerprint()))) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda stored, name: stored.pop(name), "not in the catalogue that was learned from"),
        (lambda stored, name: stored.update({name: stored[name][1:]}), "another reference log"),
        (lambda stored, name: stored.update({name: [None, *stored[name][1:]]}), "unknown stored"),
        (lambda stored, name: stored.update({name: [stored[name][0] * 1.00001, *stored[name][1:]]}), "stored, "),
    ],
)
def test_a_difference_names_its_signal(change: Callable[[Stored, str], object], sentence: str) -> None:
    stored: Stored = {signal: list(values) for signal, values in fingerprint().items()}
    name = next(signal for signal, values in stored.items() if values[0])
    change(stored, name)
    assert any(line.startswith(f"{name}: ") and sentence in line for line in differences(stored))


def test_a_signal_that_is_gone_is_named() -> None:
    stored = {**fingerprint(), "charm": (1.0,)}
    assert differences(stored) == ["charm: no longer in the catalogue"]


def test_the_last_bits_do_not_matter() -> None:
    stored = {n: [v if v is None else v * (1 + 1e-12) for v in values] for n, values in fingerprint().items()}
    assert differences(stored) == []
    assert differences(stored, tolerance=0.0) != []
