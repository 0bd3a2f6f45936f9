"""Running the trials, and their section in docs/results.md."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter

from joblib import Parallel, cpu_count, delayed
from rich.console import Console

from benchmarks.loop.figures import Loop, as_markdown
from benchmarks.loop.picture import draw_loop
from benchmarks.loop.rounds import Arm, Course, Size, run_trial

SECTION = "## The loop: what verdicts teach"
PICTURE = "loop.svg"
TRIALS = 24

FIRST_SEED = 100
"""Of the companies. Order and calibration were chosen by looking at those of seeds up to 13, so they prove nothing."""


def measure_loop(size: Size, trials: int, console: Console, jobs: int | None = None) -> tuple[Loop, list[str]]:
    """Run trials, and return what they found and the lines of its section.

    Parameters
    ----------
    size : Size
    trials : int
        Companies.
    console : Console
        Told how far it has come.
    jobs : int, optional
        Processes; by default as many as there are cores. It changes no figure.
    """
    processes = min(jobs or cpu_count(), trials)
    # In processes of their own nobody sees the steps.
    say: Callable[[str], None] = console.print if processes == 1 else _silent
    work = (delayed(_trial)(FIRST_SEED + number, size, say) for number in range(trials))
    started, found = perf_counter(), []
    console.print(f"The loop: {trials} companies of {size.accounts:,} accounts, {processes} processes")
    for number, courses in enumerate(Parallel(n_jobs=processes, return_as="generator")(work), 1):
        found.append(courses)
        told = f"company {number} of {trials}, {perf_counter() - started:.0f} s: log loss {_losses(courses)}"
        console.print(told, soft_wrap=True)
    loop = Loop(size, found)
    return loop, list(as_markdown(loop, PICTURE))


def write_picture(loop: Loop, out: Path) -> None:
    """Draw the picture beside the page."""
    (out.parent / PICTURE).write_bytes(draw_loop(loop))


def _trial(seed: int, size: Size, say: Callable[[str], None]) -> dict[Arm, Course]:
    with tempfile.TemporaryDirectory(prefix="rapport-loop-") as folder:
        return run_trial(Path(folder), seed, size, lambda step: say(f"seed {seed}: {step}"))


def _losses(courses: Mapping[Arm, Course]) -> str:
    return ", ".join(
        f"{arm} " + " → ".join(f"{each['log_loss']:.3f}" for each in course.figures) for arm, course in courses.items()
    )


def _silent(_: str) -> None:
    """Say nothing."""
