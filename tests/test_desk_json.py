"""The desk as JSON: a case from the queue to a label, and a verdict that decides from then on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from features.signals import SIGNAL_NAMES
from reviews.case import CaseRefused
from reviews.case import Refusal as Why
from serving.describing.desk_examples import DOUBTFUL, desk_examples
from serving.describing.examples import ANSWERS
from serving.desk.api.refusals import refusal_for
from serving.desk.api.schemas import LabelsGiven, Revealed, Review, ReviewClaimed, Reviews
from serving.outcomes import OUTCOMES
from tests.service import NOW, Service, bearer, make_key, new_database, running

NAMES = {"Ann": "review", "Ben": "review", "Lea": "admin", "crm": "predict"}
CALLS = [{"kind": "call", "occurred_at": f"2026-0{month}-01"} for month in range(1, 7)]


@dataclass
class Desk:
    """The service, and who asks it."""

    service: Service
    keys: dict[str, str]

    def ask(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        given: dict[str, Any] = {} if body is None else {"json": body}
        return self.service.request(method, path, headers=bearer(self.keys[who]), **given)

    def do(self, who: str, method: str, path: str, body: Any = None) -> Any:
        answer = self.ask(who, method, path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, who: str, method: str, path: str, body: Any = None) -> str:
        document = self.ask(who, method, path, body).json()
        return str(document["type"].partition("#")[2])

    def predict(self, account_id: str, events: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        body = {"account": {"account_id": account_id}, "events": events or DOUBTFUL["events"]}
        found: dict[str, Any] = self.do("crm", "POST", "/v1/predictions", body)
        return found

    def claim(self, who: str = "Ann") -> dict[str, Any]:
        found: dict[str, Any] = self.do(who, "POST", "/v1/reviews/claim")["review"]
        return found

    def say(self, who: str, review: dict[str, Any], relationship: str, deed: str = "answer", **more: Any) -> Any:
        body = {"prediction_id": review["prediction_id"], "relationship": relationship, **more}
        return self.do(who, "POST", f"/v1/reviews/{review['case_id']}/{deed}", body)

    def heed(self) -> None:
        """Wait until the service knows of a verdict."""
        self.service.run(self.service.app.state.front.verdicts.look())


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    database = new_database(tmp_path)
    keys = {name: make_key(database, role, name) for name, role in NAMES.items()}  # type: ignore[arg-type]
    settings = {"second_share": 0.0, "audit_share": 0.0} | getattr(request, "param", {})
    ticks = count()

    def tick() -> datetime:
        return NOW + timedelta(milliseconds=next(ticks))

    with running(tmp_path, tick, database=database, model="rules", auth=True, **settings) as service:
        yield Desk(service, keys)


def path_of(review: dict[str, Any], deed: str = "") -> str:
    return f"/v1/reviews/{review['case_id']}{deed}"


def test_a_case_from_the_queue_to_the_reveal(desk: Desk) -> None:
    predicted = desk.do("crm", "POST", "/v1/predictions", DOUBTFUL)
    assert predicted["route"] == "review"
    queue = desk.do("Ann", "GET", "/v1/reviews")
    Reviews.model_validate(queue)
    (line,) = queue["reviews"]
    assert (line["name"], line["answered"], line["answers"], line["why"]) == ("The corner shop", False, 0, None)
    assert desk.do("Lea", "GET", "/v1/reviews?why=route")["reviews"][0]["why"] == "route"
    assert desk.refused("Ann", "GET", "/v1/reviews?why=route") == "forbidden"

    claimed = desk.do("Ann", "POST", "/v1/reviews/claim")
    ReviewClaimed.model_validate(claimed)
    review = claimed["review"]
    assert (review["held_by"], review["prediction_id"]) == ("Ann", predicted["id"])
    assert (review["account"], review["events"]) == (DOUBTFUL["account"], DOUBTFUL["events"])
    assert list(review["signals"]) == list(SIGNAL_NAMES)
    assert desk.claim("Ben") is None
    assert desk.refused("Ben", "POST", path_of(review, "/claim")) == "case-held"
    assert desk.refused("Ann", "GET", path_of(review, "/reveal")) == "case-not-answered"

    said = {"sureness": "sure", "note": "Known to us.", "checklist": {"R01": "recurring"}, "hybrid": True}
    answered = desk.say("Ann", review, "client", **said, engagement_model="retainer", strategic_services=True)
    Review.model_validate(answered)
    assert (answered["state"], answered["answer"]["checklist"]) == ("closed", {"R01": "recurring"})
    revealed = desk.do("Ann", "GET", path_of(review, "/reveal"))
    Revealed.model_validate(revealed)
    assert (revealed["relationship"], revealed["rules"]["says"]) == (predicted["relationship"],) * 2
    assert (revealed["model"]["says"], revealed["model"]["note"]) == (None, "The rules answered alone.")
    assert desk.refused("Ben", "GET", path_of(review, "/reveal")) == "case-not-answered"


def test_a_label_is_what_a_reviewer_says_in_the_end(desk: Desk) -> None:
    desk.do("crm", "POST", "/v1/predictions", DOUBTFUL)
    review = desk.claim()
    desk.say("Ann", review, "client")
    revised = desk.say("Ann", review, "customer", "revise")
    assert [each["stage"] for each in revised["history"]] == ["blind", "revealed"]
    undone = desk.do("Ann", "POST", path_of(review, "/undo"))
    assert (undone["state"], undone["answer"], undone["held_by"]) == ("open", None, "Ann")
    assert desk.do("Ann", "GET", "/v1/labels")["labels"] == []
    assert desk.say("Ann", review, "client")["history"][-1]["stage"] == "revealed"

    page = desk.do("Ann", "GET", "/v1/labels?limit=1")
    LabelsGiven.model_validate(page)
    (label,) = page["labels"]
    assert (label["account_id"], label["relationship"], label["labeller"]) == ("corner-shop", "client", "Ann")
    assert (label["labelled_at"], label["source"]) == (DOUBTFUL["as_of"], "reviewer")
    assert page["reviewers"] == ["Ann", "Ben", "Lea"]
    rest = desk.do("Lea", "GET", f"/v1/labels?after={page['cursor']}")
    assert (rest["labels"], rest["cursor"]) == ([], page["cursor"])
    assert desk.refused("Lea", "GET", "/v1/labels?after=AAAAAAAAAAG7XepzzLCyxA") == "invalid-parameter"

    desk.do("Lea", "DELETE", "/v1/accounts/corner-shop?reason=asked")
    assert desk.refused("Ann", "GET", path_of(review)) == "not-found"
    assert desk.do("Ann", "GET", "/v1/labels")["labels"] == []


def test_passing_by_and_giving_back(desk: Desk) -> None:
    for name in ("one", "two"):
        desk.predict(name)
    first = desk.claim()
    assert desk.do("Ann", "POST", path_of(first, "/release"))["held_by"] is None
    assert desk.claim()["case_id"] == first["case_id"]
    assert desk.do("Ann", "POST", path_of(first, "/skip"))["held_by"] is None
    second = desk.claim()
    assert second["case_id"] != first["case_id"]
    assert desk.do("Ann", "POST", path_of(first, "/undo"))["held_by"] == "Ann"
    page = desk.do("Ann", "GET", "/v1/reviews?limit=1")
    rest = desk.do("Ann", "GET", f"/v1/reviews?limit=1&after={page['next']}")
    assert {each["case_id"] for each in (*page["reviews"], *rest["reviews"])} == {first["case_id"], second["case_id"]}
    assert rest["next"] is None
    assert len(desk.do("Ann", "GET", "/v1/reviews?held=me")["reviews"]) == 2
    assert desk.do("Ben", "GET", "/v1/reviews?held=no")["reviews"] == []


@pytest.mark.parametrize("desk", [{"second_share": 1.0}], indirect=True)
def test_where_two_disagree_the_team_lead_decides(desk: Desk) -> None:
    desk.predict("disputed")
    review = desk.claim("Ann")
    assert desk.say("Ann", review, "client")["state"] == "open"
    assert desk.refused("Ann", "POST", path_of(review, "/claim")) == "case-answered"
    desk.claim("Ben")
    lost = desk.say("Ben", review, "customer")
    assert (lost["state"], lost["others"]) == ("lead", None)
    assert desk.refused("Ben", "POST", path_of(review, "/rule"), {}) == "forbidden"
    seen = desk.do("Lea", "GET", path_of(review))
    assert [(each["reviewer"], each["answer"]["relationship"]) for each in seen["others"]] == [
        ("Ann", "client"),
        ("Ben", "customer"),
    ]
    assert desk.say("Lea", review, "client", "rule")["state"] == "closed"
    assert [each["relationship"] for each in desk.do("Ann", "GET", "/v1/labels")["labels"]] == ["client"]


@pytest.mark.parametrize("desk", [{"audit_share": 1.0}], indirect=True)
def test_a_verdict_decides_until_the_account_is_another(desk: Desk) -> None:
    while desk.service.app.state.front.room.records.audit_secret is None:
        desk.service.wait(0.01)
    before = desk.predict("acme", CALLS)
    review = desk.claim()
    desk.say("Ann", review, "prospect", engagement_model="project", hybrid=True)
    desk.heed()

    def told(answer: dict[str, Any]) -> tuple[Any, ...]:
        names = ("relationship", "decided_by", "confidence", "hybrid", "engagement_model", "strategic_services")
        return tuple(answer[name] for name in names)

    verdict = ("prospect", "reviewer", 1.0, True, "project", before["strategic_services"])
    after = desk.predict("acme", CALLS)
    assert told(after) == verdict
    assert (after["route"], after["review_reasons"], after["reasons"][0]["name"]) == ("auto", [], "verdict")
    other = {"account": {"account_id": "other"}, "events": CALLS}
    batch = desk.do(
        "crm", "POST", "/v1/predictions/batch", {"accounts": [other, other | {"account": {"account_id": "acme"}}]}
    )
    assert [each["decided_by"] for each in batch["results"]] == ["rules", "reviewer"]
    assert told(batch["results"][1]) == verdict
    kept = desk.do("crm", "GET", f"/v1/predictions/{after['id']}")
    assert (kept["note"], told(kept)) == (None, verdict)
    # A person has said so already: nobody is asked again, and the CRM learns it once.
    assert (kept["audit_sample"], kept["evidence"]) == (False, False)
    changes = {each["account_id"]: each for each in desk.do("crm", "GET", "/v1/changes")["changes"]}
    assert told(changes["acme"]) == verdict

    bought = [{"kind": "purchase", "occurred_at": f"2026-06-{day:02}", "amount": 900} for day in range(1, 29)]
    moved = desk.predict("acme", CALLS + bought)
    assert moved["decided_by"] == "rules"
    assert desk.do("crm", "GET", f"/v1/predictions/{moved['id']}")["evidence"] is True
    open_again = {each["account_id"]: each for each in desk.do("Lea", "GET", "/v1/reviews")["reviews"]}
    assert open_again["acme"]["why"] == "moved"
    desk.heed()
    assert desk.service.app.state.front.verdicts.by_account == {}


def test_who_cannot_tell_decides_nothing(desk: Desk) -> None:
    predicted = desk.predict("acme")
    desk.say("Ann", desk.claim(), "unclear")
    desk.heed()
    again = desk.predict("acme")
    assert (again["decided_by"], again["relationship"]) == ("rules", predicted["relationship"])
    assert desk.claim() is None
    assert desk.do("Ann", "GET", "/v1/labels")["labels"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"relationship": "partner"}, "/relationship"),
        ({"prediction_id": "x"}, "/prediction_id"),
        ({"engagement_model": "barter"}, "/engagement_model"),
        ({"strategic_services": "yes"}, "/strategic_services"),
        ({"hybrid": None}, "/hybrid"),
        ({"note": "x" * 4001}, "/note"),
        ({"note": "\0"}, "/note"),
        ({"sureness": 3}, "/sureness"),
        ({"checklist": {"R01": "maybe"}}, "/checklist/R01"),
        ({"checklist": {"R99": "yes"}}, "/checklist/R99"),
        ({"verdict": "client"}, "/verdict"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_by_its_place(fitting: Desk, change: Any, pointer: str) -> None:
    body = ANSWERS["client"]["value"] | change
    answer = fitting.ask("Ann", "POST", "/v1/reviews/01890000-0000-7000-8000-000000000000/answer", body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/errors#invalid-request")
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == [pointer]


@pytest.fixture(scope="module")
def fitting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = tmp_path_factory.mktemp("fitting")
    database = new_database(home)
    keys = {"Ann": make_key(database, "review", "Ann")}
    with running(home, database=database, model="rules", auth=True) as service:
        yield Desk(service, keys)


def test_what_is_not_there_and_what_nobody_asked_for(fitting: Desk) -> None:
    absent = "/v1/reviews/01890000-0000-7000-8000-000000000000"
    assert fitting.refused("Ann", "GET", absent) == "not-found"
    assert fitting.refused("Ann", "GET", "/v1/reviews/none") == "not-found"
    assert fitting.refused("Ann", "POST", f"{absent}/skip") == "not-found"
    assert fitting.refused("Ann", "POST", f"{absent}/answer", ANSWERS["client"]["value"]) == "not-found"
    assert fitting.refused("Ann", "GET", f"{absent}?reveal=true") == "invalid-parameter"
    assert fitting.refused("Ann", "POST", "/v1/reviews/claim?n=2") == "invalid-parameter"
    assert fitting.do("Ann", "POST", "/v1/reviews/claim") == {"review": None}


@pytest.mark.parametrize("why", Why.__args__)  # type: ignore[attr-defined] # a Literal has them
def test_whatever_is_in_the_way_has_a_name(why: Why) -> None:
    refusal = refusal_for(CaseRefused(why))
    assert OUTCOMES[refusal.name].status == (404 if why in {"no-case", "pruned"} else 409)


def test_the_examples_are_true(desk: Desk) -> None:
    examples = desk_examples()
    desk.do("crm", "POST", "/v1/predictions", DOUBTFUL)
    assert alike(desk.do("Ann", "GET", "/v1/reviews"), examples["list_reviews"] | {"reviews": [FREE]})
    claimed = desk.do("Ann", "POST", "/v1/reviews/claim")
    assert alike(claimed, examples["claim_next_review"])
    review = claimed["review"]
    said = {name: value for name, value in ANSWERS["client"]["value"].items() if name != "prediction_id"}
    said.pop("relationship")
    assert alike(desk.say("Ann", review, "client", **said), examples["answer_review"])
    assert alike(desk.do("Ann", "GET", path_of(review, "/reveal")), examples["reveal_review"])
    assert alike(desk.do("Ann", "GET", "/v1/labels"), examples["read_labels"] | {"reviewers": ["Ann", "Ben", "Lea"]})


FREE = desk_examples()["list_reviews"]["reviews"][0] | {"held_by": None, "held_until": None}


def alike(answer: Any, example: Any) -> bool:
    """Whether an answer is the example, but for what no two share and digits that are left out."""
    if isinstance(answer, dict):
        never = {"case_id", "prediction_id", "cursor", "opened_at", "held_until", "at", "given_at"}
        return answer.keys() == example.keys() and all(
            (name in never and (value is None) == (example[name] is None)) or alike(value, example[name])
            for name, value in answer.items()
        )
    if isinstance(answer, list):
        return len(answer) == len(example) and all(map(alike, answer, example))
    return bool(abs(answer - example) < 1e-4 if isinstance(answer, float) else answer == example)
