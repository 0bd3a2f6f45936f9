"""Requests that wait at one moment are judged together, each as it would be alone, and by one model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import BadInput
from models.policy import Model
from models.rules import RuleBook
from models.shelf import choose
from serving.answering.bench import Begun, Case, Outcome
from serving.answering.identities import Identities
from serving.answering.judgement import Judged, judge
from serving.answering.question import Question, read_question
from serving.answering.schemas import request_form
from serving.answering.sitting import MOST_BYTES, MOST_CASES, Sitting
from serving.answering.wanted import Wanted
from tests import logs
from tests.service import crown_model
from tests.test_request_many import Told, tellings

FORM = request_form(10_000)
RULES = RuleBook.default()
NOW = logs.AS_OF + 1


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model | None:
    store = tmp_path_factory.mktemp("store")
    crown_model(store)
    return choose(None, store).model


def asked(told: Told, reasons: int | None, ready: bool) -> Question:
    account, rows = told
    ready_signals = {"account": account, "signals": {"events": len(rows)}}
    body = ready_signals if ready else {"account": account, "events": rows, "as_of": "2024-10-04T00:00:00Z"}
    return read_question(json.dumps(body).encode(), FORM, reasons)


WAYS = st.lists(st.tuples(st.sampled_from([0, 5, None]), st.booleans()), min_size=4, max_size=4)


@given(told=tellings(), ways=WAYS, by_rules=st.booleans())
def test_judged_together_is_judged_alone(
    model: Model | None, told: list[Told], ways: list[tuple[int | None, bool]], by_rules: bool
) -> None:
    questions = [asked(each, *way) for each, way in zip(told, ways, strict=False)]
    judges = RULES, None if by_rules else model, NOW
    for question, outcome in zip(questions, judge(questions, *judges) if questions else [], strict=True):
        (alone,) = judge([question], *judges)
        if isinstance(alone, BadInput):
            assert isinstance(outcome, BadInput)
            assert outcome.problems == alone.problems
        else:
            assert isinstance(outcome, Judged)
            assert (outcome.decision, outcome.as_of) == (alone.decision, alone.as_of)
            assert outcome.signals.tobytes() == alone.signals.tobytes()


class Hearing:
    """Answers each case with its own body, and remembers how many were heard together."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, cases: Sequence[Case]) -> list[Outcome]:
        self.sizes.append(len(cases))
        if len(cases) > 1 and any(case.body == b"odd" for case in cases):
            raise ZeroDivisionError
        return [self._answer(case.body) for case in cases]

    def _answer(self, body: bytes) -> Outcome:
        if body == b"odd":
            raise ZeroDivisionError
        return BadInput("It does not fit.") if body == b"wrong" else Begun(body, None, 0)


def hear(*bodies: bytes) -> tuple[list[int], list[bytes | BaseException]]:
    """Ask all at one moment; how many were heard together, and what came of each."""
    hearing = Hearing()

    async def all_at_once() -> list[Begun | BaseException]:
        sitting = Sitting(hearing)
        return await asyncio.gather(*(sitting.ask(case(body)) for body in bodies), return_exceptions=True)

    outcomes = asyncio.run(all_at_once())
    return hearing.sizes, [each.text if isinstance(each, Begun) else each for each in outcomes]


def case(body: bytes = b"") -> Case:
    return Case(body, Wanted(), None)


def test_who_waits_at_one_moment_is_heard_together_up_to_a_limit() -> None:
    bodies = [str(i).encode() for i in range(MOST_CASES + 3)]
    assert hear(*bodies) == ([MOST_CASES, 3], bodies)
    half, whole = b"." * (MOST_BYTES // 2), b"." * (MOST_BYTES + 1)
    assert hear(half, half, half, whole, half)[0] == [2, 1, 1, 1]


def test_who_is_alone_is_heard_in_the_next_round_of_the_loop() -> None:
    async def rounds() -> int:
        asking = asyncio.ensure_future(Sitting(Hearing()).ask(case()))
        count = 0
        while not asking.done():
            await asyncio.sleep(0)
            count += 1
        return count

    assert asyncio.run(rounds()) <= 3


def test_one_that_does_not_fit_or_fails_spoils_nobody_else() -> None:
    sizes, (first, odd, wrong, last) = hear(b"a", b"odd", b"wrong", b"b")
    assert (first, last, sizes) == (b"a", b"b", [4, 1, 1, 1, 1])
    assert isinstance(odd, ZeroDivisionError)
    assert isinstance(wrong, BadInput)


def test_who_goes_away_does_not_disturb_the_others() -> None:
    async def leave() -> Begun:
        sitting = Sitting(Hearing())
        leaving, staying = (asyncio.ensure_future(sitting.ask(case(body))) for body in (b"a", b"b"))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(leave()).text == b"b"


@given(st.lists(st.integers(0, 2**47), min_size=1))
def test_ids_ascend_whatever_the_clock_does(moments: list[int]) -> None:
    identities = Identities()
    made = [identities.make(moment) for moment in moments]
    assert made == sorted(set(made))
    assert all((each.version, each.variant) == (7, made[0].variant) for each in made)
    assert [each.int >> 80 for each in made] == [max(moments[: i + 1]) // 1000 for i in range(len(moments))]
