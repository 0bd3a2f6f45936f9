"""The folder of the spools: which of them is this process's, and which were left by one that is dead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from features.events import BadInput
from reviews.record import Entry
from serving.recording.spool import Spool

__all__ = ["claim_spool", "leftovers"]


def claim_spool(folder: Path, most: int, found: Callable[[Entry], object] | None = None) -> Spool:
    """Claim the first spool that no other process has, with what is left in it.

    Parameters
    ----------
    folder : Path
        Created where it is not there. Its spools are `1.spool`, `2.spool`, …: as many as processes ever ran at once.
    most : int
        Bytes that the spool may have.
    found : callable, optional
        Called with each entry that is left in it.

    Raises
    ------
    BadInput
        The folder cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for number in count(1):
            try:
                return Spool(folder / f"{number}.spool", most, found)
            except BlockingIOError:
                continue
    except OSError as error:
        raise BadInput(
            f"{folder}: what the database cannot take has no place there ({error.strerror}). Make it a folder that the "
            "service may write to, or name another with RAPPORT_SPOOL."
        ) from error
    raise AssertionError  # there is always another number


def leftovers(folder: Path) -> Iterator[Spool]:
    """Claim, one after the other, the spools in which dead processes left something; whoever takes one closes it."""
    for path in sorted(folder.glob("*.spool")):
        try:
            if path.stat().st_size > 0:
                yield Spool(path, 0)
        except OSError:  # another process has it, or was quicker
            continue
