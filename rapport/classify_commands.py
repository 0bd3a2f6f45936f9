"""The command that decides an export."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import typer

from models import DEFAULT_STORE
from rapport.options import (
    AsOf,
    AuditShare,
    Engine,
    ExportFolder,
    Master,
    MaybeOut,
    ModelName,
    RecordUrl,
    RulesFile,
    Store,
    moment,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rapport.show_decisions import Answer

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
    engine: Engine = "local",
    master: Master = "local[*]",
) -> None:
    """Decide what each account is: a row an account, with confidence, route and the strongest reasons.

    Accounts with route "review" should be looked at by a person; review_reasons says why. With --record each decision
    is kept as if the account had been asked about over HTTP, verdicts of reviewers that stand decide, and a case is
    opened for each account that somebody has to look at, with its history. The same export, moment and versions are
    kept once, so a run that broke off is simply run again.

    **Examples**

        rapport classify crm --out decisions.csv
        rapport classify crm --out decisions.parquet --model rules --rules my-rules.toml
        rapport classify crm --record sqlite:///rapport.db          # each night
        rapport classify crm --out decisions.parquet --engine spark # a folder, as Spark writes
    """
    if engine == "spark":
        from rapport.on_spark import classify_on_spark

        classify_on_spark(export, out, record, as_of=as_of, model=model, rules=rules, store=store, master=master)
        return
    from features.events import BadInput
    from features.reader import open_export
    from models.shelf import choose
    from rapport.choose_rules import load_rules
    from rapport.recorded import decide_export, say_waiting
    from rapport.show import bar, say
    from rapport.show_decisions import Tally
    from rapport.targets import check_targets

    if out is None and record is None:
        raise BadInput("Nothing would come of it: name a file with --out, a database with --record, or both.")
    check_targets(export, out)
    source, book, choice = open_export(export), load_rules(rules), choose(model, store)
    say(choice.note)
    at = moment(as_of, source)
    tally = Tally()
    with bar() as progress:
        answers = decide_export(source, at, book, choice.model, record, audit_share, progress)
        _write_decisions(tally.follow(answers), out)
    tally.show()
    if out is not None:
        say(f"{out}: {tally.n_accounts:,} accounts.")
    if record is not None:
        say_waiting(record)


def _write_decisions(answers: Iterable[Answer], out: Path | None) -> None:
    """Write decisions as they are made, or let them pass."""
    from features.stream import write_table
    from models.classify import decision_table

    if out is None:
        deque(answers, maxlen=0)
    else:
        write_table((decision_table(*answer) for answer in answers), out)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("classify")(classify)
