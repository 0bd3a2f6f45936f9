"""Writing files so that a reader finds all of them or nothing, even after a power cut."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["replace_file", "write_folder"]


def write_folder(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write a folder of files under its final name in one step.

    Parameters
    ----------
    folder : Path
        One that is there is replaced as a whole; its parents are made.
    contents : mapping of str to bytes
        By plain file name.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh = scratch / "new"
        fresh.mkdir()
        for name, content in contents.items():
            _write_file(fresh / name, content)
        _sync(fresh)
        _swap(fresh, folder, scratch / "old")
        _sync(folder.parent)
    finally:
        shutil.rmtree(scratch)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under its final name in one step; one that is there is replaced."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        _write_file(scratch / path.name, content)
        (scratch / path.name).replace(path)
        _sync(path.parent)
    finally:
        shutil.rmtree(scratch)


def _swap(fresh: Path, folder: Path, aside: Path) -> None:
    """Rename; a folder that is not empty cannot be replaced, so it steps aside, and back if that fails."""
    if folder.exists():
        folder.rename(aside)
    try:
        fresh.rename(folder)
    except OSError:
        if aside.exists():
            aside.rename(folder)
        raise


def _write_file(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Put the names within a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
