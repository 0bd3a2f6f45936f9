"""What old decisions are read with, and the secrets of the database."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from reviews.sql.insert import insert_new
from reviews.tables import catalogues, rule_books, secrets

__all__ = ["find_catalogue", "find_or_keep_secret", "find_rules", "find_secret", "keep_rules"]


def find_secret(connection: Connection, name: str) -> bytes | None:
    """Return a secret, if there is one of this name."""
    return connection.execute(select(secrets.c.secret).where(secrets.c.name == name)).scalar()


def find_or_keep_secret(connection: Connection, name: str, make: Callable[[], bytes]) -> bytes:
    """Return the secret of this name; where there is none, it is made, and is the same for everybody from then on."""
    found = find_secret(connection, name)
    if found is None:
        insert_new(connection, secrets, [{"name": name, "secret": make()}])
        found = find_secret(connection, name)
    assert found is not None  # noqa: S101 - it was just inserted, or had been by another
    return found


def keep_rules(connection: Connection, digest: str, text: str) -> None:
    """Keep a rule book."""
    insert_new(connection, rule_books, [{"digest": digest, "text": text}])


def find_rules(connection: Connection, digest: str) -> str | None:
    """Return the text of a rule book."""
    return connection.execute(select(rule_books.c.text).where(rule_books.c.digest == digest)).scalar()


def find_catalogue(connection: Connection, digest: str) -> tuple[str, ...] | None:
    """Return the names of signals in the order that a digest names."""
    names = connection.execute(select(catalogues.c.names).where(catalogues.c.digest == digest)).scalar()
    return None if names is None else tuple(names.split("\n"))
