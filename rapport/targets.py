"""What a command is to write, checked before it works for minutes."""

from __future__ import annotations

import os
from pathlib import Path

from features.events import BadInput

__all__ = ["check_store", "check_targets"]


def check_targets(export: Path, *targets: Path | None) -> None:
    """Refuse files that cannot be written, or that would overwrite the export that is read.

    Raises
    ------
    BadInput
        Naming the file and what to do.
    """
    for target in targets:
        if target is None:
            continue
        if export.resolve() in target.resolve().parents:
            raise BadInput(f"{target} lies in the export {export}, which is only read; write to another folder.")
        if target.is_dir():
            raise BadInput(f"{target} is a folder; name a file.")
        if not target.parent.is_dir():
            raise BadInput(f"{target} cannot be written: there is no folder {target.parent}; make it first.")
        if not os.access(target if target.exists() else target.parent, os.W_OK):
            raise BadInput(f"{target} cannot be written: permission is missing; name another place.")


def check_store(store: Path) -> None:
    """Refuse a folder of models that cannot be made or written, before there is a model to keep.

    Raises
    ------
    BadInput
        Naming the store and what to do.
    """
    place = next(each for each in (store.resolve(), *store.resolve().parents) if each.exists())
    if not place.is_dir():
        raise BadInput(f"The store {store} cannot be a folder: {place} is a file; name another with --store.")
    if not os.access(place, os.W_OK):
        raise BadInput(f"The store {store} cannot be written in {place}: permission is missing; name another.")
