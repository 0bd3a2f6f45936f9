"""A run that is broken off leaves no half-written table, and the next one goes on from there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.exports import make_events, write_export
from features.events import BadInput
from features.memory import PROGRAM
from features.reader import Export, open_export
from features.reading import Reading
from features.stream import SCHEMA, Done, measure, stream
from features.unfinished import Unfinished
from features.written import write_table
from rapport.resumed import resumed
from tests.processes import RAPPORT

AS_OF = 1_782_864_000_000_000
"""2026-07-01, in microseconds."""


class PowerCut(BaseException):
    """What nobody catches."""


@pytest.fixture(scope="module", params=["sorted", "unsorted", "spilled"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Export, int]:
    """An export of 20 accounts with events and as many without, and how much memory its reading may take."""
    folder = tmp_path_factory.mktemp(request.param) / "crm"
    write_export(make_events(800, seed=5), folder, in_order=request.param == "sorted")
    known = [f"account-{number:07}" for number in range(0, 60, 2)]
    pd.DataFrame({"account_id": known, "party": "person"}).to_csv(folder / "accounts.csv", index=False)
    return open_export(folder), PROGRAM + 60_000 if request.param == "spilled" else 1 << 31


def write(export: Export, out: Path, memory: int, breaks: int | None = None, identity: str = "a") -> int:
    """Write the signals of an export in parts of a few accounts; break off before batch `breaks`."""
    with Unfinished(out, {"identity": identity}, SCHEMA, part_rows=5) as run:
        reading = Reading(100, memory, run.after, run.scratch)
        batches = stream(export.rows(reading), lambda rows: measure(rows.log(), AS_OF))
        return run.write(until(batches, breaks))


def until(batches: Iterator[Done], breaks: int | None) -> Iterator[Done]:
    """Hand on batches, and cut the power before one of them."""
    for number, batch in enumerate(batches):
        if number == breaks:
            raise PowerCut
        yield batch


@settings(max_examples=10)
@given(breaks=st.lists(st.integers(0, 6), max_size=4), suffix=st.sampled_from([".parquet", ".csv"]))
def test_a_run_broken_off_anywhere_ends_as_one_that_was_not(
    source: tuple[Export, int], breaks: list[int], suffix: str
) -> None:
    export, memory = source
    with TemporaryDirectory() as folder:
        out = Path(folder) / f"signals{suffix}"
        for place in breaks:
            try:
                write(export, out, memory, place)
            except PowerCut:
                assert not out.exists()
            else:
                break
        rows = write(export, out, memory)
        again = Path(folder) / f"again{suffix}"
        assert write(export, again, memory) == rows
        # But for the bounds of row groups, which no reader sees.
        assert _read(out).equals(_read(again))
        assert sorted(path.name for path in Path(folder).iterdir()) == sorted([out.name, again.name])


def test_what_is_done_is_not_done_again(source: tuple[Export, int], tmp_path: Path) -> None:
    export, memory = source
    out = tmp_path / "signals.parquet"
    with pytest.raises(PowerCut):
        write(export, out, memory, 4)
    with Unfinished(out, {"identity": "a"}, SCHEMA, part_rows=5) as run:
        assert run.rows >= 5
        assert run.events > 0
        assert run.after is not None
        ids = pa.concat_tables(run.done(["account_id"])).column(0).to_pylist()
        assert ids[-1] == run.after
        left = [
            name for log in export.batches(Reading(100, memory, run.after, run.scratch)) for name in log.account_ids
        ]
    assert min(left, key=str.encode) > run.after
    everyone = [name for log in export.batches() for name in log.account_ids]
    assert ids + left == everyone


def test_what_was_sorted_on_disk_is_not_sorted_again(tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    write_export(make_events(2_000, seed=5), folder, in_order=False)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    reading = Reading(150, memory=1, scratch=scratch)
    next(iter(open_export(folder).batches(reading)))
    runs = {path: path.stat().st_mtime_ns for path in (scratch / "events").iterdir()}
    assert len(runs) > 10
    next(iter(open_export(folder).batches(reading)))
    assert {path: path.stat().st_mtime_ns for path in (scratch / "events").iterdir()} == runs


def test_a_run_says_what_it_takes_up(
    source: tuple[Export, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export, _ = source
    out = tmp_path / "signals.parquet"
    with resumed(out, export, {}, SCHEMA) as run:
        assert capsys.readouterr().out == ""
        (run.scratch / "events").mkdir()
        (run.scratch / "events" / "00000-10.parquet").touch()
    with resumed(out, export, {}, SCHEMA):
        assert "what it has sorted is taken up" in capsys.readouterr().out
    with resumed(out, export, {"another": "model"}, SCHEMA):
        assert capsys.readouterr().out == ""


def test_another_run_starts_anew(source: tuple[Export, int], tmp_path: Path) -> None:
    export, memory = source
    out = tmp_path / "signals.parquet"
    with pytest.raises(PowerCut):
        write(export, out, memory, 4)
    with Unfinished(out, {"identity": "b"}, SCHEMA) as run:
        assert (run.after, run.rows, run.events) == (None, 0, 0)
        assert list(run.scratch.iterdir()) == []


def test_an_input_at_fault_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "signals.csv"
    with pytest.raises(BadInput, match="row 3"), Unfinished(out, {}, SCHEMA):
        raise BadInput("row 3")
    assert list(tmp_path.iterdir()) == []


def test_two_runs_do_not_write_one_table(tmp_path: Path) -> None:
    out = tmp_path / "signals.csv"
    with Unfinished(out, {}, SCHEMA):
        for write in (lambda: Unfinished(out, {}, SCHEMA), lambda: write_table([SCHEMA.empty_table()], out)):
            with pytest.raises(BadInput, match="being written by another run"):
                write()
    assert not out.exists()
    write_table([SCHEMA.empty_table()], out)
    assert [entry.name for entry in tmp_path.glob("*signals.csv*") if entry.is_file()] == [out.name]


def test_a_name_that_its_holder_gave_up_is_claimed_anew(tmp_path: Path) -> None:
    out, n_writers = tmp_path / "signals.csv", 8
    schema = pa.schema([("account_id", pa.string())])
    outcomes: list[str] = []

    def write(number: int) -> None:
        rows = pa.table({"account_id": [f"{number}"] * 1000}, schema)
        for _ in range(20):
            try:
                write_table([rows], out)
                outcomes.append("whole")
            except BadInput as error:
                outcomes.append("claimed" if "by another run" in str(error) else str(error))

    with ThreadPoolExecutor(n_writers) as pool:
        list(pool.map(write, range(n_writers)))
    assert "whole" in outcomes
    assert set(outcomes) <= {"whole", "claimed"}
    ids = _read(out).column("account_id")
    assert (len(ids), len(ids.unique())) == (1000, 1)


def test_an_empty_export_is_an_empty_table(tmp_path: Path) -> None:
    for name in ("signals.csv", "signals.parquet"):
        with Unfinished(tmp_path / name, {}, SCHEMA) as run:
            assert run.write([]) == 0
        assert _read(tmp_path / name).column_names == SCHEMA.names


def test_a_full_disk_keeps_what_is_done(source: tuple[Export, int], tmp_path: Path) -> None:
    export, memory = source
    out = tmp_path / "signals.parquet"
    batches = stream(export.rows(Reading(100)), lambda rows: measure(rows.log(), AS_OF))
    with (
        pytest.raises(OSError, match="what was done is kept"),
        Unfinished(out, {}, SCHEMA, part_rows=9) as run,
        _room_again_after(),
    ):
        run.write(_until_no_room(batches))
    assert not out.exists()
    with Unfinished(out, {}, SCHEMA, part_rows=9) as run:
        assert run.rows >= 9
        reading = Reading(100, memory, run.after, run.scratch)
        whole = run.write(stream(export.rows(reading), lambda rows: measure(rows.log(), AS_OF)))
    assert whole == sum(log.n_accounts for log in export.batches())


@contextmanager
def _room_again_after() -> Iterator[None]:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def _until_no_room(batches: Iterator[Done]) -> Iterator[Done]:
    """Hand on batches, and from some time on let no file grow beyond a few bytes."""
    rows = 0
    for batch in batches:
        if rows >= 18:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
        rows += batch.table.num_rows
        yield batch


def _read(path: Path) -> pa.Table:
    if path.suffix == ".csv":
        return pa.Table.from_pandas(pd.read_csv(path, dtype=str), preserve_index=False)
    return pq.read_table(path).replace_schema_metadata(None)


# Killed


def killed(command: list[str], seconds: float) -> int:
    """Start a command, kill it after so many seconds if it still runs, and return how it ended."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    return process.returncode


def test_a_killed_run_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "crm"
    write_export(make_events(300_000, seed=6), folder, in_order=False)
    out = tmp_path / "decisions.parquet"
    command = [RAPPORT, "classify", str(folder), "--model", "rules", "--as-of", "2026-07-01", "--out", str(out)]
    # Not before it works: then nothing would be shown.
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    unfinished = tmp_path / ".decisions.parquet.unfinished"
    while process.poll() is None and not (unfinished / "run.json").exists():
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    clean = tmp_path / "clean.parquet"
    subprocess.run([*command[:-1], str(clean)], check=True, stdout=subprocess.DEVNULL)
    assert _read(out).equals(_read(clean))
    assert not unfinished.exists()


KILLS = 10


@pytest.mark.slow
@pytest.mark.parametrize("how", ["sorted", "unsorted"])
def test_runs_killed_at_any_moment_end_complete_and_without_doubles(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "crm"
    write_export(make_events(12_000_000, seed=7), folder, in_order=how == "sorted")
    command = [
        RAPPORT,
        "classify",
        str(folder),
        "--model",
        "starter",
        "--as-of",
        "2026-07-01",
        "--memory",
        "1GB",
        "--out",
    ]
    clean = tmp_path / "clean.parquet"
    began = time.monotonic()
    subprocess.run([*command, str(clean)], check=True, stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    out, whole = tmp_path / "decisions.parquet", _read(clean)
    moments, kills, went_on, ended = np.random.default_rng(8), 0, 0, False
    while kills < KILLS or not ended:
        # Somewhere in what is left; a run that was to be killed too late has come to its end.
        code = killed([*command, str(out)], moments.uniform(0.1, 1.0) * took)
        assert code in (0, -signal.SIGKILL)
        ended = code == 0
        kills += not ended
        # Killed at the very last it may stand there, and then it is whole.
        assert ended <= out.exists()
        if out.exists():
            assert _read(out).equals(whole)
            out.unlink()
        went_on += any(out.with_name(f".{out.name}.unfinished").glob("*.parquet"))
    assert went_on > 0


def test_a_table_that_stood_there_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "signals.csv"
    write_table([SCHEMA.empty_table()], out)
    before = out.read_bytes()
    with pytest.raises(PowerCut), Unfinished(out, {}, SCHEMA) as run:
        run.write(until(iter([Done(SCHEMA.empty_table(), 0)] * 3), 2))
    assert out.read_bytes() == before
