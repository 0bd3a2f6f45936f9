"""An account's name out of evidence of which nothing else is needed, as in a list of fifty."""

from __future__ import annotations

import json
import re
import zlib
from typing import Final

from reviews.evidence import Evidence, read_evidence
from reviews.record import unpack
from serving.desk.words.people import name_of

__all__ = ["name_in"]

_HEAD: Final = 4096
"""Bytes that are unpacked to begin with: evidence can be a megabyte, and nearly always begins with the account."""

_BEGINS: Final = re.compile(r'\s*\{\s*"account"\s*:\s*')


def name_in(account_id: str, packed: bytes | None) -> str:
    """Return what people call an account.

    Parameters
    ----------
    account_id : str
    packed : bytes or None
        As :func:`reviews.record.pack` packs what :mod:`reviews.evidence` writes.

    Examples
    --------
    >>> from reviews.evidence import write_evidence
    >>> from reviews.record import pack
    >>> name_in("a-1", pack(write_evidence({"account_id": "a-1", "name": "Acme"}, []))), name_in("a-1", None)
    ('Acme', 'a-1')
    """
    if packed is None:
        return account_id
    head = zlib.decompressobj().decompress(packed, _HEAD).decode("utf-8", errors="ignore")
    begins = _BEGINS.match(head)
    if begins is not None:
        try:
            account, _ = json.JSONDecoder().raw_decode(head, begins.end())
            return name_of(account_id, Evidence(account, (), None))
        except ValueError:  # it goes on behind the head
            pass
    return name_of(account_id, read_evidence(unpack(packed)))
