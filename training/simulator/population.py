"""Who the simulated accounts are: archetype, advisory intensity, life, and with them P(client)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.log import FloatColumn, IntColumn
from training.simulator.archetypes import ARCHETYPES, LEAN, PROSPECT, Archetype
from training.simulator.companies import Company

__all__ = ["CAST", "DAYS_TO_TURN", "Population", "draw_population", "expit", "logit"]

BoolColumn = npt.NDArray[np.bool_]

CAST: tuple[Archetype, ...] = (*ARCHETYPES.values(), PROSPECT)
"""Every archetype by its position in `Population.archetype`; the prospect is the last."""

DAYS_TO_TURN = 120.0
"""How long an account takes from the first day of its new dealings until it is wholly what it turns into."""

_YEAR = 365.0
_MIXTURE_SURENESS = 400.0  # Dirichlet concentration: tenants of one company serve similar, not equal, people
_RECENT = 0.5  # share of accounts labelled in the two weeks before the export


def expit(log_odds: FloatColumn) -> FloatColumn:
    """Return the probability of each log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def logit(probability: float) -> float:
    """Return the log-odds of a probability strictly between 0 and 1."""
    return float(np.log(probability) - np.log1p(-probability))


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The latent truth of n accounts; one value an account, times in days since 1970.

    Attributes
    ----------
    archetype : ndarray of int64
        Position in `CAST` of what the account is, or turned into.
    began_as : ndarray of int64
        Position in `CAST` of what it was first, -1 where it has always been the same.
    intensity : ndarray of float64
        Advisory intensity, about standard normal: drives P(client) and, apart from that, the events.
    pace : ndarray of float64
        Log of how much busier than others the account is, whatever it is: says nothing of its relationship.
    born, turned, silent, labelled : ndarray of float64
        When the relationship began, turned (inf = never), fell silent (at `as_of` = not yet), was labelled.
    n_contacts : ndarray of int64
        People on the account's side.
    organisation, owned : ndarray of bool
    shift : float
        Log-odds that the wanted base rate adds to every account's own.
    """

    archetype: IntColumn
    began_as: IntColumn
    intensity: FloatColumn
    pace: FloatColumn
    born: FloatColumn
    turned: FloatColumn
    silent: FloatColumn
    labelled: FloatColumn
    n_contacts: IntColumn
    organisation: BoolColumn
    owned: BoolColumn
    shift: float

    @property
    def prospect(self) -> BoolColumn:
        """Which accounts have bought nothing yet."""
        return np.asarray(self.archetype == len(CAST) - 1)

    def probability(self, day: FloatColumn) -> FloatColumn:
        """Return P(client) of each account on its day, nan for a prospect."""
        is_now = self._log_odds(self.archetype)
        was = np.where(self.began_as < 0, is_now, self._log_odds(self.began_as))
        never = np.isinf(self.turned)
        progress = np.clip((day - np.where(never, 0.0, self.turned)) / DAYS_TO_TURN, 0.0, 1.0)
        return expit(np.where(never, is_now, was + (is_now - was) * progress) + self.shift)

    def _log_odds(self, archetype: IntColumn) -> FloatColumn:
        bases, slopes = _curves()
        return np.asarray(bases[archetype] + slopes[archetype] * self.intensity)


def _curves() -> tuple[FloatColumn, FloatColumn]:
    bases = np.array([a.base for a in CAST])
    return bases, np.array([a.slope for a in CAST])


def _draw_sorts(
    rng: np.random.Generator, n: int, company: Company, base_rate: float | None
) -> tuple[IntColumn, FloatColumn, float]:
    """Draw archetype and intensity; a base rate weights each by how far it speaks for either class.

    This is label shift (Saerens et al., Neural Computation 2002): what clients are like, and what customers are
    like, stays; only how many there are of each changes, so all log-odds move by one constant.
    """
    width = 0.05
    centre = np.arange(-3.5, 3.5, width) + width / 2
    wanted = np.array([company.mixture.get(archetype.name, 0.0) for archetype in CAST])
    share = rng.standard_gamma(_MIXTURE_SURENESS * wanted / wanted.sum())
    weight = share[:, None] * np.exp(-0.5 * centre**2)
    weight /= weight.sum()
    shift = 0.0
    if base_rate is not None:
        bases, slopes = _curves()
        bases[-1] = 0.0  # the prospect's weight is 0: any number but nan will do
        p = expit(bases[:, None] + slopes[:, None] * centre)
        natural = float((weight * p).sum())
        weight *= base_rate / natural * p + (1 - base_rate) / (1 - natural) * (1 - p)
        shift = logit(base_rate) - logit(natural)
    cell = rng.choice(weight.size, size=n, p=(weight / weight.sum()).ravel())
    archetype, place = np.divmod(cell, len(centre))
    return archetype.astype(np.int64), centre[place] + width * (rng.random(n) - 0.5), shift


def _lognormal(rng: np.random.Generator, median: FloatColumn, sigma: float) -> FloatColumn:
    return np.asarray(median * np.exp(sigma * rng.standard_normal(len(median))))


def _draw_labelling(rng: np.random.Generator, n: int, as_of: float) -> FloatColumn:
    """Half are labelled some time in the last year, half in the two weeks before the export."""
    recent = rng.random(n) < _RECENT
    return np.asarray(as_of - np.where(recent, rng.uniform(0.5, 14.0, n), rng.uniform(14.0, _YEAR, n)))


def draw_population(
    rng: np.random.Generator, n: int, company: Company, base_rate: float | None, as_of: float
) -> Population:
    """Draw n accounts of a company.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    company : Company
    base_rate : float or None
        Share of clients among buyers, in (0, 1); None = the company's own.
    as_of : float
        When the export is made, in days since 1970.

    Returns
    -------
    Population
        With `base_rate` given, its mean P(client) is that rate within about a hundredth: accounts that turn after
        they were labelled are still customers then.
    """
    archetype, intensity, shift = _draw_sorts(rng, n, company, base_rate)
    archetype[rng.random(n) < company.prospect_share] = len(CAST) - 1

    def each(field: str) -> FloatColumn:
        return np.array([float(getattr(a, field)) for a in CAST])[archetype]

    labelled = _draw_labelling(rng, n, as_of)
    tenure = np.maximum(_lognormal(rng, each("tenure_days"), 0.6), 2.0)
    born = labelled - tenure
    quiet = np.minimum(_lognormal(rng, each("quiet_days"), 0.6), 0.7 * tenure)
    silent = np.where(rng.random(n) < each("quiet_share"), labelled - quiet, as_of)

    names = [a.name for a in CAST]
    origin = np.array([names.index(a.grows_from) if a.grows_from else -1 for a in CAST])[archetype]
    turns = (origin >= 0) & (rng.random(n) < company.turned_share)
    turned = np.where(turns, born + rng.uniform(0.2, 1.0, n) * (as_of - born), np.inf)
    likely_owned = expit(np.log(each("owner") / (1.0 - each("owner"))) + LEAN * intensity)
    people = np.maximum(each("contacts") - 1.0, 0.02) * np.exp(0.35 * intensity)
    return Population(
        archetype=archetype,
        began_as=np.where(turns, origin, -1),
        intensity=intensity,
        pace=0.3 * rng.standard_normal(n),
        born=born,
        turned=turned,
        silent=np.where(turns, as_of, silent),
        labelled=labelled,
        n_contacts=1 + rng.poisson(people),
        organisation=rng.random(n) < each("organisation"),
        owned=rng.random(n) < likely_owned,
        shift=shift,
    )
