"""The database, its keys and its record from the command line, as who looks after it would."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from models.rules import RuleBook
from models.shelf import Shelf
from reviews.change import SEAL
from reviews.database import open_database
from reviews.keys import fits
from reviews.schema import HEAD
from tests.databases import Postgres
from tests.records import entry_of, make_record
from tests.service import put_model
from tests.test_cli import ran, refused, run
from tests.test_replay import OWN_RULES, decided

DAY = 86_400_000_000


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'rapport.db'}"


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def test_upgrade_and_status(url: str) -> None:
    assert "cannot be opened" in refused("db", "status", "--database", url)
    assert f"tables made, version {HEAD}" in ran("db", "upgrade", "--database", url)
    assert "nothing to do" in ran("db", "upgrade", "--database", url)
    shown = ran("db", "status", "--database", url)
    assert re.search(r"predictions +0", shown)
    assert f"version {HEAD}, as this Rapport needs it" in shown
    with closing(sqlite3.connect(file_of(url), isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for command in (("upgrade",), ("status",), ("prune", "--older-than", 1)):
        assert "use the newer rapport" in refused("db", *command, "--database", url).lower()


def test_upgrade_on_postgres(postgres: Postgres) -> None:
    url = postgres.new_database()
    assert "rapport db upgrade" in refused("db", "status", "--database", url)
    assert "tables made" in ran("db", "upgrade", "--database", url)
    assert re.search(r"standing +0", ran("db", "status", "--database", url))
    assert "pg_dump" in refused("db", "backup", "copy.db", "--database", url)
    assert not Path("copy.db").exists()


def test_prune_keeps_what_holds(url: str) -> None:
    ran("db", "upgrade", "--database", url)
    now = time.time_ns() // 1000
    with open_database(url) as database:
        old = [make_record(f"a-{i}", decided_at=now - 40 * DAY, evidence=b"seen") for i in range(2100)]
        new = make_record("a-1", decided_at=now - 20 * DAY, evidence=b"seen")
        database.ledger.write([entry_of(*old, new)])
        database.ledger.erase("a-2", now - 35 * DAY, None, None)
        assert "2,099 predictions" in ran("db", "prune", "--older-than", 30, "--database", url)
        assert database.ledger.history("a-1", None, 10) == [new]
        counts = database.ledger.counts()
        assert (counts["predictions"], counts["evidence"], counts["standing"]) == (1, 1, 2099)
        assert (counts["tombstones"], counts["farewells"]) == (1, 0)
        assert len(database.ledger.changes(0, 5000)) == 2099
    assert "0 predictions" in ran("db", "prune", "--older-than", 30, "--database", url)
    assert "--older-than" in refused("db", "prune", "--older-than", 0, "--database", url)


def test_backup_restores(url: str, tmp_path: Path) -> None:
    ran("db", "upgrade", "--database", url)
    copy = tmp_path / "copy.db"
    with open_database(url) as database:
        record = make_record(evidence=b"seen")
        database.ledger.write([entry_of(record)])
        database.ledger.secret(SEAL, lambda: b"sealed with this")
        database.ledger.secret("audit", lambda: b"drawn with this")
        assert "checked" in ran("db", "backup", copy, "--database", url)
        database.ledger.write([entry_of(make_record())])
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"], "one file without companions"
    assert copy.stat().st_mode & 0o077 == 0, "nobody else may read it"
    with open_database(f"sqlite:///{copy}") as restored:
        assert restored.ledger.history("acme", None, 10) == [record]
        assert restored.ledger.secret("audit", lambda: b"") == b"drawn with this"
        assert restored.ledger.secret(SEAL, lambda: b"another") == b"another", "no cursor from before fits"
    content = copy.read_bytes()
    assert "is there already" in refused("db", "backup", copy, "--database", url)
    assert copy.read_bytes() == content


def test_backup_of_what_is_damaged_is_refused(url: str, tmp_path: Path) -> None:
    ran("db", "upgrade", "--database", url)
    with open_database(url) as database:
        database.ledger.write([entry_of(*(make_record(f"a-{i}") for i in range(300)))])
    content = bytearray(file_of(url).read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\x55" * 4096
    file_of(url).write_bytes(content)
    assert "damaged" in refused("db", "backup", tmp_path / "copy.db", "--database", url)


def test_backup_of_nothing_leaves_nothing(url: str, tmp_path: Path) -> None:
    assert "cannot be opened" in refused("db", "backup", tmp_path / "copy.db", "--database", url)
    assert not (tmp_path / "copy.db").exists()
    ran("db", "upgrade", "--database", url)
    assert "name another place" in refused("db", "backup", tmp_path / "nowhere" / "copy.db", "--database", url)


def test_a_key_is_shown_once(url: str) -> None:
    made = run("keys", "create", "--role", "predict", "--name", "my-crm", "--database", url)
    text = made.out.strip()
    assert made.out == f"{text}\n", "the key alone goes to standard output"
    with open_database(url) as database:
        (key,) = database.ledger.keys()
        assert fits(key, text)
        assert (key.name, key.role) == ("my-crm", "predict")
        assert abs(time.time_ns() // 1000 - key.created_at) < 60_000_000
        database.ledger.touch_keys({key.id: 86_400_000_000})
    shown = ran("keys", "list", "--database", url)
    assert text not in shown
    assert re.search(rf"{key.id} +my-crm +predict +20\S+ \d\d:\d\d +1970-01-02 00:00 +–", shown)
    assert text.encode() not in file_of(url).read_bytes()


def test_a_key_is_revoked(url: str) -> None:
    text = ran("keys", "create", "--role", "admin", "--name", "ops", "--database", url).strip()
    identity = text.split("_")[1]
    assert "of ops is revoked" in ran("keys", "revoke", identity, "--database", url)
    assert "revoked before" in ran("keys", "revoke", identity, "--database", url)
    assert "rapport keys list" in refused("keys", "revoke", "nobody", "--database", url)
    with open_database(url) as database:
        assert not fits(database.ledger.keys()[0], text)


def test_a_key_needs_role_and_name(url: str) -> None:
    assert "owner" in refused("keys", "create", "--role", "owner", "--name", "x", "--database", url)
    assert "--name" in refused("keys", "create", "--role", "predict", "--database", url)
    assert "printable" in refused("keys", "create", "--role", "predict", "--name", " ", "--database", url)


def test_a_database_that_is_down_is_told_in_a_sentence() -> None:
    told = refused("keys", "list", "--database", "postgresql://ann:secret@127.0.0.1:1/rapport")
    assert "cannot be reached" in told
    assert "RAPPORT_DATABASE" in told
    assert "secret" not in told


def test_replay(url: str, tmp_path: Path) -> None:
    ran("db", "upgrade", "--database", url)
    store = tmp_path / "store"
    store.mkdir()
    model = Shelf(store).load(put_model(store)).model
    own = RuleBook.parse(OWN_RULES)
    records = [*decided(RuleBook.default(), model, 300, 1), *decided(own, None, 300, 1001)]
    given = ("--database", url, "--store", store)
    with open_database(url) as database:
        database.ledger.keep_rules(own.digest, OWN_RULES)
        database.ledger.write([entry_of(*records)])
        shown = ran("replay", *given)
        assert "600 decided again: 600 equal to the last bit, 0 different." in shown
        assert "100 decided again" in ran("replay", "--last", 100, *given)
        gone = ran("replay", "--database", url, "--store", tmp_path / "elsewhere")
        assert f"300 could not be decided again: Model {model.version} is not in" in gone
        with database.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE predictions SET confidence = confidence + 1e-16 * 8 WHERE id IN (SELECT id FROM predictions "
                "WHERE confidence < 0.99 LIMIT 30)"
            )
    found = run("replay", *given)
    assert found.code == 1
    assert "570 equal to the last bit, 30 different" in found.out
    assert "confidence" in found.out
    assert "10 differences more" in found.out
