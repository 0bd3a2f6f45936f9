"""How many labels are enough, and what the desk's order saves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from features.arrow import log_of_frames, to_micros
from features.events import BadInput
from features.mapping import import_source, load_mapping
from features.reader import open_export
from rapport.cli import app
from reviews.order import next_to_ask
from tests.datasets import dataset_of
from tests.quick import little
from training.asking.learning_curve import METRICS, ORDERS, LearningCurve, labels_needed, learn_curve, sizes_for
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.folds import split
from training.labelled.dataset import Dataset, build_dataset, load_dataset
from training.simulator.simulate import simulate

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


def small() -> RelationshipClassifier:
    """An estimator that learns little and fast."""
    return RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=10, max_leaf_nodes=4), n_folds=2)


def simulated(n: int, seed: int) -> Dataset:
    world = simulate(n, seed)
    log = log_of_frames(world.events, world.accounts, world.records)
    return build_dataset([log], world.labels, to_micros(world.as_of), world.records)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(4)
    return dataset_of(rng.random(200) < 0.4, seed=4)


# --- how many are needed


curves = st.lists(st.floats(0.5, 1.0), min_size=2, max_size=8)


@given(values=curves, gain=st.floats(0.05, 0.95), scale=st.sampled_from([-3.0, 2.0]))
def test_needed_labels_lie_among_the_sizes_whichever_way_is_better(
    values: list[float], gain: float, scale: float
) -> None:
    assume(abs(values[-1] - 0.4) > 1e-3)
    sizes = 10 * 2 ** np.arange(len(values))
    found = labels_needed(sizes, np.array(values), 0.4, gain)
    assert sizes[0] <= found <= sizes[-1]
    assert labels_needed(sizes, scale * np.array(values), scale * 0.4, gain) == pytest.approx(found)


@given(values=curves, gains=st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)))
def test_more_gain_needs_no_fewer_labels(values: list[float], gains: tuple[float, float]) -> None:
    sizes = 10 * 2 ** np.arange(len(values))
    less, more = (labels_needed(sizes, np.array(values), 0.4, gain) for gain in sorted(gains))
    assert less <= more


def test_a_lucky_moment_is_not_enough() -> None:
    """At 10 labels all was gained, and at 20 little: half of the gain is kept from half-way between 20 and 30."""
    values = np.array([0.9, 0.6, 0.8, 0.9])
    assert labels_needed(np.array([10, 20, 30, 40]), values, 0.5, gain=0.5) == pytest.approx(25.0)


def test_what_gains_nothing_needs_no_number() -> None:
    assert np.isnan(labels_needed(np.array([10, 20]), np.array([0.6, 0.5]), 0.5))
    assert np.isnan(labels_needed(np.array([10, 20]), np.array([np.nan, 0.7]), 0.5))


def test_sizes_grow_to_the_pool() -> None:
    sizes = sizes_for(1000)
    assert sizes[0] == 20
    assert sizes[-1] < 1000
    assert (np.diff(sizes) > 0).all()


# --- the simulation of labelling


def test_both_orders_end_at_one_model_and_repeat_exactly(dataset: Dataset) -> None:
    heard: list[tuple[int, int]] = []
    first = learn_curve(
        dataset,
        3,
        repeats=2,
        sizes=[25],
        estimator=small(),
        progress=lambda _, done, total: heard.append((done, total)),
    )
    again = learn_curve(dataset, 3, repeats=1, sizes=[25], estimator=small())
    assert first.sizes.tolist() == [25, 160]
    assert first.repeats == 2
    assert heard == [(done, 6) for done in range(1, 7)]
    for metric in METRICS:
        ends = [first.values[order][metric][:, -1].tolist() for order in ORDERS]
        assert ends[0] == ends[1]
        for order in ORDERS:
            assert first.values[order][metric][:1].tolist() == again.values[order][metric].tolist()


def test_nobody_is_asked_about_an_account_kept_out(dataset: Dataset) -> None:
    seen: list[Floats] = []

    def watch(X: Floats, said: Floats | None, asked: Rows, n: int) -> Rows:
        seen.append(X)
        assert (said is None) == (len(asked) == 0)
        return next_to_ask(X, said, asked, n)

    learn_curve(dataset, 3, repeats=1, sizes=[25, 60], estimator=small(), ask=watch)
    pool, kept = split(dataset, 3)[0]
    assert [len(X) for X in seen] == [len(pool)] * 2
    held = {row.tobytes() for row in dataset.X[kept]}
    assert not held & {row.tobytes() for X in seen for row in X}


def test_hand_picked_accounts_are_left_out(dataset: Dataset) -> None:
    picked = replace(dataset, inclusion=np.where(np.arange(200) < 50, np.nan, 1.0))
    assert learn_curve(picked, 3, repeats=1, sizes=[25], estimator=small()).sizes.tolist() == [25, 120]


def test_labels_of_one_class_are_its_frequency(dataset: Dataset) -> None:
    """An order that finds clients alone: until there is a customer, the model is one probability for all."""
    clients = np.flatnonzero(dataset.y)
    known = {dataset.X[row].tobytes() for row in clients}

    def clients_first(X: Floats, said: Floats | None, asked: Rows, n: int) -> Rows:
        is_client = np.array([row.tobytes() in known for row in X])
        return np.setdiff1d(np.flatnonzero(is_client), asked)[:n]

    curve = learn_curve(dataset, 3, repeats=1, sizes=[10, 20], estimator=small(), ask=clients_first)
    assert curve.values["desk"]["auroc"][0, :2].tolist() == [0.5, 0.5]
    assert curve.values["desk"]["log_loss"][0, 0] < curve.values["desk"]["log_loss"][0, 1]


@pytest.mark.parametrize("sizes", [[], [1], [160], [-5, 20]])
def test_sizes_that_do_not_fit_are_refused(dataset: Dataset, sizes: list[int]) -> None:
    with pytest.raises(BadInput, match="from 2 to 159"):
        learn_curve(dataset, 0, repeats=1, sizes=sizes, estimator=small())


def test_too_few_labels_are_refused_with_their_counts(dataset: Dataset) -> None:
    with pytest.raises(BadInput, match="0 clients and 120 customers"):
        learn_curve(dataset_of(np.zeros(120, dtype=bool)), 0)
    with pytest.raises(BadInput, match="the rules"):
        learn_curve(replace(dataset, teacher=np.full(200, 0.5)), 0)
    with pytest.raises(BadInput, match="1 repeat or more"):
        learn_curve(dataset, 0, repeats=0)


def test_the_desks_order_needs_no_more_labels_in_a_simulated_world() -> None:
    curve = learn_curve(simulated(500, seed=8), 1, repeats=2, sizes=[30, 90], estimator=small())
    for metric, sign in (("auroc", 1), ("log_loss", -1)):
        random, desk = (sign * curve.values[order][metric][:, :-1].mean() for order in ORDERS)
        assert desk > random - 0.02


# --- the command


def test_the_command_prints_draws_and_writes(tmp_path: Path) -> None:
    def run(*arguments: object) -> str:
        result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    run("sample", tmp_path / "crm", "--accounts", 300, "--seed", 2)
    files = {name: tmp_path / name for name in ("curve.svg", "curve.json")}
    asked = ("learn-curve", tmp_path / "crm", "--repeats", 1, "--sizes", "30")
    with little():
        text = run(*asked, "--out", files["curve.svg"], "--json", files["curve.json"])
    assert "desk's" in text
    found = json.loads(files["curve.json"].read_text(encoding="utf-8"))
    assert found["sizes"][0] == 30
    assert set(found["labels_needed"]) == set(ORDERS)
    assert found["curves"]["desk"]["auroc"][-1] == found["curves"]["random"]["auroc"][-1]
    assert "AUROC" in files["curve.svg"].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [(("--sizes", "ten"), "whole numbers"), (("--out", "curve.gif"), ".svg"), (("--sizes", "5000"), "from 2 to")],
)
def test_the_command_refuses_what_it_cannot_do(tmp_path: Path, options: tuple[str, str], message: str) -> None:
    CliRunner().invoke(app, ["sample", str(tmp_path / "crm"), "--accounts", "200"])
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["learn-curve", str(tmp_path / "crm"), *options])
    assert result.exit_code == 2
    assert message in result.stderr


def test_its_help_teaches() -> None:
    text = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["learn-curve", "--help"]).stdout
    assert "rapport learn-curve crm" in text.split("Options")[0].split("Example")[1]


# --- the proof


def describe(name: str, curve: LearningCurve) -> str:
    """The rows of a table as docs/results.md has it."""
    rows = []
    for metric in METRICS:
        cells = [curve.needed("random", metric), curve.needed("desk", metric), curve.ratio(metric)]
        texts = [f"{one.value:.3g} ({one.low:.3g} to {one.high:.3g})" for one in cells]
        rows.append(f"| {name} | {metric} | {int(curve.sizes[-1])} | {' | '.join(texts)} |")
    return "\n".join(rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["philadelphia", "hotel"])
def test_the_desks_order_saves_labels_on_real_records(
    name: str, real_data: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = load_mapping(Path(__file__).parents[1] / "examples" / f"{name}.toml")
    import_source(mapping, real_data(name), tmp_path / "export", set_aside=tmp_path / "aside.csv")
    curve = learn_curve(load_dataset(open_export(tmp_path / "export")), seed=1, repeats=10)
    with capsys.disabled():
        print("\n" + describe(name, curve))  # noqa: T201 - the figures of docs/results.md
    # Ten repeats leave the ratios uncertain by a fifth or so; what they come to is printed above.
    for metric, most in (("auroc", 1.0), ("log_loss", 1.15)):
        ratio = curve.ratio(metric).value
        assert ratio is not None
        assert ratio < most
