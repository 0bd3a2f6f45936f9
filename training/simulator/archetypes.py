"""The kinds of account that the simulated world is made of: `archetypes.toml`, read into dataclasses."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from features.events import KINDS

__all__ = ["ARCHETYPES", "LEAN", "LIFT", "PROSPECT", "TILT", "Archetype", "Stream"]

LIFT: dict[str, float] = {
    "meeting": 0.65,
    "delivery": 0.55,
    "call": 0.50,
    "email": 0.40,
    "visit": 0.40,
    "referral": 0.40,
    "feedback": 0.20,
    "usage": -0.15,
    "deal": 0.10,
}
"""Log of the factor by which one unit of advisory intensity multiplies how often a kind occurs; else 0."""

TILT: dict[str, float] = {
    "advice": 1.1,
    "service": 0.5,
    "strategic": 1.1,
    "onboarding": 0.3,
    "custom": 1.1,
    "retainer": 1.1,
    "project": 0.5,
}
"""Log of the factor by which one unit of advisory intensity multiplies a subtype's weight; else 0."""

LEAN = 0.8
"""Log-odds that one unit of advisory intensity adds to having an optional stream or an owner at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One kind of event in an archetype's life; the fields are explained at the head of `archetypes.toml`."""

    kind: str
    every: float
    regularity: float = 1.0
    opens: bool = False
    share: float = 1.0
    lines: float = 1.0
    amount: float = math.nan
    spread: float = 0.5
    lasts: float = math.nan
    open_ended: float = 0.0
    returned: float = 0.0
    score: float = math.nan
    mix: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is no event.

        Raises
        ------
        ValueError
            The kind, a subtype or the rhythm does not exist.
        """
        if self.kind not in KINDS:
            raise ValueError(f"stream of kind {self.kind!r}: expected one of {', '.join(KINDS)}")
        strange = sorted(self.mix.keys() - set(KINDS[self.kind].subtypes))
        if strange:
            raise ValueError(f"stream {self.kind}: {', '.join(strange)} is no subtype of it")
        if min(self.every, self.regularity, self.spread) <= 0 or self.lines < 1:
            raise ValueError(f"stream {self.kind}: every, regularity and spread are above 0, lines at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Archetype:
    """A kind of account; the fields are explained at the head of `archetypes.toml`.

    `client` is nan for a prospect, who is neither.
    """

    name: str
    sentence: str
    source: str
    client: float = math.nan
    slope: float = 1.0
    tenure_days: float
    quiet_share: float = 0.08
    quiet_days: float = 150.0
    organisation: float
    contacts: float
    owner: float = 0.01
    missing: float = 0.05
    season: float = 0.0
    peak: float = 180.0
    grows_from: str = ""
    streams: tuple[Stream, ...]

    @property
    def base(self) -> float:
        """Log-odds of client at middling advisory intensity."""
        return math.log(self.client / (1.0 - self.client))


def _archetype(row: dict[str, Any]) -> Archetype:
    streams = tuple(Stream(**stream) for stream in row.pop("streams"))
    return Archetype(**row, streams=streams)


def _read() -> dict[str, Archetype]:
    text = files("training.simulator").joinpath("archetypes.toml").read_text(encoding="utf-8")
    found = [_archetype(row) for row in tomllib.loads(text)["archetype"]]
    return {archetype.name: archetype for archetype in found}


_ALL = _read()

PROSPECT: Archetype = _ALL.pop("prospect")
"""Has bought nothing yet: a state, not a class."""

ARCHETYPES: dict[str, Archetype] = _ALL
"""Every buyer's archetype by its name."""
