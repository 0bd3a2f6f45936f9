"""Commands on API keys: keys create, keys list, keys revoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import typer

from rapport.options import DatabaseUrl
from reviews import DEFAULT_DATABASE
from reviews.keys import Role

__all__ = ["add_to"]

RoleOption = Annotated[
    Role,
    typer.Option(
        help="What it may: predict asks for predictions and reads them, review works at the review desk, admin may do "
        "everything, erasing accounts too.",
        show_default=False,
    ),
]
Name = Annotated[
    str, typer.Option(help="Who will use it, for people, such as my-crm; of any key alone.", show_default=False)
]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `rapport keys list` shows it.", show_default=False)]

_group = typer.Typer(help="Make, list and revoke the keys with which the service is asked.", no_args_is_help=True)


@_group.command("create")
def create(role: RoleOption, name: Name, database: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Make a key and show it, once: only what it can be recognised by is kept.

    The key alone goes to standard output, so that it can be put somewhere without being seen. A running service knows
    it within seconds. To replace a key: make another, let the caller use it, see in `rapport keys list` that the old
    one is used no more, revoke it.

    **Examples**

        rapport keys create --role predict --name my-crm
        rapport keys create --role predict --name my-crm > crm.key
        rapport keys create --role review --name "Ann Example"
    """
    from secrets import token_bytes

    from rapport.opened import micros_now, opened
    from rapport.show import note
    from reviews.keys import TOKEN_BYTES, new_key
    from reviews.schema import prepare

    with opened(database) as db:
        prepare(db)
        key, text = new_key(role, _checked(name), micros_now(), token_bytes(TOKEN_BYTES))
        db.ledger.add_key(key)
        note(f"Key {key.id} for {name}, role {role}. It is shown this once; {_USE[role]}:")
        typer.echo(text)


_USE: Final[Mapping[Role, str]] = {
    "predict": "send it as `authorization: Bearer KEY`",
    "review": "open /desk/ of the service, such as http://127.0.0.1:8000/desk/, and sign in with it",
    "admin": "send it as `authorization: Bearer KEY`, or sign in with it at /desk/ of the service, as the team lead",
}


def _checked(name: str) -> str:
    from features.events import BadInput

    if not name.isprintable() or not name.strip():
        raise BadInput(f"A key's name is a printable text, such as my-crm; got {name!r}.")
    return name.strip()


@_group.command("list")
def list_(database: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """List the keys, the oldest first: whose they are, what they may, when they were last used, whether they stand.

    **Example**

        rapport keys list
    """
    from rapport.opened import opened
    from rapport.show import print_table, time_text
    from reviews.schema import check_schema

    def minute(micros: int | None) -> str | None:
        return None if micros is None else time_text(micros)[:16].replace("T", " ")

    with opened(database) as db:
        check_schema(db)
        keys = db.ledger.keys()
    rows = [
        (key.id, key.name, key.role, *map(minute, (key.created_at, key.last_used_at, key.revoked_at))) for key in keys
    ]
    columns = ("id", "name", "role", "created", "last used", "revoked")
    print_table("Keys (times are UTC)", columns, rows, text_columns=len(columns), whole_first=True)


@_group.command("revoke")
def revoke(id_: Id, database: DatabaseUrl = DEFAULT_DATABASE) -> None:
    """Let a key be refused from now on; a running service does so within seconds. It stays in the list.

    **Example**

        rapport keys revoke 0f3a9c1b22d4
    """
    from features.events import BadInput
    from rapport.opened import micros_now, opened
    from rapport.show import say
    from reviews.schema import check_schema

    with opened(database) as db:
        check_schema(db)
        revoked = db.ledger.revoke_key(id_, micros_now())
        keys = db.ledger.keys()
    names = [key.name for key in keys if key.id == id_]
    if not names:
        raise BadInput(f"There is no key {id_!r}: `rapport keys list` shows them.")
    say(f"Key {id_} of {names[0]} {'is revoked' if revoked else 'had been revoked before'}.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(_group, name="keys")
