"""The spool: what was put into it comes out once, in order, whatever happened to the file in between."""

from __future__ import annotations

import resource
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import BadInput
from models.decision import DECIDERS, RELATIONSHIPS
from reviews.record import Entry, Record, Repeat
from serving.recording.lines import BadLine, check_line, read_line, write_line
from serving.recording.slots import claim_spool, leftovers
from serving.recording.spool import Spool
from tests.databases import on_disk
from tests.faults import make_entry

MOST = 1_000_000
texts = st.text(st.characters(exclude_categories=()), max_size=30)
numbers = st.floats(allow_nan=False)
times = st.integers(-(2**63), 2**63 - 1)
records = st.builds(
    Record,
    id=st.uuids(version=4) | st.builds(UUID, int=st.integers(0, 2**128 - 1)),
    account_id=texts,
    decided_at=times,
    as_of=times,
    catalogue=texts,
    signals=st.binary(max_size=64),
    relationship=st.sampled_from(RELATIONSHIPS),
    confidence=numbers,
    probability_client=numbers,
    hybrid=st.booleans(),
    engagement_model=st.none() | texts,
    strategic_services=st.booleans(),
    decided_by=st.sampled_from(DECIDERS),
    route=st.sampled_from(("auto", "review")),
    review_reasons=st.lists(texts, max_size=3).map(tuple),
    model=st.none() | texts,
    rules=texts,
    key_id=st.none() | texts,
    inclusion=st.none() | numbers,
    evidence=st.none() | st.binary(max_size=64),
)
repeats = st.builds(Repeat, key=texts, key_id=texts, request=st.binary(), answer=st.binary(), at=times)
entries = st.builds(Entry, st.lists(records, max_size=3).map(tuple), st.none() | repeats)


@contextmanager
def fresh() -> Iterator[Path]:
    """A spool's path in a folder of its own: the examples of a property share their test's."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "1.spool"


@contextmanager
def opened(path: Path, most: int = MOST) -> Iterator[Spool]:
    """A spool, as the process that has it sees it."""
    path.parent.mkdir(exist_ok=True)
    with closing(Spool(path, most)) as spool:
        yield spool


def bad(path: Path) -> bytes:
    aside = path.with_name("1.spool.bad")
    return aside.read_bytes() if aside.exists() else b""


@given(entries)
def test_a_line_is_read_as_it_was_written(entry: Entry) -> None:
    line = write_line(entry)
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert read_line(line) == entry
    assert check_line(line) == max(1, len(entry.records))


@given(entries, st.data())
def test_a_damaged_line_is_never_believed(entry: Entry, data: st.DataObject) -> None:
    line = bytearray(write_line(entry))
    line[data.draw(st.integers(0, len(line) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BadLine):
        read_line(bytes(line))


def test_a_line_of_another_version_is_set_aside_and_not_guessed_at() -> None:
    from zlib import crc32

    content = b'1 {"records":[{"id":"00000000000000000000000000000000","mood":1}],"repeat":null}'
    with pytest.raises(BadLine, match="another version"):
        read_line(b"%08x %b\n" % (crc32(content), content))


@on_disk()
@given(st.lists(entries, max_size=8), st.integers(1, 5))
def test_what_went_in_comes_out_in_order(given_entries: list[Entry], most: int) -> None:
    with fresh() as path, opened(path) as spool:
        assert spool.append(given_entries) == len(given_entries)
        assert spool.records == sum(max(1, len(entry.records)) for entry in given_entries)
        found: list[Entry] = []
        while not spool.empty:
            chunk = spool.head(most)
            assert chunk.entries == spool.head(most).entries  # reading takes nothing away
            found += chunk.entries
            spool.done(chunk)
        assert found == given_entries
        assert (spool.records, spool.size, path.stat().st_size) == (0, 0, 0)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    spool = claim_spool(tmp_path / "new" / "spool", MOST)
    spool.set_aside(b"bad")
    for path in (spool.path, spool.path.with_name("1.spool.bad")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.path.parent.stat().st_mode) == 0o700
    spool.close()


def test_two_never_have_the_same(tmp_path: Path) -> None:
    first, second = claim_spool(tmp_path, MOST), claim_spool(tmp_path, MOST)
    assert (first.path.name, second.path.name) == ("1.spool", "2.spool")
    second.append([make_entry()])
    first.append([make_entry()])
    assert list(leftovers(tmp_path)) == []
    second.close()
    (left,) = leftovers(tmp_path)
    assert (left.path.name, left.records) == ("2.spool", 1)
    third = claim_spool(tmp_path, MOST)
    assert third.path.name == "3.spool"
    for spool in (left, first, third):
        spool.close()


def test_a_folder_that_cannot_be_used_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="RAPPORT_SPOOL"):
        claim_spool(tmp_path / "file" / "spool", MOST)


@on_disk()
@given(st.integers(0, 4), st.data())
def test_a_torn_last_line_is_cut_off_and_no_other(whole: int, data: st.DataObject) -> None:
    kept = [make_entry() for _ in range(whole)]
    torn = write_line(make_entry())
    with fresh() as path:
        with opened(path) as spool:
            spool.append(kept)
            size = spool.size
        with path.open("ab") as file:
            file.write(torn[: data.draw(st.integers(1, len(torn) - 1))])
        with opened(path) as spool:
            assert (spool.size, spool.records) == (size, whole)
            kept.append(make_entry())
            spool.append(kept[-1:])
            assert spool.head(9).entries == tuple(kept)


@on_disk()
@given(st.data())
def test_damage_is_set_aside_and_stands_in_nobodys_way(data: st.DataObject) -> None:
    kept = [make_entry(str(number)) for number in range(5)]
    with fresh() as path:
        with opened(path) as spool:
            spool.append(kept)
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        with opened(path) as spool:
            chunk = spool.head(9)
            spool.head(9)  # asking again sets nothing aside again
            spool.done(chunk)
            assert spool.empty
        # A line alone, or two where the damage is to what parts them. Every byte is either read or set aside.
        read = [write_line(entry) for entry in chunk.entries]
        assert 3 <= len(read) < 5
        assert chunk.entries == tuple(entry for entry in kept if entry in chunk.entries)
        aside = bad(path).replace(b"\n", b"")
        assert len(aside) + sum(len(line) for line in read) >= len(content) - 2


def test_it_takes_what_there_is_room_for(tmp_path: Path) -> None:
    line = len(write_line(make_entry("a")))
    with opened(tmp_path / "1.spool", 3 * line + line // 2) as spool:
        assert spool.append([make_entry("a") for _ in range(5)]) == 3
        assert spool.append([make_entry("a")]) == 0
        assert spool.path.stat().st_size == spool.size <= spool.most
        spool.done(spool.head(9))
        assert spool.append([make_entry("a")]) == 1


def test_a_full_disk_costs_no_line(tmp_path: Path) -> None:
    kept = [make_entry()]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(tmp_path / "1.spool") as spool:
        spool.append(kept)
        resource.setrlimit(resource.RLIMIT_FSIZE, (spool.size + 100, hard))
        try:
            with pytest.raises(OSError, match="too large"):
                spool.append([make_entry()])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert spool.path.stat().st_size == spool.size
        kept.append(make_entry())
        spool.append(kept[1:])
    with opened(tmp_path / "1.spool") as spool:
        assert spool.head(9).entries == tuple(kept)


def test_a_file_that_somebody_deletes_is_made_anew(tmp_path: Path) -> None:
    kept = [make_entry() for _ in range(5)]
    with opened(tmp_path / "spool" / "1.spool") as spool:
        spool.append(kept[:3])
        spool.done(spool.head(1))
        shutil.rmtree(tmp_path / "spool")
        spool.append(kept[3:])
        assert spool.head(9).entries == tuple(kept[1:])
    with opened(tmp_path / "spool" / "1.spool") as spool:
        assert spool.head(9).entries == tuple(kept)


def test_a_spool_that_was_let_go_touches_no_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "1.spool", MOST)
    spool.append([make_entry()])
    chunk = spool.head(9)
    spool.close()
    with (tmp_path / "other").open("w+b") as other:
        other.write(b"another file may have its number now")
        other.flush()
        for use in (lambda: spool.done(chunk), lambda: spool.append([make_entry()]), lambda: spool.head(9)):
            with pytest.raises(OSError, match="Bad file descriptor"):
                use()
    assert (tmp_path / "other").read_bytes()


def test_a_crash_in_the_middle_of_draining_loses_nothing(tmp_path: Path) -> None:
    kept = [make_entry() for _ in range(5)]
    with opened(tmp_path / "1.spool") as spool:
        spool.append(kept)
        spool.done(spool.head(2))
    with opened(tmp_path / "1.spool") as spool:
        assert spool.head(9).entries == tuple(kept)


def test_one_thread_fills_while_another_empties(tmp_path: Path) -> None:
    kept = [make_entry(str(number)) for number in range(200)]
    found: list[Entry] = []
    with opened(tmp_path / "1.spool") as spool:
        filled = threading.Event()

        def fill() -> None:
            for start in range(0, len(kept), 5):
                assert spool.append(kept[start : start + 5]) == 5
            filled.set()

        thread = threading.Thread(target=fill)
        thread.start()
        while not (filled.is_set() and spool.empty):
            chunk = spool.head(7)
            found += chunk.entries
            spool.done(chunk)
        thread.join()
    assert found == kept
