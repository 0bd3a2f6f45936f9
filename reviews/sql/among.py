"""Rows of any number of accounts in one statement, whose text does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Text, any_, bindparam, func, select

__all__ = ["among"]


def among(connection: Connection, column: ColumnElement[Any], texts: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a column of texts holds one of these."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(texts), type_=ARRAY(Text)))
    each = func.json_each(json.dumps(list(texts))).table_valued("value")
    return column.in_(select(each.c.value))
