"""Writing a row an account, in a run that goes on where it was broken off."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from features.fingerprint import fingerprint_digest
from features.memory import workers_within
from features.reader import Export
from features.reading import Reading
from features.unfinished import Unfinished
from rapport.show import note, say

__all__ = ["reading_of", "resumed", "threads"]


@contextmanager
def resumed(out: Path, export: Export, decided_by: Mapping[str, object], schema: pa.Schema) -> Iterator[Unfinished]:
    """Open what is written of a table, and say so where an earlier run wrote a part of it.

    Parameters
    ----------
    out : Path
        The table.
    export : Export
        What it is made of.
    decided_by : mapping
        What else decides what the table holds.
    schema : pyarrow.Schema
        Of the table.
    """
    identity = {"export": export.stamp, "signals": fingerprint_digest(), "columns": schema.names, **decided_by}
    with Unfinished(out, identity, schema) as run:
        if run.after is not None:
            say(f"Going on with a run that was broken off: {run.rows:,} accounts are done.")
        elif any(run.scratch.glob("*/*.parquet")):
            say("Going on with a run that was broken off: what it has sorted is taken up.")
        try:
            yield run
        except KeyboardInterrupt:
            note("Interrupted: the same command goes on from there.")
            raise


def reading_of(run: Unfinished, memory: int) -> Reading:
    """Return how an export is read for what is left of a table."""
    return Reading(memory=memory, after=run.after, scratch=run.scratch)


def threads(memory: int) -> int:
    """Return in how many threads to work: one a core, as far as memory allows."""
    return workers_within(memory, os.cpu_count() or 1)
