"""The team lead's overview: whatever a desk went through, it tells what counting row by row tells."""

from __future__ import annotations

import contextlib
from collections import Counter
from random import Random
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from reviews.agreement import Pairing
from reviews.answer import OPINIONS, Answer, Shown
from reviews.audited import Drawn
from reviews.case import CaseRefused
from reviews.database import Database
from reviews.desk_tables import answers, audits, cases, verdicts
from reviews.overview import Facts, Overview, Read, Throughput, Waiting, overview_of
from reviews.sample import month_of
from reviews.sql.overviews import AGES
from reviews.terms import DAY
from tests.databases import clear, on_disk
from tests.desks import ANN, BEN, EVE, Room, doubtful, drawn, signals

BEGUN: Final = 10**15
WEEK: Final = 7 * DAY


def counted(database: Database, since: int, until: int, at: int) -> Overview:
    """What an overview has to say, counted row by row in Python."""
    with database.reading() as connection:
        case, said, stood, sample = (
            list(connection.execute(select(table))) for table in (cases, answers, verdicts, audits)
        )
    gone = {row.case_id for row in said if row.stage == "withdrawn" and row.at >= since}
    opened = [row for row in case if row.state == "open"]
    waited = [(at - row.opened_at) // DAY for row in opened]
    told = [row for row in said if since <= row.at < until]
    first = [row for row in told if row.stage in {"blind", "lead"}]
    done = Counter(((row.at - 4 * DAY) // WEEK * WEEK + 4 * DAY, row.reviewer) for row in first)
    true = [row for row in stood if since <= row.at < until and row.ended_why not in {"revised", "withdrawn"}]
    months = {row.month for row in sample if since <= row.changed_at < until}
    months |= {row.month for row in sample if month_of(since) <= row.month <= month_of(max(since, until - 1))}
    facts = Facts(
        waiting=Waiting(
            open=len(opened),
            held=sum(row.holder is not None and row.held_until > at for row in opened),
            second=sum(row.wanted > 1 for row in opened),
            lead=sum(row.state == "lead" for row in case),
            oldest_at=min((row.opened_at for row in opened), default=None),
            ages=tuple(
                (low, sum(low <= days < high for days in waited))
                for low, high in zip(AGES, [*AGES[1:], 10**9], strict=True)
            ),
            why=tuple(sorted(Counter(row.why for row in opened).items())),
        ),
        opened=sum(since <= row.opened_at < until for row in case),
        settled=sum(row.closed_at is not None and since <= row.closed_at < until for row in case),
        revised=(
            len({(row.case_id, row.reviewer) for row in told if row.was is not None}),
            sum(row.stage == "blind" for row in told),
        ),
        throughput=[Throughput(*which, n) for which, n in sorted(done.items())],
        pairings=[
            Pairing(month_of(row.at), row.other, row.reviewer, row.other_said, row.relationship)
            for row in told
            if row.other is not None and row.case_id not in gone
        ],
        drawn=[_drawn(row) for row in sample if row.month in months],
        read=[Read(row.relationship, row.machine, row.model_says, row.rules_say, row.reason, 1) for row in true],
    )
    return overview_of(facts)


def _drawn(row: Any) -> Drawn:
    wrong = None if row.said in {None, "unclear"} else row.said != row.relationship
    return Drawn(row.month, row.inclusion, wrong, row.said == "unclear", 1, row.pending)


def deed(room: Room, what: str, account: str, who: str, said: Any) -> None:
    """Do one thing to an account, or to its latest case, as far as the desk allows it."""
    if what in {"doubt", "draw"}:
        looks = {
            "relationship": "customer" if said == "customer" else "client",
            "signals": signals(purchases=len(said)),
        }
        return room.keep(doubtful(account, **looks) if what == "doubt" else drawn(account, 0.5, **looks))
    if what == "erase":
        room.ledger.erase(account, room.tick(), None, None)
    if what == "sweep":
        room.desk.sweep(room.tick())
    with room.database.reading() as connection:
        latest = select(cases).where(cases.c.account_id == account).order_by(cases.c.opened_at.desc()).limit(1)
        case = connection.execute(latest).first()
        spoke = select(answers.c.reviewer).where(answers.c.account_id == account).order_by(answers.c.id.desc()).limit(1)
        last = connection.execute(spoke).scalar() or who
    if case is None:
        return None
    # Else hardly anybody would ever change what they said.
    who = {"revise": last, "undo": last, "rule": EVE}.get(what, who)
    about = Shown(case.prediction_id, *[None if said == "prospect" else said, "client"], (said,) * (said != "prospect"))
    with contextlib.suppress(CaseRefused):
        if what in {"claim", "answer"}:
            room.desk.claim_one(case.id, who, room.tick())
        if what in {"answer", "revise", "rule"}:
            getattr(room.desk, what)(case.id, who, Answer(said), room.tick(), about)
        elif what in {"skip", "undo"}:
            getattr(room.desk, what)(case.id, who, room.tick())
    return None


WHAT: Final = (
    *["answer"] * 6,
    *["revise", "undo", "rule"] * 2,
    *("doubt", "doubt", "draw", "claim", "skip", "sweep", "erase"),
)
SAID: Final = ("client", "client", "client", *OPINIONS)
DAYS: Final = (*[0.0] * 8, 0.3, 2.0, 9.0, 40.0, 370.0)
"""Between two deeds. Half a day after an answer it can no longer be changed; after a year a verdict is too old."""


periods = st.tuples(*[st.floats(-0.1, 1.1)] * 3)
"""Where a period begins and ends, and when it is now, of the time that the desk is worked at."""


@on_disk()
@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.0, 1.0, 1.0]), looks=st.lists(periods, max_size=5))
def test_it_tells_what_counting_row_by_row_tells(database: Database, seed: int, share: float, looks: Any) -> None:
    clear(database)
    # Drawn at random, as hypothesis hardly ever finds two who disagree, a third who rules, and one who changes a mind.
    chance = Random(seed)  # noqa: S311 - no secret
    room = Room(database, second_share=share)
    room.keep(*(drawn(account, 0.5) for account in "ab"), *map(doubtful, "cd"))
    for _ in range(30):
        room.now += round(chance.choice(DAYS) * DAY)
        deed(room, chance.choice(WHAT), chance.choice("aaaabcd"), chance.choice((ANN, BEN)), chance.choice(SAID))
    lasted = room.now - BEGUN
    times = [tuple(BEGUN + round(part * lasted) for part in look) for look in looks]
    for since, until, at in [(0, room.now + 1, room.now), *times]:
        assert room.desk.overview(since, until, at) == counted(database, since, until, at)


def test_a_pair_of_which_one_was_taken_back_says_nothing(database: Database) -> None:
    """However either answers again, they have seen too much by then."""
    room = Room(database, second_share=1.0)
    room.keep(doubtful("a"), doubtful("b"))
    pairs = []
    for _ in range(2):
        case = room.work(reviewer=ANN)
        room.desk.claim_one(case.id, BEN, room.tick())
        room.answer(case, reviewer=BEN)
        pairs.append([(pair.of, pair.n) for pair in room.desk.overview(0, room.now + 1, room.now).pairs])
        room.desk.undo(case.id, BEN, room.tick())
        pairs.append([(pair.of, pair.n) for pair in room.desk.overview(0, room.now + 1, room.now).pairs])
        room.answer(case, reviewer=BEN)
        assert room.desk.overview(0, room.now + 1, room.now) == counted(database, 0, room.now + 1, room.now)
    assert pairs == [[((ANN, BEN), 1)], [], [((ANN, BEN), 1)], []]
