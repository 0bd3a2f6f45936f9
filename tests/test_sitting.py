"""Requests that wait at one moment are judged together, each as it would be alone, and by one model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import BadInput
from models.policy import Model
from models.rules import RuleBook
from models.shelf import choose
from serving.answering.identities import Identities
from serving.answering.judgement import Judged, judge
from serving.answering.question import Question, read_question
from serving.answering.schemas import request_form
from serving.answering.sitting import MOST_ACCOUNTS, MOST_EVENTS, Sitting
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


def ask(name: str = "a", events: int = 0, **more: Any) -> Question:
    rows = [{"kind": "call", "occurred_at": "2024-01-01"}] * events
    return read_question(json.dumps({"account": {"account_id": name}, "events": rows, **more}).encode(), FORM)


def asked(told: Told, reasons: int | None, ready: bool) -> Question:
    account, rows = told
    content: dict[str, Any] = {"account": account, "signals": {"events": len(rows)}} if ready else {}
    body = content or {"account": account, "events": rows, "as_of": "2024-10-04T00:00:00Z"}
    return read_question(json.dumps(body).encode(), FORM, reasons)


class Bench:
    """Judges, and remembers who was judged together."""

    def __init__(self, model: Model | None) -> None:
        self.sizes: list[int] = []
        self._model = model

    def __call__(self, questions: Sequence[Question]) -> list[Judged | BadInput]:
        self.sizes.append(len(questions))
        return judge(questions, RULES, self._model, NOW)


def hear(questions: Sequence[Question], bench: Any) -> list[Judged | BaseException]:
    """Ask all at one moment."""

    async def all_at_once() -> list[Judged | BaseException]:
        sitting = Sitting(bench)
        return await asyncio.gather(*map(sitting.ask, questions), return_exceptions=True)

    return asyncio.run(all_at_once())


@given(
    tellings(), st.lists(st.tuples(st.sampled_from([0, 5, None]), st.booleans()), min_size=4, max_size=4), st.booleans()
)
def test_together_is_as_alone(
    model: Model | None, told: list[Told], ways: list[tuple[int | None, bool]], by_rules: bool
) -> None:
    bench = Bench(None if by_rules else model)
    questions = [asked(each, *way) for each, way in zip(told, ways, strict=False)]
    for question, outcome in zip(questions, hear(questions, bench), strict=True):
        (alone,) = bench([question])
        if isinstance(alone, BadInput):
            assert isinstance(outcome, BadInput)
            assert outcome.problems == alone.problems
        else:
            assert isinstance(outcome, Judged)
            assert (outcome.decision, outcome.as_of) == (alone.decision, alone.as_of)
            assert outcome.signals.tobytes() == alone.signals.tobytes()


def test_who_waits_at_one_moment_sits_together_up_to_a_limit() -> None:
    bench = Bench(None)
    hear([ask()] * (MOST_ACCOUNTS + 3), bench)
    assert bench.sizes == [MOST_ACCOUNTS, 3]
    bench = Bench(None)
    half = ask(events=MOST_EVENTS // 2)
    hear([half, half, half, ask(events=MOST_EVENTS + 1), half], bench)
    assert bench.sizes == [2, 1, 1, 1]


def test_who_is_alone_is_judged_in_the_next_round_of_the_loop() -> None:
    async def rounds() -> int:
        asking = asyncio.ensure_future(Sitting(Bench(None)).ask(ask()))
        count = 0
        while not asking.done():
            await asyncio.sleep(0)
            count += 1
        return count

    assert asyncio.run(rounds()) <= 3


def test_what_nobody_foresaw_about_one_fails_that_one_alone() -> None:
    class Trips(Bench):
        def __call__(self, questions: Sequence[Question]) -> list[Judged | BadInput]:
            if any(each.account["account_id"] == "odd" for each in questions):
                raise ZeroDivisionError
            return super().__call__(questions)

    first, odd, last = hear([ask("a"), ask("odd"), ask("b")], Trips(None))
    assert isinstance(odd, ZeroDivisionError)
    assert isinstance(first, Judged)
    assert isinstance(last, Judged)


def test_who_goes_away_does_not_disturb_the_others() -> None:
    async def leave() -> Judged:
        sitting = Sitting(Bench(None))
        leaving, staying = asyncio.ensure_future(sitting.ask(ask())), asyncio.ensure_future(sitting.ask(ask()))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert isinstance(asyncio.run(leave()), Judged)


@given(st.lists(st.integers(0, 2**47), min_size=1))
def test_ids_ascend_whatever_the_clock_does(moments: list[int]) -> None:
    identities = Identities()
    made = [identities.make(moment) for moment in moments]
    assert made == sorted(set(made))
    assert all((each.version, each.variant) == (7, made[0].variant) for each in made)
    assert [each.int >> 80 for each in made] == [max(moments[: i + 1]) // 1000 for i in range(len(moments))]
