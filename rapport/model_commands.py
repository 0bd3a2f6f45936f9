"""Commands on models: train, evaluate."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import typer

from features.memory import MEMORY, parse_memory
from models import DEFAULT_STORE
from rapport.options import (
    Alpha,
    ApiKey,
    AsOf,
    Beta,
    Distil,
    ExportFolder,
    Json,
    MaybeLabelsUrl,
    Memory,
    ModelName,
    RulesFile,
    Seed,
    SplitBy,
    Store,
    Track,
    Tracking,
    Yardsticks,
    moment,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from features.reader import Export

__all__ = ["add_to"]


def train(  # noqa: PLR0913, PLR0917 - each option is an argument
    export: ExportFolder,
    store: Store = DEFAULT_STORE,
    as_of: AsOf = None,
    seed: Seed = 0,
    rules: RulesFile = None,
    split: SplitBy = "account",
    distil: Distil = False,
    alpha: Alpha = 0.05,
    beta: Beta = 0.10,
    yardsticks: Yardsticks = True,
    tracking: Tracking = None,
    track: Track = True,
    labels_from: MaybeLabelsUrl = None,
    key: ApiKey = None,
    memory: Memory = MEMORY,
    json: Json = None,
) -> None:
    """Learn from an export's labels; put the model on the shelf and say how good it is.

    Every figure is cross-fitted: each account is judged by a model that never saw it, beside the rules, the base rate
    and models that cannot explain themselves, on the same accounts. Each label is learned from as of its own time;
    --as-of serves labels that have none. The first model of a store becomes its champion; later ones are challengers
    until `rapport promote`. The model's report.html shows what was learned.

    **Examples**

        rapport train crm
        rapport train crm --no-yardsticks --seed 7 --json figures.json
        rapport train crm --split time --alpha 0.02
        rapport train crm --distil                   # no labels yet
        rapport train crm --labels-from sqlite:///rapport.db   # and what reviewers said
        rapport train crm --tracking https://mlflow.acme.com
    """
    from features.reader import open_export
    from features.reading import Reading
    from models.shelf import Shelf
    from rapport.choose_rules import load_rules
    from rapport.show import bar, now, say
    from rapport.show_metrics import print_release, print_training, write_figures
    from rapport.targets import check_store, check_targets
    from rapport.tracking import store_tracking
    from training.judging.crossfit import Limits
    from training.labelled.dataset import load_dataset
    from training.tracking.release import check_tracking, release
    from training.train import train as learn

    started, reading = perf_counter(), Reading(memory=parse_memory(memory))
    check_targets(export, json)
    source, book = open_export(export), load_rules(rules)
    at = moment(as_of, source)
    check_store(store)
    uri = store_tracking(store, tracking) if track else None
    with bar() as progress:
        labels = _labels_of(source, labels_from, key)
        dataset = load_dataset(source, at, progress, distil=book if distil else None, labels=labels, reading=reading)
        check_tracking(uri)
        trained = learn(
            dataset,
            book,
            seed,
            progress=progress,
            limits=Limits(alpha=alpha, beta=beta),
            how=split,
            yardsticks=yardsticks,
        )
    # Before the model is kept, so that they are there whatever fails then.
    print_training(trained)
    write_figures(trained.summary, perf_counter() - started, json)
    with bar() as progress:
        released = release(trained, Shelf(store), now(), uri, progress)
    print_release(released, store)
    say(f"Next: [bold]rapport classify {export} --out decisions.csv[/]")


def _labels_of(source: Export, labels_from: str | None, key: str | None) -> DataFrame | None:
    """Return the export's labels with those of a review desk; None where there is no desk, and they are read later."""
    if labels_from is None:
        return None
    from rapport.desk_labels import fetch_labels
    from rapport.show import say
    from training.labelled.reviewed import merge_labels

    merged = merge_labels(source.labels(), fetch_labels(labels_from, key))
    say(f"{merged.added:,} labels of the review desk, beside {len(merged.labels) - merged.added:,} others.")
    return merged.labels


def evaluate(
    export: ExportFolder,
    model: ModelName = None,
    rules: RulesFile = None,
    store: Store = DEFAULT_STORE,
    as_of: AsOf = None,
    json: Json = None,
) -> None:
    """Judge a model on a labelled export that it has not seen.

    The rules are judged beside it on the same accounts. Labels of one class alone are enough: figures that
    need both are then left empty.

    **Examples**

        rapport evaluate next-year --model starter
        rapport evaluate next-year --json figures.json
    """
    from features.reader import open_export
    from models.shelf import choose
    from rapport.choose_rules import load_rules
    from rapport.show import bar, say
    from rapport.show_metrics import print_summary, write_figures
    from rapport.targets import check_targets
    from training.judging.evaluate import evaluate_bundle
    from training.labelled.dataset import load_dataset

    started = perf_counter()
    check_targets(export, json)
    source, book, choice = open_export(export), load_rules(rules), choose(model, store)
    say(choice.note)
    at = moment(as_of, source)
    with bar() as progress:
        dataset = load_dataset(source, at, progress)
        progress("Judging", 0, 0)
        summary = evaluate_bundle(dataset, choice.model, book)
    print_summary(summary)
    write_figures(summary, perf_counter() - started, json)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("train")(train)
    app.command("evaluate")(evaluate)
