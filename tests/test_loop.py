"""The loop closes: what reviewers say trains the next model, and teaches it sooner than cases drawn by chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from benchmarks.loop.figures import Loop, as_markdown, labels_for
from benchmarks.loop.picture import draw_loop
from benchmarks.loop.report import SECTION, TRIALS, measure_loop
from benchmarks.loop.rounds import ARMS, Size, run_trial
from benchmarks.loop.team import LEAD, REVIEWERS
from benchmarks.page import put_section
from reviews.database import open_database
from reviews.desk import Desk, Filters
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier

SMALL = Size(accounts=90, kept_out=60, start=60, labels=6, rounds=2, slips=0.3)
"""So many slips that second readers disagree and the machine is believed now and then."""

COARSE = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=3), n_folds=2)


def test_each_verdict_is_learned_from_once(tmp_path: Path) -> None:
    steps: list[str] = []
    courses = run_trial(tmp_path, 1, SMALL, steps.append, COARSE, certified=False)
    assert [step for step in steps if step.startswith("desk")] == [f"desk, round {i}" for i in (1, 2)]
    assert tuple(courses) == ARMS
    for name, course in courses.items():
        assert len(course.figures) == 1 + SMALL.rounds
        given = [label for label in course.labels.given if label.relationship != "prospect"]
        assert len(given) == SMALL.rounds * SMALL.labels
        assert len({label.account_id for label in given}) == len(given)
        assert {label.labeller for label in given} <= {*REVIEWERS, LEAD}
        with open_database(f"sqlite:///{tmp_path / name}.db") as database:
            there = Desk(database)
            assert there.labels(0) == list(course.labels.given)
            closed = there.queue(Filters(state="closed"), "ann", 2**60, limit=1000)
            assert {line.account_id for line in closed} == {label.account_id for label in course.labels.given}
            said = [each for key in there.reviewers() for each in there.history(key, limit=1000)]
            assert len(said) == course.work.answers + course.work.revised + course.work.ruled
        # The last model learned from all of them, also where one took the place of the CRM's label.
        assert sum(course.taught.by_source["reviewer"].values()) == len(given)
    loop = Loop(SMALL, [courses, courses])
    section = "\n".join(as_markdown(loop, "loop.svg"))
    assert section.count(f"| {SMALL.labels} |") == 2
    assert b"<svg " in draw_loop(loop)


@pytest.mark.parametrize(
    ("losses", "target", "labels"),
    [
        ([0.5, 0.3, 0.2], 0.4, 50.0),
        ([0.5, 0.3, 0.2], 0.2, 200.0),
        ([0.5, 0.3, 0.2], 0.6, 0.0),
        ([0.5, 0.3, 0.2], 0.1, None),
        ([0.5, 0.1, 0.4, 0.2], 0.3, 250.0),  # it has to stay there
    ],
)
def test_labels_for_a_log_loss(losses: list[float], target: float, labels: float | None) -> None:
    found = labels_for(100 * np.arange(len(losses)), np.array(losses), target)
    assert np.isnan(found) if labels is None else found == pytest.approx(labels)


def test_a_section_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "results.md"
    for before, after in (("# Results\n", "\n## Other\n\nText.\n"), ("", "")):
        page.write_text(f"{before}\n{SECTION}\n\nold\n{after}", encoding="utf-8")
        put_section(page, SECTION, ["new"])
        assert page.read_text(encoding="utf-8") == f"{before}\n{SECTION}\n\nnew\n{after}"
    page.write_text("# Results\n\n## Other\n", encoding="utf-8")
    put_section(page, SECTION, ["new"])
    assert page.read_text(encoding="utf-8") == f"# Results\n\n## Other\n\n{SECTION}\n\nnew\n"


@pytest.mark.slow
def test_the_desk_needs_fewer_labels_than_chance() -> None:
    """The desk's verdicts take a model further than as many on accounts drawn by chance. Some minutes."""
    loop, _ = measure_loop(Size(), TRIALS, Console(stderr=True))
    ratio, gain = loop.ratio(), loop.gain("log_loss", -1)
    assert ratio.value is not None
    assert ratio.high is not None
    assert ratio.value < ratio.high < 1.0
    assert gain.high is not None
    assert gain.high < 0.0
