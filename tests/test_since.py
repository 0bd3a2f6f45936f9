"""A run that goes by an earlier one gives the table of a full run, and decides anew only what has changed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.exports import make_events, write_export
from features.basis import account_ids, bases
from features.batch import Rows
from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, KINDS, BadInput
from features.reader import open_export
from features.reading import Reading
from features.sorting import sort_tables
from features.validate import check_table, refuse
from features.written import write_table
from models.classify import classify_tables
from models.last_run import SINCE_SCHEMA, LastRun
from models.rules import RuleBook
from models.table import SCHEMA
from tests.logs import AS_OF, Accounts, accounts, records, rows_of, tables_of
from tests.oracle import DAY
from tests.processes import RAPPORT

RULES = RuleBook.default()
OTHER_RULES = RuleBook.parse((RULES.text or "").replace("weight = 1.2", "weight = 1.3"))


def run(
    folder: Path,
    book: Accounts,
    kinds: frozenset[str],
    verdicts: dict[str, str],
    out: Path,
    *,
    since: Path | None = None,
    as_of: int = AS_OF,
    rules: RuleBook = RULES,
    seed: int = 0,
) -> LastRun:
    """Decide an export of these accounts into `out`, its rows in any order."""
    folder.mkdir(exist_ok=True)
    rows = rows_of(book)
    order = np.random.default_rng(seed).permutation(len(rows))
    events, about = tables_of(book, [rows[place] for place in order if rows[place]["kind"] in kinds])
    pq.write_table(events, folder / "events.parquet")
    pq.write_table(about, folder / "accounts.parquet")
    said = {"account_id": list(verdicts), "relationship": list(verdicts.values()), "source": "reviewer"}
    pd.DataFrame(said).to_csv(folder / "labels.csv", index=False)
    (folder / "export.json").write_text(json.dumps({"records": sorted(kinds)}), encoding="utf-8")
    last = LastRun(since)
    tables = classify_tables(open_export(folder), as_of, rules, None, Reading(4), last=last)
    write_table((done.table for done in tables), out, SINCE_SCHEMA)
    return last


_VERDICTS = st.dictionaries(st.sampled_from(["a", "b", "acme"]), st.sampled_from(["client", "customer"]), max_size=2)
_KINDS = records().filter(bool)


@given(
    before=accounts(5),
    other=accounts(5),
    changed=st.sets(st.sampled_from(["a", "b", "ab", "ß", "Z", "acme"])),
    kinds=st.tuples(_KINDS, st.none() | _KINDS),
    verdicts=st.tuples(_VERDICTS, st.none() | _VERDICTS),
    later=st.sampled_from([0, 0, 1, DAY]),
    rules=st.sampled_from([RULES, RULES, OTHER_RULES]),
    suffix=st.sampled_from([".parquet", ".csv"]),
)
def test_a_run_that_goes_by_an_earlier_one_gives_the_table_of_a_full_run(
    before: Accounts,
    other: Accounts,
    changed: set[str],
    kinds: tuple[frozenset[str], frozenset[str] | None],
    verdicts: tuple[dict[str, str], dict[str, str] | None],
    later: int,
    rules: RuleBook,
    suffix: str,
) -> None:
    after = {name: story for name, story in before.items() if name not in changed}
    after |= {name: story for name, story in other.items() if name in changed}
    recorded, said = kinds[1] or kinds[0], verdicts[0] if verdicts[1] is None else verdicts[1]
    with TemporaryDirectory() as name:
        home = Path(name)
        last, full, quick = (home / f"{which}{suffix}" for which in ("last", "full", "quick"))
        run(home / "crm", before, kinds[0], verdicts[0], last)
        run(home / "crm", after, recorded, said, full, as_of=AS_OF + later, rules=rules)
        run(home / "crm", after, recorded, said, quick, as_of=AS_OF + later, rules=rules, since=last, seed=1)
        assert _rows(quick) == _rows(full)


@given(accounts(5), _KINDS, _VERDICTS, st.sampled_from([".parquet", ".csv"]))
def test_of_what_has_not_changed_nothing_is_decided_anew(
    book: Accounts, kinds: frozenset[str], verdicts: dict[str, str], suffix: str
) -> None:
    with TemporaryDirectory() as name:
        out = Path(name) / f"out{suffix}"
        run(Path(name) / "crm", book, kinds, verdicts, out)
        n_accounts = len(_rows(out))
        # The same file is what is gone by and what is written, as in a command that runs each night.
        again = run(Path(name) / "crm", book, kinds, verdicts, out, since=out, seed=2)
        assert again.n_stood == n_accounts


def test_a_later_moment_moves_every_account_with_a_history(tmp_path: Path) -> None:
    pd.DataFrame({"account_id": ["b", "c"], "occurred_at": "2020-01-01", "kind": "call"}).to_csv(
        tmp_path / "events.csv", index=False
    )
    about = pd.DataFrame({"account_id": ["a", "b", "d"], "owner_since": [None, None, "2020-02-02"], "owner_id": "o"})
    about.to_csv(tmp_path / "accounts.csv", index=False)
    moved = {}
    for rows in open_export(tmp_path).rows():
        ids = account_ids(rows)
        now, later = (bases(rows, ids, AS_OF + extra, "", [None] * len(ids)) for extra in (0, 1))
        moved |= dict(zip(ids.to_pylist(), (now != later).tolist(), strict=True))
    assert moved == {"a": False, "b": True, "c": True, "d": True}


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_of_an_account_that_is_on_file_twice_the_last_row_counts(tmp_path: Path, suffix: str) -> None:
    visits = {"account_id": ["a", "a"], "occurred_at": ["2026-01-01", "2026-02-01"], "kind": ["visit", "purchase"]}
    pd.DataFrame(visits).to_csv(tmp_path / "events.csv", index=False)
    about = pd.DataFrame({"account_id": "a", "party": ["person", "organisation"], "owner_id": [None, "o1"]})
    tables = {}
    for order in ([0, 1], [1, 0]):
        about.iloc[order].to_csv(tmp_path / "accounts.csv", index=False)
        for since in (None, tmp_path / f"last{suffix}"):
            last = LastRun(since if since is not None and since.exists() else None)
            out = tmp_path / ("full" if since is None else "last")
            found = classify_tables(open_export(tmp_path), AS_OF, RULES, None, Reading(), last=last)
            write_table((done.table for done in found), out.with_suffix(suffix), SINCE_SCHEMA)
        tables[order[0]] = _rows(tmp_path / f"full{suffix}")
        assert _rows(tmp_path / f"last{suffix}") == tables[order[0]]
    assert tables[0] != tables[1]


@given(accounts(1), st.data())
def test_a_basis_changes_with_every_value(book: Accounts, data: st.DataObject) -> None:
    rows = rows_of(book)
    if rows:
        place = data.draw(st.integers(0, len(rows) - 1))
        new = {"amount": 3.25, "score": 4.5, "contact_id": "dan", "recorded_at": AS_OF - 7, "event_id": "e9"}
        column = data.draw(st.sampled_from(sorted(new)))
        edited = [row | ({column: new[column]} if number == place else {}) for number, row in enumerate(rows)]
        assert (_basis(book, rows) == _basis(book, edited)) == (rows[place][column] == new[column])
        assert _basis(book, rows[::-1]) == _basis(book, rows)


def _basis(book: Accounts, rows: list[dict[str, Any]]) -> list[int]:
    events, about = tables_of(book, rows)
    checked = refuse(check_table(events, EVENT_COLUMNS, "events"), "events")
    (ordered,) = sort_tables([checked], 1000, 1 << 30)
    batch = Rows(ordered, refuse(check_table(about, ACCOUNT_COLUMNS, "accounts"), "accounts"), frozenset(KINDS))
    ids = account_ids(batch)
    return bases(batch, ids, AS_OF, "", [None] * len(ids)).tolist()


def _rows(path: Path) -> list[dict[str, object]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


# On the command line


def classify(folder: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [RAPPORT, "classify", str(folder), "--model", "rules", "--as-of", "2026-07-01", "--out", str(out), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_same_command_each_night(tmp_path: Path) -> None:
    folder, out, full = tmp_path / "crm", tmp_path / "decisions.parquet", tmp_path / "full.parquet"
    events = make_events(8_000, seed=9)
    write_export(events.slice(0, 7_990), folder, in_order=False)
    first = classify(folder, out, "--since", str(out))
    assert first.returncode == 0, first.stderr
    n = pq.read_metadata(out).num_rows
    assert f"Of {n:,} accounts 0 were as" in " ".join(first.stdout.split())
    pq.write_table(events, folder / "events.parquet")
    late = len(events.slice(7_990).column("account_id").unique())
    second = classify(folder, out, "--since", str(out))
    assert f"{n - late:,} were as" in " ".join(second.stdout.split())
    classify(folder, full, "--since", str(tmp_path / "none.parquet"))
    assert _rows(out) == _rows(full)


def test_a_table_that_does_not_say_what_it_is_made_of_is_refused(tmp_path: Path) -> None:
    write_table([SCHEMA.empty_table()], tmp_path / "decisions.csv")
    with pytest.raises(BadInput, match="was written without --since"):
        LastRun(tmp_path / "decisions.csv")
    pd.DataFrame({"account_id": ["a"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(BadInput, match="no table of decisions"):
        LastRun(tmp_path / "other.parquet")
    with pytest.raises(BadInput, match="Name a file that is not there yet"):
        LastRun(tmp_path / "other.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    with pytest.raises(BadInput, match="cannot be read"):
        LastRun(tmp_path / "broken.parquet")


def test_a_table_that_is_not_as_it_was_written_is_not_gone_by(tmp_path: Path) -> None:
    folder, out = tmp_path / "crm", tmp_path / "last.parquet"
    write_export(make_events(4_000, seed=9), folder, in_order=False)
    tables = classify_tables(open_export(folder), AS_OF, RULES, None, Reading(), last=LastRun(None))
    write_table((done.table for done in tables), out, SINCE_SCHEMA)
    whole = pq.read_table(out)
    assert LastRun(out).up_to("\U0010ffff").equals(whole)
    text = whole.set_column(whole.schema.get_field_index("confidence"), "confidence", [["much"] * len(whole)])
    for name, table in {
        "twice": pa.concat_tables([whole, whole]),
        "doubled": whole.take(np.repeat(np.arange(len(whole)), 2)),
        "order": whole.take(np.arange(len(whole))[::-1]),
        "text": text,
    }.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    content = bytearray(out.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 200] = bytes(200)
    (tmp_path / "flipped.parquet").write_bytes(content)
    for name, why in (
        ("twice", "stands in it twice"),
        ("doubled", "stands in it twice"),
        ("order", "not in order"),
        ("text", "cannot be read"),
        ("flipped", "cannot be read"),
    ):
        with pytest.raises(BadInput, match=why):
            LastRun(tmp_path / f"{name}.parquet").up_to("\U0010ffff")
