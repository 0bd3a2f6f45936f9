"""API keys: what is shown once, what is kept, and whether the two fit."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

__all__ = ["ROLES", "TOKEN_BYTES", "Key", "Role", "fits", "key_id_of", "new_key"]

Role = Literal["predict", "review", "admin"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)

TOKEN_BYTES: Final = 38
"""Random bytes that a key is made of: 6 name it, 32 are its secret."""

_NAMING: Final = 6
_TEXT: Final = re.compile(r"rpt_([0-9a-f]{12})_([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of an API key. From it nobody can tell the key's text.

    Attributes
    ----------
    id : str
        Stands in the key's text, and in whatever was done with it.
    name : str
        For people, such as "crm".
    role : {"predict", "review", "admin"}
    digest : bytes
        SHA-256 of the secret, which has 256 random bits: no slower hash would make it harder to guess.
    created_at : int
        Microseconds since 1970 UTC, as all times.
    revoked_at, last_used_at : int or None
    """

    id: str
    name: str
    role: Role
    digest: bytes
    created_at: int
    revoked_at: int | None = None
    last_used_at: int | None = None


def new_key(role: Role, name: str, at: int, token: bytes) -> tuple[Key, str]:
    """Make a key.

    Parameters
    ----------
    role : {"predict", "review", "admin"}
    name : str
    at : int
        Now, microseconds since 1970 UTC.
    token : bytes
        `TOKEN_BYTES` random bytes, from `secrets.token_bytes`.

    Returns
    -------
    tuple of Key and str
        What to keep, and the text to show once.

    Raises
    ------
    ValueError
        There is no such role, or the token has another length.

    Examples
    --------
    >>> key, text = new_key("predict", "crm", 0, bytes(range(TOKEN_BYTES)))
    >>> text[:24], fits(key, text), fits(key, text[:-1] + "0")
    ('rpt_000102030405_0607080', True, False)
    """
    if role not in ROLES or len(token) != TOKEN_BYTES:
        raise ValueError(f"Expected a role of {', '.join(ROLES)} and {TOKEN_BYTES} random bytes.")
    identity, secret = token[:_NAMING].hex(), token[_NAMING:]
    return Key(identity, name, role, hashlib.sha256(secret).digest(), at), f"rpt_{identity}_{secret.hex()}"


def key_id_of(text: str) -> str | None:
    """Return the id that a key's text names; None for what is no key at all.

    Examples
    --------
    >>> key_id_of("Bearer sesame") is None
    True
    """
    found = _TEXT.fullmatch(text)
    return found[1] if found else None


def fits(key: Key, text: str) -> bool:
    """Say whether a text is this key, and the key still stands. How long it takes tells nothing of the secret."""
    found = _TEXT.fullmatch(text)
    if found is None or found[1] != key.id or key.revoked_at is not None:
        return False
    return hmac.compare_digest(hashlib.sha256(bytes.fromhex(found[2])).digest(), key.digest)
