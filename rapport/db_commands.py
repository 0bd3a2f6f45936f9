"""Commands on the database: db upgrade, db status, db prune, db backup."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from rapport.options import DatabaseUrl
from reviews import DEFAULT_DATABASE

__all__ = ["add_to"]

Days = Annotated[
    float, typer.Option("--older-than", min=1, metavar="DAYS", help="Days; what is older goes.", show_default=False)
]
BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet.", show_default=False)]

_DAY = 86_400_000_000  # microseconds

_group = typer.Typer(
    help="Look after the database in which predictions, keys and verdicts are kept.", no_args_is_help=True
)


@_group.command("upgrade")
def upgrade(database: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Make the tables, or bring them to the version of this Rapport; what is in them stays.

    It is done in one transaction: the whole upgrade, or nothing of it. Back up before, and stop the service: it
    refuses a database that is of another version.

    **Examples**

        rapport db upgrade
        rapport db upgrade --database postgresql://rapport:secret@db.example.com/rapport
    """
    from rapport.opened import HOUR, opened
    from rapport.show import say
    from reviews.schema import HEAD
    from reviews.schema import upgrade as run

    with opened(database, HOUR) as db:
        before = run(db)
        if before.state == "current":
            say(f"{escape(str(db.place))}: version {HEAD} already, nothing to do.")
        elif before.version is None:
            say(f"{escape(str(db.place))}: tables made, version {HEAD}.")
        else:
            say(f"{escape(str(db.place))}: upgraded from version {before.version} to {HEAD}.")


@_group.command("status")
def status(database: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Say which version the tables are and how much is in them.

    Exit code 2 where this Rapport cannot work with them, with what to do. Counting takes seconds where there are
    millions.

    **Example**

        rapport db status
    """
    from rapport.opened import HOUR, opened
    from rapport.show import print_table, say
    from reviews.schema import HEAD, check_schema

    with opened(database, HOUR) as db:
        check_schema(db)
        print_table("Rows", ("table", "rows"), db.ledger.counts().items())
        say(f"{escape(str(db.place))}: version {HEAD}, as this Rapport needs it.")


@_group.command("prune")
def prune(older_than: Days, database: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Forget predictions, and the events they were judged on, that are older than so many days.

    What holds of each account stays, as do verdicts, labels, keys and tombstones. The names of erased accounts that the
    changes no longer have to tell go too. The service may go on meanwhile. A SQLite file keeps its size: what becomes
    free is used again.

    **Example**

        rapport db prune --older-than 730
    """
    from rapport.opened import HOUR, micros_now, opened
    from rapport.show import say, time_text
    from reviews.change import FAREWELL_DAYS
    from reviews.schema import check_schema

    before = micros_now() - round(older_than * _DAY)
    with opened(database, HOUR) as db:
        check_schema(db)
        pruned = db.ledger.prune(before)
        db.ledger.forget_farewells(micros_now() - FAREWELL_DAYS * _DAY)
        say(f"{escape(str(db.place))}: {pruned:,} predictions from before {time_text(before)[:10]} forgotten.")


@_group.command("backup")
def backup(file: BackupFile, database: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Copy a SQLite database to a new file, while the service goes on, and check the copy.

    The copy is one file, as of one moment. It overwrites nothing. To restore: stop the service, delete the database
    with its companions ending in -wal and -shm, put the copy in its place, start. For PostgreSQL use pg_dump.

    **Example**

        rapport db backup backups/rapport-2026-07-01.db
    """
    from rapport.opened import HOUR, opened
    from rapport.show import say

    with opened(database, HOUR) as db:
        db.ledger.backup(file)
        say(f"{escape(str(db.place))} copied to {escape(str(file))} and checked: {file.stat().st_size:,} bytes.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(_group, name="db")
