"""The command replay: what was decided, decided again."""

from __future__ import annotations

from typing import Annotated

import typer

from models import DEFAULT_STORE
from rapport.options import DatabaseUrl, Store
from reviews import DEFAULT_DATABASE

__all__ = ["add_to"]


def replay(
    last: Annotated[int, typer.Option("--last", min=1, metavar="N", help="The newest so many predictions.")] = 10_000,
    database: DatabaseUrl = DEFAULT_DATABASE,
    store: Store = DEFAULT_STORE,
) -> None:
    """Decide recorded predictions again, from their signals and by the versions that decided, and compare every bit.

    It shows that the record can be believed: that each answer follows from what was kept. Predictions whose model,
    rules or signals are not here any more cannot be decided again and are counted with the reason. Exit code 1 where
    something differs. Then either the record, a bundle or the code that decides was changed; on another type of
    processor the last bits of a probability may differ, too.

    **Examples**

        rapport replay
        rapport replay --last 1000000 --store models/acme --database sqlite:///acme.db
    """
    from rapport.opened import HOUR, opened
    from rapport.replayed import replay_latest, show_replay
    from reviews.schema import check_schema

    with opened(database, HOUR) as db:
        check_schema(db)
        found = replay_latest(db.ledger, store, last)
    show_replay(found)
    if found.different:
        raise typer.Exit(1)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("replay")(replay)
