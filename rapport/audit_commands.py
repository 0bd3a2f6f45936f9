"""The command that audits an export before anybody learns from it."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

from models import DEFAULT_STORE
from rapport.options import AsOf, ExportFolder, Json, RecordUrl, RulesFile, Seed, Store, moment

__all__ = ["add_to"]


def audit(
    export: ExportFolder,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder for labels.csv and leaks.csv.", show_default=False)
    ],
    as_of: AsOf = None,
    rules: RulesFile = None,
    seed: Seed = 0,
    record: RecordUrl = None,
    store: Store = DEFAULT_STORE,
    json: Json = None,
) -> None:
    """Doubt an export before learning from it: labels that look wrong, signals that know the label.

    DIR/labels.csv lists the labels that the rest of the data contradicts, the least believed first. Each account is
    judged by a model that learned from the others; self_confidence is the probability that it gives the label,
    confident marks those that look like a typical account of the other label, rules is what the rules say, and
    reasons what speaks against the label. Look at the first few dozen, and correct the CRM where it is wrong.

    DIR/leaks.csv lists signals that may be there because of the label, with the figures of a model with and without
    each: one that alone separates the classes, one that only came after the label, an owner without a date, and
    those that follow from being treated as a client. seen_in_training says whether `rapport train` would see it.

    With --record each account whose CRM label the model confidently contradicts becomes a case at the review desk.

    Suspects are no failure: the exit code is 0 whatever is found.

    **Examples**

        rapport audit crm --out audit
        rapport audit crm --out audit --rules my-rules.toml --json audit.json
        rapport audit crm --out audit --record sqlite:///rapport.db
    """
    from features.reader import open_export
    from features.written import write_table
    from rapport.choose_rules import load_rules
    from rapport.show import bar, say
    from rapport.show_audit import print_labels, print_leaks, summarise_audit
    from rapport.show_metrics import write_figures
    from rapport.targets import check_targets
    from training.auditing.audit_export import audit_export
    from training.auditing.audit_tables import table_labels, table_leaks

    started = perf_counter()
    source, book = open_export(export), load_rules(rules)
    files = _open_folder(export, out)
    check_targets(export, *files, json)
    at = moment(as_of, source)
    with bar() as progress:
        found = audit_export(source, at, book, seed, progress)
    tables = (table_labels(found.labels), table_leaks(found.leaks))
    for path, table in zip(files, tables, strict=True):
        write_table([table], path)
    print_labels(found)
    print_leaks(found.leaks)
    write_figures(summarise_audit(found, tables), perf_counter() - started, json)
    if record is not None:
        from rapport.recorded import open_label_cases

        open_label_cases(record, source, at, book, store, found.labels.suspects)
    say(f"All of it: [bold]{files[0]}[/] ({tables[0].num_rows:,} rows) and [bold]{files[1]}[/].")


def _open_folder(export: Path, out: Path) -> tuple[Path, Path]:
    """Make the folder of the lists, before minutes of work, and name them."""
    from features.events import BadInput

    files = out / "labels.csv", out / "leaks.csv"
    if export.resolve() in files[0].resolve().parents:
        raise BadInput(f"{out} lies in the export {export}, which is only read, and whose labels.csv it would replace.")
    if (out / "export.json").exists() or any(out.glob("events.*")):
        raise BadInput(f"{out} is an export, whose labels.csv the audit's would replace; name another folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{out} cannot be made a folder ({error.strerror}); name another place.") from error
    return files


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("audit")(audit)
