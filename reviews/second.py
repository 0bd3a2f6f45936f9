"""Which cases a second, independent reviewer looks at."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final
from uuid import UUID

__all__ = ["SECRET_BYTES", "gets_second"]

SECRET_BYTES: Final = 32
"""Of the key that draws them."""

_RANGE: Final = 2**64


def gets_second(secret: bytes, share: float, case_id: UUID, contradicts: bool) -> bool:
    """Say whether a case gets a second reviewer.

    A keyed hash of the case decides, so nobody without the key can tell in advance. Besides, whoever contradicts an
    answer of the audit sample is always read again: most automatic answers are right, so a reviewer who slips now and
    then would find more errors among them than the machine makes.

    Parameters
    ----------
    secret : bytes
        `SECRET_BYTES` random bytes.
    share : float
        Of all cases; 0: none, not even those that contradict.
    case_id : UUID
    contradicts : bool
        The first answer is another than the automatic one that is audited.

    Examples
    --------
    >>> sum(gets_second(bytes(32), 0.1, UUID(int=i), False) for i in range(1000))
    108
    >>> gets_second(bytes(32), 0.1, UUID(int=1), True), gets_second(bytes(32), 0.0, UUID(int=1), True)
    (True, False)
    """
    drawn = blake2b(case_id.bytes, key=secret, digest_size=8).digest()
    return share > 0 and (contradicts or int.from_bytes(drawn, "big") < share * _RANGE)
