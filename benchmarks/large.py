"""`python -m benchmarks.large`: from events that do not fit in memory to decisions, and what that took."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console

from benchmarks.exports import AS_OF, write_large_export
from features.memory import size_text

RAPPORT = str(Path(sys.executable).with_name("rapport"))


@dataclass(frozen=True)
class Took:
    """What a process took: seconds, seconds of all cores, and its peak memory in bytes."""

    wall: float
    cpu: float
    peak: int

    def __str__(self) -> str:
        return f"{self.wall:.0f} s ({self.cpu:.0f} s of CPU), peak memory {size_text(self.peak)}"


def took(command: Sequence[str], limit: int | None = None) -> Took:
    """Run a command, which may not take more than `limit` bytes of memory, and measure it."""

    def hold() -> None:
        if limit is not None:
            # What a process may write to; mapped files of libraries are not its own.
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # A process that execs starts its own count of memory; one that forks takes over that of its parent.
    code = "import os, sys; os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ); _, status, used = os.wait4(-1, 0); "
    code += "print(used.ru_maxrss); sys.exit(os.waitstatus_to_exitcode(status))"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, *command], check=False, stdout=subprocess.PIPE, text=True, preexec_fn=hold
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}.")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(wall, cpu, int(done.stdout.split()[-1]) * 1024)


def measure_large(console: Console, folder: Path, n_events: int, memory: str = "2GB", limit: int = 4 * 10**9) -> None:
    """Decide an export in no order within a limit, told to take less.

    Parameters
    ----------
    console : Console
    folder : Path
        Where the export is made, unless it is there.
    n_events : int
    memory : str
        What the command is told.
    limit : int
        Bytes that the system allows the process.
    """
    crm, out = folder / "crm", folder / "decisions.parquet"
    if not crm.exists():
        with console.status("Making events") as status:
            for rows in write_large_export(crm, n_events):
                status.update(f"Making events: {rows:,} of {n_events:,}")
    size = size_text((crm / "events.parquet").stat().st_size)
    console.print(f"{n_events:,} events in no order, {size} of Parquet; the system allows {size_text(limit)}.")
    options = ["--model", "starter", "--as-of", AS_OF, "--memory", memory]
    used = took([RAPPORT, "classify", str(crm), "--out", str(out), *options], limit)
    rows = pq.read_metadata(out).num_rows
    console.print(f"rapport classify --memory {memory}: {used}")
    console.print(f"{rows:,} accounts decided, {n_events / used.wall / 1e6:.2f} M events a second.")


def main() -> None:
    """Measure it by itself, in a folder that stays."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to work; an export that is there is used again")
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--memory", default="2GB", help="what the command is told")
    parser.add_argument("--limit", type=int, default=4 * 10**9, help="bytes that the system allows the process")
    told = parser.parse_args()
    measure_large(Console(highlight=False, soft_wrap=True), told.folder, told.events, told.memory, told.limit)


if __name__ == "__main__":
    main()
