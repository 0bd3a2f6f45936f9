"""Making a model the champion, if it has earned it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from features.events import BadInput
from models.bundle import BrokenBundle, Bundle
from models.history import Change, record
from models.shelf import Shelf
from training.tracking.compare import Comparison, compare
from training.tracking.connection import connect, shown
from training.tracking.merit import SLICE_TOLERANCE, obstacles
from training.tracking.registry import NAME, Registered, fetch_bundle, fetch_held_out, find, named, point

__all__ = ["Moved", "Refused", "promote", "tell"]

_LONGEST_TAG: Final = 4500  # mlflow takes 5,000 characters


class Refused(BadInput):
    """A model has not earned to be the champion; the message lists what stands against it.

    Attributes
    ----------
    obstacles : tuple of str
    comparison : Comparison or None
    """

    def __init__(self, version: str, found: tuple[str, ...], comparison: Comparison | None) -> None:
        listed = "".join(f"\n  - {each}" for each in found)
        super().__init__(
            f"{version} is not promoted:{listed}\nNothing was changed. If it is to answer all the same: "
            f"rapport promote {version} --force --reason '…'"
        )
        self.obstacles, self.comparison = found, comparison


@dataclass(frozen=True, slots=True)
class Moved:
    """A champion took over from another.

    Attributes
    ----------
    version : str
        The champion now.
    before : str or None
        The champion until then.
    comparison : Comparison or None
        None where there was nobody to compare with.
    overridden : tuple of str
        What stood against it.
    notes : tuple of str
        What else the person at the machine should know, a sentence each.
    """

    version: str
    before: str | None
    comparison: Comparison | None = None
    overridden: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """What is known of a challenger before it is promoted or refused; `rival` is whom it was compared with."""

    before: str | None
    rival: str | None
    comparison: Comparison | None = None
    obstacles: tuple[str, ...] = ()


def promote(
    version: str,
    shelf: Shelf,
    uri: str,
    *,
    at: str,
    by: str,
    reason: str | None = None,
    force: bool = False,
    tolerance: float = SLICE_TOLERANCE.value,
) -> Moved:
    """Make a registered model the champion of a store, if it is surely better than the present one.

    First everything is checked, then the bundle is put on the shelf, then mlflow's alias is moved, the history written,
    and last the pointer is replaced, which is all that serving reads: whatever fails before leaves it as it was.

    Parameters
    ----------
    version : str
        Of the model; "challenger" is the one that bears this alias. The present champion is only repaired: its bundle
        where the shelf's is damaged, and the alias.
    shelf : Shelf
    uri : str
        See :func:`training.tracking.registry.connect`.
    at, by : str
        When, UTC, and who does it.
    reason : str, optional
    force : bool
        Override what stands against it; needs a reason. A bundle that cannot answer is never promoted.
    tolerance : float
        See :data:`training.tracking.merit.SLICE_TOLERANCE`.

    Returns
    -------
    Moved

    Raises
    ------
    Refused
        Something stands against it.
    BrokenBundle
        Its bundle is not intact, or learned from other signals than this code measures.
    BadInput
        mlflow does not know it.
    Unreachable
        mlflow does not answer. Serving is as it was.
    """
    if force and not (reason or "").strip():
        raise BadInput("--force needs --reason: say why this model is to answer although something stands against it.")
    with connect(uri) as client, tempfile.TemporaryDirectory() as scratch:
        model = _find(client, version, uri)
        bundle = _intact(client, model, shelf, Path(scratch))
        case = _examine(client, bundle, shelf, tolerance)
        if case.obstacles and not force:
            raise Refused(model.version, case.obstacles, case.comparison)
        if bundle.path.parent != shelf.store:
            shelf.adopt(bundle.path)
        if case.before == model.version:
            return _confirm(client, model)
        change = Change(
            at=at,
            by=by,
            what="promoted",
            version=model.version,
            before=case.before,
            reason=reason,
            overridden=case.obstacles,
        )
        tell(client, model, change)
        record(shelf.store, change)
        shelf.crown(model.version)
    return Moved(model.version, case.before, case.comparison, case.obstacles, _notes(case))


def tell(client: Any, model: Registered, change: Change) -> None:
    """Note a change of champion at the model in mlflow, and move the alias to it."""
    done = change.what.replace(" ", "_")
    tags = {
        f"{done}_at": change.at,
        f"{done}_by": change.by,
        f"{done}_from": change.before or "",
        f"{done}_reason": change.reason or "",
        f"{done}_against": "\n".join(change.overridden),
    }
    for name, text in tags.items():
        client.set_model_version_tag(NAME, model.mlflow_version, name, text[:_LONGEST_TAG])
    point(client, "champion", model)


def _find(client: Any, version: str, uri: str) -> Registered:
    model = named(client, "challenger") if version == "challenger" else find(client, version)
    if model is None:
        raise BadInput(
            f"mlflow at {shown(uri)} knows no model {version!r}: 'rapport models' lists what there is. A model trained "
            "without tracking is registered by training it again: the same data and seed give the same model."
        )
    return model


def _intact(client: Any, model: Registered | None, shelf: Shelf, scratch: Path, version: str = "") -> Bundle:
    """Open a model's bundle, from the shelf or, where it is absent or damaged there, as mlflow keeps it."""
    try:
        return shelf.load(model.version if model else version)
    except BrokenBundle:
        if model is None:
            raise
    folder = fetch_bundle(client, model, scratch)
    return Shelf(folder.rename(folder.with_name(model.version)).parent).load(model.version)


def _examine(client: Any, challenger: Bundle, shelf: Shelf, tolerance: float) -> _Case:
    """Compare a challenger with the store's champion, or where it has none with the one that mlflow names."""
    try:
        before = shelf.champion()
    except BrokenBundle as error:
        return _Case(None, None, obstacles=(f"Whom it would follow is not known, so nothing is compared: {error}",))
    elsewhere = named(client, "champion") if before is None else None
    rival = elsewhere.version if elsewhere else before
    if rival in {None, challenger.version}:
        return _Case(before, None)
    try:
        comparison = _compare(client, challenger, str(rival), shelf)
    except BadInput as error:
        return _Case(before, rival, obstacles=(f"It cannot be compared with the champion {rival}: {error}",))
    return _Case(before, rival, comparison, obstacles(challenger, comparison, tolerance))


def _compare(client: Any, challenger: Bundle, rival: str, shelf: Shelf) -> Comparison:
    challenging, reigning = find(client, challenger.version), find(client, rival)
    held_out = fetch_held_out(client, challenging) if challenging else None
    if held_out is None:
        raise BadInput(f"mlflow keeps no accounts that judge {challenger.version}. Train it again with tracking.")
    with tempfile.TemporaryDirectory() as scratch:
        champion = _intact(client, reigning, shelf, Path(scratch), rival)
        return compare(held_out, champion, fetch_held_out(client, reigning) if reigning else None)


def _confirm(client: Any, model: Registered) -> Moved:
    notes = ["It is the champion already."]
    if "champion" not in model.aliases:
        point(client, "champion", model)
        notes.append("mlflow's alias, which was elsewhere, names it too now.")
    return Moved(model.version, model.version, notes=tuple(notes))


def _notes(case: _Case) -> tuple[str, ...]:
    if case.rival is None:
        return ("There was no champion to compare it with.",)
    if case.comparison is not None and not case.comparison.known:
        return (f"What {case.rival} learned from is not known: it was judged by its scorecard on every account.",)
    return ()
