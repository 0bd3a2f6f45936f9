"""The command that decides an export."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import typer

from features.memory import MEMORY, parse_memory
from models import DEFAULT_STORE
from rapport.options import (
    AsOf,
    AuditShare,
    Engine,
    ExportFolder,
    Master,
    MaybeOut,
    Memory,
    ModelName,
    RecordUrl,
    RulesFile,
    Since,
    Store,
    moment,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["add_to"]


def classify(  # noqa: PLR0913, PLR0917 - each option is an argument
    export: ExportFolder,
    out: MaybeOut = None,
    as_of: AsOf = None,
    model: ModelName = None,
    rules: RulesFile = None,
    store: Store = DEFAULT_STORE,
    record: RecordUrl = None,
    audit_share: AuditShare = 0.02,
    since: Since = None,
    memory: Memory = MEMORY,
    engine: Engine = "local",
    master: Master = "local[*]",
) -> None:
    """Decide what each account is: a row an account, with confidence, route and the strongest reasons.

    Accounts with route "review" should be looked at by a person; review_reasons says why. With --record each decision
    is kept as if the account had been asked about over HTTP, verdicts of reviewers that stand decide, and a case is
    opened for each account that somebody has to look at, with its history. The same export, moment and versions are
    kept once, so a run that broke off is simply run again; without --record it goes on where it broke off.

    With --since the accounts of which nothing has changed since an earlier run, neither their rows nor the moment,
    the model or the rules, are taken from there: the table is that of a full run, sooner.

    **Examples**

        rapport classify crm --out decisions.csv
        rapport classify crm --out decisions.parquet --model rules --rules my-rules.toml
        rapport classify crm --record sqlite:///rapport.db          # each night
        rapport classify warehouse --out decisions.parquet --memory 8GB
        rapport classify crm --as-of 2026-07-01 --out june.parquet --since june.parquet  # again, with late events
        rapport classify crm --out decisions.parquet --engine spark # a folder, as Spark writes
    """
    if engine == "spark":
        from rapport.on_spark import classify_on_spark, refuse_options

        refuse_options(record, since)
        classify_on_spark(export, out, as_of=as_of, model=model, rules=rules, store=store, master=master)
        return
    from features.events import BadInput
    from features.reader import open_export
    from models.shelf import choose
    from rapport.choose_rules import load_rules
    from rapport.decided import Asked
    from rapport.show import say
    from rapport.targets import check_targets

    if out is None and record is None:
        raise BadInput("Nothing would come of it: name a file with --out, a database with --record, or both.")
    if since is not None and record is not None:
        raise BadInput("--since goes by what a file says and --record by what the database holds: name one of them.")
    size = parse_memory(memory)
    check_targets(export, out)
    source, book, choice = open_export(export), load_rules(rules), choose(model, store)
    say(choice.note)
    at = moment(as_of, source)
    asked = Asked(source, at, book, choice.model, size)
    # Without a database there is a file.
    tally = asked.write(cast("Path", out), since) if record is None else asked.record(record, audit_share, out)
    tally.show()
    if out is not None:
        say(f"{out}: {tally.n_accounts:,} accounts.")
    if record is not None:
        from rapport.recorded import say_waiting

        say_waiting(record)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("classify")(classify)
