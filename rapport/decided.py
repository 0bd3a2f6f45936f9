"""Deciding an export and writing what was decided: to a file, to a database, or to both."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from features.export import stamp
from features.progress import follow
from features.reader import Export
from features.reading import Reading
from features.stream import Done
from features.written import write_table
from models.classify import classify_tables
from models.last_run import SINCE_SCHEMA, LastRun
from models.policy import Model
from models.rules import RuleBook
from models.table import SCHEMA, decision_table
from rapport.resumed import reading_of, resumed, threads
from rapport.show import bar, say
from rapport.show_decisions import COUNTED, Tally

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be decided, and by what.

    Attributes
    ----------
    export : Export
    as_of : int
        Microseconds since 1970 UTC.
    rules : RuleBook
    model : Model or None
    memory : int
        Bytes that it may take.
    """

    export: Export
    as_of: int
    rules: RuleBook
    model: Model | None
    memory: int

    def write(self, out: Path, since: Path | None = None) -> Tally:
        """Write decisions to a file, going on with a run that was broken off.

        Parameters
        ----------
        out : Path
        since : Path, optional
            What an earlier run wrote; accounts of which nothing has changed are taken from there. There may be none
            yet.

        Returns
        -------
        Tally
        """
        tally = Tally()
        decided_by: dict[str, object] = {"as_of": self.as_of, "rules": self.rules.digest}
        decided_by["model"] = None if self.model is None else self.model.version
        decided_by["since"] = None if since is None else stamp(since)
        schema = SCHEMA if since is None else SINCE_SCHEMA
        with resumed(out, self.export, decided_by, schema) as run, bar() as progress:
            for table in run.done(COUNTED):
                tally.count(table)
            n_before = tally.n_accounts
            reading = reading_of(run, self.memory)
            last = None if since is None else LastRun(since if since.exists() else None, reading.after)
            tables = classify_tables(
                self.export, self.as_of, self.rules, self.model, reading, threads(self.memory), last=last
            )
            total = self.export.n_events()
            run.write(_counted(tally, follow(tables, "Deciding events", total, progress, done=run.events)))
        if last is not None:
            say(f"Of {tally.n_accounts - n_before:,} accounts {last.n_stood:,} were as {since} has them.")
        return tally

    def record(self, url: str, audit_share: float, out: Path | None) -> Tally:
        """Keep decisions in a database and, where a file is named, write them there too.

        Parameters
        ----------
        url : str
        audit_share : float
            See :class:`reviews.batch.Batch`.
        out : Path or None

        Returns
        -------
        Tally
        """
        # Only here: what a database needs takes half a second to load.
        from rapport.recorded import decide_export

        tally = Tally()
        with bar() as progress:
            answers = decide_export(
                self.export, self.as_of, self.rules, self.model, url, audit_share, progress, Reading(memory=self.memory)
            )
            tables = tally.follow(decision_table(*answer) for answer in answers)
            if out is None:
                deque(tables, maxlen=0)
            else:
                write_table(tables, out, SCHEMA)
        return tally


def _counted(tally: Tally, batches: Iterable[Done]) -> Iterator[Done]:
    for batch in batches:
        tally.count(batch.table)
        yield batch
