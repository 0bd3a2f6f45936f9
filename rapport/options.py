"""Arguments and options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from features.reader import Export
    from features.spark_export import SparkExport

__all__ = [
    "Alpha",
    "ApiKey",
    "AsOf",
    "AuditShare",
    "Beta",
    "DatabaseUrl",
    "Distil",
    "Engine",
    "ExportFolder",
    "Json",
    "LabelsUrl",
    "Master",
    "MaybeLabelsUrl",
    "MaybeOut",
    "Memory",
    "ModelName",
    "Out",
    "RecordUrl",
    "RulesFile",
    "Seed",
    "Since",
    "SplitBy",
    "Store",
    "Track",
    "Tracking",
    "Yardsticks",
    "moment",
]

ExportFolder = Annotated[
    Path,
    typer.Argument(
        metavar="EXPORT", help="A folder with events, and if known accounts and labels.", show_default=False
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Where to write; .parquet or .csv says how.", show_default=False)]
MaybeOut = Annotated[
    Path | None, typer.Option("--out", help="Where to write; .parquet or .csv says how.", show_default=False)
]
AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="What is known before this moment counts, such as 2026-06-01. Default: just after the latest event.",
        show_default=False,
    ),
]
Store = Annotated[
    Path, typer.Option(metavar="DIR", envvar="RAPPORT_STORE", help="The folder in which models are kept.")
]
DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="RAPPORT_DATABASE",
        help="Where predictions and keys are kept: sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME. "
        "A password is seen by fewer in the variable.",
    ),
]
_LABELS_FROM = (
    "Where reviewers' verdicts are: a database, sqlite:///PATH or postgresql://..., or a service that runs, "
    "https://rapport.example.com."
)
LabelsUrl = Annotated[str, typer.Option("--labels-from", metavar="URL", help=_LABELS_FROM)]
MaybeLabelsUrl = Annotated[
    str | None,
    typer.Option(
        "--labels-from", metavar="URL", help=f"Learn from the review desk too. {_LABELS_FROM}", show_default=False
    ),
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        envvar="RAPPORT_KEY",
        help="An API key of the service, of the role admin or review. It is seen by fewer in the variable.",
        show_default=False,
    ),
]
RecordUrl = Annotated[
    str | None,
    typer.Option(
        "--record",
        metavar="URL",
        help="Keep it in this database too, and open the cases that reviewers have to look at: sqlite:///PATH or "
        "postgresql://USER:PASSWORD@HOST:PORT/NAME.",
        show_default=False,
    ),
]
AuditShare = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=1.0,
        envvar="RAPPORT_AUDIT_SHARE",
        help="Of the automatic answers that are recorded, so many are drawn for a reviewer to look at.",
    ),
]
Tracking = Annotated[
    str | None,
    typer.Option(
        "--tracking",
        metavar="URI",
        envvar=["RAPPORT_TRACKING", "MLFLOW_TRACKING_URI"],
        help="Where mlflow keeps runs and models, such as https://mlflow.acme.com. Default: a database in the store.",
        show_default=False,
    ),
]
SplitBy = Annotated[
    Literal["account", "time"],
    typer.Option(
        "--split", help="Judge on accounts drawn at random, or on those labelled later than all that was learned from."
    ),
]
Distil = Annotated[
    bool, typer.Option("--distil", help="Learn from the rules, where there are no labels of people; those only judge.")
]
Alpha = Annotated[
    float, typer.Option(min=0.001, max=0.5, help="Of the automatic answers of each kind at most this share is wrong.")
]
Beta = Annotated[
    float,
    typer.Option(min=0.001, max=0.5, help="Of all clients at most this share is automatically called customer."),
]
Yardsticks = Annotated[
    bool,
    typer.Option(help="Judge models that cannot explain on the same accounts too, which takes most of the time."),
]
Track = Annotated[bool, typer.Option(help="Keep run, model and report in mlflow, which promotion asks.")]
ModelName = Annotated[
    str | None,
    typer.Option(
        metavar="VERSION|PATH|starter|rules",
        help="Which model answers. Default: the store's champion; where none is named, the starter.",
        show_default=False,
    ),
]
RulesFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Your own rules, in place of those that ship.", show_default=False),
]
Json = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there too.", show_default=False)
]
Memory = Annotated[
    str,
    typer.Option(
        metavar="SIZE",
        help="About how much the command may take, such as 2GB, at least 1GB; what sorting needs beyond goes to disk.",
    ),
]
Since = Annotated[
    Path | None,
    typer.Option(
        metavar="LAST_RUN",
        help="What an earlier run with --since wrote, perhaps --out itself; a file that is not there yet is empty.",
        show_default=False,
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="The same data and seed give the same result.")]


Engine = Annotated[
    Literal["local", "spark"],
    typer.Option(help="What does the work: this machine, or Spark; both give the same bits. See docs/spark.md."),
]
Master = Annotated[
    str,
    typer.Option(
        metavar="URL", help="With --engine spark: which Spark, such as local[4], yarn or spark://HOST:7077; see there."
    ),
]


def moment(as_of: str | None, export: Export | SparkExport) -> int:
    """Return `--as-of`, or the export's default, in microseconds since 1970 UTC, and print which it is."""
    from features.arrow import to_micros
    from rapport.show import say, time_text

    micros = export.default_as_of() if as_of is None else to_micros(as_of)
    say(f"As of {time_text(micros)}{'' if as_of else ', just after the latest event'}.")
    return micros
