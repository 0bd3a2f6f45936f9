"""What a bundle says of itself: the document beside the scorecard."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.policy import Thresholds

__all__ = [
    "DISTILLED",
    "SCHEMA_VERSION",
    "Calibration",
    "Estimate",
    "Facts",
    "LabelCounts",
    "Manifest",
    "Stored",
    "TrainedSignal",
    "version_of",
]

SCHEMA_VERSION: Final = 2
"""Version of the manifest's layout; a bundle of another is refused."""

DISTILLED: Final = "distilled from the rules"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TrainedSignal(_Document):
    """A column of the matrix that the model reads, as it was in training.

    Attributes
    ----------
    name, unit : str
    low, high : float or None
        Least and greatest value seen in training, in its unit; None where it was never known.
    treatment : bool
        It is a consequence of being treated as a client, so it may leak the label.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    treatment: bool


class Calibration(_Document):
    """Calibrated log-odds are `slope` times the estimator's own plus `intercept`; the scorecard holds the product."""

    slope: float
    intercept: float


class Estimate(_Document):
    """A figure with its bootstrap interval; None where the accounts leave it undefined.

    Attributes
    ----------
    value, low, high : float or None
    """

    value: float | None
    low: float | None
    high: float | None


class LabelCounts(_Document):
    """Where the labels came from.

    Attributes
    ----------
    by_source : dict
        Accounts learned from, by source and then by class.
    left_out : dict
        Labels left out, by reason.
    contradicted : int
        Accounts whose labels contradict each other; the one that outranks the others was taken.
    hand_picked : int
        Accounts that somebody picked to be labelled, learned from and not judged by.
    labellers : int
        People who gave the labels, where their names are on file.
    earliest, latest : str or None
        Days of the first and the last label that carries its time, such as 2026-03-02.
    """

    by_source: dict[str, dict[Literal["client", "customer"], int]]
    left_out: dict[str, int]
    contradicted: int
    hand_picked: int = 0
    labellers: int = 0
    earliest: str | None = None
    latest: str | None = None

    def of_class(self, relationship: Literal["client", "customer"]) -> int:
        """Count the accounts of one class."""
        return sum(counts.get(relationship, 0) for counts in self.by_source.values())


class Stored(_Document):
    """A file of the bundle: SHA-256 of its content, and size in bytes."""

    sha256: Digest
    size: Annotated[int, Field(ge=0)]


class Facts(_Document):
    """What training knows of a model, before the model has a version and a folder.

    Attributes
    ----------
    starter : bool
        It was trained on simulated accounts.
    taught_by : {"labels", "rules"}
        By people's labels, or distilled from the rules.
    split : {"account", "time"}
        How the accounts that a model judged were kept from it: drawn at random, or labelled later than all that it
        learned from.
    estimator : str
        The one that was chosen.
    signals : tuple of TrainedSignal
        In the order of the scorecard's columns.
    records : tuple of str
        The kinds that the source of the training accounts records.
    fingerprint : dict
        See :mod:`features.fingerprint`.
    calibration : Calibration
    thresholds : Thresholds
        Certified on accounts that the model never saw.
    metrics : dict
        Estimates by name, of `model`, of `rules`, of the `base rate` as everybody's probability, and of the
        `decisions` of model and rules together, all on accounts that the model never saw.
    yardsticks : dict
        The same estimates of models that explain nothing, on the same accounts; none where they were left out.
    labels : LabelCounts
    data_digest : str
        SHA-256 of signals, labels, accounts and times.
    seed : int
    rules : str
        Digest of the rule book that stood beside the model in its certification.
    libraries : dict of str to str
        Versions.
    """

    starter: bool
    taught_by: Literal["labels", "rules"]
    split: Literal["account", "time"]
    estimator: str
    signals: tuple[TrainedSignal, ...]
    records: tuple[str, ...]
    fingerprint: dict[str, tuple[float | None, ...]]
    calibration: Calibration
    thresholds: Thresholds
    metrics: dict[Literal["model", "rules", "base rate", "decisions"], dict[str, Estimate]]
    yardsticks: dict[str, dict[str, Estimate]]
    labels: LabelCounts
    data_digest: Digest
    seed: int
    rules: str
    libraries: dict[str, str]

    @property
    def caveat(self) -> str:
        """What has to be said of a model that no person's label taught, as part of a sentence; else nothing."""
        return f", {DISTILLED}" if self.taught_by == "rules" else ""


class Manifest(Facts):
    """The document itself, `manifest.json`.

    Attributes
    ----------
    schema_version : int
    version : str
        The model's name, see `version_of`.
    created_at : str or None
        When, UTC; None where the bundle shall not depend on it.
    files : dict of str to Stored
        Every file of the bundle besides the manifest.
    """

    schema_version: int
    version: str
    created_at: str | None
    files: dict[str, Stored]


def version_of(facts: Facts, scorecard: bytes) -> str:
    """Name a model by its content: the same data and seed give the same name.

    Parameters
    ----------
    facts : Facts
        Its metrics, yardsticks and library versions have no part in the name: they tell of it and do not make it.
    scorecard : bytes
        As :meth:`models.scorecard.Scorecard.to_bytes` writes it.

    Returns
    -------
    str
        32 bits of a SHA-256 as two words that can be said over the telephone, such as "lusab-babad", after a starter
        with "starter-" before. The words are Wilkerson's proquints (arXiv:0901.4016).
    """
    deciding = facts.model_dump(mode="json", exclude={"metrics", "yardsticks", "libraries"})
    content = hashlib.sha256(scorecard)
    content.update(json.dumps(deciding, sort_keys=True).encode())
    number = int.from_bytes(content.digest()[:4], "big")
    name = f"{_proquint(number >> 16)}-{_proquint(number & 0xFFFF)}"
    return f"starter-{name}" if facts.starter else name


def _proquint(number: int) -> str:
    """Spell 16 bits as consonant, vowel, consonant, vowel, consonant."""
    consonants, vowels = "bdfghjklmnprstvz", "aiou"
    first, second, third = (consonants[number >> shift & 15] for shift in (12, 6, 0))
    return f"{first}{vowels[number >> 10 & 3]}{second}{vowels[number >> 4 & 3]}{third}"
