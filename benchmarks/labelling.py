"""How many labels a model needs in which order, and how many wrong ones the audit finds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from rich.console import Console

from features.arrow import log_of_frames, to_micros
from models.manifest import Estimate
from models.rules import RuleBook
from training.asking.learning_curve import learn_curve
from training.auditing.audit import audit_labels
from training.labelled.dataset import Dataset, build_dataset
from training.labelled.labels import resolve_labels
from training.simulator.simulate import World, simulate

FLIPPED = 0.05
"""Share of the simulator's labels that are turned round, and of the list in which they should stand."""
REPEATS = 5
SEEDS = 5


def report(
    datasets: Mapping[str, Dataset], console: Console, repeats: int = REPEATS, seeds: int = SEEDS
) -> Iterator[str]:
    """Yield the lines of docs/results.md."""
    yield (
        f"Labels that reach 95 % of what all labels gain over none, in random order and in the order in which the "
        f"review desk asks (`reviews/order.py`), over {repeats} held-out parts (in brackets 95 % intervals).\n"
    )
    yield "| accounts | figure | labels in all | random | desk | desk : random |"
    yield "|---|---|---:|---:|---:|---:|"
    for name, dataset in datasets.items():
        console.print(f"{name}: learning curve")
        curve = learn_curve(dataset, 0, repeats=repeats)
        for metric in ("auroc", "log_loss"):
            counts = [_count(curve.needed(order, metric)) for order in ("random", "desk")]
            yield f"| {name} | {metric} | {curve.sizes[-1]:,} | {' | '.join(counts)} | {_ratio(curve.ratio(metric))} |"
    console.print("flipped labels")
    found = [find_flipped(seed) for seed in range(seeds)]
    yield (
        f"\nWith {FLIPPED:.0%} of the simulator's labels flipped, the first {FLIPPED:.0%} of the audit's list hold "
        f"{np.mean(found):.0%} of them (over {seeds} worlds of 3,000 accounts: "
        f"{', '.join(f'{share:.0%}' for share in found)})."
    )


def find_flipped(seed: int, n_accounts: int = 3_000) -> float:
    """Flip labels of a simulated world, and return the share of them in the first of the audit's list."""
    world = simulate(n_accounts, seed)
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(world.labels["relationship"].isin(["client", "customer"]))
    flipped = rng.choice(known, size=round(FLIPPED * len(known)), replace=False)
    turned = flip(world, flipped)
    as_of = to_micros(turned.as_of)
    log = log_of_frames(turned.events, turned.accounts, turned.records)
    dataset = build_dataset([log], turned.labels, as_of, turned.records)
    audit = audit_labels(dataset, resolve_labels(turned.labels, as_of), RuleBook.default(), seed)
    wrong = np.isin(dataset.account_ids, turned.labels["account_id"].to_numpy(dtype=object)[flipped])
    first = audit.order[: round(FLIPPED * len(dataset))]
    return float(wrong[first].sum() / wrong.sum())


def flip(world: World, rows: np.ndarray) -> World:
    """Turn some labels round."""
    labels = world.labels.copy()
    place = labels.columns.get_loc("relationship")
    labels.iloc[rows, place] = labels.iloc[rows, place].map({"client": "customer", "customer": "client"})
    return replace(world, labels=labels)


def _count(found: Estimate) -> str:
    if found.value is None:
        return "–"
    return f"{found.value:.0f}" + ("" if found.low is None else f" [{found.low:.0f}, {found.high:.0f}]")


def _ratio(found: Estimate) -> str:
    if found.value is None:
        return "–"
    return f"{found.value:.2f}" + ("" if found.low is None else f" [{found.low:.2f}, {found.high:.2f}]")
