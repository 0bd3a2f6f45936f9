"""`python -m benchmarks.certified [--draws 400]`: do certified thresholds keep their promises? A table in Markdown.

The promises are over the draw of the labelled accounts of one company, so there is one simulated world for each base
rate, and one model, trained on accounts of it that are set aside. The others are the world's population, of which every
P(client) is known. A draw takes accounts of it at random, with replacement, and labels each anew from its P(client),
which is what the simulator does. So the draws are independent, the certified thresholds' true shares are sums over
the population, and nothing of the truth is estimated. Accounts of another world would have other habits and a model
of their own: of them nothing is promised.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.arrow import log_of_frames, to_micros
from models.policy import Model, Thresholds
from models.rules import RuleBook
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.certify import DELTA, certify
from training.judging.evaluate import Answers, answer
from training.judging.fitting import fit_scorecard, ranges
from training.labelled.dataset import build_dataset
from training.simulator.simulate import simulate

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LIMITS = (0.02, 0.05, 0.10)
"""Each is α and β at once."""
BASE_RATES = (0.5, 0.04)
N_ACCOUNTS = 60_000
N_TRAIN = 10_000
PROMISES = ("client", "customer", "spared")
"""Wrong among the automatic answers of each kind; true clients automatically called customer."""


@dataclass(frozen=True, eq=False)
class Population:
    """Accounts whose P(client) is known, and a model that learned from none of them."""

    base_rate: float
    X: Floats
    truth: Floats
    model: Model

    @cached_property
    def said(self) -> Answers:
        """What the policy answers where thresholds leave nothing to review that has no other reason for it."""
        return answer(self.X, RuleBook.default(), self.model)

    def automatic(self, thresholds: Thresholds) -> tuple[Bools, Bools]:
        """Where the answer is automatically client, and where customer."""
        p, nobody = self.said.model, np.zeros(len(self.truth), dtype=bool)
        return (
            nobody if thresholds.client is None else self.said.auto_client & (p >= thresholds.client),
            nobody if thresholds.customer is None else self.said.auto_customer & (p <= thresholds.customer),
        )

    def realise(self, thresholds: Thresholds) -> dict[str, float]:
        """Return the true share of each promise, 0 where nothing is answered, and how much is answered."""
        client, customer = self.automatic(thresholds)
        return {
            "client": float((1.0 - self.truth[client]).sum()) / max(int(client.sum()), 1),
            "customer": float(self.truth[customer].sum()) / max(int(customer.sum()), 1),
            "spared": float(self.truth[customer].sum() / self.truth.sum()),
            "auto": float((client | customer).mean()),
        }


def make_population(
    base_rate: float, n_accounts: int = N_ACCOUNTS, n_train: int = N_TRAIN, seed: int = 1
) -> Population:
    """Simulate one world, learn from `n_train` of its accounts, and keep the others."""
    world = simulate(n_accounts, seed, base_rate=base_rate)
    log = log_of_frames(world.events, world.accounts, world.records)
    dataset = build_dataset([log], world.labels, to_micros(world.as_of), world.records)
    truth = world.truth.set_index("account_id")["p_client"].reindex(dataset.account_ids).to_numpy(np.float64)
    rows = np.random.default_rng(seed).permutation(len(dataset))
    train, others = rows[:n_train], np.sort(rows[n_train:])
    fast = RelationshipClassifier(trees=PairwiseTrees(max_iter=60), n_folds=2)
    _, scorecard = fit_scorecard(dataset, fast, train, seed)
    low, high = ranges(dataset.X[train])
    model = Model("proof", scorecard, Thresholds(client=0.5, customer=0.5), low, high)
    return Population(base_rate, dataset.X[others], truth[others], model)


def label_all(population: Population) -> Floats:
    """Each account is as likely to be labelled as any other."""
    return np.ones(len(population.truth))


def label_crm_and_audit(population: Population) -> Floats:
    """The CRM labels the obvious accounts, 15 % of all; of the others one in 50 is audited: 10 % of the labels."""
    doubt = -np.abs(population.truth - 0.5)
    return np.where(doubt <= np.quantile(doubt, 9 / 59), 1.0, 1 / 50)


def label_two_audits(population: Population) -> Floats:
    """One in 10 is audited where the model is in doubt, one in 50 elsewhere."""
    sureness = np.abs(population.said.model - 0.5)
    return np.where(sureness <= np.median(sureness), 1 / 10, 1 / 50)


Labelling = Callable[[Population], Floats]
LABELLINGS: dict[str, Labelling] = {
    "any account": label_all,
    "CRM's own, 10 % audited at 1 in 50": label_crm_and_audit,
    "audited at 1 in 10 and 1 in 50": label_two_audits,
}


@dataclass(frozen=True)
class Proof:
    """What came of many draws: how many broke a promise, the mean true shares, how often a side got no threshold."""

    base_rate: float
    labelling: str
    n: int
    limit: float
    draws: int
    broken: dict[str, float]
    any_broken: float
    realised: dict[str, float]
    auto: float
    none: dict[str, float]


def prove(
    population: Population, labelling: str, n: int, limit: float, draws: int, *, seed: int = 1, weighted: bool = True
) -> Proof:
    """Certify thresholds on many draws of n labelled accounts and compare them with the truth."""
    rng = np.random.default_rng(seed)
    inclusion = LABELLINGS[labelling](population)
    chances = inclusion / inclusion.sum()
    shares, silent = [], []
    for turn in range(draws):
        rows = rng.choice(len(chances), size=n, p=chances)
        y = rng.random(n) < population.truth[rows]
        thresholds = certify(
            population.said.model[rows],
            y,
            population.said.auto[rows],
            alpha=limit,
            beta=limit,
            weights=1.0 / inclusion[rows] if weighted else None,
            seed=turn,
        )
        shares.append(population.realise(thresholds))
        silent.append((thresholds.client is None, thresholds.customer is None))
    broken = np.array([[share[name] > limit for name in PROMISES] for share in shares])
    return Proof(
        base_rate=population.base_rate,
        labelling=labelling,
        n=n,
        limit=limit,
        draws=draws,
        broken=dict(zip(PROMISES, broken.mean(axis=0).tolist(), strict=True)),
        any_broken=float(broken.any(axis=1).mean()),
        realised={name: float(np.mean([share[name] for share in shares])) for name in PROMISES},
        auto=float(np.mean([share["auto"] for share in shares])),
        none=dict(zip(("client", "customer"), np.mean(silent, axis=0).tolist(), strict=True)),
    )


SIZES = {
    ("any account", 0.5): (2_000,),
    ("any account", 0.04): (2_000, 10_000),
    ("CRM's own, 10 % audited at 1 in 50", 0.5): (2_000, 10_000),
    ("CRM's own, 10 % audited at 1 in 50", 0.04): (20_000,),
    ("audited at 1 in 10 and 1 in 50", 0.5): (2_000,),
    ("audited at 1 in 10 and 1 in 50", 0.04): (10_000,),
}
"""Labelled accounts in a draw: enough that something can be promised, and for rare clients also fewer."""


def prove_world(base_rate: float, draws: int, n_accounts: int = N_ACCOUNTS) -> list[Proof]:
    """Prove every labelling, size and limit in the world of one base rate."""
    population = make_population(base_rate, n_accounts)
    return [
        prove(population, labelling, n, limit, draws)
        for (labelling, rate), sizes in SIZES.items()
        if rate == base_rate
        for n in sizes
        for limit in LIMITS
    ]


LEGEND = """\
Shares of the draws in which a promise was broken: more than α of the automatic answers "client" or "customer" wrong, or
more than β of the clients automatically called customer. Each may be broken in δ = {delta:.0%} of the draws, and so may
any of the three. "Automatic" is the mean share decided automatically; "none" how often a side got no threshold.
"""
HEADINGS = (
    *("clients", "labels from", "n", "α = β", "client wrong", "customer wrong", "clients slipped", "any of the three"),
    *("automatic", "none for client", "none for customer"),
)


def as_markdown(proofs: Iterable[Proof]) -> str:
    """Write proofs as the table that docs/results.md holds."""
    align = "|".join(":---" if heading == "labels from" else "---:" for heading in HEADINGS)
    lines = [LEGEND.format(delta=DELTA), f"| {' | '.join(HEADINGS)} |", f"|{align}|"]
    for one in proofs:
        shares = [*one.broken.values(), one.any_broken, one.auto, *one.none.values()]
        cells = [f"{one.base_rate:.0%}", one.labelling, f"{one.n:,}", f"{one.limit:.0%}", *(f"{s:.1%}" for s in shares)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.certified", description=__doc__)
    parser.add_argument("--draws", type=int, default=400, help="draws of labelled accounts behind each line")
    draws = parser.parse_args().draws
    proofs = [proof for rate in BASE_RATES for proof in prove_world(rate, draws)]
    print(f"{draws:,} draws a line.\n\n{as_markdown(proofs)}")


if __name__ == "__main__":
    main()
