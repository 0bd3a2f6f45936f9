"""The written scorecard: rules that vote, and the properties that a CRM reads off the same file.

Log-odds of "client" are a prior plus the votes of the rules that hold. A rule whose signals leave its condition unknown
abstains. Nothing is learned, so it answers from the first account on; weights may be learned later
(:mod:`models.rule_classifier`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from features.events import BadInput
from features.signals import SIGNAL_NAMES
from models.circuit import ALWAYS, NEVER, Circuit
from models.conditions import Alternatives, parse_condition
from models.rule import Property, Rule, RuleTables
from models.rules_file import check_tables, read_tables

__all__ = ["Property", "Rule", "RuleBook", "RuleScores"]

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RuleScores:
    """What the rules say of n accounts.

    Attributes
    ----------
    log_odds : ndarray of float64, shape (n,)
        Of "client": the prior plus the votes.
    votes : ndarray of float64, shape (n, n_rules)
        Log-odds of each rule that holds, negative for customer; 0 where it does not.
    engagement_model : ndarray of intp, shape (n,)
        Position in the book's `engagement_models` of the first that holds; their number where none does.
    strategic_services, hybrid, prospect : ndarray of bool, shape (n,)
    """

    log_odds: Floats
    votes: Floats
    engagement_model: npt.NDArray[np.intp]
    strategic_services: Truths
    hybrid: Truths
    prospect: Truths


@dataclass(frozen=True)
class RuleBook(RuleTables):
    """Rules and properties, ready to be applied.

    Parameters
    ----------
    rules, engagement_models, strategic_services, hybrid, prospect, prior_log_odds
        See :class:`models.rule.RuleTables`.
    signal_names : tuple of str
        Columns of the signals that conditions may name.
    source : str
        How messages call the book.
    text : str, optional
        What it was read from.

    Raises
    ------
    BadInput
        A condition, weight, name or prior does not hold; all such places are named together.

    Examples
    --------
    >>> import numpy as np
    >>> book = RuleBook((Rule("met", "x0 >= 2", "client", 1.5, "They meet."),), signal_names=("x0",))
    >>> book.score(np.array([[3.0], [1.0], [np.nan]])).log_odds
    array([1.5, 0. , 0. ])
    """

    signal_names: tuple[str, ...] = SIGNAL_NAMES
    source: str = field(default="rules", compare=False)
    text: str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        check_tables(self, self.signal_names, self.source)

    @classmethod
    def parse(cls, text: str, source: str = "rules", signal_names: tuple[str, ...] = SIGNAL_NAMES) -> Self:
        """Read the text of a rules file.

        Raises
        ------
        BadInput
            Naming file, rule and key of everything that does not hold.
        """
        read = vars(read_tables(text, source))
        return cls(**read, signal_names=signal_names, source=source, text=text)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a rules file.

        Raises
        ------
        BadInput
            It cannot be read, or something in it does not hold.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise BadInput(f"The rules file {path} does not exist; give another one.") from error
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"The rules file {path} cannot be read as UTF-8 text ({error}); give another one."
            ) from error
        return cls.parse(text, Path(path).name)

    @classmethod
    def default(cls) -> RuleBook:
        """Give the rules that ship, models/rules.toml; read once."""
        return _default()

    @cached_property
    def digest(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 of what the book says, whatever its layout and comments."""
        content = {
            title: asdict(table) | {key: " ".join(text.split()) for key, text in table.conditions.items()}
            for title, table in self.tables()
        }
        canonical = json.dumps([self.prior_log_odds, list(content.items())], sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    @cached_property
    def weights(self) -> Floats:
        """Log-odds that each rule adds where it holds, shape (n_rules,)."""
        return np.array([rule.log_odds for rule in self.rules])

    def with_weights(self, weights: Mapping[str, float]) -> RuleBook:
        """Return the book with other weights, by rule name; rules that are not named keep theirs.

        Raises
        ------
        BadInput
            A weight is negative or not larger than the prior.
        KeyError
            No rule bears the name.
        """
        unknown = weights.keys() - {rule.name for rule in self.rules}
        if unknown:
            raise KeyError(f"No rule is called {', '.join(sorted(unknown))}.")
        rules = (replace(rule, weight=float(weights.get(rule.name, rule.weight))) for rule in self.rules)
        return replace(self, rules=tuple(rules), text=None)

    def score(self, X: Floats) -> RuleScores:
        """Apply the book to accounts.

        Parameters
        ----------
        X : ndarray of float64, shape (n, n_signals)
            Columns as `signal_names`; nan is unknown.

        Returns
        -------
        RuleScores
            An account alone gives the bits that it gives among others.
        """
        truths, n_rules = self._circuit.truths(X), len(self.rules)
        votes = np.where(truths[:, :n_rules], self.weights, 0.0)
        middle = (n_rules + truths.shape[1]) // 2
        holds = truths[:, n_rules:middle] & ~truths[:, middle:]
        # What stands last among the models always holds, so "none" needs no case of its own; then come `single`.
        return RuleScores(
            log_odds=np.add.reduce(votes, axis=1) + self.prior_log_odds,
            votes=votes,
            engagement_model=holds[:, :-3].argmax(axis=1),
            strategic_services=holds[:, -3],
            hybrid=holds[:, -2],
            prospect=holds[:, -1],
        )

    def states(self, X: Floats) -> npt.NDArray[np.int8]:
        """Say of each rule whether it holds: 1 yes, -1 no, 0 unknown, shape (n, n_rules)."""
        yes = self._circuit.truths(X)[:, : len(self.rules)]
        return yes.astype(np.int8) - self._negations.truths(X).astype(np.int8)

    @cached_property
    def _circuit(self) -> Circuit:
        """Rules, then when each property holds, then its exceptions."""
        models = (_read(each, self.signal_names) for each in self.engagement_models)
        single = (_read(each, self.signal_names) for each in self.single)
        properties = [*models, (ALWAYS, NEVER), *single]
        rules = [parse_condition(rule.when, self.signal_names) for rule in self.rules]
        whens, unlesses = zip(*properties, strict=True)
        return Circuit.of([*rules, *whens, *unlesses], self.signal_names)

    @cached_property
    def _negations(self) -> Circuit:
        negated = [parse_condition(rule.when, self.signal_names, negated=True) for rule in self.rules]
        return Circuit.of(negated, self.signal_names)


@lru_cache(maxsize=1)
def _default() -> RuleBook:
    return RuleBook.load(Path(__file__).with_name("rules.toml"))


def _read(each: Property | None, signals: tuple[str, ...]) -> tuple[Alternatives, Alternatives]:
    """Give when a property holds and its exceptions; one that is not defined never holds."""
    if each is None:
        return NEVER, NEVER
    return parse_condition(each.when, signals), parse_condition(each.unless, signals) if each.unless else NEVER
