"""The command that brings reviewers' verdicts into an export, to learn from."""

from __future__ import annotations

import typer

from rapport.options import ApiKey, ExportFolder, LabelsUrl
from reviews import DEFAULT_DATABASE

__all__ = ["add_to"]

_group = typer.Typer(help="Labels that came of reviews.", no_args_is_help=True)


@_group.command("export")
def export_labels(export: ExportFolder, labels_from: LabelsUrl = DEFAULT_DATABASE, key: ApiKey = None) -> None:
    """Put the review desk's verdicts into an export's labels, each once.

    A row bears source "reviewer", the reviewer in labeller, in labelled_at the moment of which the verdict speaks, in
    given_at when it was given, and in inclusion the chance with which the audit sample drew the account. "Cannot tell"
    is no label. Rows that the same desk gave before are replaced, so that what was taken back or erased since goes,
    and running it twice changes nothing. All other rows stay.

    **Examples**

        rapport labels export crm
        rapport labels export crm --labels-from postgresql://rapport@db.example.com/rapport
        RAPPORT_KEY=rpt_... rapport labels export crm --labels-from https://rapport.example.com
    """
    from features.reader import open_export
    from rapport.desk_labels import fetch_labels
    from rapport.show import say
    from training.labelled.reviewed import write_labels

    source = open_export(export)
    path, merged = write_labels(source, fetch_labels(labels_from, key))
    gone = f", in place of {merged.replaced:,} that it gave before" if merged.replaced else ""
    others = len(merged.labels) - merged.added
    say(f"{path}: {merged.added:,} labels of the review desk{gone}, beside {others:,} others.")
    say(f"Next: [bold]rapport train {export}[/]")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(_group, name="labels")
