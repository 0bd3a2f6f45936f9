"""The models that mlflow knows: finding them, naming one champion or challenger, fetching what was kept of them."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from training.tracking.connection import connect, is_new
from training.tracking.held_out import HELD_OUT, HeldOut

__all__ = [
    "BUNDLE",
    "LISTED",
    "NAME",
    "VERSION_TAG",
    "Registered",
    "champion_held_out",
    "fetch_bundle",
    "fetch_held_out",
    "find",
    "list_registered",
    "named",
    "point",
    "registered",
]

NAME: Final = "rapport"
"""Of the experiment and of the registered model."""

BUNDLE: Final = "bundle"
"""The folder of a run's files that holds the bundle."""

VERSION_TAG: Final = "rapport_version"

LISTED: Final = ("auroc", "log_loss", "ece", "auto_share")
"""Figures that a model's tags carry."""

Alias = Literal["champion", "challenger"]


@dataclass(frozen=True, slots=True)
class Registered:
    """A model as mlflow knows it.

    Attributes
    ----------
    version : str
        Our name of it, as on the shelf.
    mlflow_version : str
        mlflow's number of it.
    run_id : str
    tags : dict of str to str
        What is known of it, and who promoted it.
    aliases : tuple of str
    fresh : bool
        It was registered just now; False for one that mlflow knew before.
    """

    version: str
    mlflow_version: str
    run_id: str
    tags: dict[str, str]
    aliases: tuple[str, ...]
    fresh: bool = False


def registered(client: Any) -> list[Registered]:
    """Return every registered model, the oldest first."""
    return _search(client, f"name = '{NAME}'")


def list_registered(uri: str) -> list[Registered]:
    """Return what is registered at one place, the oldest first; nothing where nothing was tracked yet."""
    if is_new(uri):
        return []
    with connect(uri) as client:
        return registered(client)


def find(client: Any, version: str) -> Registered | None:
    """Return the registered model of a version of ours, or None."""
    if not re.fullmatch(r"[\w-]+", version):
        return None
    found = _search(client, f"name = '{NAME}' and tag.`{VERSION_TAG}` = '{version}'")
    return found[-1] if found else None


def named(client: Any, alias: Alias) -> Registered | None:
    """Return the model that bears an alias, or None."""
    return next((one for one in registered(client) if alias in one.aliases), None)


def point(client: Any, alias: Alias, model: Registered) -> None:
    """Move an alias to a model."""
    client.set_registered_model_alias(NAME, alias, model.mlflow_version)


def fetch_bundle(client: Any, model: Registered, scratch: Path) -> Path:
    """Fetch a model's bundle into a folder, and return where it lies there; it is not verified yet."""
    return Path(client.download_artifacts(model.run_id, BUNDLE, str(scratch)))


def fetch_held_out(client: Any, model: Registered) -> HeldOut | None:
    """Fetch what stands behind a model's figures; None where its run keeps none.

    Raises
    ------
    BadInput
        It cannot be read.
    """
    if HELD_OUT not in {file.path for file in client.list_artifacts(model.run_id)}:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        return HeldOut.read(Path(client.download_artifacts(model.run_id, HELD_OUT, scratch)))


def champion_held_out(uri: str, version: str) -> HeldOut | None:
    """Fetch from mlflow what a model learned from; None where mlflow knows no such model, or not that of it."""
    if is_new(uri):
        return None
    with connect(uri) as client:
        model = find(client, version)
        return None if model is None else fetch_held_out(client, model)


def _search(client: Any, query: str) -> list[Registered]:
    aliases = _aliases(client)
    found: list[Registered] = []
    token: str | None = None
    while token != "":
        page = client.search_model_versions(query, page_token=token)
        found += [_registered(version, aliases) for version in page if VERSION_TAG in version.tags]
        token = page.token or ""
    return sorted(found, key=lambda one: int(one.mlflow_version))


def _registered(version: Any, aliases: dict[str, str]) -> Registered:
    tags, number = dict(version.tags), str(version.version)
    mine = tuple(sorted(alias for alias, of in aliases.items() if of == number))
    return Registered(tags[VERSION_TAG], number, version.run_id, tags, mine)


def _aliases(client: Any) -> dict[str, str]:
    """Return which of mlflow's versions bears each alias; a search for versions does not say."""
    models = client.search_registered_models(f"name = '{NAME}'")
    return {alias: str(of) for model in models for alias, of in model.aliases.items()}
