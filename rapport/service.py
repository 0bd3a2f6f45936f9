"""Starting the service."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from typing import Any, Final

from rapport.show import console, say
from reviews import DEFAULT_DATABASE
from reviews.database import DatabaseDown, open_database
from serving.describing.examples import REQUESTS
from serving.server import serve as run
from serving.settings import Settings

__all__ = ["serve"]

_PATIENCE: Final = 1.0
"""Seconds to wait for a database before saying nothing of its keys."""


def serve(key: str | None = None, reviewer: str | None = None, **given: Any) -> None:
    """Answer until told to stop; once it listens, say where and how to ask.

    Parameters
    ----------
    key : str, optional
        One that stands, to be shown in what can be copied.
    reviewer : str, optional
        A key of a reviewer that stands, to be shown.
    **given
        Settings; for those that are None or left out the environment counts.

    Raises
    ------
    BadInput
        A setting or the rules file does not hold, nothing can listen there, or the database has the tables of another
        version.
    """
    settings = Settings.read(**{name: value for name, value in given.items() if value is not None})
    run(settings, announce=lambda address: _announce(address, settings, key, reviewer))


def _announce(address: str, settings: Settings, key: str | None, reviewer: str | None) -> None:
    body = json.dumps(REQUESTS["events"]["value"])
    say(f"\nServing on [bold]{address}[/] (what it answers: {address}/docs); stop it with Ctrl-C.")
    if settings.auth and key is None:
        _announce_keys(settings)
    say(f"The review desk: [bold]{address}/desk/[/]")
    if reviewer is not None:
        say("\nSign in there with this reviewer's key; with the key below you are the team lead:\n")
        _copyable(reviewer)
    say("\nAsk it:\n")
    shown = f" -H 'authorization: Bearer {key or 'rpt_…'}'" if settings.auth else ""
    _copyable(f"curl -s {address}/v1/predictions{shown} -H 'content-type: application/json' -d '{body}'")


def _announce_keys(settings: Settings) -> None:
    """Say how to make a key, where there is none; of a database that does not answer nobody knows."""
    with open_database(settings.database, seconds=_PATIENCE) as database, suppress(DatabaseDown):
        keys = database.ledger.keys()
        if all(key.revoked_at is not None for key in keys):
            say("\nThere is no key yet, so that nobody can ask it. Make one, which is shown once:\n")
            # A URL with a password stands in the environment, where that command finds it too.
            secret = database.place.url.password is not None or settings.database == DEFAULT_DATABASE
            where = "" if secret else f" --database {shlex.quote(settings.database)}"
            _copyable(f"rapport keys create --role predict --name my-crm{where}")


def _copyable(text: str) -> None:
    """Print without markup and unwrapped, so that it can be copied as it stands."""
    console().print(f"{text}\n", markup=False, soft_wrap=True)
