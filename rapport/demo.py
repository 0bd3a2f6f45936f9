"""The whole round on a simulated CRM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from secrets import token_bytes
from time import perf_counter

import numpy as np

from features.reader import open_export
from features.written import write_table
from models.classify import Answer
from models.decision import Decision
from models.rules import RuleBook
from models.shelf import Shelf
from models.table import decision_table
from rapport.opened import micros_now
from rapport.options import moment
from rapport.recorded import decide_export, say_waiting
from rapport.show import bar, now, say
from rapport.show_decisions import Tally, print_decision
from rapport.show_metrics import print_training
from reviews.database import open_database
from reviews.keys import TOKEN_BYTES, Role, new_key
from reviews.schema import prepare
from training.labelled.dataset import load_dataset
from training.simulator.simulate import simulate, write_export
from training.tracking.release import REPORT, release
from training.train import train

__all__ = ["make_demo_key", "show_round"]

_AUDITED = 0.02
"""Share of the automatic answers that somebody looks at all the same."""


def show_round(folder: Path, accounts: int, seed: int, database: str) -> Path:
    """Simulate, train, judge, classify, explain, and lay what is doubtful on the review desk.

    Parameters
    ----------
    folder : Path
        Holds the export, the store and the decisions afterwards.
    accounts, seed : int
    database : str
        URL of the database that keeps what was decided.

    Returns
    -------
    Path
        The store, whose champion the demonstration has trained.
    """
    started = perf_counter()
    crm, store, out = folder / "crm", folder / "store", folder / "decisions.parquet"
    with bar() as progress:
        progress(f"Simulating {accounts:,} accounts", 0, 0)
        world = simulate(accounts, seed)
        write_export(world, crm)
    say(f"[bold]1[/]  A simulated CRM in {crm}: {len(world.events):,} events of {accounts:,} accounts.")
    export, rules = open_export(crm), RuleBook.default()
    at = moment(None, export)
    with bar() as progress:
        trained = train(load_dataset(export, at, progress), rules, seed, progress=progress)
        released = release(trained, Shelf(store), now(), None, progress)
        bundle = released.bundle
        Shelf(store).crown(bundle.version)
    say(f"[bold]2[/]  A model, {bundle.version}, judged on accounts that it never saw:\n")
    print_training(trained)
    say(f"Its report, for people: [bold]{bundle.path / REPORT}[/]")
    say(f"\n[bold]3[/]  Every account decided, in {out}:\n")
    tally, examples = Tally(), _Examples()
    with bar() as progress:
        answers = decide_export(export, at, rules, bundle.model, database, _AUDITED, progress)
        write_table(tally.follow(decision_table(*answer) for answer in examples.follow(answers)), out)
    tally.show()
    say_waiting(database)
    say("\n[bold]4[/]  Five of them, with their reasons (log-odds that speak for client or customer):\n")
    examples.show()
    say(
        f"\nDone in {perf_counter() - started:.0f} s. Look further: [bold]rapport classify {crm} --out decisions.csv "
        f"--store {store}[/]"
    )
    return store


def make_demo_key(database: str, role: Role, name: str) -> str:
    """Make a key of the demonstration's own database, which is made too if need be, and return its text.

    Those of this name from earlier demonstrations, which nobody knows any more, are revoked.
    """
    with open_database(database) as opened:
        prepare(opened)
        ledger, at = opened.ledger, micros_now()
        for old in ledger.keys():  # noqa: SIM118 - a ledger is no dict
            if old.name == name:
                ledger.revoke_key(old.id, at)
        key, text = new_key(role, name, at, token_bytes(TOKEN_BYTES))
        ledger.add_key(key)
    return text


class _Examples:
    """Keeps the first account of each sort that goes by, so that the examples differ."""

    _SORTS = ("client", "customer", "hybrid", "review", "prospect")

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, Decision]] = {}
        self._others: list[tuple[str, Decision]] = []

    def follow(self, answers: Iterable[Answer]) -> Iterator[Answer]:
        """Look at what goes by."""
        for account_ids, decisions in answers:
            if not self._others:
                first = range(min(len(decisions), 2 * len(self._SORTS)))
                self._others = [(account_ids[i], decisions.decision(i)) for i in first]
            certain, auto = decisions.confidence, decisions.auto
            kind = decisions.relationship
            fits = {
                "client": np.where(auto & (kind == "client") & ~decisions.hybrid, certain, 0.0),
                "customer": np.where(auto & (kind == "customer") & ~decisions.hybrid, certain, 0.0),
                "hybrid": np.where(auto & decisions.hybrid, certain, 0.0),
                "review": np.where(~auto & (kind != "prospect"), 1.0 - certain, 0.0),
                "prospect": (kind == "prospect").astype(float),
            }
            for sort, fit in fits.items():
                best = int(fit.argmax())
                if fit[best] > 0 and sort not in self._found:
                    self._found[sort] = account_ids[best], decisions.decision(best)
            yield account_ids, decisions

    def show(self) -> None:
        """Print them."""
        found = [self._found[sort] for sort in self._SORTS if sort in self._found]
        shown = {name for name, _ in found}
        # A small CRM may lack a sort; any other account then fills its place.
        found += [other for other in self._others if other[0] not in shown]
        for name, decision in found[: len(self._SORTS)]:
            print_decision(name, decision)
