"""The desk's pages, without a browser: what they draw, what they say, and where each form leads."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import KINDS
from features.request import log_of_one
from features.signals import BY_NAME, CATALOGUE, SIGNAL_NAMES
from features.table import signals_matrix
from models import drawing
from models.reasons import Reason
from models.rules import RuleBook
from reviews.database import open_database
from reviews.evidence import Evidence, write_evidence
from reviews.record import Entry, Record, pack
from serving.desk.charts.bars import bar_rows, scale_of
from serving.desk.charts.history import draw_history
from serving.desk.charts.strips import strip_of
from serving.desk.charts.trends import Pile, Point, draw_agreement, draw_errors, draw_throughput
from serving.desk.pages.files import address_of
from serving.desk.words.happenings import happenings_of
from serving.desk.words.heads import name_in
from serving.desk.words.measures import by_question, group_measures, measures_of
from serving.desk.words.numbers import percent
from serving.desk.words.times import DAY, ago, long
from serving.desk.words.vocabulary import KEYS, OPINIONS, SURENESSES
from tests import logs
from tests.browser import ODD_NAMES, PEOPLE, Ticking, records
from tests.oracle import Event
from tests.records import identity
from tests.service import Service, make_key, new_database, running
from tests.visitors import Visitor, actions, hidden, text_of
from tests.wire import wire_account, wire_event

STATIC = Path(__file__).resolve().parent.parent / "serving" / "desk" / "static"

ACCOUNT = st.tuples(st.lists(logs.events(), max_size=12), logs.facts())


def evidence_of(events: list[Event], facts: Any = None) -> Evidence:
    account = {"account_id": "acme"} if facts is None else wire_account("acme", facts)
    return Evidence(account, tuple(wire_event(event, 0) for event in events), None)


# ---- What is drawn


@given(account=ACCOUNT)
def test_a_reviewer_sees_the_events_that_the_machine_counted(account: tuple[list[Event], Any]) -> None:
    evidence = evidence_of(*account)
    shown = happenings_of(evidence, logs.AS_OF)
    log = log_of_one(evidence.account, evidence.events, frozenset(KINDS))
    signals = dict(zip(SIGNAL_NAMES, signals_matrix(log.at(logs.AS_OF))[0].tolist(), strict=True))
    assert len(shown) == signals["events"]
    # Unknown where no event names anybody.
    assert len({each.person for each in shown if each.person}) == np.nan_to_num(signals["contacts"])
    assert sum(each.kind == "purchase" for each in shown) == signals["purchases"]
    assert [each.at for each in shown] == sorted((each.at for each in shown), reverse=True)


@given(account=ACCOUNT, year=st.none() | st.integers(2015, 2030))
def test_the_picture_holds_each_event_once_and_stays_within_its_frame(
    account: tuple[list[Event], Any], year: int | None
) -> None:
    shown = happenings_of(evidence_of(*account), logs.AS_OF)
    history = draw_history(shown, logs.AS_OF, year)
    counted = sum(lane.count for lane in history.lanes)
    assert counted == len(shown) if year is None else counted <= len(shown)
    for lane in history.lanes:
        assert all(0.0 <= mark.x <= 100.0 for mark in lane.marks)
        for bar in lane.bars:
            assert 0.0 <= bar.x <= 100.0
            assert bar.row < lane.rows
        # Bars of one row do not cover each other, but for the thinness of those that last no time.
        for row in range(lane.rows):
            bars = sorted((bar.x, bar.width) for bar in lane.bars if bar.row == row)
            assert all(x + width <= after + 0.4001 for (x, width), (after, _) in pairwise(bars))
    assert len(history.ticks) <= 13


@given(account=ACCOUNT)
def test_every_event_is_in_sight_in_one_of_the_years(account: tuple[list[Event], Any]) -> None:
    shown = happenings_of(evidence_of(*account), logs.AS_OF)
    whole = draw_history(shown, logs.AS_OF)
    by_year = [draw_history(shown, logs.AS_OF, year) for year in whole.years]
    assert sum(lane.count for history in by_year for lane in history.lanes) >= len(shown)


def test_many_events_at_one_place_are_one_mark_that_says_so() -> None:
    events = [Event("email", logs.AS_OF - DAY - second, amount=None) for second in range(9)]
    (lane,) = draw_history(happenings_of(evidence_of(events), logs.AS_OF), logs.AS_OF).lanes
    (mark,) = lane.marks
    assert lane.count == 9
    assert mark.title.endswith("and 5 more")


VALUES = st.lists(st.integers(0, 8).map(float) | st.floats(-1e6, 1e6), min_size=1, max_size=40).map(sorted)


@given(clients=VALUES, customers=VALUES, one=st.floats(-2e6, 2e6), other=st.floats(-2e6, 2e6))
def test_a_strip_is_a_rank(clients: list[float], customers: list[float], one: float, other: float) -> None:
    low, high = (strip_of(value, clients, customers) for value in sorted((one, other)))
    assert 0.0 <= low.at <= high.at <= 100.0
    for side in (low.client, low.customer):
        assert 0.0 <= side.left <= side.left + side.width <= 100.0
    assert low.client.below == pytest.approx(
        np.mean([(x < min(one, other)) + 0.5 * (x == min(one, other)) for x in clients])
    )


@given(base=st.floats(-5, 5), weights=st.lists(st.floats(-3, 3), max_size=30))
def test_bars_add_up(base: float, weights: list[float]) -> None:
    reasons = [Reason(f"r{i}", 1.0, "yes/no", weight, "So it is.") for i, weight in enumerate(weights)]
    reasons.sort(key=lambda reason: -abs(reason.log_odds))
    rows = bar_rows(base, "Before", reasons, scale_of([(base, reasons)]))
    assert [row.whole for row in rows] == [False] * (len(rows) - 1) + [True]
    assert rows[-1].log_odds == pytest.approx(sum(row.log_odds for row in rows[:-1]), abs=1e-9)
    assert all(0.0 <= row.left <= row.left + row.width <= 100.0 for row in rows)
    assert all((row.left < 50.0) == (row.log_odds <= 0) for row in rows[:-1])


def test_charts_take_any_name_and_hold_nothing_that_runs() -> None:
    # Also one that matplotlib would take for "not to be told".
    names = ("<script>1</script>", "50 $ to 60 $", "شركة", "_Ann", "$", "_")
    plots = [
        draw_throughput(("29 Jun", "6 Jul"), tuple(Pile(name, (1, 2)) for name in names)),
        draw_errors((Point("2026-06", None, None, None, 0), Point("2026-07", 0.03, 0.006, 0.085, 97, False))),
        draw_agreement((Point("2026-07", 0.5, None, None, 20),)),
        draw_throughput((), ()),
        draw_errors(()),
        draw_agreement(()),
    ]
    for plot in plots:
        image = plot.image.decode()
        assert image.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert "prefers-color-scheme: dark" in image
        assert "<script" not in image
    drawn = re.findall("<text [^>]*>(.*?)</text>", plots[0].image.decode())
    assert {html.escape(name, quote=False) for name in names} <= set(drawn)
    assert draw_errors(()) is plots[4]
    begun = draw_errors((Point("2026-07", None, 0.006, 0.085, 97, False),)).image.decode()
    assert "Jul 2026 still being read (0.6 % to 8 %)" in begun


def test_a_name_of_any_length_fits_into_a_legend() -> None:
    image = draw_throughput(("29 Jun",), (Pile("x" * 200, (1,)),)).image.decode()
    assert f">{'x' * 19}…</text>" in image


# ---- What is said


@given(share=st.floats(0.0, 1.0))
def test_a_share_says_none_or_all_only_where_it_is_so(share: float) -> None:
    assert (percent(share) == "0 %") == (share == 0.0)
    assert (percent(share) == "100 %") == (share == 1.0)


@given(gap=st.integers(0, 400 * 365 * DAY))
def test_how_long_ago_is_never_more_than_it_was(gap: int) -> None:
    words = long(gap)
    count, unit = words.split()
    sizes = {"second": 10**6, "minute": 6 * 10**7, "hour": DAY / 24, "day": DAY, "week": 7 * DAY}
    size = (sizes | {"month": 30.44 * DAY, "year": 365.25 * DAY})[unit.removesuffix("s")]
    assert int(count) * size <= gap < (int(count) + 1) * size
    assert unit.endswith("s") == (count != "1")
    assert ago(0, gap).endswith("ago") or gap < 2 * DAY


def test_every_signal_stands_in_one_group_and_speaks_of_its_unit() -> None:
    measures = measures_of(np.arange(1.0, len(CATALOGUE) + 1))
    grouped = [measure for group in group_measures(measures) for measure in (*group.told, *group.idle)]
    assert sorted(measure.signal.name for measure in grouped) == sorted(SIGNAL_NAMES)
    nothing = measures_of(np.full(len(CATALOGUE), np.nan))
    assert {measure.value for measure in nothing} == {"not known"}
    for measure in measures:
        if measure.signal.unit.whole and measure.signal.unit.name != "yes/no":
            assert measure.signal.unit.name.rstrip("s")[:4] in measure.value


def test_questions_are_shown_the_signals_that_bear_on_them() -> None:
    bearing = by_question(measures_of(np.ones(len(CATALOGUE))))
    assert list(bearing) == [f"R0{number}" for number in range(1, 10)]
    assert BY_NAME["retainer_active"] in [measure.signal for measure in bearing["R03"]]
    assert by_question(measures_of(np.full(len(CATALOGUE), np.nan)))["R03"] == []


@pytest.mark.parametrize("padding", [0, 5_000])
def test_a_name_is_found_however_long_the_account_is(padding: int) -> None:
    said = write_evidence({"account_id": "a", "industry": "x" * padding, "name": " Grün & Söhne "}, [])
    assert name_in("a", pack(said)) == "Grün & Söhne"


def test_no_key_means_two_things() -> None:
    own = [choice.key for choice in (*OPINIONS.values(), *SURENESSES.values())]
    assert len({*own, "s", "z", "h", "?"}) == len(own) + 4
    told = " ".join(key for key, _ in KEYS).lower()
    assert all(key in told for key in own)


def test_the_guide_names_every_key_and_shows_its_pictures() -> None:
    docs = STATIC.parent.parent.parent / "docs"
    guide = (docs / "reviewing.md").read_text(encoding="utf-8")
    for keys, _ in KEYS:
        assert all(f"`{key}`" in guide for key in keys.split()), keys
    shown = set(re.findall(r"\]\((reviewing/\S+\.png)\)", guide))
    assert shown == {f"reviewing/{path.name}" for path in (docs / "reviewing").iterdir()}
    assert sum((docs / picture).stat().st_size for picture in shown) < 400_000


# ---- What it looks like


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css))


def palettes() -> dict[str, dict[str, str]]:
    css = (STATIC / "desk.css").read_text(encoding="utf-8")
    light, _, rest = css.partition("@media (prefers-color-scheme: dark)")
    return {"light": tokens(light), "dark": tokens(light) | tokens(rest.partition("\n}\n")[0])}


def test_pages_and_charts_wear_the_same_colours() -> None:
    shared = {"ink", "faint", "grid", "model", "rules", "client", "customer"}
    words, found = shared - {"faint", "grid"}, palettes()
    chart = {role: colour for colour, role in drawing._ROLES.items()}
    # The desk's ground is grey, so what is faint is a little darker there, and lines are a little lighter.
    assert {role: found["light"][role] for role in words} == {role: chart[role] for role in words}
    assert {role: found["dark"][role] for role in shared} == {role: drawing._DARK[role] for role in shared}


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out(scheme: str) -> None:
    colours, sides = palettes()[scheme], ("client", "customer", "prospect", "unclear")
    pairs = [(word, ground) for word in ("ink", "faint", "accent", *sides) for ground in ("ground", "card", "sunk")]
    pairs += [(word, f"{side}-soft") for side in sides for word in ("ink", "faint", side)]
    pairs += [("accent", "accent-soft"), ("on-accent", "accent"), ("ink", "good"), ("ink", "bad"), ("bar-ink", "bar")]
    assert {
        pair: contrast(*(colours[name] for name in pair))
        for pair in pairs
        if contrast(*(colours[n] for n in pair)) < 4.5
    } == {}
    # What is no letter but has to be seen: WCAG asks for 3.
    marks = [("edge", "card"), ("mark", "card"), ("client", "card"), ("customer", "card"), ("back", "card")]
    assert [pair for pair in marks if contrast(*(colours[name] for name in pair)) < 3.0] == []


# ---- Where forms lead


class Desk:
    """The service with cases of simulated accounts, and people in front of it."""

    def __init__(self, service: Service, keys: dict[str, str]) -> None:
        self.service = service
        self._keys = keys

    def person(self, name: str) -> Visitor:
        visitor = Visitor(self.service)
        assert visitor.sign_in(self._keys[name]).status_code == 303
        return visitor


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def old_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One for tests that leave it as it was, or do not mind what was done there before."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@contextmanager
def open_desk(home: Path, kept: Sequence[Record] | None = None, **given: Any) -> Iterator[Desk]:
    url = new_database(home)
    with open_database(url) as database:
        database.ledger.write([Entry(tuple(records(drawn=4, n=4) if kept is None else kept))])
    keys = {name: make_key(url, role, name) for name, role in PEOPLE.items()}
    usual = {"database": url, "model": "starter", "auth": True, "second_share": 0.0}
    with running(home / "store", Ticking(), **(usual | given)) as service:
        yield Desk(service, keys)


def answer_to(page: httpx.Response, relationship: str = "client", **more: str) -> dict[str, str]:
    """What a browser sends of a case's form."""
    return {"prediction": hidden(page.text)["prediction"], "relationship": relationship, "sureness": "fairly", **more}


def place_of(answer: httpx.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def work(person: Visitor, said: str = "client") -> str:
    """Take the next case and answer it; its address."""
    case = place_of(person.post("/desk/next")).partition("?")[0]
    assert place_of(person.post(f"{case}/answer", answer_to(person.get(case), said))) == case
    return case


def test_an_answer_leads_to_the_reveal_and_its_confirmation_to_the_next_case(desk: Desk) -> None:
    ann = desk.person("Ann")
    first = place_of(ann.post("/desk/next"))
    blind = ann.get(first)
    assert "What the machine thinks" not in text_of(blind)
    assert actions(blind.text)[-2:] == [f"{first}/answer", f"{first}/skip"]

    form = answer_to(blind, "customer", R03="yes", note="They buy.\r\nThey go.", engagement_model="retainer")
    assert place_of(ann.post(f"{first}/answer", form)) == first
    revealed = ann.get(first)
    assert "What the machine thinks" in text_of(revealed)
    assert 'value="customer" required data-key="u" checked' in revealed.text
    assert 'name="R03" value="yes" checked' in revealed.text
    assert "They buy.\nThey go.</textarea>" in revealed.text

    second = place_of(ann.post(f"{first}/revise", form))
    assert second.partition("?")[2] == f"after={first.rpartition('/')[2]}"
    assert "Saved: Customer" in text_of(ann.get(second))
    # To confirm is to say nothing new.
    said = text_of(ann.get("/desk/history"))
    assert (said.count("blind"), said.count("after the reveal")) == (1, 0)


def test_what_was_skipped_or_said_is_taken_back(desk: Desk) -> None:
    ann = desk.person("Ann")
    first = place_of(ann.post("/desk/next"))
    second = place_of(ann.post(f"{first}/skip"))
    assert second.partition("?")[0] != first
    page = ann.get(second)
    assert "Skipped" in text_of(page)
    assert f"{first}/undo" in actions(page.text)
    assert place_of(ann.post(f"{first}/undo")) == f"{first}?undone=yes"
    assert f"{first}/answer" in actions(ann.get(first).text)

    ann.post(f"{first}/answer", answer_to(ann.get(first)))
    assert place_of(ann.post(f"{first}/undo")) == f"{first}?undone=yes"
    again = ann.get(f"{first}?undone=yes")
    assert "Taken back" in text_of(again)
    assert "What the machine thinks" not in text_of(again)
    assert "taken back" in text_of(ann.get("/desk/history"))


def test_a_case_is_one_reviewers_at_a_time(desk: Desk) -> None:
    ann, ben = desk.person("Ann"), desk.person("Ben")
    case = place_of(ann.post("/desk/next"))
    page = ben.get(case)
    assert "Ann has taken this case" in text_of(page)
    assert f"{case}/answer" not in actions(page.text)
    assert place_of(ben.post(f"{case}/claim")) == f"{case}?refused=held"
    assert "Another reviewer holds this case." in text_of(ben.get(f"{case}?refused=held"))
    assert ben.post(f"{case}/answer", answer_to(ann.get(case))).status_code == 409

    ann.post(f"{case}/answer", answer_to(ann.get(case)))
    settled = text_of(ben.get(case))
    assert "It is settled" in settled
    assert "What the machine thinks" not in settled


def test_an_answer_that_is_refused_is_not_lost(desk: Desk) -> None:
    ann, ben = desk.person("Ann"), desk.person("Ben")
    case = place_of(ann.post("/desk/next"))
    form = answer_to(ann.get(case), "customer", note='They "buy" <b>.\r\nTwice.', R03="yes")
    refused = ben.post(f"{case}/answer", form)
    assert refused.status_code == 409
    assert "Another reviewer holds this case. Nothing that you wrote is lost" in text_of(refused)
    assert (hidden(refused.text), f"{case}/answer" in actions(refused.text)) == (form, True)
    # Once it is free, it is kept.
    assert place_of(ann.post(f"{case}/skip"))
    assert place_of(ben.post(f"{case}/answer", hidden(refused.text))) == case
    assert "Twice.</textarea>" in ben.get(case).text

    # Of a settled case nothing is kept any more, but the words are there.
    settled = ann.post(f"{case}/answer", form)
    assert settled.status_code == 409
    assert "Twice." in settled.text
    assert "Send it again" not in settled.text
    assert "&lt;b&gt;" in settled.text


def test_an_answer_that_is_sent_twice_is_kept_once_and_another_is_offered_as_a_change(desk: Desk) -> None:
    ann = desk.person("Ann")
    case = place_of(ann.post("/desk/next"))
    form = answer_to(ann.get(case))
    assert [place_of(ann.post(f"{case}/answer", form)) for _ in range(2)] == [case] * 2
    refused = ann.post(f"{case}/answer", form | {"note": "On second thoughts."})
    assert (refused.status_code, f"{case}/revise" in actions(refused.text)) == (409, True)
    place_of(ann.post(f"{case}/revise", hidden(refused.text)))
    assert "On second thoughts.</textarea>" in ann.get(case).text
    # Taken back in another window, a change is offered as an answer.
    place_of(ann.post(f"{case}/undo"))
    place_of(ann.post(f"{case}/undo"))
    refused = ann.post(f"{case}/revise", form | {"note": "No."})
    assert (refused.status_code, f"{case}/answer" in actions(refused.text)) == (409, True)


def test_what_was_taken_back_is_in_the_form_again(desk: Desk) -> None:
    ann = desk.person("Ann")
    case = place_of(ann.post("/desk/next"))
    form = answer_to(ann.get(case), "customer", note="As I said.", R03="yes", hybrid="yes")
    place_of(ann.post(f"{case}/answer", form))
    again = ann.get(place_of(ann.post(f"{case}/undo"))).text
    assert "What the machine thinks" not in again
    assert 'value="customer" required data-key="u" checked' in again
    assert "As I said.</textarea>" in again
    assert 'name="R03" value="yes" checked' in again
    # Also after a case was passed by nothing is made up.
    place_of(ann.post(f"{case}/skip"))
    skipped = ann.get(place_of(ann.post(f"{case}/undo"))).text
    assert " required data-key=" in skipped


def test_similar_accounts_bear_their_names(desk: Desk) -> None:
    ann = desk.person("Ann")
    cases = [work(ann) for _ in range(2)]
    title = re.search("<title>(.*?) ·", ann.get(cases[0]).text)
    assert title is not None
    similar = ann.get(cases[1]).text.partition("Similar accounts")[2]
    (name,) = re.findall('<td class="name"><bdi title="crm-[0-9]+">(.*?)</bdi>', similar)
    assert name == title[1]


def test_the_head_of_a_case_speaks_as_of_its_own_time(tmp_path: Path) -> None:
    events = [{"kind": "purchase", "occurred_at": f"2025-{month}-15T00:00:00Z"} for month in ("01", "05")]
    as_of = 1_748_736_000_000_000  # 1 June 2025
    name = "x" * 5_000
    said = write_evidence({"account_id": "a", "name": name, "industry": "y" * 900}, events)
    odd = replace(records(drawn=1, n=1)[0], evidence=said, as_of=as_of)
    with open_desk(tmp_path, [odd]) as desk:
        ann = desk.person("Ann")
        page = ann.get(place_of(ann.post("/desk/next")))
        assert "2 events, first 4 months ago , last 2 weeks ago , seen from 1 June 2025" in text_of(page)
        head = re.search("<h1><bdi>(.*?)</bdi></h1>", page.text)
        assert head is not None
        assert len(head[1]) == 200
        assert f"<details><summary>The whole name</summary><p><bdi>{name}</bdi></p></details>" in page.text
        assert f'<bdi title="{"y" * 900}">{"y" * 79}…</bdi>' in page.text


def test_a_month_that_is_half_read_says_so(tmp_path: Path) -> None:
    sampled = next(each for each in records(drawn=10, n=10) if each.inclusion is not None)
    with open_desk(tmp_path, [sampled], second_share=1.0) as desk:
        lea = desk.person("Lea")
        assert "no audited account was read in this period" in text_of(lea.get("/desk/overview?months=1"))
        work(desk.person("Ann"))
        # Of this period nothing was counted before.
        overview = text_of(lea.get("/desk/overview?months=6"))
        assert "Wrong automatic decisions – Jun 2026 is still being read: 0 % to 100 % so far" in overview
        assert "still being read (0 % to 100 %; 1 begun)" in overview
        assert "Jun 2026 still being read (0 % to 100 %)" in lea.get("/desk/charts/errors.svg?months=6").text


def test_the_last_case_leads_back_to_the_queue(desk: Desk) -> None:
    ann = desk.person("Ann")
    for _ in range(4):
        case = work(ann)
    home = place_of(ann.post(f"{case}/revise", answer_to(ann.get(case))))
    assert home.startswith("/desk/?none=yes&after=")
    assert "No case waits for you." in text_of(ann.get(home))


def test_where_two_disagree_the_team_lead_decides(tmp_path: Path) -> None:
    with open_desk(tmp_path, records(drawn=1, n=1), second_share=1.0) as desk:
        ann, ben, lea = (desk.person(name) for name in PEOPLE)
        case = work(ann, "client")
        assert work(ben, "customer") == case
        assert "It waits for the team lead" in text_of(ann.get(case))
        assert f"{case}/rule" not in actions(ben.get(case).text)
        assert ben.post(f"{case}/rule", answer_to(lea.get(case))).status_code == 403

        assert case in lea.get("/desk/disputes").text
        page = lea.get(case)
        assert "Ann" in text_of(page)
        assert "What the machine thinks" not in text_of(page)
        decided = place_of(lea.post(f"{case}/rule", answer_to(page, "customer")))
        assert "Saved: Customer" in text_of(lea.get(decided))
        assert "Nobody disagrees" in text_of(lea.get("/desk/disputes"))
        assert "What the machine thinks" in text_of(lea.get(case))


def test_the_overview_tells_overturned_rules_in_their_own_words(tmp_path: Path) -> None:
    one = replace(records(drawn=1, n=1)[0], model=None, decided_by="rules", rules=RuleBook.default().digest)
    many = [replace(one, id=identity(number), account_id=f"a-{number}") for number in range(1, 6)]
    with open_desk(tmp_path, many) as desk:
        ann = desk.person("Ann")
        for _ in many:
            work(ann, "unclear" if one.relationship == "prospect" else "prospect")
        overview = text_of(desk.person("Lea").get("/desk/overview"))
        told = [rule.text.rstrip(".") for rule in RuleBook.default().rules]
        assert any(f"{text} rule 5 100 %" in overview for text in told)


@pytest.mark.parametrize("page", ["disputes", "overview", "charts/errors.svg"])
def test_what_is_the_team_leads_is_not_a_reviewers(old_desk: Desk, page: str) -> None:
    assert old_desk.person("Ann").get(f"/desk/{page}").status_code == 403
    assert old_desk.person("Lea").get(f"/desk/{page}").status_code == 200


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        ({"relationship": ""}, "Choose one of the four verdicts."),
        ({"relationship": "friend"}, "Choose one of the four verdicts."),
        ({"sureness": "very"}, "How sure you are is unsure, fairly or sure."),
        ({"strategic_services": "perhaps"}, "Strategic services are yes, no or cannot tell."),
        ({"engagement_model": "barter"}, "The engagement model is none of those that the rules know"),
        ({"R03": "never"}, "Question R03 has no such answer"),
        ({"prediction": "no id"}, "The form cannot be read"),
        ({"prediction": str(identity(9))}, "There is no such prediction, or it is no longer kept"),
        ({"note": "x" * 4001}, "A note has at most 4,000 characters, and this one has 4,001"),
        ({"note": "x" * 70_000}, "shorten the note"),
    ],
)
def test_a_form_that_does_not_fit_is_refused_on_a_page(old_desk: Desk, spoiled: dict[str, str], told: str) -> None:
    ann = old_desk.person("Ann")
    case = place_of(ann.post("/desk/next"))
    answer = ann.post(f"{case}/answer", answer_to(ann.get(case), note="My words.") | spoiled)
    assert answer.status_code in {404, 413, 422}
    assert answer.headers["content-type"].startswith("text/html")
    assert told in text_of(answer)
    assert ("Choose one" in answer.text) == ("relationship" in spoiled)
    if answer.status_code == 422:
        # To send it again would not help, but the words are there.
        assert spoiled.get("note", "My words.") in answer.text
        assert "Send it again" not in answer.text
    assert f"{case}/answer" in actions(ann.get(case).text)


def test_a_note_takes_any_script_but_no_nul(old_desk: Desk) -> None:
    ann = old_desk.person("Ann")
    case = place_of(ann.post("/desk/next"))
    ann.post(f"{case}/answer", answer_to(ann.get(case), note="100 % <b>\x00 شركة 🏢"))
    assert "100 % &lt;b&gt; شركة 🏢</textarea>" in ann.get(case).text


def test_the_address_holds_what_the_queue_is_filtered_by(desk: Desk) -> None:
    lea = desk.person("Lea")
    held = place_of(desk.person("Ann").post("/desk/next"))
    for query, cases in (("held=somebody", 1), ("held=nobody", 3), ("held=me", 0), ("account=crm-0000001", 1)):
        page = lea.get(f"/desk/?{query}").text
        assert len(set(re.findall(r"/desk/cases/[0-9a-f-]+", page))) == cases
        name, _, value = query.partition("=")
        chosen = rf'value="{value}" selected' if name == "held" else rf'name="{name}" value="{value}"'
        assert re.search(chosen, page)
    assert held in lea.get("/desk/?held=somebody").text
    assert len(set(re.findall(r"/desk/cases/[0-9a-f-]+", lea.get("/desk/?why=audit&age=7").text))) == 4
    assert "No case fits" in text_of(lea.get("/desk/?why=route"))
    # What an address says wrongly it does not say.
    assert lea.get("/desk/?state=x&age=-1&held=%00&account=%00&after_case=1&why=%3Cscript%3E").status_code == 200


def test_long_queues_have_pages_that_keep_their_filters(tmp_path: Path) -> None:
    one = records(drawn=1, n=1)[0]
    many = [replace(one, id=identity(number), account_id=f"a-{number:03}") for number in range(1, 102)]
    with open_desk(tmp_path, many) as desk:
        ann = desk.person("Ann")
        seen, address = [], "/desk/?account=a-"
        while address:
            page = ann.get(address).text
            seen += re.findall(r'<a href="(/desk/cases/[0-9a-f-]+)"', page)
            following = re.search(r'<a class="button" href="([^"]+)">Next page', page)
            address = html.unescape(following[1]) if following else ""
            assert not address or "account=a-" in address
        assert len(seen) == len(set(seen)) == 101


# ---- Odd accounts


def test_names_are_shown_as_they_are_and_never_as_markup(desk: Desk) -> None:
    ann = desk.person("Ann")
    queue = ann.get("/desk/").text
    for place, name in enumerate(ODD_NAMES):
        shown = html.escape(name if len(name) <= 80 else f"{name[:79]}…")
        assert shown.replace("&#x27;", "&#39;") in queue
        found = re.search("/desk/cases/[0-9a-f-]+", ann.get(f"/desk/?account=crm-000000{place}").text)
        assert found is not None
        page = ann.get(found[0]).text
        assert f"<h1><bdi>{html.escape(name).replace('&#x27;', '&#39;')}</bdi></h1>" in page


@pytest.mark.parametrize("given", [{"evidence": None}, {"catalogue": "000000000000"}, {"model": "gone-gone"}])
def test_a_case_of_which_something_is_missing_can_be_answered(tmp_path: Path, given: dict[str, Any]) -> None:
    odd = replace(records(drawn=1, n=1)[0], **given)
    with open_desk(tmp_path, [odd]) as desk:
        ann = desk.person("Ann")
        case = work(ann)
        page = text_of(ann.get(case))
        assert "What the machine thinks" in page
        assert {"evidence": "judge by the signals", "catalogue": "other signals", "model": "no longer in the store"}[
            next(iter(given))
        ] in page


def test_ten_thousand_events_are_one_page_of_them(tmp_path: Path) -> None:
    events = [
        {"kind": "usage", "occurred_at": f"2026-0{1 + i % 6}-{1 + i % 28:02}T{i % 24:02}:00:00Z"} for i in range(10_000)
    ]
    odd = replace(records(drawn=1, n=1)[0], evidence=write_evidence({"account_id": "a"}, events))
    with open_desk(tmp_path, [odd]) as desk:
        ann = desk.person("Ann")
        case = place_of(ann.post("/desk/next"))
        page = ann.get(case)
        assert "The latest 25 of 10,000 events" in text_of(page)
        assert len(page.content) < 150_000
        assert ann.get(f"{case}?events=all&year=2026").text.count("<tr>") > 1000


# ---- What a page is made of


def test_pages_bring_no_script_and_no_style_of_their_own(old_desk: Desk) -> None:
    lea, ann = old_desk.person("Lea"), old_desk.person("Ann")
    case = work(ann)
    pages = [person.get(f"/desk/{page}").text for person in (lea,) for page in ("", "history", "disputes", "overview")]
    pages += [ann.get(case).text, lea.get("/desk/none").text, Visitor(old_desk.service).get("/desk/sign-in").text]
    for page in pages:
        assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
        assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page) == []
        assert set(re.findall(r'(?:src|href)="(https?:|//)', page)) == set()
        assert page.startswith("<!doctype html>")
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))


def test_files_are_kept_for_ever_under_the_name_of_their_content(old_desk: Desk) -> None:
    visitor = Visitor(old_desk.service)
    for name in ("desk.css", "desk.js", "mark.svg"):
        answer = visitor.get(address_of(name))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert visitor.get(f"/desk/static/000000000000/{name}").status_code == 404
    assert old_desk.person("Ann").get("/desk/static/000000000000/..%2Fpages%2Ffiles.py").status_code == 404
