"""What a nightly batch leaves at the desk is what single requests would leave, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from features.events import check_records
from features.reader import Export, open_export
from features.request import log_of_one
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from models.rules import RuleBook
from reviews.answer import Answer, Shown
from reviews.batch import Batch, identity_of, record_export
from reviews.case import Filters
from reviews.database import Database
from reviews.desk import Desk
from reviews.evidence import read_evidence
from reviews.record import Record, signals_of
from reviews.sample import month_of
from reviews.terms import DAY, STANDS
from tests.desks import doubtful
from tests.records import entry_of
from training.simulator.simulate import simulate, write_export

RULES = RuleBook.default()


@pytest.fixture(scope="module")
def export() -> Iterator[Export]:
    with TemporaryDirectory() as folder:
        write_export(simulate(60, 3), folder)
        yield open_export(folder)


def batch_at(export: Export, later: int = 0, share: float = 0.5) -> Batch:
    moment = export.default_as_of() + later
    return Batch(moment, moment, RULES, None, share)


def run(export: Export, batch: Batch, database: Database, **given: object) -> int:
    return sum(len(ids) for ids, _ in record_export(export, batch, database, **given))  # type: ignore[arg-type]


@cache
def answer() -> Answer:
    return Answer("customer")


def settle_all(desk: Desk, at: int) -> int:
    """Answer every case that waits."""
    done = 0
    while (case := desk.claim("ann", at)) is not None:
        desk.answer(case.id, "ann", answer(), at, Shown(case.prediction_id))
        done += 1
    return done


def test_every_account_is_kept_once_however_often_it_runs(export: Export, database: Database) -> None:
    batch = batch_at(export)
    assert run(export, batch, database) == 60
    before = database.ledger.counts()
    assert before["predictions"] == before["standing"] == 60
    assert 0 < before["audits"] < before["cases"] < 60
    run(export, batch, database)
    assert database.ledger.counts() == before
    settle_all(Desk(database, second_share=0.0), batch.decided_at)
    run(export, batch, database)
    assert Desk(database).queue(Filters(), "ann", batch.decided_at) == []
    assert {change.decided_by for change in database.ledger.changes(0, 100)} == {"rules", "reviewer"}


def test_a_reviewer_sees_what_the_machine_saw(export: Export, sqlite_url: str) -> None:
    from reviews.database import open_database

    # An earlier moment: what came later was not known, and is not shown.
    batch = batch_at(export, -200 * DAY)
    with open_database(sqlite_url) as database:
        run(export, batch, database)
        lines = Desk(database).queue(Filters(), "ann", batch.decided_at, limit=100)
        assert len(lines) > 20
        for line in lines:
            case = Desk(database).case(line.id, "ann")
            assert case.evidence is not None
            shown = read_evidence(case.evidence)
            assert shown.account["account_id"] == case.account_id
            log = log_of_one(shown.account, shown.events, check_records(shown.records))
            alone = signals_matrix(log.at(batch.as_of))[0]
            kept = signals_of(case.catalogue, case.signals)
            np.testing.assert_array_equal(alone, kept)
            assert kept is not None
            assert kept[SIGNAL_NAMES.index("events")] == len(shown.events) or shown.events


def test_verdicts_decide_the_next_night_until_they_expire(export: Export, database: Database) -> None:
    desk, first = Desk(database, second_share=0.0), batch_at(export, share=0.0)
    run(export, first, database)
    settled = settle_all(desk, first.decided_at)
    run(export, batch_at(export, DAY, share=0.0), database)
    decided = [change.decided_by for change in database.ledger.changes(0, 100)]
    assert decided.count("reviewer") == settled
    assert desk.claim("ann", first.decided_at + DAY) is None
    last = batch_at(export, round(STANDS.value) * DAY + 1, share=0.0)
    run(export, last, database)
    lines = desk.queue(Filters(), "ann", last.decided_at, limit=100)
    again = [line for line in lines if line.why in {"expired", "moved"}]
    assert len(again) == settled
    assert all(line.packed is not None for line in lines)


def test_an_old_export_does_not_overrule_what_came_later(export: Export, database: Database) -> None:
    desk, now = Desk(database, second_share=0.0), batch_at(export)
    run(export, now, database)
    settle_all(desk, now.decided_at)
    held = {change.account_id: change.decided_by for change in database.ledger.changes(0, 100)}
    run(export, batch_at(export, -30 * DAY), database)
    assert {change.account_id: change.decided_by for change in database.ledger.changes(0, 100)} == held
    assert desk.claim("ann", now.decided_at) is None


def test_cases_of_an_old_export_begin_to_wait_when_it_is_recorded(export: Export, database: Database) -> None:
    """Nobody could have looked at them before: they are not old, do not overtake others, and are in this week's sum."""
    batch = batch_at(export, -120 * DAY)
    now = batch.as_of + 120 * DAY
    desk = Desk(database, second_share=0.0)
    database.ledger.write([entry_of(*(doubtful(f"earlier-{i}", decided_at=now - 60 * DAY) for i in range(3)))])
    run(export, replace(batch, opened_at=now), database)
    lines = desk.queue(Filters(), "ann", now, limit=100)
    assert {line.account_id for line in lines[:3]} == {"earlier-0", "earlier-1", "earlier-2"}
    assert {line.opened_at for line in lines[3:]} == {now}
    seen = desk.overview(now - DAY, now + 1, now)
    assert seen.opened == len(lines) - 3
    assert dict(seen.waiting.ages)[0] == len(lines) - 3
    (month,) = seen.audited
    assert month.month == month_of(batch.decided_at)
    assert month.drawn == database.ledger.counts()["audits"]
    # What is answered a month later makes that month's overview speak of it, too.
    case = desk.claim_one(next(line.id for line in lines if line.why == "audit"), "ann", now + 30 * DAY)
    assert desk.overview(now + 29 * DAY, now + 31 * DAY, now).audited == ()
    desk.answer(case.id, "ann", answer(), now + 30 * DAY, Shown(case.prediction_id))
    assert len(desk.overview(now + 29 * DAY, now + 31 * DAY, now).audited) == 1


def test_what_a_case_shows_was_decided_without_a_label_that_is_gone(tmp_path: Path, database: Database) -> None:
    """An export is classified once with what reviewers said of its accounts, and once more without."""
    write_export(simulate(60, 3), tmp_path / "crm")
    crm = open_export(tmp_path / "crm")
    batch = batch_at(crm, share=0.0)
    accounts = [str(account) for ids, _ in record_export(crm, batch, database, only=()) for account in ids]
    for path in (tmp_path / "crm").glob("labels.*"):
        path.unlink()
    labels = tmp_path / "crm" / "labels.csv"
    rows = [f"{account},customer,reviewer" for account in accounts]
    labels.write_text("\n".join(["account_id,relationship,source", *rows]), encoding="utf-8")
    run(open_export(tmp_path / "crm"), batch, database)
    assert Desk(database).queue(Filters(), "ann", batch.as_of) == []
    labels.unlink()
    for _ in range(2):
        run(open_export(tmp_path / "crm"), batch, database)
        lines = Desk(database).queue(Filters(), "ann", batch.as_of, limit=100)
        assert len(lines) > 20
        shown = [database.ledger.prediction(Desk(database).case(line.id, "ann").prediction_id) for line in lines]
        assert {(each.decided_by, each.route) for each in shown if isinstance(each, Record)} == {("rules", "review")}
        assert database.ledger.counts()["predictions"] == 120


def test_some_accounts_alone_are_kept_with_evidence(export: Export, database: Database) -> None:
    batch = batch_at(export, share=0.0)
    everyone = [str(account) for ids, _ in record_export(export, batch, database, only=()) for account in ids]
    assert database.ledger.counts()["predictions"] == 0
    chosen = everyone[::9]
    run(export, batch, database, only=chosen)
    desk = Desk(database)
    assert database.ledger.counts()["predictions"] == len(chosen)
    assert database.ledger.counts()["evidence"] == len(chosen)
    assert desk.open_again(
        [identity_of(each, batch.as_of, RULES, None) for each in chosen], "label", batch.as_of
    ) == len(chosen)
    assert {line.account_id for line in desk.queue(Filters(), "ann", batch.as_of)} == set(chosen)


def test_ids_are_in_the_order_of_time_and_tell_versions_apart() -> None:
    first, later = identity_of("acme", 10**15, RULES, None), identity_of("acme", 10**15 + 10**6, RULES, None)
    assert first.version == 7
    assert first < later
    assert first != identity_of("bolt", 10**15, RULES, None)
    assert first == identity_of("acme", 10**15, RULES, None)


def test_the_command_needs_somewhere_to_put_it(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from rapport.cli import app

    result = CliRunner().invoke(app, ["classify", str(tmp_path)])
    assert result.exit_code == 2
    assert "--record" in result.stderr
