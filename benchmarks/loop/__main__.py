"""`python -m benchmarks.loop`: do reviewers teach the model sooner where the desk chooses whom they look at?

Nothing in it is mocked: a simulated company's export is decided and recorded night by night, reviewers claim, answer,
see what the machine says and revise at a real desk in a real SQLite database, with second readers and a team lead, and
each model is trained from the labels that the desk gives. Only the reviewers are simulated: they know the truth, and
slip. Beside the desk's order stands the same team with cases drawn by chance.

It prints the section "The loop" and, unless --quick is given, puts it in the place of the one in docs/results.md, with
its picture docs/loop.svg beside it; nothing else of that file changes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.loop.report import SECTION, TRIALS, measure_loop, write_picture
from benchmarks.loop.rounds import Size
from benchmarks.loop.team import SLIPS
from benchmarks.page import printed, put_section

OUT = Path(__file__).parents[2] / "docs" / "results.md"
QUICK = Size(accounts=300, kept_out=400, start=100, labels=20)


def main() -> None:
    """Run the trials, print the section and write it."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.loop",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Examples:\n"
        "  python -m benchmarks.loop --quick           # does it still work? Writes nothing\n"
        "  python -m benchmarks.loop                   # the full proof, some minutes; docs/results.md is changed\n"
        "  python -m benchmarks.loop --slips 0 --out other.md",
    )
    parser.add_argument("--quick", action="store_true", help="two small companies; writes only where --out is given")
    parser.add_argument("--trials", type=int, help=f"companies, each from a seed of its own ({TRIALS}; quick: 2)")
    parser.add_argument("--slips", type=float, default=SLIPS, help="share of the answers that are wrong (%(default)s)")
    parser.add_argument("--jobs", type=int, help="processes (as many as there are cores)")
    parser.add_argument("--out", type=Path, help="whose section is replaced (docs/results.md)")
    arguments = parser.parse_args()
    size = replace(QUICK if arguments.quick else Size(), slips=arguments.slips)
    trials = arguments.trials or (2 if arguments.quick else TRIALS)
    loop, lines = measure_loop(size, trials, Console(stderr=True), arguments.jobs)
    lines = [printed("python -m benchmarks.loop"), *lines]
    print("\n".join((SECTION, "", *lines)))
    out = arguments.out or (None if arguments.quick else OUT)
    if out is not None:
        write_picture(loop, out)
        put_section(out, SECTION, lines)


if __name__ == "__main__":
    main()
