"""The few files that pages need: looks, keys, the mark. An address names its content, so it may be kept for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from serving.errors import Refusal

__all__ = ["ROOT", "address_of", "respond"]

ROOT: Final = "/desk/static"

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class _File:
    digest: str
    content: bytes
    media_type: str


def _read() -> dict[str, _File]:
    folder = Path(__file__).parent.parent / "static"
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = _File(hashlib.sha256(content).hexdigest()[:12], content, _TYPES[path.suffix])
    return found


_FILES: Final = _read()


def address_of(name: str) -> str:
    """Return where a file is."""
    return f"{ROOT}/{_FILES[name].digest}/{name}"


async def respond(request: Request) -> Response:
    """Answer with a file.

    Raises
    ------
    Refusal
        There is none of this name and content.
    """
    file = _FILES.get(request.path_params["name"])
    if file is None or file.digest != request.path_params["digest"]:
        raise Refusal("not-found", "There is no such file.")
    return Response(file.content, media_type=file.media_type, headers=_FOR_EVER)
