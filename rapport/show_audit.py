"""Printing what an audit doubts: labels and leaks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from rich.markup import escape

from rapport.show import print_table, say
from training.auditing.audit_export import Audit
from training.auditing.leak_limits import ADVICE, LIMITS
from training.auditing.leaks import LeakAudit
from training.labelled.labels import Contradiction, Given

__all__ = ["print_labels", "print_leaks", "summarise_audit"]

Summary = dict[str, Any]

FIRST: Final = 10
"""Rows printed of each list; the files hold all."""
EXPLAINED: Final = 3
"""Accounts of which the reasons are printed too."""


def print_labels(found: Audit) -> None:
    """Print the labels that other accounts contradict most, and accounts that contradict themselves."""
    audit = found.labels
    say(
        f"Of {len(found.dataset):,} labels the data contradict {len(audit.suspects):,}; by confident learning about "
        f"{audit.n_wrong:,.0f} are wrong. Where the classes overlap, some of them are right all the same."
    )
    for reason, count in audit.left_out.items():
        say(f"  not judged, {count:,}: {reason}")
    first = audit.suspects[:FIRST]
    rows = [
        (one.account_id, one.given.relationship, _by(one.given), one.rules or "undecided", one.confidence)
        for one in first
    ]
    if rows:
        columns = ("account", "label", "given by", "rules say", "its probability")
        print_table("Labels that the other accounts contradict most", columns, rows, text_columns=4)
    for one in first[:EXPLAINED]:
        say(f"[bold]{escape(one.account_id)}[/], labelled {one.given.relationship}, though:")
        for told in one.reasons:
            say(f"    {told.log_odds:+.2f}  {told.text}")
        say("")
    if audit.contradictions:
        divided = [_divided(one) for one in audit.contradictions[:FIRST]]
        title = f"Accounts whose labels contradict each other: {len(audit.contradictions):,}"
        print_table(title, ("account", "label that stands", "against"), divided, text_columns=3)


def print_leaks(audit: LeakAudit) -> None:
    """Print the signals that may know the label, with the figures with and without each."""
    everything = audit.everything
    say(
        f"With every signal the audit's quick model reaches an AUROC of {everything.auroc:.3f} and a log loss of "
        f"{everything.log_loss:.3f}, on accounts that it never saw."
    )
    if audit.n_untimed:
        say(
            f"[bold]{audit.n_untimed:,} labels carry no time[/]: for those nobody can tell what came before the label "
            "from what came after."
        )
    rows = [
        (one.name, one.found.kind, one.present.auroc, one.absent.auroc, one.present.log_loss, one.absent.log_loss)
        for one in audit.leaks[:FIRST]
    ]
    if rows:
        columns = ("signal", "kind", "AUROC", "without", "log loss", "without")
        print_table("Signals that may know the label, the costliest first", columns, rows, text_columns=2)
    for one in audit.leaks[:FIRST]:
        if one.found.kind != "treatment":
            say(f"[bold]{one.name}[/]: {one.found.evidence} {ADVICE[one.found.kind]}")
            if not one.found.in_training:
                say("    Training sees it only as it was at each label's time; its figures are of the export's end.")
    if all(one.found.kind == "treatment" for one in audit.leaks):
        say("No leak was found; what follows from being treated as a client is always listed where it is on file.")


def summarise_audit(found: Audit, tables: tuple[pa.Table, ...]) -> Summary:
    """Return everything that was found as `--json` writes it: counts, limits, and both lists with their columns."""
    labels, leaks = found.labels, found.leaks
    listed, leaking = (_plain(table) for table in tables)
    return {
        "n_accounts": len(found.dataset),
        "n_doubted": len(labels.suspects),
        "n_wrong": labels.n_wrong,
        "typical_confidence": labels.typical,
        "n_contradicted": len(labels.contradictions),
        "left_out": labels.left_out,
        "n_untimed": leaks.n_untimed,
        "auroc": leaks.everything.auroc,
        "log_loss": leaks.everything.log_loss,
        "limits": {name: limit.value for name, limit in LIMITS.items()},
        "labels": listed,
        "leaks": leaking,
    }


def _plain(table: pa.Table) -> list[Summary]:
    """Return rows as JSON takes them: times are text."""
    return [
        {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        for row in table.to_pylist()
    ]


def _by(given: Given) -> str:
    return f"{given.source} ({given.labeller})" if given.labeller else given.source


def _divided(one: Contradiction) -> tuple[str, str, str]:
    said = "; ".join(f"{other.relationship} by {_by(other)}" for other in one.others)
    return one.account_id, f"{one.kept.relationship} by {_by(one.kept)}", said
