"""Who made which model the champion, when and why: a file beside the bundles that only grows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from features.events import BadInput
from models.folder import replace_file

__all__ = ["HISTORY", "Change", "predecessor", "read_history", "record"]

HISTORY: Final = "history.jsonl"
"""Its name in the store; a line a change."""


class Change(BaseModel):
    """A change of champion.

    Attributes
    ----------
    at : str
        When, UTC.
    by : str
        The user of the machine.
    what : {"promoted", "rolled back"}
    version : str
        The champion from then on.
    before : str or None
        The champion until then.
    reason : str or None
        As the person gave it.
    overridden : tuple of str
        What stood against the change and was overridden.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    by: str
    what: Literal["promoted", "rolled back"]
    version: str
    before: str | None
    reason: str | None = None
    overridden: tuple[str, ...] = ()


def read_history(store: Path) -> tuple[Change, ...]:
    """Return the changes of a store's champion, the oldest first; none where there is no file.

    Raises
    ------
    BadInput
        A line is no change.
    """
    path = store / HISTORY
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    changes = []
    for number, line in enumerate(lines, 1):
        try:
            changes.append(Change.model_validate_json(line))
        except ValidationError as error:
            raise BadInput(
                f"{path}, line {number} is no change of champion ({error.errors()[0]['msg']}). "
                "Restore the file from a copy, or move it away: then nothing earlier can be rolled back to."
            ) from error
    return tuple(changes)


def record(store: Path, change: Change) -> None:
    """Add a change; a reader finds the file with it or without it, never with half of it."""
    lines = [each.model_dump_json() for each in (*read_history(store), change)]
    replace_file(store / HISTORY, "".join(f"{line}\n" for line in lines).encode())


def predecessor(changes: Sequence[Change], champion: str) -> str | None:
    """Return the champion that the present one took over from, so that rolling back twice goes back twice.

    Parameters
    ----------
    changes : sequence of Change
        The oldest first.
    champion : str
        Whom the store's pointer names.

    Returns
    -------
    str or None
        None where the history knows of none.

    Examples
    --------
    >>> def change(what, before, version):
    ...     return Change(at="2026-01-01T00:00:00Z", by="ann", what=what, version=version, before=before)
    >>> changes = [change("promoted", "a", "b"), change("promoted", "b", "c"), change("rolled back", "c", "b")]
    >>> predecessor(changes, "b")
    'a'
    >>> predecessor(changes, "a") is None
    True
    """
    line: list[str] = []
    for change in changes:
        _come_to(line, change.before)
        if change.what == "promoted":
            line.append(change.version)
        else:
            _come_to(line, change.version)
    _come_to(line, champion)
    return line[-2] if len(line) > 1 else None


def _come_to(line: list[str], champion: str | None) -> None:
    """Make the line of champions end at the one who is known to have reigned.

    A change that was written down and then failed, or a pointer set by hand, would otherwise leave it wrong.
    """
    while champion in line and line[-1] != champion:
        line.pop()
    if champion is not None and champion not in line:
        line.append(champion)
