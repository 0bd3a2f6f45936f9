"""A batch puts the cases first whose answers teach the most, and changes nothing else about the queue."""

from __future__ import annotations

import dataclasses
from collections import deque
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.log import FloatColumn
from features.reader import open_export
from models.rules import RuleBook
from reviews.batch import Batch, record_export
from reviews.case import Filters
from reviews.database import Database
from reviews.desk import Desk
from reviews.record import Record
from reviews.telling import most_telling, put_first
from reviews.value import GREATEST, LEAST, handed_out, importance_of
from tests.desks import Room, doubtful, drawn
from tests.records import make_record
from training.simulator.simulate import simulate, write_export

names = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(values=st.dictionaries(st.sampled_from("abcdefgh"), st.floats(LEAST, GREATEST)), first=names)
def test_values_are_handed_out_and_stay_the_same(values: dict[str, float], first: list[str]) -> None:
    after = handed_out(values, first)
    assert sorted(after.values()) == sorted(values.values())
    known = [name for name in first if name in values]
    others = sorted(values.keys() - set(known), key=lambda name: (-values[name], name))
    assert [after[name] for name in known] == sorted(values.values(), reverse=True)[: len(known)]
    assert [after[name] for name in others] == sorted(values.values(), reverse=True)[len(known) :], "in their order"
    assert handed_out(after, first) == after


def alike(n: int) -> tuple[list[Record], FloatColumn]:
    """So many accounts of one sort, and one of another that the machine is a little surer of."""
    records = [doubtful(f"same-{i}", probability_client=0.5) for i in range(n)]
    return [*records, doubtful("other", probability_client=0.6)], np.array([[1.0, 0.0]] * n + [[5.0, 1.0]])


def test_one_speaks_for_all_that_are_alike() -> None:
    records, X = alike(3)
    assert most_telling(X, records, set())[:2] == ["same-0", "other"]
    # Those of which somebody said something have taught already, however unsure the machine still is.
    assert most_telling(X, records, {"same-1"})[0] == "other"
    assert most_telling(X, records, {record.account_id for record in records}) == []
    assert most_telling(X, records, set(), n=1) == ["same-0"]


def test_only_what_goes_to_a_review_is_put_first() -> None:
    records, X = alike(2)
    prospect = dataclasses.replace(doubtful("new"), relationship="prospect")
    records += [make_record("sure", probability_client=0.5), prospect]
    X = np.vstack([X, [[3.0, 0.5], [9.0, 9.0]]])
    assert sorted(most_telling(X, records, set())) == ["other", "same-0", "same-1"]
    assert most_telling(np.empty((0, 2)), [], set()) == []


def test_what_is_worth_more_still_comes_first() -> None:
    records, X = alike(2)
    divided = dataclasses.replace(records[1], review_reasons=("rules_contradict",))
    assert importance_of(divided) == 2 * importance_of(records[0])
    assert most_telling(X, [records[0], divided, records[2]], set())[0] == "same-1"


def test_the_queue_offers_them_first_and_audits_keep_their_place(database: Database) -> None:
    room, X = Room(database), alike(3)[1]
    records = [doubtful(f"same-{i}", probability_client=0.49 - 0.02 * i) for i in range(3)]
    records += [doubtful("other", probability_client=0.44), drawn("audited")]
    room.keep(*records)
    before = [line.account_id for line in room.desk.queue(Filters(), "ann", room.now)]
    put_first(database, np.vstack([X, [[1.0, 0.0]]]), records, set())
    after = [line.account_id for line in room.desk.queue(Filters(), "ann", room.now)]
    # Where an audit stands is drawn.
    assert before.index("audited") == after.index("audited")
    assert [each for each in before if each != "audited"] == ["same-0", "same-1", "same-2", "other"]
    assert [each for each in after if each != "audited"] == ["same-0", "other", "same-1", "same-2"]


def test_a_batch_is_ranked_once_however_often_it_runs(tmp_path: Path, database: Database) -> None:
    write_export(simulate(60, 3), tmp_path / "crm")
    export, moment = open_export(tmp_path / "crm"), 0
    moment = export.default_as_of()
    batch = Batch(moment, moment, RuleBook.default(), None, 0.0)
    orders = []
    for _ in range(2):
        deque(record_export(export, batch, database), maxlen=0)
        orders.append([line.id for line in Desk(database).queue(Filters(), "ann", moment, limit=100)])
    assert orders[0] == orders[1] != []
