"""docs/openapi.json: the description of the service as it is set by default, frozen."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from serving.app import create_app
from serving.settings import Settings

__all__ = ["snapshot"]


def snapshot() -> str:
    """Return docs/openapi.json."""
    with TemporaryDirectory() as home:
        folder = Path(home)
        # Not from the environment, which must not leave a trace in the page.
        settings = Settings.model_construct(
            model="rules", store=folder, database=f"sqlite:///{folder / 'rapport.db'}", spool=folder / "spool"
        )
        document = create_app(settings).openapi()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(snapshot())
