"""The ledger: what may be asked of the database, each question one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from reviews.change import Change, Tombstone
from reviews.keys import Key
from reviews.record import Entry, Record, Repeat
from reviews.sql import erasure, keyring, library, reading, repeats, standing, upkeep, writing

if TYPE_CHECKING:
    from reviews.database import Database

__all__ = ["Change", "Ledger", "Tombstone"]

_TOMBSTONES = "tombstones"
_SECRET_BYTES = 32


class Ledger:
    """What is kept. History is appended and never edited; the erasure of an account is the one exception.

    Every method may raise :class:`reviews.database.DatabaseDown`.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, entries: Sequence[Entry], *, opened_at: int | None = None) -> list[Repeat | None]:
        """Keep entries, all in one transaction: on disk when this returns.

        What is there already under its id is left as it is, so the same entries may be written again. What was decided
        before its account was erased, or at that moment, is not written.

        Parameters
        ----------
        entries : sequence of Entry
        opened_at : int or None
            When the cases that are opened begin to wait, microseconds since 1970 UTC; None: when each was decided. A
            batch decides as of the past, and nobody could have looked at its cases before now.

        Returns
        -------
        list of Repeat or None
            For each entry: None where it was kept, now or before; else the first answer under its `Idempotency-Key`,
            and nothing of the entry was kept.
        """
        with self._database.writing() as connection:
            return writing.write(connection, entries, opened_at)

    def repeat(self, key_id: str, key: str) -> Repeat | None:
        """Return the first answer under an `Idempotency-Key`."""
        with self._database.reading() as connection:
            return repeats.find_repeat(connection, key_id, key)

    def forget_repeats(self, before: int) -> int:
        """Forget first answers from before a time, and say how many."""
        with self._database.writing() as connection:
            return repeats.forget_repeats(connection, before)

    def prediction(self, id: UUID) -> Record | Tombstone | None:  # noqa: A002 - its name everywhere
        """Return a prediction; the tombstone of its account, where that was erased; None where there never was one."""
        with self._database.reading() as connection:
            found = reading.find_prediction(connection, id)
            return found or erasure.tombstone_of_prediction(connection, id)

    def history(self, account_id: str, before: UUID | None, limit: int) -> list[Record]:
        """Return an account's predictions, the newest first.

        Parameters
        ----------
        account_id : str
        before : UUID or None
            Only those before this one; None: from the newest on.
        limit : int
            At most so many.

        Returns
        -------
        list of Record
        """
        with self._database.reading() as connection:
            return reading.history(connection, account_id, before, limit)

    def tombstone(self, account_id: str) -> Tombstone | None:
        """Return an account's latest tombstone. The account may have come back since."""
        with self._database.reading() as connection:
            secret = library.find_secret(connection, _TOMBSTONES)
            return None if secret is None else erasure.find_tombstone(connection, account_id, secret)

    def changes(self, after: int, limit: int) -> list[Change]:
        """Return what changed of which accounts, in the order in which it became visible.

        Whoever asks again and again with the last `seq` that they saw never misses how an account ends up: each is
        there once, at its latest change. Only an account that came back after it was erased is there twice, gone first.

        Parameters
        ----------
        after : int
            A `seq`; 0 is the beginning.
        limit : int
            At most so many.

        Returns
        -------
        list of Change
        """
        with self._database.reading() as connection:
            return standing.changes(connection, after, limit)

    def erase(self, account_id: str, at: int, reason: str | None, key_id: str | None) -> Tombstone | None:
        """Erase an account: predictions, evidence, standing, and stored answers that name it.

        What was decided up to then and is written later, as from a spool, is not written any more. For
        `reviews.change.FAREWELL_DAYS` the changes name the account as erased, then see `forget_farewells`.

        Parameters
        ----------
        account_id : str
        at : int
            Now, microseconds since 1970 UTC.
        reason : str or None
            Stays; it should not name the account.
        key_id : str or None
            Who asked.

        Returns
        -------
        Tombstone or None
            What stays; of an account that had been erased before, that tombstone. None: nothing was known of it.
        """
        with self._database.writing() as connection:
            secret = library.find_or_keep_secret(connection, _TOMBSTONES, lambda: os.urandom(_SECRET_BYTES))
            stone = erasure.erase(connection, account_id, at, reason, key_id, secret)
        self._database.scrub()
        return stone

    def forget_farewells(self, before: int) -> int:
        """Let the changes no longer name accounts that were erased before a time, and say how many."""
        with self._database.writing() as connection:
            forgotten = erasure.forget_farewells(connection, before)
        if forgotten or not self._database.scrubbed:
            self._database.scrub()
        return forgotten

    def last_forgotten(self) -> int:
        """Return the `seq` of the last farewell that the changes tell no more, 0 where there was none.

        Whoever follows the changes, stopped before it and comes back missed it, and has to begin anew.
        """
        with self._database.reading() as connection:
            return erasure.last_forgotten(connection)

    def keys(self) -> list[Key]:
        """Return all API keys, the oldest first, the revoked ones too."""
        with self._database.reading() as connection:
            return keyring.list_keys(connection)

    def add_key(self, key: Key) -> None:
        """Keep a new API key."""
        with self._database.writing() as connection:
            keyring.add_key(connection, key)

    def revoke_key(self, id: str, at: int) -> bool:  # noqa: A002 - its name everywhere
        """Let an API key fit no more; say whether it did until now."""
        with self._database.writing() as connection:
            return keyring.revoke_key(connection, id, at)

    def touch_keys(self, used: Mapping[str, int]) -> None:
        """Keep when API keys were last used, microseconds since 1970 UTC by id."""
        with self._database.writing() as connection:
            keyring.touch_keys(connection, used)

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """Return a secret of this database, made at the first time and the same for every process ever after."""
        with self._database.writing() as connection:
            return library.find_or_keep_secret(connection, name, make)

    def keep_rules(self, digest: str, text: str) -> None:
        """Keep a rule book, so that what it decided stays explicable."""
        with self._database.writing() as connection:
            library.keep_rules(connection, digest, text)

    def rules(self, digest: str) -> str | None:
        """Return the text of a rule book that was kept."""
        with self._database.reading() as connection:
            return library.find_rules(connection, digest)

    def catalogue(self, digest: str) -> tuple[str, ...] | None:
        """Return the names of the signals in the order that a digest names."""
        with self._database.reading() as connection:
            return library.find_catalogue(connection, digest)

    def latest(self, n: int) -> Iterator[Record]:
        """Yield the latest predictions, the newest first, a page at a time."""
        return reading.latest(self._database.reading, n)

    def prune(self, before: int) -> int:
        """Forget predictions and their evidence from before a time, and say how many; what holds of an account stays.

        It goes in steps, each a transaction, so that others can write in between.
        """
        return upkeep.prune(self._database.reading, self._database.writing, before)

    def backup(self, path: Path) -> None:
        """Copy the database to a new file while it is in use, and check the copy.

        Raises
        ------
        BadInput
            There is such a file already, or the database is no SQLite file.
        """
        upkeep.backup(self._database.place, self._database.reading, path)

    def ping(self) -> None:
        """Ask for almost nothing, to learn whether the database answers."""
        with self._database.reading() as connection:
            upkeep.ping(connection)

    def counts(self) -> dict[str, int]:
        """Count the rows of each table, which takes seconds where there are millions."""
        with self._database.reading() as connection:
            return upkeep.counts(connection)
