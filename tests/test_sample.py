"""The audit sample: how large, for whom, and for how long."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.sample import SECRET_BYTES, inclusion_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
secrets = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
moments = st.integers(0, (datetime(2200, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)).map(
    lambda micros: EPOCH + timedelta(microseconds=micros)
)
shares = st.floats(0.0, 1.0)


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@given(secret=secrets, name=names, moment=moments, share=shares, day=st.integers(1, 28))
def test_a_month_decides_once(secret: bytes, name: str, moment: datetime, share: float, day: int) -> None:
    """However often the CRM asks within a month."""
    again = moment.replace(day=day, hour=0)
    assert inclusion_of(secret, name, micros(moment), share) == inclusion_of(secret, name, micros(again), share)


@given(secret=secrets, name=names, moment=moments, few=shares, many=shares)
def test_a_larger_share_takes_more(secret: bytes, name: str, moment: datetime, few: float, many: float) -> None:
    few, many = sorted((few, many))
    drawn_few, drawn_many = (inclusion_of(secret, name, micros(moment), share) for share in (few, many))
    assert drawn_few in (None, few)
    assert drawn_few is None or drawn_many == many


@given(secret=secrets, name=names, moment=moments)
def test_all_and_none(secret: bytes, name: str, moment: datetime) -> None:
    assert inclusion_of(secret, name, micros(moment), 1.0) == 1.0
    assert inclusion_of(secret, name, micros(moment), 0.0) is None


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_the_share_is_kept(share: float) -> None:
    """Over accounts in a month, and over months of an account; within 4 standard errors."""
    secret, n = bytes(range(SECRET_BYTES)), 20_000
    months = [micros(datetime(1970 + i // 12, 1 + i % 12, 15, tzinfo=UTC)) for i in range(2000)]
    by_account = sum(inclusion_of(secret, f"account-{i}", 0, share) is not None for i in range(n))
    by_month = sum(inclusion_of(secret, f"account-{i}", at, share) is not None for at in months for i in range(10))
    for drawn in (by_account, by_month):
        assert abs(drawn - n * share) < 4 * math.sqrt(n * share * (1 - share))


def test_secrets_draw_apart() -> None:
    """Of the accounts that one secret draws, another draws no more than its share."""
    drawn = [i for i in range(20_000) if inclusion_of(bytes(SECRET_BYTES), f"a-{i}", 0, 0.1) is not None]
    again = sum(inclusion_of(b"\x01" * SECRET_BYTES, f"a-{i}", 0, 0.1) is not None for i in drawn)
    assert abs(again - len(drawn) * 0.1) < 4 * math.sqrt(len(drawn) * 0.09)


@pytest.mark.parametrize(
    ("secret", "share"), [(b"short", 0.5), (bytes(SECRET_BYTES), 1.5), (bytes(SECRET_BYTES), -0.1)]
)
def test_refused(secret: bytes, share: float) -> None:
    with pytest.raises(ValueError, match="Expected a share"):
        inclusion_of(secret, "acme", 0, share)
