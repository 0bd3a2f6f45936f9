"""What simulated accounts do: renewal processes, a stream of one kind of event at a time, for all accounts at once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from features.events import KINDS
from features.log import FloatColumn, IntColumn
from training.simulator.archetypes import LEAN, LIFT, TILT, Archetype, Stream
from training.simulator.companies import Company
from training.simulator.population import CAST, Population, expit, logit

__all__ = ["SUBTYPES", "Rows", "Tenant", "draw_rows", "draw_tenant"]

SUBTYPES: tuple[str, ...] = tuple(dict.fromkeys(name for kind in KINDS.values() for name in kind.subtypes))
"""Every subtype by its position in `Rows.subtype`."""

_KIND_CODE = {name: code for code, name in enumerate(KINDS)}
_CLOCKWORK = 50.0  # from this regularity on, the calendar sets the gap and no account is busier than another
_YEAR = 365.25
_UNSCORED = 0.15  # share of feedback in words only
_WHOLE = 0.7  # share of refunds that give all the money back


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of events, one value an event; times in days since 1970, nan where missing.

    `kind` and `subtype` are positions in `KINDS` and `SUBTYPES`, `contact` counts the account's people from 0;
    -1 = missing.
    """

    account: IntColumn
    day: FloatColumn
    kind: npt.NDArray[np.int8]
    subtype: npt.NDArray[np.int8]
    amount: FloatColumn
    score: FloatColumn
    contact: IntColumn
    ends: FloatColumn

    def take(self, index: npt.NDArray[np.bool_] | IntColumn) -> Rows:
        """Return the rows at an index, or where a mask is true."""
        return Rows(*(getattr(self, f.name)[index] for f in fields(self)))

    @classmethod
    def join(cls, parts: list[Rows]) -> Rows:
        """Return all rows of some parts; at least one part."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


@dataclass(frozen=True, slots=True)
class Tenant:
    """One company as it happens to be: its currency, and how busy each kind is there."""

    company: Company
    currency: float
    busy: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Stints:
    """Accounts while they live as one archetype; one value a stint."""

    account: IntColumn
    start: FloatColumn
    end: FloatColumn
    intensity: FloatColumn
    pace: FloatColumn
    wealth: FloatColumn
    n_contacts: IntColumn

    def take(self, mask: npt.NDArray[np.bool_]) -> _Stints:
        return _Stints(*(getattr(self, f.name)[mask] for f in fields(self)))


def draw_tenant(rng: np.random.Generator, company: Company) -> Tenant:
    """Draw a company's currency scale and its habits."""
    habits = np.exp(0.2 * rng.standard_normal(len(KINDS)))
    return Tenant(company, float(np.exp(0.8 * rng.standard_normal())), dict(zip(KINDS, habits, strict=True)))


def draw_rows(seeds: np.random.SeedSequence, people: Population, tenant: Tenant) -> Rows:
    """Draw everything that accounts did, until they fell silent.

    Each archetype draws from a seed of its own, so what one does is not moved by another's parameters.
    """
    parts = []
    for position, (archetype, seed) in enumerate(zip(CAST, seeds.spawn(len(CAST)), strict=True)):
        rng = np.random.default_rng(seed)
        stints = _stints(rng, people, position)
        for stream in archetype.streams:
            if stream.kind in tenant.company.records:
                parts.extend(_draw_stream(rng, archetype, stream, stints, tenant))
    return Rows.join(parts)


def _stints(rng: np.random.Generator, people: Population, position: int) -> _Stints:
    now = np.flatnonzero(people.archetype == position)
    before = np.flatnonzero(people.began_as == position)
    account = np.concatenate([now, before])
    start = np.where(np.isinf(people.turned[now]), people.born[now], people.turned[now])
    return _Stints(
        account=account,
        start=np.concatenate([start, people.born[before]]),
        end=np.concatenate([people.silent[now], people.turned[before]]),
        intensity=people.intensity[account],
        pace=people.pace[account],
        wealth=0.4 * rng.standard_normal(len(account)),
        n_contacts=people.n_contacts[account],
    )


def _draw_stream(
    rng: np.random.Generator, archetype: Archetype, stream: Stream, stints: _Stints, tenant: Tenant
) -> list[Rows]:
    if stream.share < 1.0:
        chance = expit(logit(stream.share) + LEAN * stints.intensity)
        stints = stints.take(rng.random(len(chance)) < chance)
    which, day = _renew(rng, stream, stints, tenant.busy[stream.kind])
    day = _crowd(day, archetype, stream, stints.start[which], stints.end[which])
    copies = 1 + rng.poisson(stream.lines - 1.0, len(which)) if stream.lines > 1.0 else 1
    which, day = np.repeat(which, copies), np.repeat(day, copies)
    missing = archetype.missing + tenant.company.missing
    rows = Rows(
        account=stints.account[which],
        day=day,
        kind=np.full(len(which), _KIND_CODE[stream.kind], dtype=np.int8),
        subtype=_draw_subtypes(rng, stream, stints, which, missing),
        amount=_draw_amounts(rng, stream, stints, which, missing) * tenant.currency,
        score=_draw_scores(rng, stream, stints, which),
        contact=_draw_contacts(rng, stints, which, missing),
        ends=_draw_ends(rng, stream, day),
    )
    if stream.returned > 0.0 and "refund" in tenant.company.records:
        return [rows, _refund(rng, rows, stream.returned * np.exp(-0.3 * stints.intensity[which]))]
    return [rows]


def _renew(rng: np.random.Generator, stream: Stream, stints: _Stints, busy: float) -> tuple[IntColumn, FloatColumn]:
    """Draw event times from gamma gaps: the stint of each, and its day."""
    n = len(stints.start)
    gap = np.full(n, stream.every)
    shape = np.full(n, stream.regularity)
    if stream.regularity < _CLOCKWORK:
        lift = LIFT.get(stream.kind, 0.0) * stints.intensity
        gap = gap * np.exp(-lift - stints.pace - 0.15 * rng.standard_normal(n)) / busy
        if stream.kind == "purchase":
            shape = shape * np.exp(0.3 * stints.intensity)
    length = np.maximum(stints.end - stints.start, 0.0)
    expected = length / gap
    most = np.ceil(expected + 5.0 * np.sqrt(expected / shape) + 3.0).astype(np.int64)
    which = np.repeat(np.arange(n), most)
    steps = rng.standard_gamma(shape[which]) / shape[which] * gap[which]
    first = np.cumsum(most) - most
    steps[first] = rng.uniform(0.0, 0.5, n) if stream.opens else steps[first] * rng.random(n)
    total = np.cumsum(steps)
    since = total - (total[first] - steps[first])[which]
    alive = since < length[which]
    return which[alive], (stints.start[which] + since)[alive]


def _crowd(day: FloatColumn, archetype: Archetype, stream: Stream, start: FloatColumn, end: FloatColumn) -> FloatColumn:
    """Crowd events around the archetype's season by bending the calendar, which keeps their number."""
    if archetype.season == 0.0 or stream.regularity >= _CLOCKWORK:
        return day
    phase = 2.0 * np.pi * (day - archetype.peak) / _YEAR
    bent = day - archetype.season * _YEAR / (2.0 * np.pi) * np.sin(phase)
    return np.where((bent >= start) & (bent < end), bent, day)


def _draw_subtypes(
    rng: np.random.Generator, stream: Stream, stints: _Stints, which: IntColumn, missing: float
) -> npt.NDArray[np.int8]:
    if not stream.mix:
        return np.full(len(which), -1, dtype=np.int8)
    tilt = np.array([TILT.get(name, 0.0) for name in stream.mix])
    weight = np.array(list(stream.mix.values())) * np.exp(tilt * stints.intensity[:, None])
    limits = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    renewed = stream.kind == "contract"  # whoever has a retainer renews a retainer
    draw = rng.random(len(limits))[which] if renewed else rng.random(len(which))
    codes = np.array([SUBTYPES.index(name) for name in stream.mix], dtype=np.int8)
    drawn = codes[(draw[:, None] >= limits[which]).sum(axis=1)]
    drawn[rng.random(len(which)) < missing] = -1
    return np.asarray(drawn)


def _draw_amounts(
    rng: np.random.Generator, stream: Stream, stints: _Stints, which: IntColumn, missing: float
) -> FloatColumn:
    amount = stream.amount * np.exp(stints.wealth[which] + stream.spread * rng.standard_normal(len(which)))
    amount[rng.random(len(which)) < missing] = np.nan
    return np.asarray(amount)


def _draw_scores(rng: np.random.Generator, stream: Stream, stints: _Stints, which: IntColumn) -> FloatColumn:
    mean = stream.score + 0.3 * stints.intensity[which]
    score = np.clip(np.round(mean + 1.5 * rng.standard_normal(len(which))), 0.0, 10.0)
    score[rng.random(len(which)) < _UNSCORED] = np.nan
    return np.asarray(score)


def _draw_contacts(rng: np.random.Generator, stints: _Stints, which: IntColumn, missing: float) -> IntColumn:
    person = np.floor(stints.n_contacts[which] * rng.random(len(which)) ** 1.6).astype(np.int64)
    person[rng.random(len(which)) < missing] = -1
    return person


def _draw_ends(rng: np.random.Generator, stream: Stream, day: FloatColumn) -> FloatColumn:
    if stream.kind != "deal":
        return np.where(rng.random(len(day)) < stream.open_ended, np.nan, day + stream.lasts)
    return np.asarray(day + stream.lasts * np.exp(0.6 * rng.standard_normal(len(day))))


def _refund(rng: np.random.Generator, rows: Rows, chance: FloatColumn) -> Rows:
    sent_back = rows.take(rng.random(len(chance)) < chance)
    n = len(sent_back.day)
    part = np.where(rng.random(n) < _WHOLE, 1.0, rng.random(n))
    return Rows(
        account=sent_back.account,
        day=sent_back.day + rng.exponential(12.0, n),
        kind=np.full(n, _KIND_CODE["refund"], dtype=np.int8),
        subtype=sent_back.subtype,
        amount=sent_back.amount * part,
        score=sent_back.score,
        contact=sent_back.contact,
        ends=sent_back.ends,
    )
