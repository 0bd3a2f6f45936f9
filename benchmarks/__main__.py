"""`python -m benchmarks [--quick] [--only NAME]`: print tables of ratios and write them to docs/performance.md."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from rich.console import Console

from benchmarks.again import measure_again
from benchmarks.growth import SIZES, measure_growth, measure_limit
from benchmarks.large import measure_large
from benchmarks.page import ROOT, printed, put_section
from benchmarks.scorecard import measure_scorecard
from benchmarks.serving import measure_serving
from benchmarks.signals import measure_export, measure_one
from benchmarks.spark import measure_spark
from benchmarks.whereto import show_steps
from features.compiled import compiled

PAGE = ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class Run:
    """How a comparison is run.

    Attributes
    ----------
    console : Console
    folder : Path
        For exports and models.
    quick : bool
        Little of everything.
    picture : Path or None
        Where to draw, if at all.
    events, runs : int or None
        In place of a comparison's own.
    """

    console: Console
    folder: Path
    quick: bool
    picture: Path | None
    events: int | None
    runs: int | None

    def size(self, full: int, quick: int) -> int:
        """Return how many events, or rows, to take."""
        return self.events or (quick if self.quick else full)


def _one(run: Run) -> None:
    measure_one(run.console)


def _export(run: Run) -> None:
    size, runs = run.size(5_000_000, 200_000), run.runs or (1 if run.quick else 3)
    measure_export(run.console, run.folder, size, runs, run.picture)


def _scorecard(run: Run) -> None:
    measure_scorecard(run.console, run.folder, run.size(200_000, 20_000))


def _growth(run: Run) -> None:
    sizes = [size // 50 for size in SIZES] if run.quick else SIZES
    measure_growth(run.console, run.folder, sizes, run.picture)


def _limit(run: Run) -> None:
    measure_limit(run.console, run.folder, run.size(5_000_000, 200_000))


def _since(run: Run) -> None:
    measure_again(run.console, run.folder, run.size(5_000_000, 200_000), run.runs or (1 if run.quick else 3))


def _steps(run: Run) -> None:
    show_steps(run.console, run.folder, run.size(5_000_000, 200_000))


def _large(run: Run) -> None:
    measure_large(run.console, run.folder, run.size(100_000_000, 2_000_000))


def _serving(run: Run) -> None:
    measure_serving(run.console, run.folder, quick=run.quick)


def _spark(run: Run) -> None:
    measure_spark(run.console, run.folder, run.size(2_000_000, 100_000), run.runs or (1 if run.quick else 3))


COMPARISONS: dict[str, tuple[str, Callable[[Run], None]]] = {
    "one": ("One account", _one),
    "scorecard": ("Scores", _scorecard),
    "export": ("Signals of an export against rivals", _export),
    "growth": ("Growth", _growth),
    "limit": ("How far from the disk", _limit),
    "since": ("Again, with what has changed", _since),
    "steps": ("Where the time goes", _steps),
    "large": ("More than memory", _large),
    "serving": ("Serving", _serving),
    "spark": ("Spark", _spark),
}
"""Each comparison's heading on the page."""

PICTURES = {"export": "Time and memory of each contender", "growth": "Time and memory against events"}
"""Those that are drawn too, and what is to be seen."""


def _has_spark(screen: Console) -> bool:
    if find_spec("pyspark") is not None and which("java") is not None:
        return True
    screen.print("Spark is left out: `make spark` installs it.")
    return False


def main() -> None:
    """Run every comparison, the quick ones first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything: does it still work? Writes no page")
    parser.add_argument("--only", choices=COMPARISONS, action="append", help="one of the comparisons; may be repeated")
    parser.add_argument("--events", type=int, help="how many, or rows, in place of a comparison's own number")
    parser.add_argument("--runs", type=int, help="timed runs of each contender on the export (3; quick: 1)")
    arguments = parser.parse_args()
    screen = Console()
    with screen.status("Compiling the kernel, once a machine"):
        compiled()
    for name in arguments.only or [each for each in COMPARISONS if each != "spark" or _has_spark(screen)]:
        heading, compare = COMPARISONS[name]
        # Seen while it runs, and kept for the page at a width of its own.
        console = Console(record=True, width=110)
        picture = PAGE.with_name(f"{name}.svg") if name in PICTURES and not arguments.quick else None
        with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
            compare(Run(console, Path(folder), arguments.quick, picture, arguments.events, arguments.runs))
        if not arguments.quick:
            image = [] if picture is None else [f"![{PICTURES[name]}]({picture.name})", ""]
            told = console.export_text().rstrip()
            given = [
                f" --{key} {value}" for key, value in vars(arguments).items() if key in {"events", "runs"} and value
            ]
            command = f"python -m benchmarks --only {name}{''.join(given)}"
            put_section(PAGE, f"## {heading}", [printed(command), *image, "```", told, "```"])


if __name__ == "__main__":
    main()
