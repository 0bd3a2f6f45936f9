"""Commands on models: train, evaluate, classify."""

from __future__ import annotations

from time import perf_counter

import typer

from models import DEFAULT_STORE
from rapport.options import AsOf, ExportFolder, Json, ModelName, Out, RulesFile, Seed, Store, moment

__all__ = ["add_to"]


def train(
    export: ExportFolder,
    store: Store = DEFAULT_STORE,
    as_of: AsOf = None,
    seed: Seed = 0,
    rules: RulesFile = None,
    json: Json = None,
) -> None:
    """Learn from an export's labels; put the model on the shelf and say how good it is.

    Every figure is cross-fitted: each account is judged by a model that never saw it, beside the rules on the
    same accounts. Each label is learned from as of its own time; --as-of serves labels that have none. The first
    model of a store becomes its champion.

    **Examples**

        rapport train crm
        rapport train crm --store models/acme --seed 7 --json figures.json
    """
    from features.reader import open_export
    from models.shelf import Shelf
    from rapport.choose_rules import load_rules
    from rapport.show import bar, now, say
    from rapport.show_metrics import print_training, write_figures
    from rapport.targets import check_targets
    from training.dataset import load_dataset
    from training.train import shelve
    from training.train import train as learn

    started = perf_counter()
    check_targets(export, json)
    source, book = open_export(export), load_rules(rules)
    at = moment(as_of, source)
    with bar() as progress:
        dataset = load_dataset(source, at, progress)
        trained = learn(dataset, book, seed, progress=progress)
        bundle, crowned = shelve(trained, Shelf(store), now())
    print_training(trained, bundle)
    write_figures(trained.summary, perf_counter() - started, json)
    say(f"Model [bold]{bundle.version}[/] is on the shelf {store}{' and is its champion' if crowned else ''}.")
    say(f"Next: [bold]rapport classify {export} --out decisions.csv[/]")


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
    from training.dataset import load_dataset
    from training.evaluate import evaluate_bundle

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


def classify(
    export: ExportFolder,
    out: Out,
    as_of: AsOf = None,
    model: ModelName = None,
    rules: RulesFile = None,
    store: Store = DEFAULT_STORE,
) -> None:
    """Decide what each account is: a row an account, with confidence, route and the strongest reasons.

    Accounts with route "review" should be looked at by a person; review_reasons says why.

    **Examples**

        rapport classify crm --out decisions.csv
        rapport classify crm --out decisions.parquet --model rules --rules my-rules.toml
    """
    from features.reader import open_export
    from features.stream import write_table
    from models.classify import classify as decide_all
    from models.classify import decision_table
    from models.shelf import choose
    from rapport.choose_rules import load_rules
    from rapport.show import bar, say
    from rapport.show_decisions import Tally
    from rapport.targets import check_targets

    check_targets(export, out)
    source, book, choice = open_export(export), load_rules(rules), choose(model, store)
    say(choice.note)
    at = moment(as_of, source)
    tally = Tally()
    with bar() as progress:
        answers = decide_all(source, at, book, choice.model, progress=progress)
        write_table((decision_table(*answer) for answer in tally.follow(answers)), out)
    tally.show()
    say(f"{out}: {tally.n_accounts:,} accounts.")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("train")(train)
    app.command("evaluate")(evaluate)
    app.command("classify")(classify)
