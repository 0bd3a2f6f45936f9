"""The desk's doors: who comes in, for how long, and from where writes are taken."""

from __future__ import annotations

import base64
import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import BadInput
from reviews.keys import ROLES
from serving.desk.entrance.attempts import Attempts
from serving.desk.entrance.signing import _next as next_page
from serving.doors.scopes import OPEN, SCOPES, is_page
from serving.errors import PROBLEM_JSON, Refusal
from tests.desks import doubtful
from tests.records import entry_of
from tests.service import NOW, Service, bearer, make_key, new_database, revoke_key, running
from tests.visitors import HERE, Visitor, actions, hidden, text_of

CASE = "01890000-0000-7000-8000-000000000000"
PAGES = [(template, method) for template, method in SCOPES if is_page(template)]
NAMES = {"predict": "crm", "review": "Ann", "admin": "Lea"}


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@dataclass
class Doors:
    """The service, a key of each role, the clock, and the key of somebody who leaves."""

    service: Service
    keys: dict[str, str]
    database: str
    clock: Clock
    leaver: str = ""

    def visitor(self, role: str = "review") -> Visitor:
        visitor = Visitor(self.service)
        assert visitor.sign_in(self.keys[role]).status_code == 303
        return visitor


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    home, clock = tmp_path_factory.mktemp("doors"), Clock()
    database = new_database(home)
    keys = {role: make_key(database, role, NAMES[role]) for role in ROLES}
    leaver = make_key(database, "review", "Eve")
    settings: dict[str, Any] = {"auth": True, "database": database, "model": "rules"}
    with running(home / "store", clock, **settings, key_seconds=0.05) as service:
        yield Doors(service, keys, database, clock, leaver)


@pytest.fixture(autouse=True)
def rewound(doors: Doors) -> None:
    # Beyond what anybody still has to wait for wrong keys of the test before.
    doors.clock.time += timedelta(hours=1)


def address(template: str) -> str:
    return template.replace("{case_id}", CASE).replace("{name}", "errors").replace("{digest}", "0" * 12)


@pytest.mark.parametrize(("template", "method"), PAGES)
def test_each_role_may_what_the_table_says(doors: Doors, template: str, method: str) -> None:
    allowed = SCOPES[template, method]
    for role in ("review", "admin"):
        answer = doors.visitor(role).send(method, address(template))
        assert (answer.status_code == 403) == (allowed is not OPEN and role not in allowed), role
        assert answer.headers.get("content-type") != PROBLEM_JSON
    for headers in ({}, {"authorization": f"Bearer {doors.keys['admin']}"}, {"cookie": "rapport-desk=made-up"}):
        answer = Visitor(doors.service).send(method, address(template), **headers)
        if allowed is OPEN:
            assert answer.status_code not in {401, 403}
        elif method == "GET":
            assert (answer.status_code, answer.headers["location"][:13]) == (303, "/desk/sign-in")
        else:
            assert (answer.status_code, actions(answer.text)) == (401, ["/desk/sign-in"])


def test_a_key_that_reviews_nothing_does_not_sign_in(doors: Doors) -> None:
    visitor = Visitor(doors.service)
    answer = visitor.sign_in(doors.keys["predict"])
    assert (answer.status_code, visitor.cookies) == (403, {})
    assert "role is predict; this asks for admin or review" in text_of(answer)
    assert doors.keys["predict"] not in answer.text


def test_the_cookie_is_for_this_browser_and_this_site_alone(doors: Doors) -> None:
    flags = {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"}
    for host, headers, name, more in (
        (HERE, {}, "rapport-desk", set()),
        ("localhost:8000", {}, "rapport-desk", set()),
        ("[::1]", {}, "rapport-desk", set()),
        ("desk.acme.com", {}, "__Host-rapport-desk", {"Secure"}),
        ("127.0.0.1.acme.com", {}, "__Host-rapport-desk", {"Secure"}),
        (HERE, {"x_forwarded_proto": "https"}, "__Host-rapport-desk", {"Secure"}),
    ):
        answer = Visitor(doors.service, host).post("/desk/sign-in", {"key": doors.keys["review"]}, **headers)
        first, *given = answer.headers["set-cookie"].split("; ")
        assert (first.partition("=")[0], set(given)) == (name, flags | more), host
        assert doors.keys["review"] not in first


def test_signing_in_says_when_the_browser_keeps_nothing(doors: Doors) -> None:
    visitor = Visitor(doors.service)
    going = visitor.sign_in(doors.keys["review"], next="/desk/history").headers["location"]
    assert visitor.get(going).headers["location"] == "/desk/history"
    visitor.cookies.clear()
    assert "The desk needs HTTPS" in text_of(visitor.get(going))


def test_a_session_ends_with_its_time(doors: Doors) -> None:
    ann = doors.visitor()
    doors.clock.time += timedelta(hours=12, seconds=-1)
    assert ann.signed_in
    doors.clock.time += timedelta(seconds=1)
    assert not ann.signed_in


def test_a_session_ends_when_its_key_is_revoked(doors: Doors) -> None:
    eve = Visitor(doors.service)
    assert eve.sign_in(doors.leaver).status_code == 303
    assert eve.signed_in
    revoke_key(doors.database, doors.leaver)
    doors.service.wait(0.2)
    assert not eve.signed_in


def test_signing_out_ends_copies_too(doors: Doors) -> None:
    ann, thief, lea = doors.visitor(), Visitor(doors.service), doors.visitor("admin")
    thief.cookies = dict(ann.cookies)
    assert thief.signed_in
    assert ann.post("/desk/sign-out").headers["location"] == "/desk/sign-in"
    assert ann.cookies == {}
    assert not thief.signed_in
    assert lea.signed_in


def test_a_restart_signs_nobody_out_and_other_processes_know_them(doors: Doors, tmp_path: Path) -> None:
    ann = doors.visitor()
    settings: dict[str, Any] = {"auth": True, "database": doors.database, "model": "rules"}
    with running(tmp_path, doors.clock, **settings) as other:
        there = Visitor(other)
        there.cookies = ann.cookies
        assert there.signed_in


def test_a_session_cannot_be_made_up(doors: Doors) -> None:
    ann = doors.visitor()
    ((name, text),) = ann.cookies.items()
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    @given(place=st.integers(0, len(content) - 1), bit=st.integers(0, 7))
    def check(place: int, bit: int) -> None:
        altered = bytearray(content)
        altered[place] ^= 1 << bit
        ann.cookies = {name: base64.urlsafe_b64encode(altered).decode().rstrip("=")}
        assert not ann.signed_in

    check()
    for made_up in ("", "x", "é", text[:-4], text + "AAAA", "a" * 10_000):
        ann.cookies = {name: made_up.encode("ascii", "ignore").decode()}
        assert not ann.signed_in
    # Off this machine only what is called so is taken, which no neighbouring site can set.
    away = Visitor(doors.service, "desk.acme.com")
    away.cookies = {name: text}
    assert not away.signed_in


OTHERS = {
    "another site": {"sec-fetch-site": "cross-site"},
    "a neighbouring site": {"sec-fetch-site": "same-site"},
    "another site, an old browser": {"origin": "https://evil.example"},
    "another port": {"origin": "http://127.0.0.1:9000"},
    "a page that hides where it is": {"origin": "null"},
    "no browser": {},
    "both, which do not agree": {"sec-fetch-site": "cross-site", "origin": f"http://{HERE}"},
    "no address": {"origin": "http://["},
}
OWN = {
    "this page": {"sec-fetch-site": "same-origin"},
    "this page, an old browser": {"origin": f"http://{HERE}"},
    "this page behind a proxy, an old browser": {"origin": f"https://{HERE}"},
}


@pytest.mark.parametrize("template", [template for template, method in PAGES if method == "POST"])
def test_writes_are_taken_from_the_desks_own_pages_alone(doors: Doors, template: str) -> None:
    lea = doors.visitor("admin")
    for headers, own in [*((each, False) for each in OTHERS.values()), *((each, True) for each in OWN.values())]:
        lea.headers = {"host": HERE, **headers}
        cookies = dict(lea.cookies)
        answer = lea.post(address(template), {"note": "<b>"})
        assert ("sent from another site" in answer.text) is not own, headers
        if not own:
            assert answer.status_code == 403
            # What another site wrote is not offered to be sent again.
            assert "&lt;b&gt;" not in answer.text
            assert lea.cookies == cookies
        lea.cookies = cookies


def test_a_link_on_another_site_leads_in(doors: Doors) -> None:
    """To which a browser adds no cookie of ours; the page then asks for itself."""
    stranger = Visitor(doors.service)
    answer = stranger.get("/desk/cases/x?year=2026", sec_fetch_site="cross-site")
    assert (answer.status_code, answer.headers["refresh"]) == (200, "0; url=/desk/cases/x?year=2026")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert stranger.get("/desk/cases/x?year=2026").headers["location"] == (
        "/desk/sign-in?next=%2Fdesk%2Fcases%2Fx%3Fyear%3D2026"
    )


@given(
    address=st.text() | st.text().map("/desk".__add__) | st.sampled_from(["//evil", "/desk\\..", "/desk/\n", "/deskx"])
)
def test_nobody_is_led_elsewhere_after_signing_in(address: str) -> None:
    led = next_page({"next": address})
    assert re.fullmatch(r"/desk(/[^\\\n\r\t]*|\?.*)?", led)


def test_wrong_keys_are_slowed_down(doors: Doors) -> None:
    visitor, right = Visitor(doors.service), doors.keys["review"]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert [visitor.sign_in(wrong).status_code for _ in range(11)] == [401] * 10 + [429]
    refused = visitor.sign_in("sesame")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "6")
    assert "Wait 6 seconds" in text_of(refused)
    # Who knows the id of a reviewer's key does not lock them out, nor others.
    assert visitor.sign_in(right).status_code == 303
    assert visitor.sign_in(doors.keys["admin"]).status_code == 303
    doors.clock.time += timedelta(seconds=6)
    assert [visitor.sign_in(wrong).status_code for _ in range(2)] == [401, 429]


@given(st.lists(st.integers(0, 20_000_000)))
def test_attempts_are_ten_and_ten_a_minute(pauses: list[int]) -> None:
    attempts, now, taken = Attempts(), 0, list[int]()
    for pause in pauses * 5:
        now += pause
        try:
            attempts.fail(now)
        except Refusal:
            continue
        taken.append(now)
    for i, first in enumerate(taken):
        assert all(k - i < 10 + (later - first) / 6_000_000 for k, later in enumerate(taken[i:], i))


def test_pages_guard_themselves(doors: Doors) -> None:
    lea = doors.visitor("admin")
    for path in ("/desk/", "/desk/history", "/desk/overview", "/desk/disputes", "/desk/nothing", "/desk/cases/x"):
        answer = lea.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)|javascript:", answer.text), path
        head = lea.send("HEAD", path)
        assert (head.status_code, head.content) == (answer.status_code, b"")
    file = re.search(r'href="(/desk/static/[^"]*css)"', lea.get("/desk/").text)
    assert file is not None
    assert Visitor(doors.service).get(file[1]).headers["cache-control"] == "public, max-age=31536000, immutable"


def test_errors_of_pages_are_pages_and_of_programs_problems(doors: Doors) -> None:
    lea = doors.visitor("admin")
    for path, method, status in (
        ("/desk/nothing", "GET", 404),
        (f"/desk/cases/{CASE}", "GET", 404),
        ("/desk/history", "POST", 405),
        ("/desk/charts/none.svg", "GET", 404),
        (f"/desk/cases/{CASE}/answer", "POST", 422),
    ):
        answer = lea.send(method, path, "", content_type="application/x-www-form-urlencoded")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert "Back to the queue" in text_of(answer)
    assert lea.post("/desk/history").headers["allow"] == "GET, HEAD"
    assert lea.send("POST", f"/desk/cases/{CASE}/answer", "{}", content_type="application/json").status_code == 415
    assert doors.service.request("GET", "/v1/reviews/x", headers=bearer(doors.keys["review"])).json()["status"] == 404


def test_what_was_written_outlives_the_session(doors: Doors) -> None:
    doors.service.run(keep(doors, "outlived"))
    ann = doors.visitor()
    case = ann.post("/desk/next").headers["location"]
    (prediction,) = (value for name, value in hidden(ann.get(case).text).items() if name == "prediction")
    form = {"prediction": prediction, "relationship": "client", "note": 'Said "<script>" & more.\r\nTwice.'}
    doors.clock.time += timedelta(hours=12)
    refused = ann.post(f"{case}/answer", form)
    assert refused.status_code == 401
    carried = hidden(refused.text)
    wrong = ann.sign_in("sesame", **carried)
    assert hidden(wrong.text) == carried
    again = ann.sign_in(doors.keys["review"], **hidden(wrong.text))
    assert again.status_code == 200
    assert f"{case}/answer" in actions(again.text)
    assert hidden(again.text) == form
    # The lease has run out meanwhile, but nobody else took the case.
    assert ann.post(f"{case}/answer", hidden(again.text)).headers["location"] == case
    assert "Twice." in ann.get(case).text


def test_while_the_database_is_away_the_page_says_so_and_nothing_is_lost(doors: Doors) -> None:
    doors.service.run(keep(doors, "away"))
    ann = doors.visitor()
    case = ann.post("/desk/next").headers["location"]
    form = {"prediction": hidden(ann.get(case).text)["prediction"], "relationship": "client", "note": "As was said."}
    path = Path(doors.database.removeprefix("sqlite:///"))
    shutil.move(path, path.with_suffix(".away"))
    try:
        for answer in (ann.get("/desk/"), ann.get(case), ann.post(f"{case}/answer", form)):
            assert answer.status_code == 503
            assert "The database is away" in text_of(answer)
            assert answer.headers["retry-after"] == "5"
            # Still signed in, and the way back is there.
            assert "Ann" in text_of(answer)
    finally:
        shutil.move(path.with_suffix(".away"), path)
    assert hidden(answer.text) == form
    doors.service.wait(0.3)
    assert ann.post(f"{case}/answer", hidden(answer.text)).headers["location"] == case


async def keep(doors: Doors, account_id: str) -> None:
    """Have a prediction kept that opens a case."""
    await doors.service.app.state.front.room.records.keep(entry_of(doubtful(account_id)))


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Doors]:
    database = new_database(tmp_path)
    keys = {role: make_key(database, role, NAMES[role]) for role in ROLES}
    settings: dict[str, Any] = {"auth": True, "database": database, "model": "rules", "proxy_header": "X-Remote-User"}
    with running(tmp_path, proxy_addresses="127.0.0.1, ::1", **settings) as service:
        yield Doors(service, keys, database, Clock())


def test_a_proxy_names_the_reviewer(proxied: Doors) -> None:
    visitor = Visitor(proxied.service)
    assert "Ann" in text_of(visitor.get("/desk/", x_remote_user="Ann"))
    assert "team lead" in text_of(visitor.get("/desk/overview", x_remote_user="Lea"))
    assert visitor.get("/desk/overview", x_remote_user="Ann").status_code == 403
    # Neither who has no key for it nor nobody at all.
    for name in ("crm", "Nobody", "ann"):
        assert visitor.get("/desk/", x_remote_user=name).status_code == 403
    assert visitor.get("/desk/", x_remote_user="").status_code == 303
    # Writes have to come from the desk's own pages here too, and the header is nothing to programs.
    assert visitor.post("/desk/next", x_remote_user="Ann", sec_fetch_site="cross-site").status_code == 403
    assert proxied.service.request("GET", "/v1/reviews", headers={"x-remote-user": "Ann"}).status_code == 401
    twice = [("host", HERE), ("x-remote-user", "Ann"), ("x-remote-user", "Lea")]
    assert proxied.service.request("GET", "/desk/", headers=twice).status_code == 403
    # Whoever has no account with the proxy may still sign in with a key.
    assert visitor.sign_in(proxied.keys["review"]).status_code == 303
    assert visitor.signed_in


def test_the_header_is_believed_of_the_proxy_alone(proxied: Doors, doors: Doors) -> None:
    proxied.service.come_from("10.0.0.7")
    assert Visitor(proxied.service).get("/desk/", x_remote_user="Lea").status_code == 303
    assert Visitor(doors.service).get("/desk/", x_remote_user="Lea").status_code == 303


def test_a_proxys_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="RAPPORT_PROXY_ADDRESSES: expected addresses such as 127"):
        running(tmp_path, proxy_header="X-User", proxy_addresses="proxy.acme.com").__enter__()


def test_without_keys_the_desk_is_this_machines_own(tmp_path: Path) -> None:
    with running(tmp_path, model="rules") as service:
        local = Visitor(service)
        assert "local" in text_of(local.get("/desk/"))
        assert local.get("/desk/overview").status_code == 200
        assert local.get("/desk/sign-in").headers["location"] == "/desk/"
        assert local.post("/desk/next", sec_fetch_site="cross-site").status_code == 403
        crossing = {"sec-fetch-site": "cross-site"}
        assert service.request("POST", "/v1/reviews/claim", headers=crossing).json()["type"] == "/errors#cross-site"


@pytest.mark.parametrize(("template", "method"), SCOPES)
def test_without_keys_only_this_machines_names_are_answered(keyless: Service, template: str, method: str) -> None:
    """Another site's name may be made to lead here."""
    path = re.sub("{[^}]*}", CASE, template)
    for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "0.0.0.0:8000", "10.0.0.7"):
        answer = keyless.request(method, path, headers={"host": host})
        assert answer.status_code == 403, host
        if is_page(template):
            assert "this machine's own" in html.unescape(text_of(answer))
            assert "local" not in re.findall("<bdi>(.*?)</bdi>", answer.text)
        else:
            assert answer.json()["type"] == "/errors#foreign-host"
    for host in ("127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "LocalHost:9"):
        answer = keyless.request(method, path, headers={"host": host, "sec-fetch-site": "same-origin"})
        assert answer.status_code != 403, host


@pytest.fixture(scope="module")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("keyless"), model="rules") as service:
        yield service


def test_metrics_are_not_a_reviewers(doors: Doors) -> None:
    """They count what the machine says, and a reviewer could watch them move."""
    allowed = {role: doors.service.request("GET", "/metrics", headers=bearer(key)) for role, key in doors.keys.items()}
    assert {role: answer.status_code for role, answer in allowed.items()} == {
        "predict": 200,
        "review": 403,
        "admin": 200,
    }
