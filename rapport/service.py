"""Starting the service."""

from __future__ import annotations

import json
from pathlib import Path

from rapport.show import console, say
from serving.describing.examples import REQUESTS
from serving.server import serve as run
from serving.settings import Settings

__all__ = ["serve"]


def serve(host: str, port: int, workers: int, store: Path, rules: Path | None) -> None:
    """Answer until told to stop; once it listens, say where and how to ask.

    Raises
    ------
    BadInput
        The rules file does not hold, or nothing can listen there.
    """
    run(Settings(host=host, port=port, workers=workers, store=store, rules=rules), announce=_announce)


def _announce(address: str) -> None:
    body = json.dumps(REQUESTS["events"]["value"])
    say(f"\nServing on [bold]{address}[/] (what it answers: {address}/docs); stop it with Ctrl-C. Ask it:\n")
    # Printed without markup and unwrapped, so that it can be copied as it stands.
    console().print(
        f"curl -s {address}/v1/predictions -H 'content-type: application/json' -d '{body}'\n",
        markup=False,
        soft_wrap=True,
    )
