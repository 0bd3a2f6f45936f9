"""The command that says how many labels are enough."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.events import BadInput
from rapport.options import AsOf, ExportFolder, Json, Seed, moment

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from models.manifest import Estimate
    from training.asking.learning_curve import LearningCurve

__all__ = ["add_to"]


def learn_curve(
    export: ExportFolder,
    repeats: Annotated[int, typer.Option(min=1, help="How many times; each keeps another fifth out.")] = 5,
    sizes: Annotated[
        str | None,
        typer.Option(metavar="20,50,…", help="Labels at which a model is fitted. Default: 20, then by a third more."),
    ] = None,
    as_of: AsOf = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the curve there; .svg, .png or .pdf says how.", show_default=False),
    ] = None,
    json: Json = None,
) -> None:
    """Say how good a model gets by how many accounts people label, and what asking in the desk's order saves.

    The labels of the export are hidden and revealed again, a few at a time: once in random order, once in the
    order in which the review desk asks, which looks for the answers that make the model surest of all other
    accounts. At each size a model learns from what is revealed and is judged on a fifth of the accounts that
    it never sees. The second table counts the labels that reach 95 % of what all of them gain.

    Learn from it whether more labels would still help: where the curve is flat to the right, they would not.

    **Examples**

        rapport learn-curve crm
        rapport learn-curve crm --repeats 20 --out curve.svg --json curve.json
        rapport learn-curve crm --sizes 50,100,200,400
    """
    from features.reader import open_export
    from rapport.show import bar, say
    from rapport.show_metrics import write_figures
    from rapport.targets import check_targets
    from training.asking.learning_curve import learn_curve as learn
    from training.asking.learning_curve_plot import SUFFIXES, write_curve
    from training.labelled.dataset import load_dataset

    started = perf_counter()
    wanted = _read_sizes(sizes)
    if out is not None and out.suffix not in SUFFIXES:
        raise BadInput(f"{out}: a curve is written as {' or '.join(SUFFIXES)}; choose one of these endings.")
    check_targets(export, out, json)
    source = open_export(export)
    at = moment(as_of, source)
    with bar() as progress:
        dataset = load_dataset(source, at, progress)
        curve = learn(dataset, seed, repeats=repeats, sizes=wanted, progress=progress)
    _print_curve(curve)
    write_figures(_summarise(curve, seed), perf_counter() - started, json)
    if out is not None:
        write_curve(curve, out)
        say(f"The curve is drawn in {out}.")


def _read_sizes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise BadInput(
            f"--sizes {text}: expected whole numbers with commas between them, such as 50,100,200."
        ) from None


def _print_curve(curve: LearningCurve) -> None:
    from rapport.show import print_table

    mean = {
        (order, metric): values.mean(axis=0)
        for order, by_metric in curve.values.items()
        for metric, values in by_metric.items()
    }
    columns = [("random", "auroc"), ("desk", "auroc"), ("random", "log_loss"), ("desk", "log_loss")]
    rows = [(int(size), *(float(mean[column][i]) for column in columns)) for i, size in enumerate(curve.sizes)]
    title = f"Mean of {curve.repeats}, each judged on about {curve.n_held_out:,} accounts that the model never saw"
    print_table(title, ("labels", "AUROC, random", "desk's", "log loss, random", "desk's"), rows, text_columns=0)
    print_table(
        "Labels that reach 95 % of what all of them gain (95 % of resampled repeats lie between)",
        ("", "random order", "", "desk's order", "", "desk's / random", ""),
        [
            (
                name,
                *_labels(curve.needed("random", metric)),
                *_labels(curve.needed("desk", metric)),
                *_times(curve.ratio(metric)),
            )
            for metric, name in (("auroc", "AUROC"), ("log_loss", "log loss"))
        ],
    )


def _labels(found: Estimate) -> tuple[str | None, str | None]:
    return _texts(found, ",.0f")


def _times(found: Estimate) -> tuple[str | None, str | None]:
    return _texts(found, ".2f")


def _texts(found: Estimate, form: str) -> tuple[str | None, str | None]:
    interval = None if found.low is None else f"{found.low:{form}} to {found.high:{form}}"
    return None if found.value is None else f"{found.value:{form}}", interval


def _summarise(curve: LearningCurve, seed: int) -> dict[str, Any]:
    """Return the curve as `--json` writes it: means by order and metric, and what is needed, each with its interval."""
    metrics = list(curve.nothing)
    return {
        "seed": seed,
        "repeats": curve.repeats,
        "n_held_out": curve.n_held_out,
        "sizes": curve.sizes.tolist(),
        "curves": {
            order: {metric: _numbers(values.mean(axis=0)) for metric, values in by_metric.items()}
            for order, by_metric in curve.values.items()
        },
        "no_labels": {metric: _numbers(values.mean(keepdims=True))[0] for metric, values in curve.nothing.items()},
        "labels_needed": {
            order: {metric: curve.needed(order, metric).model_dump() for metric in metrics} for order in curve.values
        },
        "ratio": {metric: curve.ratio(metric).model_dump() for metric in metrics},
    }


def _numbers(values: npt.NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - nan differs from itself


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("learn-curve")(learn_curve)
