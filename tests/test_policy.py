"""Who decides, what the answer is, and when a reviewer has to look."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.signals import SIGNAL_NAMES
from models.decision import DECIDERS, RELATIONSHIPS, REVIEW_REASONS, Decision
from models.decisions import Decisions
from models.policy import LIMITS, Model, Thresholds, decide
from models.rules import RuleBook
from models.scorecard import Curve, Scorecard
from models.table import decision_table

RULES = RuleBook.default()
N = len(SIGNAL_NAMES)
CERTIFIED = Thresholds(0.9, 0.1)
CODES = [reason.code for reason in REVIEW_REASONS]


def signals(**known: float) -> np.ndarray:
    """One account of which these signals are known, and enough events unless it says otherwise."""
    row = np.full((1, N), np.nan)
    for name, value in {"events": 9.0, **known}.items():
        row[0, SIGNAL_NAMES.index(name)] = value
    return row


def make_model(
    log_odds: float = 3.0,
    thresholds: Thresholds | None = CERTIFIED,
    starter: bool = False,
    version: str = "v1",
) -> Model:
    """A model that gives every account these log-odds, where meetings_90d is 1 and one more for each further bin."""
    curves = []
    for name in SIGNAL_NAMES:
        levels = np.array([0.0, 1.0, 0.0]) if name == "meetings_90d" else np.zeros(3)
        curves.append(Curve.of_steps(name, np.array([1.0]), levels, np.array([0.5, 0.5, 0.0])))
    return Model(version, Scorecard(log_odds, tuple(curves)), thresholds, np.zeros(N), np.full(N, 10.0), starter)


def one(row: np.ndarray, model: Model | None = None, verdict: str | None = None, rules: RuleBook = RULES) -> Decision:
    return decide(row, rules, model, [verdict]).decision(0, None)


CLIENT = {"retainer_active": 1.0, "advice_share": 1.0}
CUSTOMER = {"product_share": 1.0, "purchases_per_day": 2.0}
NEVER_BOUGHT = {"purchases": 0.0, "contracts": 0.0, "deals": 0.0, "deliveries_365d": 0.0, "events": 0.0}

# account, model's log-odds (None = no model), verdict → relationship, by whom, reasons for a review
TABLE = [
    (CLIENT, None, None, "client", "rules", []),
    (CUSTOMER, None, None, "customer", "rules", []),
    ({}, None, None, "customer", "rules", ["rules_uncertain"]),
    ({"product_share": 1.0}, None, None, "customer", "rules", []),
    ({"advice_share": 0.3}, None, None, "client", "rules", []),
    ({**CLIENT, "product_share": 1.0}, None, None, "client", "rules", ["rules_divided"]),
    ({**CLIENT, "events": 2.0}, None, None, "client", "rules", ["few_events"]),
    ({**CLIENT, "events": 3.0}, None, None, "client", "rules", []),
    ({**CLIENT, "events": math.nan}, None, None, "client", "rules", ["few_events"]),
    ({**CLIENT, "events": math.nan}, 3.0, None, "client", "model", ["few_events"]),
    (NEVER_BOUGHT, None, None, "prospect", "rules", []),
    (NEVER_BOUGHT, 3.0, None, "prospect", "rules", []),
    (NEVER_BOUGHT, 3.0, "customer", "customer", "reviewer", []),
    (CUSTOMER, 3.0, "client", "client", "reviewer", []),
    (CUSTOMER, None, "prospect", "prospect", "reviewer", []),
    (CLIENT, 3.0, None, "client", "model", []),
    (CUSTOMER, -3.0, None, "customer", "model", []),
    (CLIENT, 1.0, None, "client", "model", ["between_thresholds"]),
    (CUSTOMER, -1.0, None, "customer", "model", ["between_thresholds"]),
    (CUSTOMER, 3.0, None, "client", "model", ["rules_contradict"]),
    (CLIENT, -3.0, None, "customer", "model", ["rules_contradict"]),
    ({"product_share": 1.0}, 3.0, None, "client", "model", ["rules_contradict"]),
    ({"refund_share": 0.5}, 3.0, None, "client", "model", []),
    ({**CLIENT, "spend": 20.0}, 3.0, None, "client", "model", []),
    ({**CLIENT, "spend": 20.1}, 3.0, None, "client", "model", ["outside_training"]),
    ({**CLIENT, "events": 1.0}, 3.0, None, "client", "model", ["few_events"]),
    (CLIENT, 0.0, None, "customer", "model", ["between_thresholds", "rules_contradict"]),
]


@pytest.mark.parametrize(("account", "log_odds", "verdict", "relationship", "decided_by", "reasons"), TABLE)
def test_policy(account, log_odds, verdict, relationship, decided_by, reasons):
    known = {name: value for name, value in account.items() if name in SIGNAL_NAMES}
    decision = one(signals(**known), None if log_odds is None else make_model(log_odds), verdict)
    assert (decision.relationship, decision.decided_by) == (relationship, decided_by)
    assert list(decision.review_reasons) == reasons
    assert decision.route == ("review" if reasons else "auto")


@pytest.mark.parametrize(
    ("thresholds", "log_odds", "reasons"),
    [
        (None, 9.0, ["no_certificate"]),
        (None, -9.0, ["no_certificate"]),
        (Thresholds(None, 0.1), 9.0, ["no_certificate"]),
        (Thresholds(None, 0.1), -9.0, []),
        (Thresholds(0.9, None), -9.0, ["no_certificate"]),
        (Thresholds(0.9, None), 9.0, []),
    ],
)
def test_a_side_without_a_threshold_always_goes_to_review(thresholds, log_odds, reasons):
    assert list(one(signals(), make_model(log_odds, thresholds)).review_reasons) == reasons


@pytest.mark.parametrize("log_odds", [2.0, -2.0])
def test_an_answer_on_its_threshold_is_automatic(log_odds):
    p = one(signals(), make_model(log_odds)).probability_client
    exact = make_model(log_odds, Thresholds(p, None) if log_odds > 0 else Thresholds(None, p))
    assert one(signals(), exact).route == "auto"
    beyond = np.nextafter(p, 1.0 if log_odds > 0 else 0.0)
    missed = make_model(log_odds, Thresholds(beyond, None) if log_odds > 0 else Thresholds(None, beyond))
    assert one(signals(), missed).review_reasons == ("between_thresholds",)


@pytest.mark.parametrize(
    ("account", "log_odds", "reasons"),
    [
        (CLIENT, 3.0, ()),
        ({}, 3.0, ("starter_unconfirmed",)),
        (CUSTOMER, -3.0, ()),
        ({}, -3.0, ("starter_unconfirmed",)),
    ],
)
def test_the_starter_is_automatic_only_where_the_rules_agree(account, log_odds, reasons):
    assert one(signals(**account), make_model(log_odds, starter=True)).review_reasons == reasons


def test_a_signal_that_training_never_knew_is_not_outside_it():
    model = replace(make_model(), low=np.full(N, np.nan), high=np.full(N, np.nan))
    assert one(signals(spend=1e9, **CLIENT), model).route == "auto"


@pytest.mark.parametrize(("spend", "route"), [(1.9, "review"), (2.0, "auto"), (14.0, "auto"), (14.1, "review")])
def test_a_signal_may_leave_its_range_by_one_range(spend, route):
    # Training saw 6 to 10, a range of 4.
    low, high = np.full(N, np.nan), np.full(N, np.nan)
    low[SIGNAL_NAMES.index("spend")], high[SIGNAL_NAMES.index("spend")] = 6.0, 10.0
    assert one(signals(spend=spend, **CLIENT), replace(make_model(), low=low, high=high)).route == route


def test_the_model_must_fit_the_catalogue():
    model = make_model()
    with pytest.raises(ValueError, match="other signals"):
        replace(model, scorecard=Scorecard(0.0, model.scorecard.curves[1:]))
    with pytest.raises(ValueError, match="training range"):
        replace(model, low=np.zeros(3))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=rf"shape \(n, {N}\)"):
        decide(np.zeros((1, 3)), RULES)
    with pytest.raises(ValueError, match="2 verdicts for 1 accounts"):
        decide(signals(), RULES, None, [None, None])
    with pytest.raises(ValueError, match="not 'friend'"):
        decide(signals(), RULES, None, ["friend"])


def test_no_account_is_no_error():
    nobody = np.empty((0, N))
    for model in (None, make_model()):
        decisions = decide(nobody, RULES, model, [])
        assert len(decisions) == 0
        assert decision_table([], decisions).num_rows == 0


# ---- Properties ----------------------------------------------------------------------------------------------------


def draw_signals(seed: int, n: int, missing: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 5, (n, N)) * rng.choice([0.0, 0.3, 1.0, 7.0], (n, 1))
    X[rng.random((n, N)) < missing] = np.nan
    return X


worlds = st.builds(draw_signals, st.integers(0, 2**32 - 1), st.integers(1, 12), st.sampled_from([0.0, 0.3, 0.9, 1.0]))
thresholds_drawn = st.none() | st.builds(Thresholds, st.none() | st.floats(0.5, 1), st.none() | st.floats(0, 0.5))
models = st.none() | st.builds(make_model, st.floats(-6, 6), thresholds_drawn, st.booleans())
priors = st.floats(-0.4, 0.4)


def columns(decisions: Decisions) -> dict[str, list]:
    names = ("relationships", "deciders", "log_odds", "probability_client", "confidence", "engagement_models")
    flags = ("hybrid", "strategic_services", "review", "auto")
    return {name: getattr(decisions, name).tolist() for name in (*names, *flags)}


@given(worlds, models, st.data())
def test_an_account_alone_is_decided_as_among_others(X, model, data):
    verdicts = data.draw(st.lists(st.sampled_from([None, *RELATIONSHIPS]), min_size=len(X), max_size=len(X)))
    together = decide(X, RULES, model, verdicts)
    for i in range(len(X)):
        alone = decide(X[i : i + 1], RULES, model, verdicts[i : i + 1])
        assert columns(alone) == {name: values[i : i + 1] for name, values in columns(together).items()}
        assert alone.decision(0, None) == together.decision(i, None)
    assert together.decisions(None) == [together.decision(i, None) for i in range(len(X))]
    assert together.decisions(2) == [together.decision(i, 2) for i in range(len(X))]


@given(worlds, models, priors, st.data())
def test_decisions_keep_their_promises(X, model, prior, data):
    rules = replace(RULES, prior_log_odds=prior)
    verdicts = data.draw(
        st.none() | st.lists(st.sampled_from([None, *RELATIONSHIPS]), min_size=len(X), max_size=len(X))
    )
    decisions, scores = decide(X, rules, model, verdicts), rules.score(X)
    for i in range(len(X)):
        said = verdicts[i] if verdicts else None
        check(decisions.decision(i, None), said, bool(scores.prospect[i]), model)


def check(decision: Decision, said: str | None, prospect: bool, model: Model | None) -> None:
    p = decision.probability_client
    # The reasons add up to the probability, for rules and model alike.
    total = decision.base + math.fsum(reason.log_odds for reason in decision.reasons)
    assert math.log(p) - math.log1p(-p) == pytest.approx(total, abs=1e-9)
    # A verdict wins, then the record, then the model, then the rules.
    if said is not None:
        assert (decision.decided_by, decision.relationship) == ("reviewer", said)
    elif prospect:
        assert (decision.decided_by, decision.relationship) == ("rules", "prospect")
    else:
        assert decision.decided_by == ("rules" if model is None else "model")
        assert decision.relationship == ("client" if total > 0 else "customer")
        assert decision.confidence == pytest.approx(max(p, 1 - p), abs=1e-15)
    if said is not None or prospect:
        assert (decision.confidence, decision.route) == (1.0, "auto")
    assert (decision.route == "auto") == (not decision.review_reasons)
    assert decision.relationship != "prospect" or decision.engagement_model is None
    if decision.decided_by == "rules" and decision.relationship != "prospect" and decision.route == "auto":
        sign = 1 if decision.relationship == "client" else -1
        assert sign * total >= 2
        assert all(reason.log_odds * sign > 0 for reason in decision.reasons)
    if decision.decided_by == "model" and decision.route == "auto":
        assert model is not None
        assert model.thresholds is not None
        t = model.thresholds
        assert p >= t.client if decision.relationship == "client" else p <= t.customer


@given(worlds, models)
def test_only_the_record_makes_a_prospect(X, model):
    decisions = decide(X, RULES, model)
    bought = X[:, SIGNAL_NAMES.index("purchases")] > 0
    signed = X[:, SIGNAL_NAMES.index("contracts")] > 0
    unrecorded = np.isnan(X[:, [SIGNAL_NAMES.index("purchases"), SIGNAL_NAMES.index("contracts")]]).all(axis=1)
    assert not (decisions.relationship[bought | signed | unrecorded] == "prospect").any()


# ---- Reasons and tables --------------------------------------------------------------------------------------------


def test_the_strongest_reasons_come_first_and_may_be_limited():
    row = signals(**CLIENT, product_share=0.8, contacts=3.0)
    full, short = one(row), decide(row, RULES).decision(0, 2)
    strengths = [abs(reason.log_odds) for reason in full.reasons]
    assert strengths == sorted(strengths, reverse=True)
    assert [reason.name for reason in full.reasons] == ["retainer", "advice bought", "goods", "several people"]
    assert short.reasons == full.reasons[:2]
    assert str(full.reasons[0]) == "An active retainer is in force. (+2.20)"


def test_a_models_reason_is_a_sentence_of_meaning_value_and_side():
    reason = one(signals(meetings_90d=4.0), make_model()).reasons[0]
    assert reason.text == "Meetings held in the last 90 days: 4, which speaks for client."
    assert (reason.name, reason.value, reason.unit, reason.log_odds) == ("meetings_90d", 4.0, "meetings", 1.0)


def test_what_is_stated_stands_before_what_is_estimated():
    verdict = decide(signals(**CUSTOMER), RULES, None, ["client"]).decision(0, 1)
    assert [reason.name for reason in verdict.reasons] == ["verdict", "goods"]
    assert verdict.reasons[0].text == "A reviewer's verdict stands: client."
    prospect = one(signals(**NEVER_BOUGHT))
    assert prospect.reasons[0].text == RULES.prospect.text


def test_the_table_says_the_same_as_the_decisions():
    X = np.concatenate([signals(**CLIENT), signals(), signals(**NEVER_BOUGHT), signals(**CUSTOMER, events=1.0)])
    decisions = decide(X, RULES)
    table = decision_table(["a", "b", "c", "d"], decisions, reasons=2).to_pandas()
    assert table["account_id"].tolist() == ["a", "b", "c", "d"]
    for i, row in enumerate(table.to_dict("records")):
        decision = decisions.decision(i)
        for name in (
            "relationship",
            "confidence",
            "probability_client",
            "hybrid",
            "strategic_services",
            "decided_by",
            "route",
        ):
            assert row[name] == getattr(decision, name)
        assert row["review_reasons"] == "; ".join(decision.review_reasons)
        assert row["rules_version"] == RULES.digest
        written = [row[f"reason_{k}"] for k in (1, 2) if isinstance(row[f"reason_{k}"], str)]
        assert written == [str(reason) for reason in decision.reasons[:2]]
    assert table["engagement_model"].isna().tolist() == [False, True, True, True]
    assert table["model_version"].isna().all()


def test_limits_and_reasons_are_named_once_and_said_in_words():
    assert len(LIMITS) == 4
    for limit in LIMITS.values():
        assert limit.meaning.endswith(".")
    assert len(set(CODES)) == len(CODES)
    for reason in REVIEW_REASONS:
        assert reason.text.endswith("."), reason.code
    assert DECIDERS == ("reviewer", "rules", "model")
