"""The report of a training run: what it says, and that it needs nothing but itself."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from features.reader import open_export
from models.manifest import Estimate
from models.rules import RuleBook
from models.scorecard import Scorecard
from tests.quick import few_draws
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.estimation.splines import SplineLogistic
from training.judging.crossfit import decide_folds
from training.judging.metrics import UNDEFINED
from training.judging.slices import SliceFigures, slices_of
from training.labelled.dataset import load_dataset
from training.reporting.diagrams import ALPHAS, alpha_table
from training.reporting.disagreement import disagreement
from training.reporting.plain_words import of_whom, percent, what_changed
from training.reporting.purpose import INTENDED, LIMITS, caveats
from training.reporting.report import write_report
from training.simulator.simulate import simulate, write_export
from training.tracking.compare import Comparison, SliceDifference
from training.train import Trained, train

NASTY = "<script>alert('x')</script> & sons, makers of very long names of industries that no table expects"
SECTIONS = ["plain", "metrics", "alpha", "curves", "rules", "slices", "labels", "champion", "made"]
VOID = {"meta", "br"}


class Page(HTMLParser):
    """A page taken apart: tags that are open, attributes, and the text of each section."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.sections: dict[str, str] = {}
        self.section = ""
        self.feed(html)
        self.close()
        assert self.open == [], "a tag was never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "section":
            self.section = dict(attrs)["id"] or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.sections[self.section] = self.sections.get(self.section, "") + data + " "

    def said(self, section: str) -> str:
        """The text of a section, in one line."""
        return " ".join(self.sections[section].split())

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("export")
    write_export(simulate(320, seed=4), folder)
    dataset = load_dataset(open_export(folder))
    facts = dataset.facts.astype(object)
    facts.iloc[: len(facts) // 2, facts.columns.get_loc("industry")] = NASTY
    few = PairwiseTrees(n_bags=1, max_iter=12, max_leaf_nodes=4)
    small = RelationshipClassifier(trees=few, logistic=SplineLogistic(penalty=1e6), n_folds=2)
    with few_draws():
        return train(replace(dataset, facts=facts), RuleBook.default(), seed=3, estimator=small)


@pytest.fixture(scope="module")
def flat(trained: Trained) -> Trained:
    """A model that says the same of every account, whose report is written fast: it has nothing to draw."""
    curves = tuple(
        replace(curve, levels=0 * curve.levels, slopes=0 * curve.slopes) for curve in trained.scorecard.curves
    )
    return replace(trained, scorecard=Scorecard(0.3, curves))


@pytest.fixture(scope="module")
def html(trained: Trained) -> str:
    return write_report(trained, None, "2026-11-23 10:00 UTC")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def show(found: Estimate) -> str:
    return "–" if found.value is None else f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


# --- one file, nothing from elsewhere


def test_it_is_one_file_that_asks_nothing_of_the_network(html: str, page: Page) -> None:
    assert page.tags["script"] == page.tags["link"] == page.tags["img"] == page.tags["iframe"] == 0
    for name in ("src", "href", "xlink:href", "action", "srcset", "data"):
        assert [value for value in page.values(name) if not value.startswith("#")] == []
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    assert "@import" not in html
    assert "://" not in html
    assert [value for tag, name, value in page.attributes if name.startswith("on")] == []


def test_it_forbids_itself_everything_else(page: Page) -> None:
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policy in page.values("content")
    assert page.attributes.index(("meta", "content", policy)) < 5


def test_every_reference_within_the_page_has_one_aim(html: str, page: Page) -> None:
    ids = Counter(page.values("id"))
    assert [name for name, times in ids.items() if times > 1] == []
    aims = {value[1:] for value in page.values("href")} | set(re.findall(r"url\(#([^)]+)\)", html))
    aims |= {name for value in page.values("aria-labelledby") for name in value.split()}
    assert aims <= set(ids)


def test_the_same_model_gives_the_same_bytes(trained: Trained, html: str) -> None:
    assert write_report(trained, None, "some day").replace("some day", "2026-11-23 10:00 UTC") == html
    assert len(html.encode()) < 2_000_000


def test_each_plot_is_told_to_those_who_do_not_see_it_and_takes_the_colours_of_the_page(html: str, page: Page) -> None:
    plots = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert page.tags["svg"] == page.tags["desc"] == len(plots) > 15
    for plot in plots:
        assert re.match(r'<svg viewBox="[\d. ]+" role="img" aria-labelledby="\S+ \S+">', plot)
        assert re.search(r"<desc[^>]*>[^<]{20,}</desc>", plot)
        assert re.findall(r"(?<!, )#[0-9a-f]{6}", plot) == [], "a colour that stays the same in the dark"


# --- what it says


def test_its_sections_stand_in_the_order_of_the_reader(page: Page) -> None:
    assert [value for tag, name, value in page.attributes if (tag, name) == ("section", "id")] == SECTIONS
    assert page.values("href")[: len(SECTIONS)] == [f"#{name}" for name in SECTIONS]


def test_its_figures_are_those_of_the_model(trained: Trained, page: Page) -> None:
    facts = trained.facts
    for side in ("model", "rules", "base rate"):
        for found in facts.metrics[side].values():
            assert show(found) in page.said("metrics")
    plain = page.said("plain")
    assert percent(facts.metrics["decisions"]["auto_share"].value) in plain
    assert f"{len(trained.dataset):,} labelled accounts" in plain
    for found in trained.slices:
        assert show(found.figures["log_loss"]) in page.said("slices")
    made = page.said("made")
    for text in (facts.data_digest, facts.rules, f"Seed {facts.seed}", *facts.libraries.values(), INTENDED, *LIMITS):
        assert text in made
    assert trained.version in page.said("")


def test_it_shows_the_strongest_signals_first(trained: Trained, page: Page) -> None:
    moves = np.abs(trained.scorecard.explain(trained.dataset.X)[1]).mean(axis=0)
    names = [trained.scorecard.signal_names[place] for place in np.argsort(-moves)[:10] if moves[place] > 0]
    assert len(names) > 3
    learned = page.said("curves")
    places = [learned.index(f" {name} · moves") for name in names]
    assert places == sorted(places)
    marked = {signal.name for signal in trained.facts.signals if signal.treatment}
    assert learned.count("treatment ") >= len(marked & set(names))


def test_names_from_the_data_are_text_and_nothing_else(html: str, page: Page) -> None:
    assert "<script" not in html.lower()
    assert NASTY in page.said("slices")


def test_it_names_no_account(trained: Trained, html: str) -> None:
    assert [account for account in trained.dataset.account_ids if str(account) in html] == []


def test_what_a_limit_buys_is_told_by_thresholds_from_other_folds(trained: Trained, page: Page) -> None:
    crossed = trained.cross_fitted
    table = alpha_table(crossed)
    assert [row.alpha for row in table] == sorted({*ALPHAS, crossed.limits.alpha})
    (chosen,) = (row for row in table if row.chosen)
    assert chosen.auto == pytest.approx(trained.facts.metrics["decisions"]["auto_share"].value)
    assert chosen.missed == pytest.approx(trained.facts.metrics["decisions"]["client_called_customer"].value)
    loosest = decide_folds(crossed, replace(crossed.limits, alpha=ALPHAS[-1]))
    assert table[-1].auto_client == pytest.approx(float(loosest[0].mean()))
    assert table[-1].reviews == pytest.approx(1000 * (1 - table[-1].auto))
    for row in table:
        assert f"{percent(row.alpha)}{' · chosen' if row.chosen else ''} {percent(row.auto)}" in page.said("alpha")


def test_disagreement_counts_every_account_once(trained: Trained, page: Page) -> None:
    crossed, parts = trained.cross_fitted, slices_of(trained.dataset)
    found = disagreement(trained.dataset.X, crossed.y, crossed.answers.model, trained.rules, parts)
    assert sum(cell.n for cell in found.cells) == len(trained.dataset)
    assert sum(cell.n_client for cell in found.cells) == trained.dataset.n_client
    assert sum(cell.n for cell in found.cells if cell.opposed) == found.whole.n_opposed
    opposed = (crossed.answers.model > 0.5) != (crossed.answers.rules > 0.5)
    assert found.whole.n_opposed == (opposed & (crossed.answers.rules != 0.5)).sum()
    assert f"opposite sides on {found.whole.n_opposed:,} of {len(trained.dataset):,} accounts" in page.said("rules")
    for rule in found.opposing:
        assert rule.text in page.said("rules")


def test_the_first_model_has_nothing_to_be_compared_with(page: Page) -> None:
    assert "first model here" in page.said("champion")


def compared(trained: Trained, low: float, high: float) -> Comparison:
    difference = Estimate(value=(low + high) / 2, low=low, high=high)
    return Comparison(
        challenger=trained.version,
        champion="other-model",
        known=True,
        n_client=120,
        n_customer=310,
        n_out_of_fold=400,
        n_by_scorecard=30,
        n_left_out=7,
        n_switched=11,
        figures={side: dict(trained.facts.metrics["model"]) for side in ("challenger", "champion")},
        difference=difference,
        slices=(SliceDifference("industry", NASTY, 60, difference),),
    )


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [((-0.03, -0.01), "is better than"), ((-0.01, 0.02), "is not surely better than"), ((0.01, 0.02), "is worse than")],
)
def test_the_verdict_on_the_champion_is_that_of_the_interval(
    flat: Trained, ends: tuple[float, float], verdict: str
) -> None:
    said = what_changed(compared(flat, *ends))
    assert f"{flat.version} {verdict} the champion other-model" in said
    assert f"{ends[0]:+.4f} to {ends[1]:+.4f}".replace("-", "−") in said


def test_it_says_what_changed_against_the_champion(flat: Trained) -> None:
    first, second = flat.scorecard.curves[:2]
    before = Scorecard(0.0, (replace(first, levels=first.levels + 0.5), *flat.scorecard.curves[1:]))
    comparison = compared(flat, -0.03, -0.01)
    page = Page(write_report(flat, comparison, None, before))
    changed = page.said("champion")
    for text in (
        what_changed(comparison),
        "400",
        "30 that it never saw",
        "7 left out",
        "11 accounts",
        NASTY,
        "−0.0200",
    ):
        assert text in changed
    assert f"{first.signal} 0.50 0.50 0.00" in changed
    assert second.signal not in changed, "a curve that has not moved is named among those that have"
    assert f"rapport promote {flat.version}" in page.said("plain")


def test_what_is_special_is_said_first(flat: Trained, page: Page) -> None:
    special = {"taught_by": "rules", "starter": True, "split": "time"}
    facts = flat.facts.model_copy(update=special)
    plain = Page(write_report(replace(flat, facts=facts), None, None)).said("plain")
    assert len(caveats(facts)) == len(special)
    for title, text in caveats(facts):
        assert f"{title}. {text}" in plain
        assert text not in page.said("plain")
    assert max(plain.index(text) for _, text in caveats(facts)) < plain.index(of_whom(facts))


# --- where something is missing


def test_without_a_label_to_judge_by_it_stands_and_claims_nothing(flat: Trained) -> None:
    metrics = {side: dict.fromkeys(figures, UNDEFINED) for side, figures in flat.facts.metrics.items()}
    facts = flat.facts.model_copy(update={"metrics": metrics, "taught_by": "rules"})
    crossed = replace(flat.cross_fitted, weights=np.zeros(len(flat.cross_fitted.rows)))
    blind = Page(write_report(replace(flat, facts=facts, cross_fitted=crossed, slices=[]), None, None))
    assert "how good it is, nobody knows" in blind.said("plain")
    assert "no figures" in blind.said("metrics")
    assert "No label" in blind.said("alpha")
    assert "%" not in blind.said("metrics")
    assert "labels side with" not in blind.said("rules")


def test_a_part_of_one_class_has_a_dash_for_what_is_undefined(flat: Trained) -> None:
    known = Estimate(value=0.123, low=0.1, high=0.15)
    of = {"auroc": UNDEFINED, "log_loss": known, "ece": UNDEFINED}
    part = SliceFigures("industry", "all of one class", 60, 60, of, of)
    text = Page(write_report(replace(flat, slices=[part]), None, None)).said("slices")
    assert "all of one class 60 60 – – 0.123 [0.100, 0.150] –" in text


def test_a_scorecard_may_be_without_pairs_and_without_any_effect(flat: Trained) -> None:
    silent = Page(write_report(flat, None, None))
    assert "no pair tables" in silent.said("curves")
    assert "No signal moves its answer" in silent.said("curves")
    assert "says the same of every account" in silent.said("plain")


def test_weights_are_said_where_accounts_were_chosen_with_unequal_chances(flat: Trained, page: Page) -> None:
    assert "each judged account counts the same" in page.said("labels")
    weights = np.where(np.arange(len(flat.cross_fitted.rows)) % 3 == 0, 12.5, 1.0)
    weighted = replace(flat, cross_fitted=replace(flat.cross_fitted, weights=weights))
    assert "1.0 to 12.5 accounts" in Page(write_report(weighted, None, None)).said("labels")
