"""Arguments and options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from features.reader import Export

__all__ = ["AsOf", "ExportFolder", "Json", "ModelName", "Out", "RulesFile", "Seed", "Store", "moment"]

ExportFolder = Annotated[
    Path,
    typer.Argument(
        metavar="EXPORT", help="A folder with events, and if known accounts and labels.", show_default=False
    ),
]
Out = Annotated[Path, typer.Option("--out", help="Where to write; .parquet or .csv says how.", show_default=False)]
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
Seed = Annotated[int, typer.Option(min=0, help="The same data and seed give the same result.")]


def moment(as_of: str | None, export: Export) -> int:
    """Return `--as-of`, or the export's default, in microseconds since 1970 UTC, and print which it is."""
    from features.arrow import to_micros
    from rapport.show import say, time_text

    micros = export.default_as_of() if as_of is None else to_micros(as_of)
    say(f"As of {time_text(micros)}{'' if as_of else ', just after the latest event'}.")
    return micros
