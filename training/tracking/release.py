"""What becomes of a trained model: compared, reported, put on the shelf, tracked."""

from __future__ import annotations

from dataclasses import dataclass

from features.progress import Progress, silent
from models.bundle import BrokenBundle, Bundle
from models.shelf import Shelf
from training.reporting.report import plot_files, write_report
from training.tracking.compare import Comparison, compare
from training.tracking.connection import connect, is_new
from training.tracking.held_out import HeldOut, hold_out
from training.tracking.registry import Registered, champion_held_out
from training.tracking.track import track
from training.train import Trained, shelve

__all__ = ["REPORT", "Released", "check_tracking", "release"]

REPORT = "report.html"


@dataclass(frozen=True, slots=True)
class Released:
    """A model that stands on the shelf.

    Attributes
    ----------
    bundle : Bundle
    crowned : bool
        It has become champion, since the store had none.
    comparison : Comparison or None
        With the champion; None where there was none, or none that is intact.
    registered : Registered or None
        What mlflow knows of it; None where it was not told.
    """

    bundle: Bundle
    crowned: bool
    comparison: Comparison | None
    registered: Registered | None


def check_tracking(uri: str | None) -> None:
    """Raise Unreachable where mlflow does not answer, before minutes of work depend on it; None asks nobody."""
    if uri is not None and not is_new(uri):
        with connect(uri):
            pass


def release(
    trained: Trained, shelf: Shelf, created_at: str | None, uri: str | None, progress: Progress = silent
) -> Released:
    """Compare a trained model with the champion, write its report, put it on the shelf and tell mlflow.

    Parameters
    ----------
    trained : Trained
    shelf : Shelf
        The first model of a shelf becomes its champion; any other is the challenger until it is promoted.
    created_at : str or None
        When, UTC.
    uri : str or None
        Where mlflow tracks; None tells it nothing. Such a model cannot be compared with later ones.
    progress : callable, optional

    Returns
    -------
    Released

    Raises
    ------
    Unreachable
        mlflow does not answer. The model stands on the shelf.
    """
    held_out, champion = hold_out(trained), _champion(shelf, trained.version)
    progress("Comparing and reporting", 0, 0)
    comparison = None if champion is None else _compare(held_out, champion, uri)
    before = None if champion is None else champion.scorecard
    report = write_report(trained, comparison, created_at, before).encode()
    bundle, crowned = shelve(trained, shelf, created_at, {REPORT: report})
    if uri is None:
        return Released(bundle, crowned, comparison, None)
    progress("Telling mlflow", 0, 0)
    files = {REPORT: report, **plot_files(trained)}
    registered = track(trained, bundle, held_out, uri, artifacts=files, crowned=crowned)
    return Released(bundle, crowned, comparison, registered)


def _champion(shelf: Shelf, challenger: str) -> Bundle | None:
    """Return the champion to compare with; itself is none, and a broken one neither: serving says so already."""
    try:
        version = shelf.champion()
        return None if version in {None, challenger} else shelf.load(str(version))
    except BrokenBundle:
        return None


def _compare(held_out: HeldOut, champion: Bundle, uri: str | None) -> Comparison:
    known = None if uri is None else champion_held_out(uri, champion.version)
    return compare(held_out, champion, known)
