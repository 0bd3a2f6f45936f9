"""Printing which models there are, and what a change of champion came to."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from rich.markup import escape

from features.events import BadInput
from models.bundle import BrokenBundle, Bundle
from models.history import Change, read_history
from models.shelf import Shelf
from rapport.show import print_table, say
from training.tracking.connection import Unreachable
from training.tracking.promote import Moved
from training.tracking.registry import Registered, list_registered

__all__ = ["Listed", "Survey", "print_models", "print_move", "survey", "user", "write_models"]

_TAUGHT: Final = {"labels": "labels", "rules": "rules (distilled)"}
_FIGURES: Final = {"auroc": "model", "log_loss": "model", "ece": "model", "auto_share": "decisions"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of the store, of mlflow, or of both.

    Attributes
    ----------
    version : str
    roles : list of {"champion", "challenger"}
    places : list of {"store", "mlflow"}
    created_at : str or None
    n_labels : int or None
    taught_by : {"labels", "rules"} or None
    auroc, log_loss, ece, auto_share : float or None
    promoted_at, promoted_by : str or None
        When it last became champion of this store, and by whom.
    problem : str or None
        Why it cannot answer.
    """

    version: str
    roles: list[str]
    places: list[str]
    created_at: str | None
    n_labels: int | None
    taught_by: str | None
    auroc: float | None
    log_loss: float | None
    ece: float | None
    auto_share: float | None
    promoted_at: str | None
    promoted_by: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is.

    Attributes
    ----------
    champion : str or None
        Whom the store's pointer names.
    models : list of Listed
        The newest first.
    notes : list of str
        What is not as one would expect, a sentence each.
    """

    champion: str | None
    models: list[Listed]
    notes: list[str]


def survey(shelf: Shelf, uri: str) -> Survey:
    """Look at a store and at mlflow; one that does not answer is noted."""
    notes = []
    try:
        known = {model.version: model for model in list_registered(uri)}
    except Unreachable as error:
        known = {}
        notes.append(f"Only the store is listed: {error}")
    try:
        champion = shelf.champion()
    except BrokenBundle as error:
        champion = None
        notes.append(str(error))
    changes = {change.version: change for change in read_history(shelf.store)}
    versions = {*shelf.versions(), *known}
    models = [_list(version, shelf, known.get(version), champion, changes.get(version)) for version in versions]
    models.sort(key=lambda model: (model.created_at or "", model.version), reverse=True)
    return Survey(champion, models, [*notes, *_disagreements(champion, versions, known.values())])


def print_models(found: Survey) -> None:
    """Print a survey as a table."""
    columns = ("", "role", "made", "taught by", "promoted", "labels", "AUROC", "log loss", "ECE", "automatic")
    if found.models:
        print_table("Models", columns, [_row(model) for model in found.models], text_columns=5, whole_first=True)
    else:
        say("There is no model yet: [bold]rapport train EXPORT[/] makes one. Until then the starter answers.")
    for model in found.models:
        if model.problem:
            say(f"{model.version} cannot answer: {escape(model.problem)}")
    for note in found.notes:
        say(escape(note))


def write_models(found: Survey, path: Path | None) -> None:
    """Write a survey as JSON."""
    if path is None:
        return
    try:
        path.write_text(json.dumps(asdict(found), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror or error}.") from error


def print_move(moved: Moved, store: Path) -> None:
    """Print who took over from whom, and why."""
    compared = moved.comparison
    if compared is not None:
        sides: tuple[Mapping[str, Any], ...] = (compared.figures["challenger"], compared.figures["champion"])
        rows = [(name, *(side[name].value for side in sides)) for name in ("auroc", "log_loss", "brier", "ece")]
        say(
            f"Compared on the same {compared.n:,} accounts, none of which the judged model learned from; left out: "
            f"{compared.n_left_out:,}. Answered differently: {compared.n_switched:,}."
        )
        print_table("Both models", ("", compared.challenger, compared.champion), rows)
        difference = compared.difference
        if difference.low is not None:
            interval = f"95 % interval {difference.low:+.4f} to {difference.high:+.4f}"
            say(f"Log loss changes by {difference.value:+.4f}, {interval}.")
    for obstacle in moved.overridden:
        say(f"Overridden: {escape(obstacle)}")
    for note in moved.notes:
        say(escape(note))
    if moved.version != moved.before:
        after = f", after {moved.before}" if moved.before else ""
        say(f"[bold]{moved.version}[/] is the champion of {store}{after}.")


def user() -> str:
    """Return who is at the machine."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "unknown"


def _list(version: str, shelf: Shelf, known: Registered | None, champion: str | None, change: Change | None) -> Listed:
    bundle, problem = _open(shelf, version)
    roles = [*(["champion"] if version == champion else []), *(["challenger"] if _is_challenger(known) else [])]
    return Listed(
        version=version,
        roles=roles,
        places=[*(["store"] if version in shelf.versions() else []), *(["mlflow"] if known else [])],
        **(_told(bundle) if bundle else _tagged(known.tags if known else {})),
        promoted_at=change.at if change else None,
        promoted_by=change.by if change else None,
        problem=problem,
    )


def _open(shelf: Shelf, version: str) -> tuple[Bundle | None, str | None]:
    if version not in shelf.versions():
        return None, None
    try:
        return shelf.load(version), None
    except BrokenBundle as error:
        return None, str(error)


def _told(bundle: Bundle) -> dict[str, Any]:
    manifest = bundle.manifest
    figures = {name: manifest.metrics.get(side, {}).get(name) for name, side in _FIGURES.items()}  # type: ignore[call-overload]
    return {
        "created_at": manifest.created_at,
        "n_labels": manifest.labels.of_class("client") + manifest.labels.of_class("customer"),
        "taught_by": manifest.taught_by,
        **{name: figure.value if figure else None for name, figure in figures.items()},
    }


def _tagged(tags: Mapping[str, str]) -> dict[str, Any]:
    known = "clients" in tags and "customers" in tags
    return {
        "created_at": tags.get("created_at") or None,
        "n_labels": int(tags["clients"]) + int(tags["customers"]) if known else None,
        "taught_by": tags.get("taught_by"),
        **{name: float(tags[name]) if name in tags else None for name in _FIGURES},
    }


def _is_challenger(known: Registered | None) -> bool:
    return known is not None and "challenger" in known.aliases


def _disagreements(champion: str | None, versions: set[str], known: Iterable[Registered]) -> list[str]:
    notes = []
    if champion is not None and champion not in versions:
        notes.append(f"The champion {champion} is not on the shelf: the rules answer. 'rapport promote {champion}'.")
    alias = next((model.version for model in known if "champion" in model.aliases), None)
    if alias is not None and alias != champion:
        here = f"'rapport promote {champion}' moves it there" if champion else "the starter answers here"
        notes.append(f"mlflow's alias champion is at {alias}, this store's champion is {champion or 'none'}: {here}.")
    return notes


def _row(model: Listed) -> Sequence[object]:
    promoted = f"{model.promoted_at} by {model.promoted_by}" if model.promoted_at else None
    auto = None if model.auto_share is None else f"{model.auto_share:.1%}"
    return (
        model.version,
        ", ".join(model.roles) or None,
        model.created_at,
        _TAUGHT.get(model.taught_by or "", model.taught_by),
        promoted,
        model.n_labels,
        model.auroc,
        model.log_loss,
        model.ece,
        auto,
    )
