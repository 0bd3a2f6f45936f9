"""What reviewers can do with cases, and what comes of it, on both databases."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from reviews.answer import Answer, Shown
from reviews.case import CaseRefused, Filters
from reviews.database import Database
from reviews.desk import Desk
from reviews.keys import TOKEN_BYTES, new_key
from reviews.terms import DAY, LEASE, RETRY, SKIPPED, STANDS, UNDO
from tests.desks import ANN, BEN, EVE, Room, doubtful, drawn, signals
from tests.records import make_record

HOUR = DAY // 24


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


def refusal(room: Room, deed: object, *arguments: object) -> str:
    """Why something is refused."""
    with pytest.raises(CaseRefused) as caught:
        deed(*arguments)  # type: ignore[operator]
    return caught.value.why


def test_a_prediction_for_review_opens_a_case_and_a_newer_one_updates_it(room: Room) -> None:
    first, second = doubtful("acme"), doubtful("acme")
    room.keep(first, make_record("bolt"))
    room.keep(second)
    (line,) = room.desk.queue(Filters(), ANN, room.now)
    assert (line.id, line.account_id, line.why) == (first.id, "acme", "route")
    assert room.claim().prediction_id == second.id
    assert room.desk.claim(BEN, room.now) is None


def test_an_automatic_prediction_opens_none_and_leaves_the_open_one_as_it_is(room: Room) -> None:
    first = doubtful("acme")
    room.keep(first)
    room.keep(make_record("acme"))
    assert room.claim().prediction_id == first.id


def test_the_same_prediction_written_again_changes_nothing(room: Room) -> None:
    record = replace(doubtful("acme"), decided_at=room.now)
    from tests.records import entry_of

    room.ledger.write([entry_of(record)])
    room.work("customer")
    room.ledger.write([entry_of(record)])
    assert room.desk.queue(Filters(), ANN, room.now) == []
    assert room.holds("acme") == ("customer", "reviewer")


def test_an_answer_is_the_verdict_and_what_holds(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.claim()
    given = room.answer(case, "customer", hybrid=True, engagement_model="project", note="sells boats")
    assert (given.stage, given.reviewer, given.model) == ("blind", ANN, "lusab-babad")
    verdict = room.desk.verdict_of("acme")
    assert verdict is not None
    assert (verdict.relationship, verdict.hybrid, verdict.engagement_model) == ("customer", True, "project")
    assert verdict.until == given.at + STANDS.value * DAY
    (change,) = [each for each in room.ledger.changes(0, 10) if each.account_id == "acme"]
    assert (change.relationship, change.decided_by, change.route) == ("customer", "reviewer", "auto")
    assert (change.confidence, change.hybrid, change.engagement_model) == (1.0, True, "project")


def test_cannot_tell_decides_nothing_and_is_no_label_and_is_not_asked_again_at_once(room: Room) -> None:
    room.keep(doubtful("acme"))
    room.work("unclear")
    assert room.holds("acme") == ("client", "model")
    assert room.desk.labels(0) == []
    room.keep(doubtful("acme", relationship="customer"))
    assert room.holds("acme") == ("customer", "model")
    assert room.desk.claim(ANN, room.now) is None
    room.now += int(RETRY.value * DAY)
    room.keep(doubtful("acme"))
    assert room.claim().account_id == "acme"


def test_a_machine_never_overwrites_a_verdict_that_stands(room: Room) -> None:
    room.keep(doubtful("acme"))
    room.work("customer")
    room.keep(doubtful("acme"), make_record("acme"), drawn("acme"))
    assert room.holds("acme") == ("customer", "reviewer")
    assert room.desk.claim(ANN, room.now) is None


def test_what_was_decided_before_a_verdict_and_comes_late_changes_nothing(room: Room) -> None:
    from tests.records import entry_of

    late = replace(doubtful("acme"), decided_at=room.tick())
    room.keep(doubtful("acme"))
    room.work("customer")
    room.ledger.write([entry_of(late)])
    assert room.holds("acme") == ("customer", "reviewer")
    assert room.desk.claim(ANN, room.now) is None


def test_a_verdict_expires_with_the_next_prediction(room: Room) -> None:
    room.keep(doubtful("acme"))
    room.work("customer")
    room.now += int(STANDS.value * DAY)
    record = make_record("acme")
    room.keep(record)
    assert room.holds("acme") == ("client", "model")
    assert room.desk.verdict_of("acme") is None
    (line,) = room.desk.queue(Filters(), ANN, room.now)
    assert line.why == "expired"
    assert room.claim().prediction_id == record.id


def test_a_sweep_ends_what_nobody_asks_about_and_opens_its_case_once(room: Room) -> None:
    room.keep(doubtful("acme"), doubtful("bolt"))
    room.work("customer")
    room.now += DAY
    room.work("customer")
    room.now += int((STANDS.value - 1) * DAY)
    assert room.desk.sweep(room.now) == 1
    assert room.desk.sweep(room.now) == 0
    (line,) = room.desk.queue(Filters(), ANN, room.now)
    assert (line.why, line.opened_at) == ("expired", room.now)
    case = room.work("client")
    assert room.desk.verdict_of(case.account_id) is not None


def test_signals_that_moved_far_open_a_case(room: Room) -> None:
    seen = signals(purchases=4.0, spend=100.0, meetings_90d=0.0, contracts=0.0)
    near = signals(purchases=5.0, spend=110.0, meetings_90d=0.0, contracts=0.0)
    far = signals(purchases=5.0, spend=900.0, meetings_90d=6.0, contracts=2.0)
    room.keep(doubtful("acme", signals=seen))
    room.work("customer")
    room.keep(make_record("acme", signals=near))
    assert room.holds("acme") == ("customer", "reviewer")
    room.keep(make_record("acme", signals=far))
    assert room.holds("acme") == ("client", "model")
    assert [line.why for line in room.desk.queue(Filters(), ANN, room.now)] == ["moved"]


def test_what_a_service_polls_tells_each_change_in_order(room: Room) -> None:
    room.keep(doubtful("acme"), doubtful("bolt"))
    room.work("client")
    case = room.work("customer")
    first = room.desk.standing_verdicts(0)
    assert [each.relationship for each in first] == ["client", "customer"]
    assert room.desk.standing_verdicts(first[-1].seq) == []
    room.revise(case, "prospect")
    assert [each.relationship for each in room.desk.standing_verdicts(first[-1].seq)] == [None, "prospect"]
    last = room.desk.standing_verdicts(0)[-1].seq
    room.ledger.erase(case.account_id, room.tick(), None, None)
    (gone,) = room.desk.standing_verdicts(last)
    assert (gone.account_id, gone.relationship) == (case.account_id, None)


def test_a_case_is_one_reviewer_s_until_the_lease_ends(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.claim(ANN)
    assert room.desk.claim(BEN, room.tick()) is None
    assert refusal(room, room.desk.claim_one, case.id, BEN, room.tick()) == "held"
    assert room.claim(ANN).id == case.id
    room.now += int(LEASE.value * HOUR)
    assert room.claim(BEN).id == case.id
    assert refusal(room, room.answer, case) == "not-held"
    room.answer(case, reviewer=BEN)


def test_a_first_reader_who_thinks_again_leaves_the_second_one_s_lease(database: Database) -> None:
    room = Room(database, second_share=1.0)
    room.keep(doubtful("acme"))
    case = room.work("customer", ANN)
    assert room.claim(BEN).id == case.id
    room.revise(case, "client", ANN)
    assert room.desk.case(case.id, BEN).holder == BEN
    assert room.desk.undo(case.id, ANN, room.tick()).holder == BEN
    assert room.desk.claim(ANN, room.tick()) is None
    room.answer(case, "customer", BEN)
    assert room.claim(ANN).id == case.id


def test_a_first_reader_who_thinks_again_holds_what_nobody_else_does(database: Database) -> None:
    room = Room(database, second_share=1.0)
    room.keep(doubtful("acme"))
    case = room.work("customer", ANN)
    room.claim(BEN)
    room.now += int(LEASE.value * HOUR)
    assert room.desk.undo(case.id, ANN, room.tick()).holder == ANN


def test_a_lease_that_ran_out_is_good_while_nobody_else_came(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.claim()
    room.now += int(LEASE.value * HOUR)
    room.answer(case, "customer")
    assert room.holds("acme") == ("customer", "reviewer")


def test_what_was_given_back_or_skipped_goes_to_others(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.claim(ANN)
    room.desk.release(case.id, ANN)
    assert room.claim(BEN).id == case.id
    room.desk.skip(case.id, BEN, room.tick())
    assert room.desk.claim(BEN, room.tick()) is None
    assert room.claim(ANN).id == case.id
    room.desk.release(case.id, ANN)
    room.now += int(SKIPPED.value * DAY)
    assert room.claim(BEN).id == case.id


def test_a_skip_can_be_undone(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.claim()
    room.desk.skip(case.id, ANN, room.tick())
    assert room.desk.undo(case.id, ANN, room.tick()).holder == ANN
    room.answer(case)


def test_nothing_is_revealed_before_the_answer(room: Room) -> None:
    record = doubtful("acme")
    room.keep(record)
    case = room.claim()
    assert refusal(room, room.desk.reveal, case.id, ANN) == "not-answered"
    assert refusal(room, room.desk.similar, case.id, ANN) == "not-answered"
    room.answer(case)
    revealed = room.desk.reveal(case.id, ANN)
    assert (revealed.id, revealed.probability_client) == (record.id, 0.6)
    assert refusal(room, room.desk.reveal, case.id, BEN) == "not-answered"


def test_a_revision_keeps_both_answers_and_the_later_counts(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.work("customer")
    room.revise(case, "client")
    seen = room.desk.case(case.id, ANN)
    assert [(given.stage, given.answer and given.answer.relationship) for given in seen.mine] == [
        ("blind", "customer"),
        ("revealed", "client"),
    ]
    assert room.holds("acme") == ("client", "reviewer")
    assert [label.relationship for label in room.desk.labels(0)] == ["client"]


def test_what_is_undone_is_as_if_it_had_not_been_said_but_stays_in_the_ledger(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.work("customer")
    again = room.desk.undo(case.id, ANN, room.tick())
    assert (again.state, again.holder, again.current) == ("open", ANN, None)
    assert [given.stage for given in again.mine] == ["blind", "withdrawn"]
    assert room.holds("acme") == ("client", "model")
    assert room.desk.labels(0) == []
    # Who has seen what the machine says is not blind any more.
    assert room.answer(case, "customer").stage == "revealed"
    assert room.holds("acme") == ("customer", "reviewer")


def test_a_verdict_revised_to_cannot_tell_lets_the_machine_speak_again(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.work("customer")
    room.revise(case, "unclear")
    assert room.holds("acme") == ("client", "model")
    room.revise(case, "customer")
    assert room.holds("acme") == ("customer", "reviewer")


def test_what_was_said_long_ago_is_changed_no_more(room: Room) -> None:
    room.keep(doubtful("acme"))
    case = room.work()
    room.now += int(UNDO.value * HOUR)
    assert refusal(room, room.desk.undo, case.id, ANN, room.tick()) == "too-late"
    assert refusal(room, room.revise, case, "customer") == "too-late"


def test_what_cannot_be_done_says_why(room: Room) -> None:
    room.keep(doubtful("acme"), doubtful("bolt"))
    nothing = UUID(int=5)
    assert refusal(room, room.desk.case, nothing, ANN) == "no-case"
    assert refusal(room, room.desk.claim_one, nothing, ANN, room.now) == "no-case"
    case = room.claim()
    other = room.claim(BEN)
    assert refusal(room, room.revise, case, "client") == "not-answered"
    assert refusal(room, room.desk.undo, case.id, ANN, room.now) == "not-answered"
    assert refusal(room, room.rule, case, "client") == "settled"
    room.answer(case)
    assert refusal(room, room.answer, case) == "settled"
    assert refusal(room, room.desk.skip, case.id, ANN, room.now) == "settled"
    assert refusal(room, room.desk.claim_one, case.id, BEN, room.now) == "settled"
    shown = Shown(case.prediction_id)
    assert refusal(room, room.desk.answer, other.id, BEN, Answer("client"), room.now, shown) == "other-account"


def test_two_who_agree_settle_a_case_and_the_first_is_the_labeller(database: Database) -> None:
    room = Room(database, second_share=1.0)
    room.keep(doubtful("acme"))
    case = room.work("customer", ANN)
    assert room.desk.verdict_of("acme") is None
    assert room.desk.claim(ANN, room.tick()) is None
    assert refusal(room, room.desk.claim_one, case.id, ANN, room.tick()) == "answered"
    (line,) = room.desk.queue(Filters(second=True), BEN, room.now)
    assert (line.readers, line.answered) == (1, False)
    room.work("customer", BEN)
    (label,) = room.desk.labels(0)
    assert (label.relationship, label.labeller) == ("customer", ANN)
    assert room.desk.claim(EVE, room.tick()) is None


def test_two_who_disagree_ask_the_lead_whose_word_holds(database: Database) -> None:
    room = Room(database, second_share=1.0)
    room.keep(doubtful("acme"))
    case = room.work("customer", ANN)
    room.work("client", BEN)
    (dispute,) = room.desk.lead(EVE, room.now)
    assert [(given.reviewer, given.answer and given.answer.relationship) for given in dispute.answers] == [
        (ANN, "customer"),
        (BEN, "client"),
    ]
    assert room.desk.verdict_of("acme") is None
    assert room.rule(case, "client").stage == "lead"
    assert room.holds("acme") == ("client", "reviewer")
    assert refusal(room, room.revise, case, "client") == "settled"
    assert refusal(room, room.desk.undo, case.id, BEN, room.now) == "settled"
    assert room.rule(case, "customer").stage == "lead"
    assert room.holds("acme") == ("customer", "reviewer")
    assert room.desk.undo(case.id, EVE, room.tick()).state == "lead"
    assert room.holds("acme") == ("client", "model")


@pytest.mark.parametrize("reviewer", [ANN, BEN])
def test_a_dispute_is_the_lead_s_alone(database: Database, reviewer: str) -> None:
    """Its readers know by now that somebody disagrees: to come round would be no answer of their own."""
    room = Room(database, second_share=1.0)
    room.keep(doubtful("acme"))
    case = room.work("customer", ANN)
    room.work("client", BEN)
    assert refusal(room, room.revise, case, "client", reviewer) == "settled"
    assert refusal(room, room.desk.undo, case.id, reviewer, room.now) == "settled"
    (dispute,) = room.desk.lead(EVE, room.now)
    assert len(dispute.answers) == 2
    # The lead may be one of the two.
    room.rule(case, "prospect", reviewer)
    assert room.holds("acme") == ("prospect", "reviewer")


@pytest.mark.parametrize("rulings", [1, 2])
def test_a_reader_who_undoes_a_ruling_is_left_with_their_own_answer(database: Database, rulings: int) -> None:
    room = Room(database, second_share=1.0)
    room.keep(doubtful("acme"))
    case = room.work("customer", ANN)
    room.work("client", EVE)
    for said in ("prospect", "customer")[:rulings]:
        room.rule(case, said, EVE)
    again = room.desk.undo(case.id, EVE, room.tick())
    assert again.state == "lead"
    assert again.current is not None
    assert (again.current.stage, again.current.answer) == ("blind", Answer("client"))
    (dispute,) = room.desk.lead(EVE, room.now)
    assert [(given.reviewer, given.answer and given.answer.relationship) for given in dispute.answers] == [
        (ANN, "customer"),
        (EVE, "client"),
    ]
    assert refusal(room, room.desk.undo, case.id, EVE, room.now) == "settled"
    assert room.rule(case, "customer", EVE).stage == "lead"
    assert room.holds("acme") == ("customer", "reviewer")


def test_whoever_contradicts_an_audited_answer_is_read_again(database: Database) -> None:
    room = Room(database, second_share=1e-12)
    room.keep(drawn("acme"), drawn("bolt"))
    case = room.work("client")
    assert room.desk.case(case.id, ANN).state == "closed"
    case = room.work("customer")
    assert room.desk.case(case.id, ANN).state == "open"


def test_the_queue_is_paged_and_filtered(room: Room) -> None:
    room.keep(*(doubtful(f"a-{i:02}") for i in range(12)), drawn("b-1"))
    whole = room.desk.queue(Filters(), ANN, room.now)
    assert len(whole) == 13
    pages = room.desk.queue(Filters(), ANN, room.now, limit=5)
    while len(page := room.desk.queue(Filters(), ANN, room.now, after=pages[-1].id, limit=5)) > 0:
        pages += page
    assert [line.id for line in pages] == [line.id for line in whole]
    case = room.claim()
    chosen = {
        "held": Filters(held=True),
        "free": Filters(held=False),
        "mine": Filters(holder=ANN),
        "ben's": Filters(holder=BEN),
        "audit": Filters(why="audit"),
        "b": Filters(account="b"),
        "wild": Filters(account="%"),
        "late": Filters(opened_from=whole[0].opened_at + 1_000_000 * 100),
    }
    found = {name: len(room.desk.queue(filters, ANN, room.now)) for name, filters in chosen.items()}
    assert found == {"held": 1, "free": 12, "mine": 1, "ben's": 0, "audit": 1, "b": 1, "wild": 0, "late": 0}
    room.answer(case)
    assert [line.id for line in room.desk.queue(Filters(state="closed"), ANN, room.now)] == [case.id]


def test_a_contradicted_label_opens_a_case_unless_a_verdict_stands(room: Room) -> None:
    plain, told = make_record("acme"), doubtful("bolt")
    room.keep(plain, told)
    room.work()
    assert room.desk.open_again([plain.id, told.id, UUID(int=9)], "label", room.now) == 1
    (line,) = room.desk.queue(Filters(), ANN, room.now)
    assert (line.account_id, line.why) == ("acme", "label")


def test_each_verdict_is_a_label_once_with_reviewer_time_and_inclusion(room: Room) -> None:
    key, _ = new_key("review", "Ann Ash", 1, bytes(TOKEN_BYTES))
    room.ledger.add_key(key)
    first, second = drawn("acme", 0.25, as_of=77), doubtful("bolt", as_of=78)
    room.keep(first, second)
    cases = [room.work("customer", key.id) for _ in range(2)]
    labels = {label.account_id: label for label in room.desk.labels(0)}
    assert {name: (label.labelled_at, label.inclusion) for name, label in labels.items()} == {
        "acme": (77, 0.25),
        "bolt": (78, None),
    }
    assert {label.labeller for label in labels.values()} == {"Ann Ash"}
    assert all(
        label.given_at == room.desk.case(case.id, key.id).mine[0].at
        for case in cases
        for label in [labels[case.account_id]]
    )
    one, two = room.desk.labels(0)
    assert room.desk.labels(one.seq) == [two]
    assert room.desk.labels(two.seq) == []
    # A year later somebody says something else: both are true, each of its own time.
    room.now += int(STANDS.value * DAY)
    room.keep(doubtful("acme"))
    room.work("client", key.id)
    assert [label.relationship for label in room.desk.labels(0) if label.account_id == "acme"] == ["customer", "client"]


def test_erasure_takes_all_that_the_desk_knows(database: Database) -> None:
    from reviews.tables import metadata

    room = Room(database, second_share=1.0)
    room.keep(doubtful("acme"), drawn("acme"))
    case = room.work("customer", ANN)
    room.work("client", BEN)
    room.rule(case, "client")
    room.keep(doubtful("bolt"))
    room.desk.skip(room.claim().id, ANN, room.now)
    assert room.ledger.erase("acme", room.tick(), None, None) is not None
    counts = room.ledger.counts()
    left = {name: counts[name] for name in ("cases", "answers", "readings", "verdicts", "audits")}
    assert left == {"cases": 1, "answers": 0, "readings": 1, "verdicts": 0, "audits": 0}
    assert room.desk.labels(0) == []
    with database.reading() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(table.select())]
    assert [row for row in rows if "acme" in map(str, row)] == [
        row for row in rows if hasattr(row, "change_seq") and hasattr(row, "erased_at") and "acme" in map(str, row)
    ]


def test_pruning_leaves_verdicts_labels_and_what_open_cases_show(room: Room) -> None:
    room.keep(doubtful("acme"), doubtful("bolt"), make_record("core"))
    case = room.work("customer")
    assert room.ledger.prune(room.now + 1) == 2
    assert [label.account_id for label in room.desk.labels(0)] == [case.account_id]
    other = room.claim()
    room.answer(other)
    assert refusal(room, room.desk.case, case.id, ANN) == "pruned"
    assert refusal(room, room.desk.reveal, case.id, ANN) == "pruned"
    assert room.desk.verdict_of(case.account_id) is not None


def test_history_is_one_s_own_the_latest_first(room: Room) -> None:
    room.keep(*(doubtful(f"a-{i}") for i in range(4)))
    accounts = [room.work().account_id for _ in range(3)]
    room.work(reviewer=BEN)
    history = room.desk.history(ANN)
    assert [given.account_id for given in history] == accounts[::-1]
    assert room.desk.history(ANN, before=history[0].id, limit=1) == [history[1]]


def test_the_overview_counts(database: Database) -> None:
    room = Room(database, second_share=1.0)
    start = room.now
    room.keep(drawn("a", 0.5), drawn("b", 0.5), doubtful("c"), doubtful("d"))
    shown = {"model_says": "client", "rules_say": "customer", "reasons": ("retainer_active", "meetings_90d")}
    for _ in range(3):
        case = room.claim(ANN)
        said = "customer" if case.account_id == "a" else "client"
        for reviewer in (ANN, BEN):
            case = room.desk.claim_one(case.id, reviewer, room.tick())
            about = Shown(case.prediction_id, **shown)  # type: ignore[arg-type]
            room.desk.answer(case.id, reviewer, Answer(said), room.tick(), about)  # type: ignore[arg-type]
    room.claim(ANN)
    view = room.desk.overview(start, room.now + 1, room.now + 8 * DAY)
    assert (view.opened, view.settled, view.waiting.open, view.waiting.held) == (4, 3, 1, 0)
    assert dict(view.waiting.ages)[7] == 1
    assert sum(each.answers for each in view.throughput) == 6
    (pair,) = view.pairs
    assert (pair.of, pair.n, pair.agreed) == ((ANN, BEN), 3, 3)
    machine, model, rules = view.overturned
    done = {line.account_id for line in room.desk.queue(Filters(state="closed"), ANN, room.now)}
    wrong = int("a" in done)
    assert (machine.n, machine.overturned) == (model.n, model.overturned) == (3, wrong)
    assert (rules.n, rules.overturned) == (3, 3 - wrong)
    assert [each.name for each in view.by_signal] == ["retainer_active"]
    (month,) = view.audited
    assert (month.drawn, month.read, month.wrong) == (2, len(done & {"a", "b"}), wrong)
    assert month.decided == 4
    assert Desk(database).overview(0, 1, room.now).opened == 0


def test_typical_accounts_are_never_cases(room: Room) -> None:
    room.keep(*(make_record(f"a-{i}", signals=signals(purchases=i)) for i in range(21)))
    room.keep(*(doubtful(f"b-{i}", relationship="customer") for i in range(21)))
    room.keep(*(drawn(f"c-{i}", relationship="customer") for i in range(21)))
    typical = room.desk.typical()
    assert set(typical) == {"client"}
    assert typical["client"].n == 21
    assert typical["client"].middle[0] == 10.0


def test_similar_accounts_are_the_nearest_that_were_told(room: Room) -> None:
    for i in range(4):
        room.keep(doubtful(f"a-{i}", signals=signals(purchases=i, meetings_90d=9 - i)))
    cases = {}
    for _ in range(4):
        case = room.claim()
        room.answer(case, "unclear" if case.account_id == "a-2" else "customer")
        cases[case.account_id] = case
    found = room.desk.similar(cases["a-3"].id, ANN)
    assert [each.account_id for each in found] == ["a-1", "a-0"]
    assert found[0].distance < found[1].distance
