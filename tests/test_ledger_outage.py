"""Whatever takes the database away is one exception, soon, and is over when the database is back."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from features.events import BadInput
from reviews.database import Database, DatabaseDown, open_database
from tests.databases import Postgres
from tests.records import entry_of, make_record

SECONDS = 0.3


def written(database: Database) -> int:
    """How many predictions there are after one more."""
    database.ledger.write([entry_of(make_record())])
    return len(database.ledger.history("acme", None, 100))


def is_down(database: Database, why: str) -> None:
    """Nothing can be written, which is known soon, and told without a word of what was to be written."""
    begun = time.monotonic()
    with pytest.raises(DatabaseDown, match=why) as caught:
        database.ledger.write([entry_of(make_record("a-secret-name"))])
    assert time.monotonic() - begun < 10 * SECONDS
    told = [str(caught.value), str(caught.value.__cause__)]
    assert "a-secret-name" not in "".join(told)


@pytest.fixture
def file(sqlite_url: str) -> Path:
    return Path(sqlite_url.removeprefix("sqlite:///"))


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Iterator[Database]:
    with open_database(sqlite_url, seconds=SECONDS) as database:
        assert written(database) == 1
        yield database


@contextmanager
def holding(path: Path, statement: str) -> Iterator[None]:
    """Another process's transaction, meanwhile."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(statement)
        yield


def test_sqlite_locked(on_sqlite: Database, file: Path) -> None:
    with holding(file, "BEGIN IMMEDIATE"):
        is_down(on_sqlite, "another process holds it")
        assert len(on_sqlite.ledger.history("acme", None, 10)) == 1, "reading goes on"
    assert written(on_sqlite) == 2


def test_sqlite_deleted(on_sqlite: Database, file: Path) -> None:
    for path in file.parent.glob("rapport.db*"):
        path.unlink()
    is_down(on_sqlite, "cannot be opened")
    assert not file.exists(), "a lost database is not replaced by an empty one"


def test_sqlite_replaced(on_sqlite: Database, file: Path, sqlite_template: Path) -> None:
    for path in file.parent.glob("rapport.db*"):
        path.unlink()
    shutil.copyfile(sqlite_template, file)
    assert written(on_sqlite) == 1, "what is written goes to the file that is there"


def test_sqlite_log_deleted(on_sqlite: Database, file: Path, tmp_path: Path) -> None:
    Path(f"{file}-wal").unlink()
    assert written(on_sqlite) == 2
    # As a crash would leave it.
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for path in tmp_path.glob("rapport.db*"):
        shutil.copyfile(path, crashed / path.name)
    with open_database(f"sqlite:///{crashed / file.name}") as database:
        assert len(database.ledger.history("acme", None, 10)) == 2


def test_sqlite_without_its_tables(on_sqlite: Database, file: Path) -> None:
    with holding(file, "DROP TABLE journal"):
        is_down(on_sqlite, "its tables are gone")


@pytest.mark.parametrize("start", [0, 4096], ids=["header", "tables"])
def test_sqlite_damaged(file: Path, start: int) -> None:
    content = bytearray(file.read_bytes())
    content[start : start + 60_000] = b"\x55" * len(content[start : start + 60_000])
    file.write_bytes(content)
    with open_database(f"sqlite:///{file}", seconds=SECONDS) as database:
        is_down(database, "damaged|no SQLite database")


def test_sqlite_disk_full(file: Path) -> None:
    """In a process that may not write more than so many bytes to a file."""
    program = f"""
import resource, signal
from reviews.database import DatabaseDown, open_database
from tests.records import entry_of, make_record
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_database("sqlite:///{file}") as database:
    database.ledger.write([entry_of(make_record())])
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    try:
        while True:
            database.ledger.write([entry_of(*(make_record() for _ in range(100)))])
    except DatabaseDown as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    database.ledger.write([entry_of(make_record("after"))])
    print(len(database.ledger.history("after", None, 10)), len(database.ledger.history("acme", None, 10000)) % 100)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    why, kept = done.stdout.splitlines()
    assert "disk is full" in why or "writing its file failed" in why
    assert kept == "1 1", "whole transactions are kept, and it goes on"


@pytest.fixture
def on_postgres(postgres: Postgres) -> Iterator[Database]:
    with open_database(postgres.emptied_database(), seconds=SECONDS) as database:
        assert written(database) == 1
        yield database


def test_postgres_waits_for_another(on_postgres: Database, postgres: Postgres) -> None:
    with open_database(str(on_postgres.place.url)) as other, other.writing() as connection:
        connection.exec_driver_sql("UPDATE journal SET change_seq = change_seq")
        is_down(on_postgres, "took too long")
    assert written(on_postgres) == 2


def test_postgres_read_only(on_postgres: Database, postgres: Postgres) -> None:
    postgres.run("ALTER DATABASE rapport SET default_transaction_read_only = on")
    try:
        with open_database(str(on_postgres.place.url)) as database:
            is_down(database, "read-only")
    finally:
        postgres.run("ALTER DATABASE rapport RESET default_transaction_read_only")


def test_postgres_connection_cut(on_postgres: Database, postgres: Postgres) -> None:
    postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'rapport'")
    is_down(on_postgres, "stopping or starting|cannot be reached|connection broke")
    assert written(on_postgres) == 2


def test_postgres_hangs(on_postgres: Database, postgres: Postgres) -> None:
    """The server's process stands still in the middle of a connection."""
    with on_postgres.reading() as connection:
        pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    os.kill(pid, signal.SIGSTOP)
    try:
        is_down(on_postgres, "did not answer in time")
        assert written(on_postgres) == 2, "on another connection"
    finally:
        os.kill(pid, signal.SIGCONT)


def test_postgres_stops_and_starts(on_postgres: Database, postgres: Postgres) -> None:
    postgres.control("stop", "-m", "immediate")
    try:
        is_down(on_postgres, "stopping or starting|cannot be reached|connection broke")
        is_down(on_postgres, "cannot be reached")
    finally:
        postgres.start()
    assert written(on_postgres) == 2


def test_postgres_without_tables(postgres: Postgres) -> None:
    with open_database(postgres.new_database(), seconds=SECONDS) as database:
        is_down(database, "its tables are gone")


def test_postgres_without_the_database(on_postgres: Database) -> None:
    url = on_postgres.place.url.set(database="nowhere").render_as_string(hide_password=False)
    with open_database(url, seconds=SECONDS) as database:
        is_down(database, "no such database")


def test_no_server_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql://ann:secret@127.0.0.1:{port}/rapport?sslmode=disable"
        with open_database(url, seconds=SECONDS) as database:
            is_down(database, "did not answer in time")
    with open_database(url, seconds=SECONDS) as database:
        is_down(database, "cannot be reached")
        with pytest.raises(DatabaseDown) as caught:
            database.ledger.ping()
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
def test_no_unencrypted_connection_where_none_is_wanted(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def refuse_to_encrypt() -> None:
            connection, _ = plain.accept()
            with connection:
                assert connection.recv(8)
                connection.sendall(b"N")
                assert connection.recv(8) == b"", "nothing is said in the open"

        thread = threading.Thread(target=refuse_to_encrypt)
        thread.start()
        url = f"postgresql://ann:secret@127.0.0.1:{plain.getsockname()[1]}/rapport?sslmode={mode}"
        with open_database(url, seconds=5) as database, pytest.raises(DatabaseDown, match="cannot be reached"):
            database.ledger.ping()
        thread.join()


def test_all_connections_in_use(on_sqlite: Database) -> None:
    ready, done = threading.Barrier(5), threading.Event()

    def read() -> None:
        with on_sqlite.reading():
            ready.wait()
            done.wait()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    ready.wait()
    try:
        is_down(on_sqlite, "all connections are in use")
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_closed_while_another_thread_still_reads(database: Database) -> None:
    with database.reading() as late:
        database.close()
        used = late.connection.dbapi_connection
        assert late.exec_driver_sql("SELECT count(*) FROM journal").scalar_one() == 1
    with database.reading() as later:
        used_later = later.connection.dbapi_connection
    for connection in (used, used_later):
        assert connection is not None
        with pytest.raises(Exception, match="closed"):
            connection.cursor().execute("SELECT 1")


def test_mistakes_of_ours_stay_visible(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_column") as caught, database.reading() as connection:
        connection.exec_driver_sql("SELECT no_such_column FROM journal")
    assert not isinstance(caught.value, DatabaseDown)
    database.ledger.ping()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rapport.db", "cannot be understood"),
        ("sqlite://", "names a file"),
        ("sqlite:///:memory:", "names a file"),
        ("sqlite:///a.db?mode=ro", "names a file"),
        ("mysql://ann:secret@host/name", "begins as"),
        ("postgresql+psycopg2://ann:secret@host/name", "begins as"),
        ("postgresql://ann:secret@host", "names a user and a database"),
        ("postgresql://host/name", "names a user and a database"),
        ("postgresql://ann:secret@host/name?sslmode=perhaps", "sslmode=disable"),
        ("postgresql://ann:secret@host/name?pool=4", "sslmode=disable"),
        ("postgresql://ann:secret@host/name?sslmode=verify-full&sslrootcert=no.pem", "cannot be read"),
    ],
)
def test_url_is_refused(url: str, expected: str) -> None:
    with pytest.raises(BadInput, match=expected) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)
