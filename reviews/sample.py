"""The audit sample: which automatic answers a person looks at all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

__all__ = ["AUDIT", "SECRET_BYTES", "inclusion_of", "month_of"]

AUDIT: Final = "audit"
"""Name of the secret that draws the sample, for a service and a nightly batch alike."""

SECRET_BYTES: Final = 32
"""Of that secret."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RANGE: Final = 2**64


def inclusion_of(secret: bytes, account_id: str, decided_at: int, share: float) -> float | None:
    """Say with what probability an automatic answer was drawn into the audit sample, if it was.

    Account and calendar month decide, through a keyed hash: an account is in or out for the month however often the CRM
    asks, so asking again neither escapes an audit nor makes one likelier, and nobody without the secret can tell who is
    watched. Months draw afresh.

    Parameters
    ----------
    secret : bytes
        `SECRET_BYTES` random bytes, the same for years.
    account_id : str
    decided_at : int
        Microseconds since 1970 UTC.
    share : float
        Of all accounts, in [0, 1].

    Returns
    -------
    float or None
        The share, for weights of 1 / share in estimates; None: not drawn.

    Raises
    ------
    ValueError
        The share or the secret is out of its range.

    Examples
    --------
    >>> secret = bytes(range(32))
    >>> sum(inclusion_of(secret, f"a-{i}", 0, 0.25) is not None for i in range(1000))
    256
    >>> inclusion_of(secret, "acme", 0, 1.0), inclusion_of(secret, "acme", 0, 0.0)
    (1.0, None)
    """
    if not 0.0 <= share <= 1.0 or len(secret) != SECRET_BYTES:
        raise ValueError(f"Expected a share in [0, 1] and {SECRET_BYTES} secret bytes.")
    month = _EPOCH + timedelta(microseconds=decided_at)
    drawn = blake2b(f"{month.year}-{month.month} {account_id}".encode(), key=secret, digest_size=8).digest()
    return share if int.from_bytes(drawn, "big") < share * _RANGE else None


def month_of(micros: int) -> str:
    """Return the calendar month of a time, by which the sample is drawn.

    Examples
    --------
    >>> month_of(0)
    '1970-01'
    """
    time = _EPOCH + timedelta(microseconds=micros)
    return f"{time.year}-{time.month:02}"
