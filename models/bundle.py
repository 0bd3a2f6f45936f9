"""A trained model as a folder that is verified before it is opened.

manifest.json     what the model is, and the digest of every other file and of itself
scorecard.npz     the model
card.md           the manifest for people
estimator.joblib  what the scorecard was compiled from, for data scientists; nothing here ever opens it
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from features.events import BadInput
from features.fingerprint import differences
from features.signals import SIGNAL_NAMES
from models.folder import write_folder
from models.manifest import SCHEMA_VERSION, Facts, Manifest, Stored, version_of
from models.policy import Model
from models.scorecard import BrokenScorecard, Scorecard

__all__ = ["MANIFEST", "SCORECARD", "BrokenBundle", "Bundle", "load_bundle", "save_bundle"]

MANIFEST: Final = "manifest.json"
SCORECARD: Final = "scorecard.npz"

_UNSEALED = "0" * 64
_SHOWN = 5


class BrokenBundle(BadInput):
    """A folder holds no bundle that this code can answer from; the message says what, where and what to do."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model with everything that is known of it.

    Attributes
    ----------
    path : Path
        Its folder.
    manifest : Manifest
    scorecard : Scorecard
    """

    path: Path
    manifest: Manifest
    scorecard: Scorecard

    @property
    def version(self) -> str:
        """Its name."""
        return self.manifest.version

    @cached_property
    def model(self) -> Model:
        """What deciding needs of it."""
        signals = self.manifest.signals
        return Model(
            version=self.version,
            scorecard=self.scorecard,
            thresholds=self.manifest.thresholds,
            low=np.array([signal.low for signal in signals], dtype=np.float64),
            high=np.array([signal.high for signal in signals], dtype=np.float64),
            starter=self.manifest.starter,
            distilled=self.manifest.taught_by == "rules",
        )


def save_bundle(
    folder: Path,
    facts: Facts,
    scorecard: Scorecard,
    *,
    created_at: str | None,
    extras: Mapping[str, bytes] | None = None,
) -> Manifest:
    """Write a bundle; a reader finds all of it or nothing.

    Parameters
    ----------
    folder : Path
        The bundle's own folder. One that is there is replaced.
    facts : Facts
    scorecard : Scorecard
    created_at : str or None
        When, UTC; None leaves it out, so that the bytes do not depend on it.
    extras : mapping of str to bytes, optional
        More files by their plain names, such as `card.md`.

    Returns
    -------
    Manifest

    Raises
    ------
    ValueError
        The scorecard's signals are not those of the facts.
    """
    if scorecard.signal_names != tuple(signal.name for signal in facts.signals):
        raise ValueError("The scorecard and the facts name different signals.")
    learned = scorecard.to_bytes()
    contents = {SCORECARD: learned, **(extras or {})}
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        version=version_of(facts, learned),
        created_at=created_at,
        files={name: _describe(contents[name]) for name in sorted(contents)},
        **{name: getattr(facts, name) for name in Facts.model_fields},
    )
    write_folder(folder, {**contents, MANIFEST: _seal(manifest)})
    return manifest


def load_bundle(path: Path | str) -> Bundle:
    """Read a bundle, after verifying every byte of it and that this code measures the signals it learned from.

    Parameters
    ----------
    path : Path or str
        The bundle's folder.

    Returns
    -------
    Bundle

    Raises
    ------
    BrokenBundle
        A file is missing or changed, the layout is another version's, or signals differ in name, order or value.
    """
    path = Path(path)
    document = _unseal(_read(path, MANIFEST), path)
    _check_schema(document, path)
    try:
        manifest = Manifest.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _broken(path, MANIFEST, f"{place}: {first['msg']}") from error
    contents = {name: _read_verified(path, name, stored) for name, stored in manifest.files.items()}
    if SCORECARD not in contents:
        raise _broken(path, MANIFEST, f"it lists no {SCORECARD}")
    try:
        scorecard = Scorecard.from_bytes(contents[SCORECARD])
    except BrokenScorecard as error:
        raise _broken(path, SCORECARD, str(error)) from error
    _check_signals(manifest, scorecard, path)
    return Bundle(path, manifest, scorecard)


def _describe(content: bytes) -> Stored:
    return Stored(sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _seal(manifest: Manifest) -> bytes:
    """Write the manifest with the SHA-256 of its own text, taken while zeros stood in the digest's place."""
    document = {**manifest.model_dump(mode="json"), "digest": _UNSEALED}
    before, _, after = _lay_out(document).rpartition(_UNSEALED)
    digest = hashlib.sha256(f"{before}{_UNSEALED}{after}".encode()).hexdigest()
    return f"{before}{digest}{after}".encode()


def _lay_out(document: dict[str, Any]) -> str:
    """Write JSON with a line for each signal, figure or file, so that people can read and compare it."""
    return "{\n" + ",\n".join(f"{_json(key)}: {_lay_out_part(part)}" for key, part in document.items()) + "\n}\n"


def _lay_out_part(part: Any) -> str:
    if isinstance(part, dict) and part:
        return "{\n" + ",\n".join(f" {_json(key)}: {_json(value)}" for key, value in part.items()) + "\n}"
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return "[\n" + ",\n".join(f" {_json(value)}" for value in part) + "\n]"
    return _json(part)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _unseal(content: bytes, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(content)
        digest = str(document.pop("digest"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _broken(path, MANIFEST, f"it is no manifest ({type(error).__name__}: {error})") from error
    unsealed = content.replace(digest.encode(), _UNSEALED.encode()) if digest else content
    if hashlib.sha256(unsealed).hexdigest() != digest:
        raise _broken(path, MANIFEST, "it is not as it was written: its digest does not match")
    return dict(document)


def _check_schema(document: dict[str, Any], path: Path) -> None:
    found = document.get("schema_version")
    if found != SCHEMA_VERSION:
        raise BrokenBundle(
            f"{path / MANIFEST}: its layout is version {found}, this Rapport reads version {SCHEMA_VERSION}. "
            "Use the Rapport that wrote it, or train again."
        )


def _check_signals(manifest: Manifest, scorecard: Scorecard, path: Path) -> None:
    learned = tuple(signal.name for signal in manifest.signals)
    if scorecard.signal_names != learned:
        raise _broken(path, SCORECARD, "its signals are not those of the manifest")
    changed = differences(manifest.fingerprint)
    if learned != SIGNAL_NAMES and not changed:
        changed = ["the order of the signals"]
    if changed:
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise BrokenBundle(
            f"{path}: model {manifest.version} learned from other signals than this code measures: "
            f"{'; '.join(changed[:_SHOWN])}{more}. Train again, or use the code that it was trained with."
        )


def _read_verified(path: Path, name: str, stored: Stored) -> bytes:
    if Path(name).name != name or not name.isprintable():
        raise _broken(path, MANIFEST, f"it lists {name!r}, which is no plain file name")
    content = _read(path, name)
    if _describe(content) != stored:
        raise _broken(path, name, "it is not as it was written: its digest does not match the manifest's")
    return content


def _read(path: Path, name: str) -> bytes:
    try:
        return (path / name).read_bytes()
    except OSError as error:
        raise _broken(path, name, f"it cannot be read ({error.strerror})") from error


def _broken(path: Path, name: str, finding: str) -> BrokenBundle:
    return BrokenBundle(f"{path / name}: {finding}. Restore the bundle from a copy, or train again.")
