"""The history of an account, page by page, and its erasure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serving.reading.schemas import AccountErased, History
from tests.reading import MICROS, Kept, keeping, quoted
from tests.records import make_record

ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20).filter(
    # No account is asked about, or kept, whose id is blank.
    lambda text: text.strip() != ""
)
REASON = "reason=asked%20for%20it"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with keeping(tmp_path_factory.mktemp("store")) as kept:
        yield kept


def history(kept: Kept, account_id: str, query: str = "") -> History:
    answer = kept.service.get(f"/v1/accounts/{quoted(account_id)}/predictions{query}")
    assert answer.status_code == 200, answer.text
    return History.model_validate_json(answer.content)


@given(account_id=ids)
@example(account_id="a/b")
@example(account_id="a%2Fb")
@example(account_id="..")
@example(account_id="predictions")
@example(account_id="a/predictions")
@example(account_id="müller & söhne?#")
@settings(max_examples=12)
def test_any_account_is_found_and_no_other(kept: Kept, account_id: str) -> None:
    record = make_record(account_id)
    kept.keep(record, make_record(f"{account_id}/predictions"), make_record(f"{account_id} "))
    newest = history(kept, account_id).predictions[0]
    assert (newest.id, newest.account_id) == (str(record.id), account_id)


@given(n=st.integers(0, 7), limit=st.integers(1, 5))
@settings(max_examples=10)
def test_pages_add_up_to_the_history_newest_first(kept: Kept, n: int, limit: int) -> None:
    account_id = str(uuid4())
    records = [make_record(account_id) for _ in range(n)]
    kept.keep(*records)
    address, found = f"/v1/accounts/{account_id}/predictions?limit={limit}", []
    while True:
        answer = kept.service.get(address)
        page = History.model_validate_json(answer.content)
        found += [each.id for each in page.predictions]
        assert len(page.predictions) <= limit
        if page.next is None:
            assert "link" not in answer.headers
            break
        assert len(page.predictions) == limit
        reference, relation = answer.headers["link"].split("; ")
        assert relation == 'rel="next"'
        address = urljoin(address, reference[1:-1])
        assert f"before={page.next}" in address
    assert found == [str(record.id) for record in reversed(records)]


def test_a_history_tells_what_was_answered(kept: Kept) -> None:
    record = make_record("told", review_reasons=("few_events",), route="review", evidence=b"x", inclusion=0.02)
    kept.keep(record)
    (told,) = history(kept, "told").predictions
    same = ("relationship", "confidence", "probability_client", "hybrid", "engagement_model", "decided_by", "route")
    assert [getattr(told, name) for name in same] == [getattr(record, name) for name in same]
    assert told.review_reasons == ["few_events"]
    assert (told.versions.model, told.versions.rules) == (record.model, record.rules)
    assert (told.evidence, told.audit_sample) == (True, True)
    kept.keep(make_record("told"))
    assert (history(kept, "told").predictions[0].evidence, history(kept, "told").predictions[0].audit_sample) == (
        False,
        False,
    )


def test_an_account_that_nobody_knows_has_an_empty_history(kept: Kept) -> None:
    assert history(kept, "nobody") == History(predictions=[], next=None)
    assert kept.service.get("/v1/accounts//predictions").status_code == 404
    assert kept.service.get("/v1/accounts/%FF/predictions").json()["type"] == "/errors#not-found"


def test_a_cursor_is_of_one_account(kept: Kept) -> None:
    kept.keep(*(make_record("one") for _ in range(3)))
    cursor = history(kept, "one", "?limit=1").next
    assert len(history(kept, "one", f"?before={cursor}").predictions) == 2
    for path in (f"/v1/accounts/two/predictions?before={cursor}", "/v1/accounts/one/predictions?before=abc"):
        assert kept.flaw(path)["before"].startswith("expected a cursor that this list gave")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=1&limit=1", "limit=٣", "last=1", "before="]
)
def test_a_parameter_that_does_not_fit_is_named(kept: Kept, query: str) -> None:
    assert list(kept.flaw(f"/v1/accounts/one/predictions?{query}")) == [query.partition("=")[0]]


def test_erasure_leaves_a_tombstone_and_nothing_else(kept: Kept) -> None:
    records = [make_record("leaving", decided_at=MICROS - 2, evidence=b"x") for _ in range(3)]
    kept.keep(*records)
    answer = kept.service.request("DELETE", f"/v1/accounts/leaving?{REASON}")
    stone = AccountErased.model_validate_json(answer.content)
    assert answer.status_code == 200
    assert (stone.account_id, stone.reason) == ("leaving", "asked for it")
    assert stone.erased_at == "2026-07-01T12:30:00Z"
    # A caller that did not get the first answer learns the same.
    assert kept.service.request("DELETE", "/v1/accounts/leaving?reason=again").json() == answer.json()
    gone = kept.service.get("/v1/accounts/leaving/predictions")
    assert (gone.status_code, gone.json()["type"]) == (410, "/errors#gone")
    assert "leaving" not in gone.text
    for record in records:
        answer = kept.service.get(f"/v1/predictions/{record.id}")
        assert (answer.status_code, answer.json()["type"]) == (410, "/errors#gone")
        assert "leaving" not in answer.text


def test_an_account_may_come_back(kept: Kept) -> None:
    kept.keep(make_record("back", decided_at=MICROS - 1))
    assert kept.service.request("DELETE", f"/v1/accounts/back?{REASON}").status_code == 200
    late, later = make_record("back", decided_at=MICROS - 1), make_record("back", decided_at=MICROS + 1)
    kept.keep(late, later)
    assert [each.id for each in history(kept, "back").predictions] == [str(later.id)]
    assert kept.service.get(f"/v1/predictions/{late.id}").status_code == 404


def test_what_is_not_known_cannot_be_erased(kept: Kept) -> None:
    answer = kept.service.request("DELETE", f"/v1/accounts/who?{REASON}")
    assert (answer.status_code, answer.json()["type"]) == (404, "/errors#not-found")
    late = make_record("who", decided_at=MICROS - 1)
    kept.keep(late)
    assert history(kept, "who").predictions == []


def test_an_erasure_has_a_reason(kept: Kept) -> None:
    expected = "expected a text that is not empty, of at most 500 characters"
    address = "/v1/accounts/who"
    assert kept.flaw(address, "DELETE") == {"reason": f"it is missing; {expected}"}
    for reason in ("", "%20%09", "x" * 501, "a%00b"):
        assert kept.flaw(f"{address}?reason={reason}", "DELETE") == {"reason": expected}
