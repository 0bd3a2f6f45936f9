"""`python -m benchmarks.results`: how good it is on public records and simulated accounts, as docs/results.md.

The real records are looked for where RAPPORT_DATA says, by default in ../shared/data.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from rich.console import Console
from sklearn.metrics import log_loss, roc_auc_score

from benchmarks import certified, labelling
from benchmarks.loop import report as loop
from benchmarks.loop.rounds import Size
from benchmarks.page import ROOT, commit
from benchmarks.tables import decisions_table, figures_table, seeds_table, table
from features.mapping import import_source, load_mapping
from features.reader import Export, open_export
from models.classify import classify
from models.rules import RuleBook
from models.shelf import choose
from training.judging.evaluate import evaluate_bundle
from training.judging.metrics import probability_figures
from training.labelled.dataset import Dataset, load_dataset
from training.simulator.simulate import simulate, write_export
from training.train import Trained, train

OUT = ROOT / "docs" / "results.md"
LABELLED = ("philadelphia", "hotel")
SEEDS = 3
N_SIMULATED = 10_000
RULES = RuleBook.default()


def main() -> None:
    """Write every section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    home = Path(os.environ.get("RAPPORT_DATA") or ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=home, help="the folder of the real records")
    parser.add_argument("--out", type=Path, default=OUT, help="where to write")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="draws of the folds on the labelled records")
    parser.add_argument("--draws", type=int, default=200, help="draws of the certificate's proof")
    arguments = parser.parse_args()
    console = Console(stderr=True)
    parts = [_head()]
    with tempfile.TemporaryDirectory(prefix="rapport-results-") as folder:
        exports = _import_all(arguments.data, Path(folder), console)
        for section in (
            _on_labelled(exports, arguments.seeds, console),
            _without_labels(exports, console),
            _on_simulated(Path(folder) / "crm", console),
            _certificate(arguments.draws, console),
            _labels(exports, console),
            _loop(arguments.out, console),
        ):
            parts.extend(section)
            # After each section, so that an hour's work is not lost with the last of it.
            arguments.out.write_text("\n".join(parts) + "\n", encoding="utf-8")
    console.print(f"{arguments.out} is written.")


def _head() -> str:
    libraries = ", ".join(f"{name} {metadata.version(name)}" for name in ("scikit-learn", "lightgbm", "numpy"))
    return (
        "# Results\n\n"
        f"Printed by `make results` on {datetime.now(UTC).date()} at commit `{commit()}` "
        f"({os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {libraries}).\n\n"
        "Brackets hold 95 % intervals of the bootstrap. Every figure is cross-fitted and nested: estimator, "
        "calibration and thresholds are chosen inside the folds, and each account is judged by a model that never saw "
        "it. The yardsticks cannot explain their answers; they learn and are calibrated on the same folds.\n"
    )


def _import_all(data: Path, folder: Path, console: Console) -> dict[str, Export]:
    exports = {}
    for name in (*LABELLED, "online_retail"):
        if not (data / name).is_dir():
            console.print(f"The real records '{name}' are not in {data}: their sections are left out.")
            continue
        console.print(f"Importing {name}")
        mapping = load_mapping(ROOT / "examples" / f"{name}.toml")
        import_source(mapping, data / name, folder / name, set_aside=folder / f"{name}-aside.parquet")
        exports[name] = open_export(folder / name)
    return exports


def _on_labelled(exports: Mapping[str, Export], seeds: int, console: Console) -> Iterator[str]:
    for name in LABELLED:
        if name not in exports:
            continue
        dataset = load_dataset(exports[name])
        found = []
        for seed in range(seeds):
            console.print(f"{name}: seed {seed}, with yardsticks")
            found.append(train(dataset, RULES, seed, yardsticks=True))
        yield f"\n## {name.title()}: {len(dataset):,} accounts, {dataset.n_client:,} clients\n"
        yield from figures_table(found[0])
        yield from decisions_table(found[0])
        yield from seeds_table(found)


def _without_labels(exports: Mapping[str, Export], console: Console) -> Iterator[str]:
    yield "\n## Without a label: distilled from the rules\n"
    yield "Learned from the rules' probabilities alone; the labels only judge.\n"
    rows = []
    for name in LABELLED:
        if name in exports:
            console.print(f"{name}: distilled")
            taught = train(load_dataset(exports[name], distil=RULES), RULES, 0)
            starter = evaluate_bundle(load_dataset(exports[name]), choose("starter", ROOT).model, RULES)
            rows.append((name, *_pairs(taught), f"{starter['auroc']:.3f} / {starter['log_loss']:.3f}"))
    yield from table(("AUROC / log loss", "distilled", "the rules", "the starter"), rows)
    if "online_retail" in exports:
        yield from _on_unlabelled(exports["online_retail"], console)


def _pairs(trained: Trained) -> Iterator[str]:
    for side in ("model", "rules"):
        of = trained.facts.metrics[side]
        yield f"{of['auroc'].value:.3f} / {of['log_loss'].value:.3f}"


def _on_unlabelled(export: Export, console: Console) -> Iterator[str]:
    console.print("online_retail: distilled")
    taught = train(load_dataset(export, distil=RULES), RULES, 0)
    moment = export.default_as_of()
    rows = []
    for name, model in (("the starter", choose("starter", ROOT).model), ("the rules", None)):
        said = [decisions for _, decisions in classify(export, moment, RULES, model)]
        kinds = np.concatenate([each.relationship for each in said])
        auto = np.concatenate([each.auto for each in said])
        counts = [f"{int((kinds == kind).sum()):,}" for kind in ("client", "customer", "prospect")]
        rows.append((name, *counts, f"{auto.mean():.1%}"))
    yield f"\nOnline retail has no labels: {len(taught.dataset):,} accounts.\n"
    yield from table(("", "client", "customer", "prospect", "automatic"), rows)


def _on_simulated(folder: Path, console: Console) -> Iterator[str]:
    world = simulate(N_SIMULATED, 0)
    write_export(world, folder)
    export = open_export(folder)
    console.print(f"simulated: {N_SIMULATED:,} accounts")
    started = perf_counter()
    dataset = load_dataset(export)
    trained = train(dataset, RULES, 0)
    seconds = perf_counter() - started
    truth = world.truth.set_index("account_id")["p_client"].reindex(dataset.account_ids).to_numpy()
    best = probability_figures(dataset.y, truth)
    ones = np.ones(len(dataset))
    yield f"\n## Simulated: {len(dataset):,} labelled accounts of a full CRM, {dataset.n_client:,} clients\n"
    yield from figures_table(trained)
    auroc, loss = (best[name](ones) for name in ("auroc", "log_loss"))
    yield f"The truth itself, P(client) by the simulator: AUROC {auroc:.3f}, log loss {loss:.3f}.\n"
    yield from decisions_table(trained)
    yield f"Reading, cross-fitting, certifying and fitting without yardsticks took {seconds:.1f} s.\n"
    yield from _distilled_truth(export, world.truth.set_index("account_id"), console)


def _distilled_truth(export: Export, truth: pd.DataFrame, console: Console) -> Iterator[str]:
    console.print("simulated: distilled")
    taught = train(load_dataset(export, distil=RULES), RULES, 0)
    y = truth["relationship"].reindex(taught.dataset.account_ids).to_numpy()
    known = np.isin(y.astype(str), ("client", "customer"))
    client = y[known] == "client"
    said = taught.cross_fitted.answers
    rows = [
        (name, f"{roc_auc_score(client, p[known]):.3f}", f"{log_loss(client, p[known]):.3f}")
        for name, p in (("distilled from the rules", said.model), ("the rules", said.rules))
    ]
    yield "Without a label, against the truth of every account:\n"
    yield from table(("", "AUROC", "log loss"), rows)


def _certificate(draws: int, console: Console) -> Iterator[str]:
    console.print(f"certificates: {draws} draws")
    yield "\n## Do the promises hold?\n"
    proofs = [proof for rate in certified.BASE_RATES for proof in certified.prove_world(rate, draws)]
    yield f"{draws:,} draws of labelled accounts a line.\n\n{certified.as_markdown(proofs)}"


def _labels(exports: Mapping[str, Export], console: Console) -> Iterator[str]:
    yield "\n## Labels: how many, and which are wrong\n"
    datasets: dict[str, Dataset] = {name: load_dataset(exports[name]) for name in LABELLED if name in exports}
    yield from labelling.report(datasets, console)


def _loop(out: Path, console: Console) -> Iterator[str]:
    found, lines = loop.measure_loop(Size(), loop.TRIALS, console)
    loop.write_picture(found, out)
    yield f"\n{loop.SECTION}\n"
    yield from lines


if __name__ == "__main__":
    main()
