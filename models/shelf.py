"""Where bundles stand, and which of them answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.events import BadInput
from models.bundle import MANIFEST, BrokenBundle, Bundle, load_bundle, save_bundle
from models.folder import replace_file, write_folder
from models.manifest import Facts, version_of
from models.policy import Model
from models.scorecard import Scorecard

__all__ = ["STARTER", "Choice", "Shelf", "choose", "recall"]

STARTER: Final = Path(__file__).parent / "starter"
"""The bundle that ships, trained on simulated accounts."""

_POINTER = "CHAMPION"
_VERSION = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Shelf:
    """A folder of bundles, one folder a version, and a pointer to the champion.

    Parameters
    ----------
    store : Path
        It need not exist yet.
    """

    def __init__(self, store: Path) -> None:
        self.store = Path(store)

    def versions(self) -> list[str]:
        """Return the names of the bundles on the shelf, in alphabetical order."""
        return sorted(place.parent.name for place in self.store.glob(f"[!.]*/{MANIFEST}"))

    def champion(self) -> str | None:
        """Return the version that the pointer names, whether or not it is there; None without a pointer.

        Raises
        ------
        BrokenBundle
            The pointer cannot be read or holds no version's name.
        """
        pointer = self.store / _POINTER
        try:
            name = pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise BrokenBundle(f"{pointer} cannot be read ({error}). Crown a version again.") from error
        if not _VERSION.fullmatch(name):
            raise BrokenBundle(f"{pointer} names {name!r}, which is no version. Crown a version again.")
        return name

    def has_champion(self) -> bool:
        """Say whether a pointer is there, whatever it names."""
        return (self.store / _POINTER).exists()

    def load(self, version: str) -> Bundle:
        """Read a bundle.

        Raises
        ------
        BrokenBundle
            It is not on the shelf, or not as it was put there.
        """
        if version not in self.versions():
            raise BrokenBundle(f"There is no model {version!r} in {self.store}; there is {_listed(self.versions())}.")
        bundle = load_bundle(self.store / version)
        if bundle.version != version:
            raise BrokenBundle(f"{bundle.path}: it holds model {bundle.version}. Give its folder that name again.")
        return bundle

    def put(
        self,
        facts: Facts,
        scorecard: Scorecard,
        *,
        created_at: str | None,
        extras: Mapping[str, bytes] | None = None,
    ) -> Bundle:
        """Put a model on the shelf; the same model put twice stands there once.

        Parameters
        ----------
        facts, scorecard, created_at, extras
            See :func:`models.bundle.save_bundle`.

        Returns
        -------
        Bundle
            As read back from the shelf.
        """
        version = version_of(facts, scorecard.to_bytes())
        try:
            return self.load(version)
        except BrokenBundle:  # not there yet, or damaged since: either way it is written now
            save_bundle(self.store / version, facts, scorecard, created_at=created_at, extras=extras)
        return self.load(version)

    def adopt(self, folder: Path) -> Bundle:
        """Put a copy of a bundle that lies elsewhere on the shelf, in place of one of its name.

        Returns
        -------
        Bundle
            As read back from the shelf.

        Raises
        ------
        BrokenBundle
            It is not intact, or not for this code.
        """
        bundle = load_bundle(folder)
        names = (*bundle.manifest.files, MANIFEST)
        write_folder(self.store / bundle.version, {name: (folder / name).read_bytes() for name in names})
        return self.load(bundle.version)

    def crown(self, version: str) -> None:
        """Make a version the champion, in one step that a reader sees all of or nothing of.

        Raises
        ------
        BrokenBundle
            It is not on the shelf or not intact.
        """
        self.load(version)
        replace_file(self.store / _POINTER, f"{version}\n".encode())


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that is to answer.

    Attributes
    ----------
    bundle : Bundle or None
        None: the rules answer.
    note : str
        One sentence for people that says which it is and, where it is not what they would expect, why.
    degraded : bool
        A champion is named and cannot answer.
    """

    bundle: Bundle | None
    note: str
    degraded: bool = False

    @property
    def model(self) -> Model | None:
        """What deciding needs of the bundle."""
        return None if self.bundle is None else self.bundle.model


def choose(model: str | None, store: Path) -> Choice:
    """Find the model that is to answer.

    Parameters
    ----------
    model : str or None
        A version in the store, the path of a bundle's folder, "starter" or "rules". None is the store's champion;
        where no pointer names one, the starter; where it names one that is absent or broken, the rules.
    store : Path

    Returns
    -------
    Choice

    Raises
    ------
    BrokenBundle
        The model that was asked for by name is not intact.
    BadInput
        Nothing has that name.
    """
    if model is None:
        return _choose_champion(Shelf(store))
    if model == "rules":
        return Choice(None, "The rules answer, as asked.")
    bundle = load_bundle(STARTER) if model == "starter" else _named(model, Shelf(store))
    return Choice(bundle, f"Model {bundle.version} answers{bundle.manifest.caveat}, as asked.")


def recall(version: str, store: Path) -> Bundle:
    """Find a model that decided once: in the store, or the starter if that is its version.

    Raises
    ------
    BrokenBundle
        It is in neither, or not intact.
    """
    shelf = Shelf(store)
    if version in shelf.versions():
        return shelf.load(version)
    starter = load_bundle(STARTER)
    if starter.version != version:
        raise BrokenBundle(f"Model {version} is not in {store}, nor is it the starter. Bring its folder back.")
    return starter


def _choose_champion(shelf: Shelf) -> Choice:
    try:
        version = shelf.champion()
        if version is None:
            bundle = load_bundle(STARTER)
            return Choice(
                bundle,
                f"No champion is named in {shelf.store}: the starter {bundle.version} answers, which was trained on "
                "simulated accounts.",
            )
        bundle = shelf.load(version)
        return Choice(bundle, f"The champion {version} answers{bundle.manifest.caveat}.")
    except BrokenBundle as error:
        return Choice(None, f"The rules answer, since no model can: {error}", degraded=True)


def _named(model: str, shelf: Shelf) -> Bundle:
    if model in shelf.versions():
        return shelf.load(model)
    if Path(model).is_dir():
        return load_bundle(Path(model))
    raise BadInput(
        f"There is no model {model!r}: expected 'starter', 'rules', the path of a bundle, or a version in "
        f"{shelf.store}, which holds {_listed(shelf.versions())}."
    )


def _listed(versions: list[str]) -> str:
    return ", ".join(versions) or "none"
