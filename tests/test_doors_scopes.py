"""Who may do what: every route stands in the one table, and does for each role what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from starlette.routing import Mount

from reviews.keys import ROLES
from serving.doors.scopes import OPEN, SCOPES, is_page, place_of
from serving.errors import PROBLEM_JSON
from tests.service import Service, bearer, make_key, new_database, revoke_key, running

CASE = "01890000-0000-7000-8000-000000000000"
DEEDS = ("claim", "release", "skip", "answer", "reveal", "revise", "undo", "rule")
ADDRESSES = {
    "/v1/predictions/{prediction_id}": "/v1/predictions/01890000-0000-7000-8000-000000000000",
    "/v1/accounts/{account_id}/predictions": "/v1/accounts/acme/predictions",
    "/v1/accounts/{account_id}": "/v1/accounts/nobody",
    "/static-offline-docs/{path:path}": "/static-offline-docs/favicon.png",
    "/v1/reviews/{case_id}": f"/v1/reviews/{CASE}",
    **{f"/v1/reviews/{{case_id}}/{deed}": f"/v1/reviews/{CASE}/{deed}" for deed in DEEDS},
}
KEYED = [(template, method) for template, method in SCOPES if not is_page(template)]
"""Those that take keys; the desk's pages take sessions, see tests/test_desk_doors.py."""

WRONG = {
    "no key": {},
    "no scheme": {"authorization": "rpt_000000000000_" + "0" * 64},
    "another scheme": {"authorization": "Basic cnB0OnJwdA=="},
    "no key at all": bearer("sesame"),
    "nobody's key": bearer("rpt_000000000000_" + "0" * 64),
    "not ASCII": {"authorization": b"Bearer rpt_\xe9"},
}


@dataclass
class Doors:
    """The service and a key of each kind."""

    service: Service
    keys: dict[str, dict[Any, Any]]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    home = tmp_path_factory.mktemp("doors")
    database = new_database(home)
    keys = {role: make_key(database, role) for role in ROLES}
    revoked = make_key(database, "admin")
    revoke_key(database, revoked)
    shown = {role: bearer(text) for role, text in keys.items()}
    altered = {"another secret": bearer(keys["admin"][:-1] + ("0" if keys["admin"][-1] != "0" else "1"))}
    with running(home / "store", auth=True, database=database, model="rules") as service:
        yield Doors(service, WRONG | altered | {"revoked": bearer(revoked)} | shown)


def routes(service: Service) -> Iterator[tuple[str, str]]:
    """Every template and method that the service has."""
    for route in iter_route_contexts(service.app.routes):
        if isinstance(route.original_route, Mount):
            yield f"{route.original_route.path}/{{path:path}}", "GET"
        else:
            assert route.path is not None
            # What a parameter may look like is no part of the template.
            template = re.sub(r":\w+}", "}", route.path)
            yield from ((template, method) for method in sorted(route.methods or ()) if method != "HEAD")


def test_the_table_has_every_route_and_no_other(doors: Doors) -> None:
    assert set(routes(doors.service)) == set(SCOPES)
    assert {template for template, _ in KEYED if "{" in template} == set(ADDRESSES)


@pytest.mark.parametrize(("template", "method"), KEYED)
def test_each_key_may_what_the_table_says(doors: Doors, template: str, method: str) -> None:
    allowed, address = SCOPES[template, method], ADDRESSES.get(template, template)
    assert place_of(address).template == template
    for name, headers in doors.keys.items():
        answer = doors.service.request(method, address, headers=headers)
        role = name if name in ROLES else None
        if allowed == OPEN or role in allowed:
            assert answer.status_code not in {401, 403}, name
        elif role is None:
            assert_refused(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        else:
            assert_refused(answer, 403, "forbidden")
            assert f"role is {role}" in answer.json()["detail"]


def assert_refused(answer: Any, status: int, name: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM_JSON)
    assert answer.json()["type"] == f"/errors#{name}"


@pytest.mark.parametrize(
    "address", ["/", "/v1", "/v1/nothing", "/v1/predictions/", "/V1/signals", "//v1/signals", "/admin"]
)
def test_without_a_key_nobody_learns_what_there_is(doors: Doors, address: str) -> None:
    assert_refused(doors.service.request("GET", address), 401, "unauthorized")
    assert_refused(doors.service.request("GET", address, headers=doors.keys["review"]), 404, "not-found")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "OPTIONS", "TRACE"])
def test_a_method_that_there_is_not(doors: Doors, method: str) -> None:
    assert_refused(doors.service.request(method, "/v1/predictions"), 401, "unauthorized")
    answer = doors.service.request(method, "/v1/predictions", headers=doors.keys["predict"])
    assert_refused(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"
    assert doors.service.request("PUT", "/healthz").headers["allow"] == "GET, HEAD"


def test_head_needs_what_get_needs(doors: Doors) -> None:
    assert doors.service.request("HEAD", "/v1/changes", headers=doors.keys["review"]).status_code == 403
    assert doors.service.request("HEAD", "/v1/changes", headers=doors.keys["predict"]).status_code == 200
    assert doors.service.request("HEAD", "/v1/changes").status_code == 401


def test_a_route_that_the_table_forgets_is_closed(doors: Doors) -> None:
    async def forgotten() -> str:
        return "secret"

    doors.service.app.add_api_route("/v1/forgotten", forgotten)
    answer = doors.service.request("GET", "/v1/forgotten", headers=doors.keys["admin"])
    assert_refused(answer, 404, "not-found")
    doors.service.app.router.routes.pop()


def test_two_keys_are_none(doors: Doors) -> None:
    key = doors.keys["admin"]["authorization"]
    answer = doors.service.request("GET", "/v1/signals", headers=[("authorization", key)] * 2)
    assert_refused(answer, 401, "unauthorized")


@given(path=st.text().map(lambda text: f"/{text}"))
def test_every_path_has_one_place(path: str) -> None:
    place = place_of(path)
    assert (place.template == "(unknown)") == (not place.roles)
    if "{" not in place.template and place.roles:
        assert place.template == path
