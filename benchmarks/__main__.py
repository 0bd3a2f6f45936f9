"""`python -m benchmarks [--quick]`: print the tables of ratios."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from benchmarks.scorecard import measure_scorecard
from benchmarks.serving import measure_serving
from benchmarks.signals import measure_export, measure_one
from benchmarks.spark import measure_spark
from features.compiled import compiled

KINDS = ("one", "scorecard", "export", "serving", "spark")
ASKED_FOR = {"spark"}


def main() -> None:
    """Run every comparison, the quick ones first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer events, rows and runs: does it still work?")
    parser.add_argument(
        "--only", choices=KINDS, help="one of the comparisons; spark needs `make spark` and is run only when named"
    )
    parser.add_argument("--events", type=int, help="events of the export (5,000,000; quick: 200,000)")
    parser.add_argument("--runs", type=int, help="timed runs of each contender on the export (3; quick: 1)")
    arguments = parser.parse_args()
    console = Console()
    with console.status("Compiling the kernel, once a machine"):
        compiled()
    wanted = {arguments.only} if arguments.only else set(KINDS) - ASKED_FOR
    if "one" in wanted:
        measure_one(console)
    if "scorecard" in wanted:
        measure_scorecard(console, 20_000 if arguments.quick else 200_000)
    if "export" in wanted:
        with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
            n_events = arguments.events or (200_000 if arguments.quick else 5_000_000)
            measure_export(console, Path(folder), n_events, arguments.runs or (1 if arguments.quick else 3))
    if "serving" in wanted:
        with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
            measure_serving(console, Path(folder), quick=arguments.quick)
    if "spark" in wanted:
        with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
            n_events = arguments.events or (100_000 if arguments.quick else 2_000_000)
            measure_spark(console, Path(folder), n_events, arguments.runs or (1 if arguments.quick else 3))


if __name__ == "__main__":
    main()
