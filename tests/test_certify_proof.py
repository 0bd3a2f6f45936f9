"""Certified thresholds keep their promises in simulated worlds, whose truth is known; see `benchmarks/certified.py`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.certified import (
    BASE_RATES,
    HEADINGS,
    LABELLINGS,
    LIMITS,
    PROMISES,
    Population,
    Proof,
    as_markdown,
    make_population,
    prove,
    prove_world,
)
from models.policy import Thresholds
from models.rules import RuleBook
from training.judging.certify import DELTA, certify
from training.judging.evaluate import answer

ALL, CRM, AUDITS = LABELLINGS


@pytest.fixture(scope="module")
def population() -> Population:
    return make_population(0.5, n_accounts=5000, n_train=1500)


def assert_kept(proof: Proof) -> None:
    """Each promise, and all of them at once, are broken in at most δ of the draws, within binomial tolerance."""
    most = binom.ppf(0.999, proof.draws, DELTA) / proof.draws
    assert {**proof.broken, "any": proof.any_broken} == {
        name: pytest.approx(0.0, abs=most) for name in (*PROMISES, "any")
    }


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize(("labelling", "n"), [(ALL, 1500), (CRM, 5000), (AUDITS, 2000)])
def test_promises_are_kept(population: Population, labelling: str, n: int, limit: float) -> None:
    proof = prove(population, labelling, n, limit, draws=100)
    assert_kept(proof)
    assert limit < 0.1 or proof.auto > 0.3, "a certificate that never answers keeps any promise"


def test_the_proof_notices_that_weights_are_ignored(population: Population) -> None:
    proof = prove(population, CRM, 5000, 0.05, draws=20, weighted=False)
    assert proof.any_broken > 0.9


def test_the_proof_notices_thresholds_that_hold_in_the_sample_only(population: Population) -> None:
    """The widest ranges of which a sample's own share wrong is within the limit: broken about every second time."""
    rng = np.random.default_rng(1)
    broken = 0
    for _ in range(50):
        rows = rng.integers(len(population.truth), size=1500)
        y, p = rng.random(1500) < population.truth[rows], population.said.model[rows]
        order = np.argsort(-p)
        order = order[population.said.auto_client[rows][order]]
        within = np.flatnonzero(np.cumsum(~y[order]) <= 0.05 * np.arange(1, len(order) + 1))
        broken += population.realise(Thresholds(client=p[order[within[-1]]], customer=None))["client"] > 0.05
    assert broken > 10


@pytest.mark.parametrize("labelling", LABELLINGS)
@pytest.mark.parametrize("limit", LIMITS)
def test_few_accounts_promise_nothing(population: Population, labelling: str, limit: float) -> None:
    """With so few, a test cannot pass even where every answer is right."""
    most = int(np.log(DELTA / 2) / np.log1p(-limit))
    proof = prove(population, labelling, most, limit, draws=20)
    assert proof.none == {"client": 1.0, "customer": 1.0}
    p = np.ones(most + 1)
    assert certify(p[:-1], p[:-1] > 0, alpha=limit, beta=limit).client is None
    assert certify(p, p > 0, alpha=limit, beta=limit).client is not None


@pytest.mark.parametrize("thresholds", [Thresholds(0.9, 0.2), Thresholds(0.7, None), Thresholds(None, 0.5)])
def test_the_proof_answers_as_the_policy_does(population: Population, thresholds: Thresholds) -> None:
    said = answer(population.X, RuleBook.default(), replace(population.model, thresholds=thresholds))
    client, customer = population.automatic(thresholds)
    np.testing.assert_array_equal(client, said.auto_client)
    np.testing.assert_array_equal(customer, said.auto_customer)


def test_the_table_has_a_line_a_proof(population: Population) -> None:
    proofs = [prove(population, ALL, 500, limit, draws=2) for limit in LIMITS]
    lines = [line for line in as_markdown(proofs).splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(proofs)
    assert {line.count("|") for line in lines} == {len(HEADINGS) + 1}


@pytest.mark.slow
@pytest.mark.parametrize("base_rate", BASE_RATES)
def test_promises_are_kept_in_200_draws_of_a_world(base_rate: float) -> None:
    proofs = prove_world(base_rate, draws=200)
    for proof in proofs:
        assert_kept(proof)
    assert {proof.limit for proof in proofs} == set(LIMITS)
    for limit in LIMITS:
        assert max(proof.auto for proof in proofs if proof.limit == limit) > 0.1
