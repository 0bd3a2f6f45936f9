"""API keys: what fits, what does not, and what is kept of them."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.database import Database
from reviews.keys import ROLES, TOKEN_BYTES, fits, key_id_of, new_key

tokens = st.binary(min_size=TOKEN_BYTES, max_size=TOKEN_BYTES)


@given(token=tokens, role=st.sampled_from(ROLES))
def test_a_key_fits_itself_alone(token: bytes, role: str) -> None:
    key, text = new_key(role, "crm", 5, token)
    assert fits(key, text)
    assert key_id_of(text) == key.id
    assert (key.role, key.name, key.created_at, key.revoked_at, key.last_used_at) == (role, "crm", 5, None, None)


@given(token=tokens, place=st.integers(0, 200), other=st.characters())
def test_no_other_text_fits(token: bytes, place: int, other: str) -> None:
    key, text = new_key("predict", "crm", 0, token)
    place %= len(text)
    changed = text[:place] + other + text[place + 1 :]
    assert fits(key, changed) == (changed == text)
    for wrong in (text[:-1], text + other, f" {text}", text.upper(), f"{text}\n", ""):
        assert not fits(key, wrong) or wrong == text


@given(st.text())
def test_any_text_is_understood_as_no_key(text: str) -> None:
    assert key_id_of(text) is None


@given(first=tokens, second=tokens)
def test_two_keys_do_not_fit_each_other(first: bytes, second: bytes) -> None:
    mine, _ = new_key("predict", "crm", 0, first)
    _, yours = new_key("predict", "crm", 0, second)
    assert fits(mine, yours) == (first == second)


@given(tokens)
def test_the_secret_is_not_kept(token: bytes) -> None:
    key, text = new_key("admin", "crm", 0, token)
    kept = repr(dataclasses.astuple(key))
    assert text not in kept
    assert repr(token[6:])[2:-1] not in kept
    assert token[6:].hex() not in kept


def test_a_revoked_key_fits_no_more() -> None:
    key, text = new_key("predict", "crm", 0, bytes(TOKEN_BYTES))
    assert not fits(dataclasses.replace(key, revoked_at=1), text)


@pytest.mark.parametrize(("role", "token"), [("owner", bytes(TOKEN_BYTES)), ("predict", bytes(16))])
def test_new_key_is_refused(role: str, token: bytes) -> None:
    with pytest.raises(ValueError, match="Expected a role"):
        new_key(role, "crm", 0, token)  # type: ignore[arg-type]


def test_keyring(database: Database) -> None:
    ledger = database.ledger
    first, _ = new_key("predict", "crm", 10, bytes(TOKEN_BYTES))
    second, _ = new_key("admin", "ops", 20, bytes([1] * TOKEN_BYTES))
    for key in (second, first):
        ledger.add_key(key)
    assert ledger.keys() == [first, second]
    ledger.touch_keys({first.id: 50, "nobody": 50})
    ledger.touch_keys({first.id: 40})
    ledger.touch_keys({})
    assert ledger.revoke_key(second.id, 60)
    assert not ledger.revoke_key(second.id, 70)
    assert not ledger.revoke_key("nobody", 70)
    assert ledger.keys() == [
        dataclasses.replace(first, last_used_at=50),
        dataclasses.replace(second, revoked_at=60),
    ]
