"""What the audit sample tells of the machine's errors: against scipy, and against a truth that is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.audited import AuditedMonth, Drawn, audited_months
from reviews.proportion import beta_below, exact_interval
from reviews.sample import inclusion_of

NOMINAL = 0.95


@given(a=st.floats(0.01, 3000), b=st.floats(0.01, 3000), x=st.floats(0, 1))
def test_beta_is_scipy_s(a: float, b: float, x: float) -> None:
    from scipy.special import betainc

    assert beta_below(x, a, b) == pytest.approx(betainc(a, b, x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "a", "b"),
    [(0.2231347015577643, 35.0, 124.33752279978943), (0.3087612547111037, 22.0, 50.49121173419325)],
)
def test_beta_is_told_where_it_is_turned_round(x: float, a: float, b: float) -> None:
    """Which side is summed changes at one x, of which rounding may say that neither is the shorter one."""
    from scipy.special import betainc

    assert beta_below(x, a, b) == pytest.approx(betainc(a, b, x), rel=1e-9)


@given(n=st.integers(1, 3000), share=st.floats(0, 1), confidence=st.sampled_from([0.8, 0.95, 0.99]))
def test_interval_is_scipy_s(n: int, share: float, confidence: float) -> None:
    from scipy.stats import binomtest

    k = round(share * n)
    expected = binomtest(k, n).proportion_ci(confidence, method="exact")
    assert exact_interval(k, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(wrong=st.integers(0, 50), right=st.integers(0, 500), inclusion=st.floats(0.001, 1.0))
def test_with_one_chance_it_is_the_plain_share(wrong: int, right: int, inclusion: float) -> None:
    if wrong + right == 0:
        return
    sample = [Drawn("2026-07", inclusion, True, False, wrong), Drawn("2026-07", inclusion, False, False, right)]
    (month,) = audited_months(sample)
    n = wrong + right
    assert month.error == pytest.approx(wrong / n)
    assert (month.low, month.high) == pytest.approx(exact_interval(wrong, n), abs=1e-6)
    assert month.decided == pytest.approx(n / inclusion)
    assert month.complete


def test_what_nobody_has_read_or_could_tell_is_counted_and_not_judged_by() -> None:
    (month,) = audited_months(
        [
            Drawn("2026-07", 0.5, None, False, 3),
            Drawn("2026-07", 0.5, None, True, 2),
            Drawn("2026-07", 0.5, False, False, 5),
        ]
    )
    assert (month.drawn, month.read, month.unclear, month.wrong, month.error) == (10, 5, 2, 0, None)
    assert not month.complete
    (nothing,) = audited_months([Drawn("2026-07", 0.5, None, False, 3)])
    assert (nothing.error, nothing.low, nothing.high) == (None, None, None)


@given(
    known=st.lists(st.tuples(st.sampled_from([0.02, 0.1, 0.5]), st.booleans(), st.integers(1, 60)), max_size=5),
    pending=st.lists(st.tuples(st.sampled_from([0.02, 0.1, 0.5]), st.booleans(), st.integers(1, 9)), min_size=1),
)
def test_whatever_becomes_of_what_is_pending_the_interval_had_it(
    known: list[tuple[float, bool, int]], pending: list[tuple[float, bool, int]]
) -> None:
    told = [Drawn("m", chance, wrong, False, n) for chance, wrong, n in known]
    (half,) = audited_months([*told, *(Drawn("m", chance, None, False, n, True) for chance, _, n in pending)])
    (whole,) = audited_months([*told, *(Drawn("m", chance, wrong, False, n) for chance, wrong, n in pending)])
    assert half.error is None
    assert half.pending == sum(n for _, _, n in pending)
    assert None not in {half.low, half.high, whole.low, whole.high}
    assert half.low - 1e-9 <= whole.low <= whole.high <= half.high + 1e-9  # type: ignore[operator]


def test_unequal_chances_are_weighed() -> None:
    """One in two of the doubtful and one in fifty of the others: unweighted, the doubtful would count for too much."""
    sample = [Drawn("2026-07", 0.5, True, False, 50), Drawn("2026-07", 0.5, False, False, 50)]
    sample += [Drawn("2026-07", 0.02, True, False, 1), Drawn("2026-07", 0.02, False, False, 99)]
    (month,) = audited_months(sample)
    assert month.error == pytest.approx((100 + 50) / (200 + 5000))
    assert month.low is not None
    assert month.high is not None
    assert month.low < (month.error or 0) < month.high


def audit(secret: bytes, month: int, wrong: np.ndarray, shares: np.ndarray) -> AuditedMonth:
    """Draw a month's accounts as the service does, have them read, and estimate."""
    at = month * 31 * 86_400_000_000
    found: Counter[tuple[float, bool]] = Counter()
    for i, (error, share) in enumerate(zip(wrong.tolist(), shares.tolist(), strict=True)):
        drawn = inclusion_of(secret, f"a-{i}", at, share)
        if drawn is not None:
            found[drawn, error] += 1
    (estimated,) = audited_months(Drawn("m", share, error, False, n) for (share, error), n in found.items())
    return estimated


@pytest.mark.parametrize("unequal", [False, True], ids=["one chance", "two chances"])
def test_the_interval_covers_the_true_share(unequal: bool) -> None:
    rng = np.random.default_rng(5)
    secret = rng.bytes(32)
    wrong = rng.random(4000) < 0.04
    shares = np.where(unequal & (rng.random(4000) < 0.5), 0.1, 0.05)
    covered = [each.low <= wrong.mean() <= each.high for each in (audit(secret, m, wrong, shares) for m in range(40))]  # type: ignore[operator]
    assert np.mean(covered) >= 0.9
