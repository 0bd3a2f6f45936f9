"""The tables: what migrations make is what the code speaks of, and a database of another version is refused."""

from __future__ import annotations

import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from features.events import BadInput
from reviews.database import Database, open_database
from reviews.schema import HEAD, MIGRATIONS, WrongSchema, check_schema, prepare, schema_of, upgrade
from reviews.tables import metadata
from tests.databases import KINDS, Postgres
from tests.records import entry_of, make_record

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


def set_version(database: Database, version: str) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")


def test_migrations_make_the_tables_of_the_code(empty_url: str) -> None:
    with open_database(empty_url) as database:
        assert upgrade(database).state == "empty"
        with database.reading() as connection:
            found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert found == []


def test_versions_are_numbers_in_one_line() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    steps = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [step.revision for step in steps][::-1] == [f"{i:04}" for i in range(1, len(steps) + 1)]
    assert steps[0].revision == HEAD


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    with open_database(empty_url) as database:
        upgrade(database)
        record = make_record()
        database.ledger.write([entry_of(record)])
        assert upgrade(database).state == "current"
        assert database.ledger.prediction(record.id) == record
        check_schema(database)


def test_ten_upgrades_at_once(empty_url: str) -> None:
    """As when many workers start on a new database."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with open_database(empty_url, seconds=30) as database:
                upgrade(database)
                check_schema(database)
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_new_sqlite_file_is_made_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a folder with 100 %" / "rapport.db"
    with open_database(f"sqlite:///{path}") as database:
        with pytest.raises(BadInput, match=r"make .*100 %"):
            prepare(database)
        path.parent.mkdir()
        prepare(database)
        database.ledger.write([entry_of(make_record())])
        prepare(database)
        assert len(database.ledger.history("acme", None, 10)) == 1
    assert path.stat().st_mode & 0o077 == 0, "nobody else may read it"


def test_empty_postgres_is_refused(postgres: Postgres) -> None:
    with open_database(postgres.new_database()) as database:
        with pytest.raises(WrongSchema, match=r"no tables yet.*rapport db upgrade"):
            prepare(database)
        upgrade(database)
        prepare(database)


def test_behind_and_ahead_are_refused(database_url: str) -> None:
    with open_database(database_url) as database:
        try:
            set_version(database, "0000")
            with pytest.raises(WrongSchema, match=r"is at version 0000.*rapport db upgrade"):
                prepare(database)
            for version in (f"{int(HEAD) + 1:04}", "of-another-branch"):
                set_version(database, version)
                for look in (prepare, check_schema, upgrade):
                    with pytest.raises(WrongSchema, match=f"at version {version}, ahead.*newer Rapport"):
                        look(database)
                assert schema_of(database).state == "ahead"
        finally:
            set_version(database, HEAD)


def test_tables_of_others_are_left_alone(empty_url: str) -> None:
    with open_database(empty_url) as database:
        if database.place.path is not None:
            database.place.path.touch()
        with database.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE invoices (number INTEGER)")
        for look in (prepare, check_schema, upgrade):
            with pytest.raises(WrongSchema, match="none of Rapport's"):
                look(database)
        assert schema_of(database).state == "strange"


def test_migrations_ship(tmp_path: Path, require: Callable[[str, str], None]) -> None:
    require("hatchling", "pip install hatchling, which builds the wheel")
    built = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(built, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
    steps = {str(path.relative_to(ROOT)) for path in MIGRATIONS.rglob("*.py")}
    assert len(steps) > 2
    assert steps <= shipped
