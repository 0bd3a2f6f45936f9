"""How far reviewers agree, compared with scikit-learn, which may not be imported below training."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.agreement import Pairing, agreement_by_month, agreement_by_pair, kappa
from reviews.answer import OPINIONS

pairs = st.lists(st.tuples(st.sampled_from(OPINIONS), st.sampled_from(OPINIONS)), min_size=1, max_size=40)


@given(said=pairs)
def test_kappa_is_scikit_learn_s(said: list[tuple[str, str]]) -> None:
    from sklearn.metrics import cohen_kappa_score

    first, second = zip(*said, strict=True)
    if len({*first, *second}) == 1:
        assert kappa(Counter(said)) is None
        return
    assert kappa(Counter(said)) == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


@given(said=pairs)
def test_kappa_knows_no_first_reviewer(said: list[tuple[str, str]]) -> None:
    one, other = kappa(Counter(said)), kappa(Counter((also, first) for first, also in said))
    assert (one is None) == (other is None)
    assert one is None or one == pytest.approx(other, abs=1e-12)


def test_agreeing_as_chance_has_it_is_zero_and_no_case_is_none() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.choice(["client", "customer"], size=(2, 20_000)).tolist()
    assert abs(kappa(Counter(zip(first, second, strict=True))) or 1.0) < 0.03
    assert kappa({}) is None
    assert kappa({("client", "client"): 1, ("customer", "customer"): 1}) == 1.0


def test_pairs_are_the_same_whoever_read_first() -> None:
    pairings = [
        Pairing("2026-07", "ann", "ben", "client", "customer"),
        Pairing("2026-07", "ben", "ann", "client", "client"),
        Pairing("2026-08", "eve", "ann", "customer", "customer"),
    ]
    by_pair = agreement_by_pair(pairings)
    assert [(each.of, each.n, each.agreed) for each in by_pair] == [(("ann", "ben"), 2, 1), (("ann", "eve"), 1, 1)]
    turned = [Pairing(each.month, each.second, each.first, each.also, each.said) for each in pairings]
    assert agreement_by_pair(turned) == by_pair
    by_month = agreement_by_month(pairings)
    assert [(each.of, each.n, each.agreed) for each in by_month] == [(("2026-07",), 2, 1), (("2026-08",), 1, 1)]
    assert agreement_by_month(turned) == by_month


@given(
    pairings=st.lists(
        st.sampled_from(
            [
                Pairing("m", *who, *said)
                for who in (("ann", "ben"), ("eve", "ann"))
                for said in (("client", "client"), ("client", "customer"))
            ]
        )
    )
)
def test_cases_that_are_alike_may_be_counted_together(pairings: list[Pairing]) -> None:
    together = [each._replace(n=n) for each, n in Counter(pairings).items()]
    assert agreement_by_pair(together) == agreement_by_pair(pairings)
    assert agreement_by_month(together) == agreement_by_month(pairings)
