"""A batch of an export: the rows of some accounts."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa

from features.arrow import log_of_tables
from features.log import EventLog

__all__ = ["Rows"]


class Rows(NamedTuple):
    """Checked rows of whole accounts, as they stand in an export.

    Attributes
    ----------
    events : pyarrow.Table
        In order of account and time.
    accounts : pyarrow.Table or None
        In order of account; None where the export has no such file.
    records : frozenset of str
        The kinds that the source records.
    """

    events: pa.Table
    accounts: pa.Table | None
    records: frozenset[str]

    @property
    def n_events(self) -> int:
        """How many events there are."""
        return int(self.events.num_rows)

    def log(self) -> EventLog:
        """Return them as the kernel takes them."""
        return log_of_tables(self.events, self.accounts, self.records)
