"""The keys in memory: telling a good one takes microseconds, and goes on while the database is away."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

from reviews.keys import ROLES, Key, Role, fits, key_id_of
from serving.clock import Clock
from serving.doors.snapshot import KeySnapshot
from serving.errors import Refusal
from serving.recording.records import Records

__all__ = ["Keyring"]

_BETWEEN: Final = 1.0
"""Seconds between looks that unknown keys cause."""

_PATIENCE: Final = 0.5
"""Seconds that a caller with an unknown key waits for such a look; start and end of the service wait twice as long."""

_TOUCH: Final = 60.0
"""Seconds between writings of when keys were last used."""

_STALE: Final = "The keys cannot be read, so new and revoked ones are not noticed."

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log = logging.getLogger(__name__)


class Keyring:
    """Knows every key of the database, as of a second ago.

    Parameters
    ----------
    records : Records
    snapshot : KeySnapshot
        Where the keys are kept beside the database.
    clock : callable
        Returns the present moment.

    Attributes
    ----------
    wrong : str or None
        Why what is known of the keys may be old, in a sentence; None where it is fresh.
    """

    def __init__(self, records: Records, snapshot: KeySnapshot, clock: Clock) -> None:
        self._records = records
        self._snapshot = snapshot
        self._clock = clock
        self._keys: dict[str, Key] | None = None
        self._kept: frozenset[Key] | None = None
        self._used: dict[str, int] = {}
        self._seen: set[str] = set()
        self._asked = self._touched = -_TOUCH
        self._looking: asyncio.Task[None] | None = None
        self.wrong: str | None = None

    async def key_of(self, text: str) -> Key:
        """Return the key that a text is.

        Raises
        ------
        Refusal
            It is none, or one that was revoked; or nothing is known of the keys.
        """
        identity = key_id_of(text)
        if identity is not None and (self._keys is None or identity not in self._keys):
            # It may have been made a moment ago.
            await self._look_at_once()
        key = self._known().get(identity or "")
        if key is None or not fits(key, text):
            raise Refusal(
                "unauthorized",
                "This is no key, or it was revoked. `rapport keys list` shows those that stand.",
                headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        self._seen.add(key.id)
        return key

    def standing(self, identity: str) -> Key | None:
        """Return the key of this id, to whoever knows that it was shown; None where it does not stand.

        Raises
        ------
        Refusal
            Nothing is known of the keys.
        """
        key = self._known().get(identity)
        if key is None or key.revoked_at is not None:
            return None
        self._seen.add(key.id)
        return key

    def named(self, name: str, roles: Collection[Role]) -> Key | None:
        """Return the oldest key of this name and one of these roles that stands; None where none does.

        Raises
        ------
        Refusal
            Nothing is known of the keys.
        """
        fitting = [key for key in self._known().values() if key.name == name and key.role in roles]
        standing = [key for key in fitting if key.revoked_at is None]
        oldest = min(standing, key=lambda key: (key.created_at, key.id), default=None)
        return None if oldest is None else self.standing(oldest.id)

    async def open(self) -> None:
        """Read the keys for the first time, from their copy where the database does not give them at once."""
        try:
            async with asyncio.timeout(2 * _PATIENCE):
                await self.look()
        except TimeoutError:
            self.wrong = _STALE
            await self._recall()

    async def look(self) -> None:
        """Read the keys anew; where that cannot be, go on with those that are known."""
        try:
            keys = await self._records.read(lambda ledger: ledger.keys(), urgent=True)
        except Refusal:
            self.wrong = _STALE
            if self._keys is None:
                await self._recall()
            return
        self.wrong = None if keys else "There is no key yet: rapport keys create --role predict --name my-crm"
        self._keys = {key.id: key for key in keys}
        await self._keep(keys)
        self._touch()

    async def close(self) -> None:
        """Write down when keys were last used, if the database answers."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        self._note_used()
        if self._used:
            used, self._used = self._used, {}
            try:
                async with asyncio.timeout(2 * _PATIENCE):
                    await self._records.write(lambda ledger: ledger.touch_keys(used))
            except (Refusal, TimeoutError):
                _log.info("When keys were last used could not be written down.")

    def count(self) -> dict[str, int]:
        """Return how many keys of each role stand."""
        standing = Counter(key.role for key in (self._keys or {}).values() if key.revoked_at is None)
        return {role: standing[role] for role in ROLES}

    def _known(self) -> dict[str, Key]:
        if self._keys is None:
            raise Refusal("database-unavailable", "The keys cannot be read, so that nobody can be let in yet.")
        return self._keys

    async def _look_at_once(self) -> None:
        if self._looking is None or self._looking.done():
            if monotonic() - self._asked < _BETWEEN:
                return
            self._asked = monotonic()
            self._looking = asyncio.create_task(self.look())
        await asyncio.wait([self._looking], timeout=_PATIENCE)

    async def _recall(self) -> None:
        keys = await asyncio.to_thread(self._snapshot.read)
        if keys is not None and self._keys is None:
            self._keys = {key.id: key for key in keys}
            _log.warning("The keys are taken from the copy in the spool's folder, since the database is away.")

    async def _keep(self, keys: Iterable[Key]) -> None:
        known = frozenset(_lasting(key) for key in keys)
        if known == self._kept:
            return
        try:
            await asyncio.to_thread(self._snapshot.write, known)
        except OSError as error:
            _log.warning("The copy of the keys cannot be written: %s.", error.strerror)
        # Where that failed it is tried again when the keys change, and not every second.
        self._kept = known

    def _touch(self) -> None:
        self._note_used()
        if self._used and monotonic() - self._touched >= _TOUCH:
            used, self._used = self._used, {}
            self._touched = monotonic()
            self._records.later(lambda ledger: ledger.touch_keys(used))

    def _note_used(self) -> None:
        """Give all keys that were seen since the last look one time: exact to a second, and nearly free."""
        moment = (self._clock() - _EPOCH) // timedelta(microseconds=1)
        self._used.update(dict.fromkeys(self._seen, moment))
        self._seen.clear()


def _lasting(key: Key) -> Key:
    return Key(key.id, key.name, key.role, key.digest, key.created_at, key.revoked_at)
