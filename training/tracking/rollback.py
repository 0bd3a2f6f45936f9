"""Taking a promotion back, also while mlflow is down."""

from __future__ import annotations

from features.events import BadInput
from models.bundle import BrokenBundle
from models.history import Change, predecessor, read_history, record
from models.shelf import Shelf
from training.tracking.connection import Unreachable, connect, shown
from training.tracking.promote import Moved, tell
from training.tracking.registry import find

__all__ = ["rollback"]


def rollback(shelf: Shelf, uri: str | None, *, at: str, by: str, reason: str | None = None) -> Moved:
    """Bring back the champion before the present one; doing it twice goes back twice.

    The pointer is replaced before mlflow is told, so that this works while mlflow does not.

    Parameters
    ----------
    shelf : Shelf
    uri : str or None
        See :func:`training.tracking.registry.connect`; None leaves mlflow alone.
    at, by : str
        When, UTC, and who does it.
    reason : str, optional

    Returns
    -------
    Moved
        Where mlflow could not be told, a note says how to put that right.

    Raises
    ------
    BadInput
        There is no earlier champion, or its bundle is not intact. Nothing was moved.
    """
    champion = shelf.champion()
    earlier = None if champion is None else predecessor(read_history(shelf.store), champion)
    if champion is None or earlier is None:
        raise BadInput(
            f"There is nothing to roll back to: {shelf.store} remembers no champion before "
            f"{champion or 'the first promotion'}. 'rapport models' lists what can be promoted."
        )
    try:
        shelf.load(earlier)
    except BrokenBundle as error:
        raise BrokenBundle(
            f"The champion before {champion} was {earlier}, which cannot answer, so {champion} stays: {error} "
            f"'rapport promote {earlier} --force --reason …' takes the copy that mlflow keeps."
        ) from error
    change = Change(at=at, by=by, what="rolled back", version=earlier, before=champion, reason=reason)
    record(shelf.store, change)
    shelf.crown(earlier)
    return Moved(earlier, champion, notes=_pass_on(uri, change))


def _pass_on(uri: str | None, change: Change) -> tuple[str, ...]:
    """Tell mlflow; where that fails, return what to do about it later."""
    again = f"Once it answers, 'rapport promote {change.version}' moves mlflow's alias too."
    if uri is None:
        return (f"mlflow was not told. {again}",)
    try:
        with connect(uri) as client:
            model = find(client, change.version)
            if model is None:
                return (f"mlflow at {shown(uri)} does not know {change.version}, so its alias stays where it is.",)
            tell(client, model, change)
    except Unreachable as error:
        return (f"The store is rolled back, but mlflow was not told: {error} {again}",)
    return ()
