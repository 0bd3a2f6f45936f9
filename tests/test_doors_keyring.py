"""Keys in memory: new ones fit soon, revoked ones soon do not, and a database that is away locks nobody out."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.keys import ROLES, TOKEN_BYTES, Key, new_key
from serving.doors.keyring import Keyring
from serving.doors.snapshot import KeySnapshot
from serving.errors import Refusal
from tests.databases import Postgres
from tests.service import NOW, Service, bearer, make_key, new_database, revoke_key, running

URL = "postgresql://rapport:secret@db.example.com/rapport"
KEY, TEXT = new_key("predict", "crm", 5, bytes(range(TOKEN_BYTES)))
OTHER, OTHER_TEXT = new_key("admin", "ops", 6, bytes(range(1, TOKEN_BYTES + 1)))
NOW_MICROS = int(NOW.timestamp()) * 1_000_000


class Ledger:
    """What the keyring asks of the ledger."""

    def __init__(self, *keys: Key) -> None:
        self.table = list(keys)
        self.touched: list[dict[str, int]] = []

    def keys(self) -> list[Key]:
        return list(self.table)

    def touch_keys(self, used: dict[str, int]) -> None:
        self.touched.append(dict(used))


class Records:
    """A door to the ledger that can be shut, or take its time."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.down = False
        self.hangs = False
        self.reads = 0

    async def read(self, job: Callable[[Any], Any], *, urgent: bool) -> Any:
        assert urgent, "whoever asks much could keep the keys from being read"
        self.reads += 1
        if self.hangs:
            await asyncio.sleep(60)
        if self.down:
            raise Refusal("database-unavailable", "It is away.")
        return job(self.ledger)

    async def write(self, job: Callable[[Any], Any]) -> Any:
        return await self.read(job, urgent=True)

    def later(self, job: Callable[[Any], Any]) -> None:
        job(self.ledger)


def keyring(records: Records, folder: Path, url: str = URL) -> Keyring:
    return Keyring(records, KeySnapshot(folder, url), lambda: NOW)  # type: ignore[arg-type]


async def refused(work: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await work
    return caught.value


def test_a_key_fits_until_it_is_revoked(tmp_path: Path) -> None:
    async def use() -> None:
        ledger = Ledger(KEY)
        ring = keyring(Records(ledger), tmp_path)
        await ring.open()
        assert await ring.key_of(TEXT) == KEY
        assert ring.count() == {"predict": 1, "review": 0, "admin": 0}
        ledger.table = [replace(KEY, revoked_at=7)]
        await ring.look()
        assert (await refused(ring.key_of(TEXT))).name == "unauthorized"
        assert ring.count()["predict"] == 0

    asyncio.run(use())


def test_unknown_keys_cause_one_look_a_second(tmp_path: Path) -> None:
    async def use() -> None:
        records = Records(Ledger(KEY))
        ring = keyring(records, tmp_path)
        await ring.open()
        for _ in range(20):
            assert (await refused(ring.key_of(OTHER_TEXT))).name == "unauthorized"
        assert records.reads == 2
        records.ledger.table.append(OTHER)
        await asyncio.sleep(1.01)
        found = await asyncio.gather(*(ring.key_of(OTHER_TEXT) for _ in range(20)))
        assert found == [OTHER] * 20
        assert records.reads == 3

    asyncio.run(use())


@pytest.mark.parametrize("how", ["down", "hangs"])
def test_a_restart_during_an_outage_still_knows_the_keys(tmp_path: Path, how: str) -> None:
    async def use() -> None:
        await keyring(Records(Ledger(KEY, replace(OTHER, revoked_at=7))), tmp_path).open()
        records = Records(Ledger())
        setattr(records, how, True)
        ring = keyring(records, tmp_path)
        await ring.open()
        assert await ring.key_of(TEXT) == KEY
        assert (await refused(ring.key_of(OTHER_TEXT))).name == "unauthorized"
        assert ring.wrong is not None
        assert "cannot be read" in ring.wrong
        stranger = keyring(records, tmp_path, "sqlite:///other.db")
        await stranger.open()
        answer = await refused(stranger.key_of(TEXT))
        # Not the caller's fault, so not 401.
        assert answer.name == "database-unavailable"
        await ring.close()

    asyncio.run(use())


def test_a_ring_without_keys_says_how_to_make_one(tmp_path: Path) -> None:
    async def use() -> None:
        ring = keyring(Records(Ledger()), tmp_path)
        await ring.open()
        assert ring.wrong == "There is no key yet: rapport keys create --role predict --name my-crm"

    asyncio.run(use())


def test_when_keys_were_used_is_written_once_a_minute_and_at_the_end(tmp_path: Path) -> None:
    async def use() -> None:
        ledger = Ledger(KEY, OTHER)
        ring = keyring(Records(ledger), tmp_path)
        await ring.open()
        await ring.key_of(TEXT)
        await ring.look()
        await ring.key_of(OTHER_TEXT)
        await ring.look()
        assert ledger.touched == [{KEY.id: NOW_MICROS}]
        await ring.close()
        assert ledger.touched == [{KEY.id: NOW_MICROS}, {OTHER.id: NOW_MICROS}]

    asyncio.run(use())


def test_the_copy_is_its_owners_alone_and_holds_no_key(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    snapshot = KeySnapshot(folder, URL)
    snapshot.write([KEY])
    (path,) = folder.iterdir()
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    written = path.read_text(encoding="utf-8")
    assert TEXT not in written
    assert TEXT.rpartition("_")[2] not in written
    assert "secret" not in written
    # The same database, whatever its password is now.
    assert KeySnapshot(folder, URL.replace("secret", "renewed")).read() == [KEY]


def spoil_mode(path: Path) -> None:
    path.chmod(0o620)


def spoil_content(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def spoil_shape(path: Path) -> None:
    path.write_text(json.dumps({"database": "x", "keys": [{"id": 3}]}), encoding="utf-8")


def spoil_kind(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def spoil_owner(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root can give a file away.")
    os.chown(path, 12345, -1)


@pytest.mark.parametrize(
    "spoil",
    [spoil_mode, spoil_content, spoil_shape, spoil_kind, spoil_owner, Path.unlink],
    ids=lambda spoil: spoil.__name__,
)
def test_a_copy_that_cannot_be_believed_is_not(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    snapshot = KeySnapshot(tmp_path, URL)
    snapshot.write([KEY])
    assert snapshot.read() == [KEY]
    spoil(tmp_path / "keys.json")
    assert snapshot.read() is None


keys = st.builds(
    Key,
    st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    st.text(),
    st.sampled_from(ROLES),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**62),
    st.none() | st.integers(0, 2**62),
    st.none() | st.integers(0, 2**62),
)


@given(table=st.lists(keys, max_size=4))
def test_a_copy_reads_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, table: list[Key]) -> None:
    snapshot = KeySnapshot(tmp_path_factory.getbasetemp() / "round", URL)
    snapshot.write(table)
    assert snapshot.read() == [replace(key, last_used_at=None) for key in table]
    assert [path.name for path in (tmp_path_factory.getbasetemp() / "round").iterdir()] == ["keys.json"]


def test_a_folder_that_cannot_be_written_to_stops_nobody(tmp_path: Path) -> None:
    async def use() -> None:
        blocked = tmp_path / "file"
        blocked.write_bytes(b"")
        ring = keyring(Records(Ledger(KEY)), blocked)
        await ring.open()
        assert await ring.key_of(TEXT) == KEY

    asyncio.run(use())


def allowed(service: Service, text: str) -> bool:
    return service.request("GET", "/v1/signals", headers=bearer(text)).status_code == 200


def test_within_two_seconds_a_new_key_fits_and_a_revoked_one_does_not(tmp_path: Path) -> None:
    url = new_database(tmp_path)
    first = make_key(url, "predict")
    with running(tmp_path / "store", auth=True, database=url, model="rules", key_seconds=0.2) as service:
        assert allowed(service, first)
        second = make_key(url, "review")
        revoke_key(url, first)
        service.wait(0.5)
        assert not allowed(service, first)
        assert allowed(service, second)


def test_keys_are_told_while_postgres_is_away(tmp_path: Path, postgres: Postgres) -> None:
    url = postgres.emptied_database()
    text = make_key(url, "predict")
    kept = {"auth": True, "database": url, "spool": tmp_path / "spool", "model": "rules"}
    with running(tmp_path / "store", **kept) as service:
        assert allowed(service, text)
    postgres.control("stop", "-m", "immediate")
    try:
        with running(tmp_path / "store", **kept) as service:
            assert allowed(service, text)
            assert not allowed(service, TEXT)
            ready = service.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
            assert ready.json()["parts"]["keys"]["status"] == "degraded"
    finally:
        postgres.start()
