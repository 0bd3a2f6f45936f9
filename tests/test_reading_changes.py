"""Who follows the changes ends up with what is true, however often it asks, and is told when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.change import FAREWELL_DAYS
from serving.reading.schemas import Changes
from tests.reading import MICROS, Kept, keeping
from tests.records import make_record

DAY = 24 * 3600 * 1_000_000
_moments = count(MICROS)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with keeping(tmp_path_factory.mktemp("store")) as kept:
        yield kept


class Crm:
    """Follows the changes as docs/quickstart-crm.md says."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.cursor: str | None = None
        self.table: dict[str, dict[str, Any]] = {}

    def poll(self, limit: int) -> int:
        after = "" if self.cursor is None else f"&after={self.cursor}"
        page = Changes.model_validate_json(self.kept.service.get(f"/v1/changes?limit={limit}{after}").content)
        for change in page.changes:
            if change.erased:
                self.table.pop(change.account_id, None)
            else:
                self.table[change.account_id] = change.model_dump()
        if not page.changes and self.cursor is not None:
            assert page.cursor == self.cursor
        self.cursor = page.cursor
        return len(page.changes)

    def catch_up(self, limit: int = 1000) -> None:
        while self.poll(limit):
            pass


TOLD = ("relationship", "hybrid", "engagement_model", "strategic_services", "route")
deeds = st.one_of(
    st.tuples(
        st.just("decide"),
        st.sampled_from("abc"),
        st.fixed_dictionaries(
            {
                "relationship": st.sampled_from(("client", "customer")),
                "hybrid": st.booleans(),
                "engagement_model": st.sampled_from((None, "retainer")),
                "route": st.sampled_from(("auto", "review")),
            }
        ),
    ),
    st.tuples(st.just("erase"), st.sampled_from("abc"), st.none()),
    st.tuples(st.just("poll"), st.integers(1, 3), st.none()),
)


@given(what=st.lists(deeds, min_size=1, max_size=12), size=st.integers(1, 4))
@settings(max_examples=10)
def test_polling_reproduces_what_is_true(kept: Kept, what: list[tuple[str, Any, Any]], size: int) -> None:
    crm, truth, home = Crm(kept), {}, f"{next(_moments)}-"
    crm.catch_up()
    for deed, which, facts in what:
        name = f"{home}{which}"
        if deed == "decide":
            record = make_record(name, decided_at=next(_moments), **facts)
            kept.keep(record)
            truth[name] = {told: getattr(record, told) for told in TOLD}
        elif deed == "erase":
            kept.ledger.erase(name, next(_moments), None, None)
            truth.pop(name, None)
        else:
            crm.poll(which)
    crm.catch_up(size)
    newcomer = Crm(kept)
    newcomer.catch_up()
    for reader in (crm, newcomer):
        mine = {name: about for name, about in reader.table.items() if name.startswith(home)}
        assert {name: {told: about[told] for told in TOLD} for name, about in mine.items()} == truth


def test_a_change_names_the_latest_prediction(kept: Kept) -> None:
    crm = Crm(kept)
    crm.catch_up()
    first, second = (make_record("same", decided_at=next(_moments)) for _ in range(2))
    kept.keep(first)
    assert crm.poll(10) == 1
    assert crm.table["same"]["prediction_id"] == str(first.id)
    kept.keep(second)
    assert crm.poll(10) == 0
    newcomer = Crm(kept)
    newcomer.catch_up()
    assert newcomer.table["same"]["prediction_id"] == str(second.id)


def test_who_missed_a_farewell_has_to_begin_anew(kept: Kept) -> None:
    early, late = Crm(kept), Crm(kept)
    kept.keep(make_record("missed", decided_at=next(_moments)))
    early.catch_up()
    late.catch_up()
    erased_at = next(_moments)
    kept.ledger.erase("missed", erased_at, None, None)
    early.catch_up()
    assert "missed" not in early.table
    assert kept.ledger.forget_farewells(erased_at + 1) >= 1
    assert f"from the last {FAREWELL_DAYS} days" in kept.flaw(f"/v1/changes?after={late.cursor}")["after"]
    # Who was told in time, and who begins after it, need nothing.
    early.catch_up()
    newcomer = Crm(kept)
    newcomer.catch_up(1)
    newcomer.catch_up(1)
    assert "missed" not in newcomer.table


def test_farewells_are_forgotten_by_and_by(tmp_path: Path) -> None:
    with keeping(tmp_path) as kept:
        for name, days in (("old", FAREWELL_DAYS + 1), ("new", FAREWELL_DAYS - 1)):
            kept.keep(make_record(name, decided_at=0))
            kept.ledger.erase(name, MICROS - days * DAY, None, None)
    with keeping(tmp_path) as kept:
        for _ in range(500):
            named = [change["account_id"] for change in kept.read("/v1/changes")["changes"]]
            if named == ["new"]:
                break
            kept.service.wait(0.01)
        assert named == ["new"]


def test_whoever_begins_while_farewells_are_forgotten_has_missed_none(tmp_path: Path) -> None:
    with keeping(tmp_path) as kept, ThreadPoolExecutor(1) as pool:
        for i in range(30):
            kept.keep(make_record(f"gone-{i}", decided_at=i))
            kept.ledger.erase(f"gone-{i}", MICROS + i, None, None)

        def forget() -> None:
            for i in range(30):
                assert kept.ledger.forget_farewells(MICROS + i + 1) == 1

        forgetting = pool.submit(forget)
        while not forgetting.done():
            kept.read("/v1/changes")
        forgetting.result()
        assert kept.read("/v1/changes")["changes"] == []


def test_a_cursor_from_before_a_restore_is_refused(tmp_path: Path) -> None:
    (tmp_path / "restored").mkdir()
    with keeping(tmp_path) as kept:
        crm = Crm(kept)
        kept.keep(make_record("before"))
        crm.catch_up()
        kept.ledger.backup(tmp_path / "restored" / "rapport.db")
        kept.keep(make_record("lost"))
        crm.catch_up()
    with keeping(tmp_path / "restored") as kept:
        kept.keep(make_record("after"))
        assert "since the last restore" in kept.flaw(f"/v1/changes?after={crm.cursor}")["after"]
        newcomer = Crm(kept)
        newcomer.catch_up()
        assert set(newcomer.table) == {"before", "after"}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=-1", "after=", "after=%00", "since=1", "after=a&after=b"]
)
def test_a_parameter_that_does_not_fit_is_named(kept: Kept, query: str) -> None:
    assert list(kept.flaw(f"/v1/changes?{query}")) == [query.partition("=")[0]]


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.text("abcAB012-_=", max_size=40))
def test_what_is_no_cursor_is_never_read_as_one(kept: Kept, text: str) -> None:
    assert list(kept.flaw(f"/v1/changes?after={quote(text, safe='')}")) == ["after"]


def test_a_cursor_that_was_mistyped_is_none(kept: Kept) -> None:
    cursor = kept.read("/v1/changes")["cursor"]
    for place in range(len(cursor)):
        other = "A" if cursor[place] != "A" else "B"
        assert kept.flaw(f"/v1/changes?after={cursor[:place]}{other}{cursor[place + 1 :]}")
    for longer in (f"{cursor}=", f"{cursor} ", f"{cursor}\n", cursor[:-1]):
        assert kept.flaw(f"/v1/changes?after={longer.replace(' ', '%20').replace(chr(10), '%0A')}")
