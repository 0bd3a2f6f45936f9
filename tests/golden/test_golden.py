"""The rules alone get every example of the articles right, or leave it to a reviewer where the articles conflict."""

from __future__ import annotations

import pandas as pd
import pytest

from features.arrow import log_of_frames, to_micros
from features.table import signals_matrix
from models.decision import Decision
from models.policy import decide
from models.rules import RuleBook
from tests.golden import Case, load_cases

CASES = list(load_cases())
COLUMNS = ("kind", "subtype", "occurred_at", "amount", "ends_at", "contact_id", "score")


def answer(case: Case) -> Decision:
    """What the rules say of a case."""
    account_id = case.body["account"]["account_id"]
    events = pd.DataFrame(case.body["events"], columns=list(COLUMNS)).assign(account_id=account_id)
    events = events.astype(
        dict.fromkeys(("account_id", "kind", "subtype", "occurred_at", "ends_at", "contact_id"), "str")
    )
    log = log_of_frames(events, pd.DataFrame([case.body["account"]]), case.body.get("records"))
    signals = signals_matrix(log.at(to_micros(case.body["as_of"])))
    return decide(signals, RuleBook.default()).decision(0, reasons=None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules_alone(case: Case) -> None:
    decision = answer(case)
    assert decision.decided_by == "rules"
    reasons = "; ".join(map(str, decision.reasons))
    assert case.accepts(decision.relationship, decision.route), (decision.relationship, decision.route, reasons)
    for name in case.expected.keys() - {"relationship"}:
        assert getattr(decision, name) == case.expected[name], name


def test_no_case_is_a_draw() -> None:
    drawn = [case.name for case in CASES if answer(case).confidence == 0.5]
    assert drawn == []


def test_conflicts_between_articles_go_to_review_unless_the_record_is_clear() -> None:
    routes = {case.name: answer(case).route for case in CASES if case.conflict}
    assert routes["car with a service contract at a garage"] == "review"
    assert routes["payroll and HR service with its advisor"] == "review"


def test_every_example_and_every_overlap_of_the_domain_is_there() -> None:
    assert len(CASES) >= 38
    assert len({case.name for case in CASES}) == len(CASES)
    sources = {word for case in CASES for word in case.source.split()}
    assert {f"H0{number}" for number in range(1, 10)} | {"S0", "S1", "S2", "S3", "C03", "K1"} <= sources
    assert {case.expected["relationship"] for case in CASES} == {"client", "customer", "prospect"}
