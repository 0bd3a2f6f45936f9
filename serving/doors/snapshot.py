"""What is known of the keys, kept in a file, so that a restart while the database is away locks nobody out."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from reviews.keys import Key

__all__ = ["KeySnapshot"]

_NAME: Final = "keys.json"
_PASSWORD: Final = re.compile(r"(?<=:)[^:@/]*(?=@)")


class KeySnapshot:
    """A copy of the keys' table, without the keys themselves: it holds digests, as the database does.

    Only the service's own user may read it, and one that others could have written is not believed.

    Parameters
    ----------
    folder : Path
        Created where it is not there.
    database : str
        URL of the database that the keys are of; those of another one are not believed.
    """

    def __init__(self, folder: Path, database: str) -> None:
        self._path = folder / _NAME
        self._database = hashlib.sha256(_PASSWORD.sub("", database).encode()).hexdigest()[:16]

    def read(self) -> list[Key] | None:
        """Return the keys as they were known last; None where nothing that can be believed is there."""
        try:
            found = self._path.lstat()
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
                return None
            content: dict[str, Any] = json.loads(self._path.read_bytes())
            if content["database"] != self._database:
                return None
            return [Key(**each | {"digest": bytes.fromhex(each["digest"])}) for each in content["keys"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, keys: Iterable[Key]) -> None:
        """Replace the copy, in one step that a reader sees all of or nothing of.

        Raises
        ------
        OSError
            The folder cannot be written to.
        """
        listed = [asdict(key) | {"digest": key.digest.hex(), "last_used_at": None} for key in keys]
        content = json.dumps({"database": self._database, "keys": listed})
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # For its owner alone from the first moment on; under a name of its own, since every process writes one.
        with NamedTemporaryFile("w", dir=self._path.parent, prefix=f".{_NAME}.", delete=False) as draft:
            try:
                draft.write(content)
                draft.flush()
                os.fsync(draft.fileno())
                Path(draft.name).replace(self._path)
            except BaseException:
                with suppress(OSError):
                    Path(draft.name).unlink()
                raise
