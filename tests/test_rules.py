"""What a rules file may say, what it means, and how it is refused."""

from __future__ import annotations

import math
import operator
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.events import BadInput
from features.signals import BY_NAME, SIGNAL_NAMES
from models.circuit import ALWAYS, NEVER, Circuit
from models.conditions import ConditionError, parse_condition
from models.rule import SIDES, Property, Rule
from models.rules import RuleBook

NAMES = ("a", "b", "c")
UNKNOWN = math.nan
ROOT = Path(__file__).resolve().parent.parent


def value_of(text: str, row: tuple[float, ...]) -> bool | None:
    """Whether a condition is true, false or (None) unknown of one row."""
    circuit = Circuit.of([parse_condition(text, NAMES), parse_condition(text, NAMES, negated=True)], NAMES)
    true, false = circuit.truths(np.array([row]))[0].tolist()
    assert not (true and false)
    return True if true else (False if false else None)


# condition, a, b, c, value: readable by whoever writes rules
SPEC = [
    ("a > 2", (2.0, 0, 0), False),
    ("a >= 2", (2.0, 0, 0), True),
    ("a < 2", (2.0, 0, 0), False),
    ("a <= 2", (2.0, 0, 0), True),
    ("a == 2", (2.0, 0, 0), True),
    ("a != 2", (2.0, 0, 0), False),
    ("2 <= a", (2.0, 0, 0), True),
    ("2 < a", (2.0, 0, 0), False),
    ("a > -1.5", (-1.0, 0, 0), True),
    ("1 <= a < 4", (4.0, 0, 0), False),
    ("1 <= a < 4", (3.999, 0, 0), True),
    ("not 1 <= a < 4", (0.0, 0, 0), True),
    ("a > 0", (UNKNOWN, 0, 0), None),
    ("not a > 0", (UNKNOWN, 0, 0), None),
    ("a != 0", (UNKNOWN, 0, 0), None),
    ("a > 0 or b > 0", (UNKNOWN, 1, 0), True),
    ("a > 0 or b > 0", (UNKNOWN, 0, 0), None),
    ("a > 0 and b > 0", (UNKNOWN, 0, 0), False),
    ("a > 0 and b > 0", (UNKNOWN, 1, 0), None),
    ("a > 0 or not a > 0", (UNKNOWN, 0, 0), None),
    ("known(a)", (UNKNOWN, 0, 0), False),
    ("not known(a)", (UNKNOWN, 0, 0), True),
    ("known(a)", (math.inf, 0, 0), True),
    ("known(a) and a > 0", (UNKNOWN, 0, 0), False),
    ("a > 1 or b > 1 and c > 1", (2.0, 0, 0), True),
    ("(a > 1 or b > 1) and c > 1", (2.0, 0, 0), False),
    ("\n  a > 1\n  and b > 1\n", (2.0, 2.0, 0), True),
]


@pytest.mark.parametrize(("text", "row", "value"), SPEC)
def test_conditions_mean_what_they_say(text, row, value):
    assert value_of(text, row) is value


COMPARISONS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
numbers = st.sampled_from([-1.0, 0.0, 0.1, 1.0, 2.0])
values = st.tuples(*[numbers | st.just(UNKNOWN)] * len(NAMES))
atoms = st.one_of(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(list(COMPARISONS)), numbers),
    st.tuples(st.just("known"), st.sampled_from(NAMES)),
)
trees = st.recursive(
    atoms,
    lambda parts: st.tuples(st.just("not"), parts) | st.tuples(st.sampled_from(["and", "or"]), parts, parts),
    max_leaves=5,
)


def write(tree: tuple) -> str:
    match tree:
        case ("not", part):
            return f"not ({write(part)})"
        case ("known", name):
            return f"known({name})"
        case (("and" | "or") as word, left, right):
            return f"({write(left)}) {word} ({write(right)})"
        case (name, sign, number):
            return f"{name} {sign} {number}"


def kleene(tree: tuple, row: dict[str, float]) -> bool | None:
    """Kleene's three values, straight from his tables: None orders between False and True."""
    rank, back = {False: 0.0, None: 0.5, True: 1.0}, {0.0: False, 0.5: None, 1.0: True}
    match tree:
        case ("not", part):
            return back[1.0 - rank[kleene(part, row)]]
        case ("known", name):
            return not math.isnan(row[name])
        case ("and", left, right):
            return back[min(rank[kleene(left, row)], rank[kleene(right, row)])]
        case ("or", left, right):
            return back[max(rank[kleene(left, row)], rank[kleene(right, row)])]
        case (name, sign, number):
            return None if math.isnan(row[name]) else COMPARISONS[sign](row[name], number)


@given(trees, values)
def test_conditions_follow_kleene(tree, row):
    assert value_of(write(tree), row) is kleene(tree, dict(zip(NAMES, row, strict=True)))


REFUSED = [
    ("a >", "a condition"),
    ("a = 2", "a condition"),
    ("a", "'a > 0'"),
    ("aa > 2", "did you mean 'a'"),
    ("zzzz > 2", "'zzzz' is none"),
    ("a > b", "a number"),
    ("1 > 2", "a signal on one side"),
    ("a > True", "a number"),
    ("a > 'x'", "a number"),
    ("a > 1e999", "a number"),
    ("a in b", "one of the comparisons"),
    ("a + 1 > 2", "a signal on one side"),
    ("len(a) > 2", "a signal on one side"),
    ("unknown(a)", "known(signal)"),
    ("known(a, b)", "known(signal)"),
    ("__import__('os')", "known(signal)"),
    ("a > 1 # b > 1", "without a comment"),
    ("a > 1\x00", "a condition"),
    ("(" * 500 + "a > 1" + ")" * 500, "at most 1,000 characters"),
    (" and ".join(["(a > 1 or b > 1)"] * 7), "a simpler condition"),
    ("", "a condition"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_is_no_condition_is_refused_with_its_place(text, expected):
    with pytest.raises(ConditionError, match="at character") as caught:
        parse_condition(text, NAMES)
    assert expected in str(caught.value)


def test_an_error_points_at_its_character():
    with pytest.raises(ConditionError) as caught:
        parse_condition("a > 1 and bb > 2", NAMES)
    assert caught.value.position == len("a > 1 and b")


def complaint(text: str) -> ConditionError | None:
    try:
        parse_condition(text, NAMES)
    except ConditionError as error:
        return error
    return None


@given(st.text(alphabet="abc <>=!().#\n1nkorwtd", max_size=40))
def test_any_text_is_a_condition_or_refused(text):
    refused = complaint(text)
    assert refused is None or refused.position >= 1


def test_constants_of_a_circuit():
    circuit = Circuit.of([ALWAYS, NEVER], NAMES)
    assert circuit.truths(np.array([[1.0, 2.0, 3.0], [UNKNOWN] * 3])).tolist() == [[True, False]] * 2


# ---- Books ---------------------------------------------------------------------------------------------------------

rules_drawn = st.lists(
    st.builds(
        lambda tree, vote, weight: (write(tree), vote, weight),
        trees,
        st.sampled_from(SIDES),
        st.floats(0.1, 4.0),
    ),
    min_size=1,
    max_size=6,
)


def make_book(drawn: list[tuple[str, str, float]], prior: float = 0.0) -> RuleBook:
    rules = (Rule(f"rule {j}", *each, text="It holds.") for j, each in enumerate(drawn))
    return RuleBook(tuple(rules), prior_log_odds=prior, signal_names=NAMES)


@given(rules_drawn, st.lists(values, min_size=1, max_size=6))
def test_votes_are_the_weights_of_the_rules_that_hold(drawn, rows):
    book, X = make_book(drawn), np.array(rows)
    scores, states = book.score(X), book.states(X)
    for i, row in enumerate(rows):
        for j, rule in enumerate(book.rules):
            holds = value_of(rule.when, row)
            assert scores.votes[i, j] == (rule.log_odds if holds else 0.0)
            assert states[i, j] == {True: 1, False: -1, None: 0}[holds]
    np.testing.assert_allclose(scores.log_odds, scores.votes.sum(axis=1), atol=1e-12)


@given(rules_drawn, values, st.sampled_from(SIDES), st.floats(0.1, 4.0))
def test_one_more_vote_never_lowers_its_side(drawn, row, side, weight):
    X = np.array([row])
    before = make_book(drawn).score(X).log_odds[0]
    after = make_book([*drawn, ("a > 0", side, weight)]).score(X).log_odds[0]
    assert after >= before if side == "client" else after <= before


@given(rules_drawn, values, st.floats(-0.99, 0.99))
def test_unanimous_votes_are_never_reversed(drawn, row, share):
    book = make_book(drawn, prior=share * min(weight for _, _, weight in drawn))
    scores = book.score(np.array([row]))
    if (scores.votes > 0).any() and not (scores.votes < 0).any():
        assert scores.log_odds[0] > 0
    if (scores.votes < 0).any() and not (scores.votes > 0).any():
        assert scores.log_odds[0] < 0


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_an_account_alone_is_the_same_among_others(seed, missing):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 6, (200, len(SIGNAL_NAMES))) * rng.choice([0.1, 1.0, 10.0], (200, 1))
    X[rng.random(X.shape) < missing] = np.nan
    book = RuleBook.default()
    together = book.score(X)
    for i in range(0, 200, 23):
        alone = book.score(X[i : i + 1])
        for name in together.__slots__:
            np.testing.assert_array_equal(getattr(together, name)[i : i + 1], getattr(alone, name))


def test_blocks_do_not_show():
    rng = np.random.default_rng(1)
    X = rng.integers(0, 4, (5000, len(SIGNAL_NAMES))).astype(float)
    book = RuleBook.default()
    parts = [book.score(X[start : start + 7]).log_odds for start in range(0, 5000, 7)]
    np.testing.assert_array_equal(book.score(X).log_odds, np.concatenate(parts))


def test_of_what_is_not_known_nothing_is_said():
    scores = RuleBook.default().score(np.full((1, len(SIGNAL_NAMES)), np.nan))
    assert scores.log_odds.tolist() == [0.0]
    assert not scores.votes.any()
    assert not (scores.prospect | scores.hybrid | scores.strategic_services).any()
    assert scores.engagement_model.tolist() == [len(RuleBook.default().engagement_models)]


def test_a_property_holds_unless_its_exception_is_known():
    prospect = Property("prospect", when="known(a)", unless="b > 0")
    book = replace(make_book([("a > 0", "client", 1.0)]), prospect=prospect)
    rows = [(0, 0, 0), (0, 1, 0), (0, UNKNOWN, 0), (UNKNOWN, 0, 0)]
    assert book.score(np.array(rows)).prospect.tolist() == [True, False, True, False]


def test_the_first_engagement_model_wins():
    models = (Property("first", "a > 1"), Property("second", "a > 0"))
    book = replace(make_book([("a > 0", "client", 1.0)]), engagement_models=models)
    assert book.score(np.array([[2.0, 0, 0], [1.0, 0, 0], [0.0, 0, 0]])).engagement_model.tolist() == [0, 1, 2]


# ---- Files ---------------------------------------------------------------------------------------------------------

GOOD = """
[[rule]]
name = "met"
when = "meetings_90d >= 1"
vote = "client"
weight = 1
text = "They meet."
"""

BROKEN = [
    ("[[rule", "not TOML"),
    ("", "one [[rule]] at least"),
    (GOOD.replace('"client"', '"clients"'), "rule 'met', key 'vote': found 'clients', expected client or customer"),
    (GOOD.replace("weight = 1", "weight = 0"), "rule 'met', key 'weight': found '0', expected log-odds above 0"),
    (GOOD.replace("weight = 1", "weight = nan"), "key 'weight'"),
    (GOOD.replace("weight = 1", 'weight = "1"'), "key 'weight'"),
    (GOOD.replace("weight = 1", "weight = true"), "key 'weight'"),
    (GOOD.replace("weight = 1", "wieght = 1"), "did you mean 'weight'?"),
    (GOOD.replace('text = "They meet."', ""), "rule 'met', key 'text': expected a sentence"),
    (GOOD.replace('"They meet."', '""'), "key 'text'"),
    (GOOD.replace("meetings_90d", "meeting_90d"), "did you mean 'meetings_90d'?, at character 1"),
    (GOOD + GOOD, "rule 'met', key 'name': expected a name that no other bears"),
    ("prior_log_odds = 1.0" + GOOD, "key 'prior_log_odds': found '1.0', expected less than the smallest weight, 1"),
    ("prior_log_odds = inf" + GOOD, "key 'prior_log_odds'"),
    ("rule = 3", "key 'rule': found '3'"),
    ("rule = [3]", "rule 1: found '3', expected a table"),
    (GOOD + '[hybrid]\nwhen = "x > 1"', "[hybrid], key 'when': found 'x > 1'"),
    (GOOD + "[hybrid]\nunless = 'deals > 1'", "[hybrid], key 'when': expected a condition"),
    (GOOD + "criteria = 'R01'", "key 'criteria'"),
    (GOOD + "[hybird]\nwhen = 'deals > 1'", "did you mean 'hybrid'?"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_a_broken_file_is_refused_by_file_rule_and_key(text, message):
    with pytest.raises(BadInput, match=r"my\.toml") as caught:
        RuleBook.parse(text, "my.toml")
    assert message in str(caught.value)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(BadInput, match="2 things do not hold") as caught:
        RuleBook.parse(
            GOOD.replace("meetings_90d", "met") + GOOD.replace('"met"', '"b"').replace(">=", "=>"), "my.toml"
        )
    assert len(caught.value.problems) == 2


def test_a_file_is_read_from_its_path(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert RuleBook.load(path).rules == RuleBook.parse(GOOD).rules
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read as UTF-8"):
        RuleBook.load(path)


def test_the_digest_changes_with_the_content_only():
    book = RuleBook.parse(GOOD)
    spaced = GOOD.replace("meetings_90d >= 1", "  meetings_90d   >= 1") + "\n# a comment\n"
    assert RuleBook.parse(spaced, "elsewhere.toml").digest == book.digest
    assert len(book.digest) == 12
    others = [
        GOOD.replace("weight = 1", "weight = 2"),
        GOOD.replace(">= 1", ">= 2"),
        GOOD.replace("They meet.", "They met."),
        "prior_log_odds = 0.5" + GOOD,
        GOOD + "[hybrid]\nwhen = 'deals > 1'",
        GOOD.replace('"client"', '"customer"'),
    ]
    assert len({book.digest, *(RuleBook.parse(other).digest for other in others)}) == 1 + len(others)


def test_weights_can_be_exchanged():
    book = RuleBook.parse(GOOD).with_weights({"met": 2.5})
    assert book.rules[0].weight == 2.5
    assert book.digest != RuleBook.parse(GOOD).digest
    with pytest.raises(BadInput, match="not negative"):
        book.with_weights({"met": -1.0})
    with pytest.raises(KeyError, match="unheard"):
        book.with_weights({"unheard": 1.0})


# ---- The rules that ship -------------------------------------------------------------------------------------------


def test_shipped_rules_are_few_and_say_what_they_answer():
    book = RuleBook.default()
    assert 12 <= len(book.rules) <= 25
    for rule in book.rules:
        assert rule.text[0].isupper(), rule.name
        assert rule.text.endswith("."), rule.name
        assert rule.criteria, rule.name
    criteria = {criterion for rule in book.rules for criterion in rule.criteria}
    assert {f"R0{number}" for number in range(1, 10) if number != 6} <= criteria
    assert {"K1", "K2", "K3"} <= criteria
    assert [each.name for each in book.engagement_models] == [
        "retainer",
        "project",
        "subscription",
        "repeat purchase",
        "one-time purchase",
    ]


def test_rules_on_treatment_signals_say_so():
    for rule in RuleBook.default().rules:
        literals = [literal for choice in parse_condition(rule.when, SIGNAL_NAMES) for literal in choice]
        treatment = any(BY_NAME[literal.signal].treatment for literal in literals)
        assert treatment == ("K3" in rule.criteria), rule.name


@pytest.mark.parametrize("name", [signal.name for signal in BY_NAME.values() if signal.direction])
def test_rules_respect_the_direction_of_a_signal(name):
    side = BY_NAME[name].direction
    X = np.full((2, len(SIGNAL_NAMES)), np.nan)
    X[:, SIGNAL_NAMES.index(name)] = [0.0, 1.0]
    less, more = RuleBook.default().score(X).log_odds
    assert more >= less if side == "client" else more <= less


def test_a_subscription_alone_is_outvoted_by_strategic_meetings_or_a_retainer():
    X = np.full((3, len(SIGNAL_NAMES)), np.nan)
    for name in ("retainer_active", "project_active", "strategic_meetings_365d"):
        X[:, SIGNAL_NAMES.index(name)] = 0.0
    X[:, SIGNAL_NAMES.index("subscription_active")] = 1.0
    X[1, SIGNAL_NAMES.index("strategic_meetings_365d")] = 1.0
    X[2, SIGNAL_NAMES.index("retainer_active")] = 1.0
    alone, advised, retained = RuleBook.default().score(X).log_odds
    assert -1.0 < alone < 0 < advised < retained


def test_the_page_is_fresh():
    printed = subprocess.run(
        [sys.executable, "-m", "models.document"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert page == printed.stdout, "run 'python -m models.document > docs/rules.md'"
    assert [rule.name for rule in RuleBook.default().rules if f"| {rule.name} |" not in page] == []


def test_a_weight_beyond_all_evidence_is_refused() -> None:
    heavy = RuleBook.parse(GOOD).rules[0]
    assert RuleBook((replace(heavy, weight=100.0),)).rules[0].weight == 100.0
    with pytest.raises(BadInput, match="at most 100"):
        RuleBook((replace(heavy, weight=100.5),))


def test_a_long_condition_is_shown_around_the_mistake() -> None:
    long = " and ".join(["purchases >= 2"] * 20 + ["nonsense > 1"] + ["purchases >= 2"] * 20)
    with pytest.raises(BadInput) as refused:
        RuleBook((replace(RuleBook.parse(GOOD).rules[0], when=long),))
    (problem,) = refused.value.problems
    assert problem.value is not None
    assert "nonsense > 1" in problem.value
    assert len(problem.value) <= 82


def test_a_rules_file_that_is_not_there_is_said_not_to_exist(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"absent\.toml does not exist") as refused:
        RuleBook.load(tmp_path / "absent.toml")
    assert "Errno" not in str(refused.value)
