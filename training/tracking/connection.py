"""Speaking with mlflow: briefly where it does not answer, quietly, and without a trace left in the process."""

from __future__ import annotations

import logging
import re
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from features.events import BadInput

__all__ = ["Unreachable", "connect", "is_new", "shown"]

_PATIENCE_SECONDS: Final = 5.0
_SQLITE: Final = "sqlite:///"
_BROKEN: Final = 500
_TALKERS: Final = ("mlflow", "alembic")


class Unreachable(BadInput):
    """mlflow does not answer, or not as it should; the message names the place and what to do."""


@contextmanager
def connect(uri: str, *, create: bool = False) -> Iterator[Any]:
    """Speak with mlflow at one place, quietly, and leave its process-wide settings as they were.

    Parameters
    ----------
    uri : str
        As mlflow writes tracking URIs, such as `sqlite:///models/store/mlflow.db` or `https://mlflow.example.com`.
    create : bool
        Make a database that is not there yet.

    Yields
    ------
    mlflow.MlflowClient

    Raises
    ------
    Unreachable
        Nothing answers there, or mlflow refuses something within the block.
    """
    if not create and is_new(uri):
        raise Unreachable(f"There is no {shown(uri)} yet: train a model, or name another place with --tracking.")
    _knock(uri)
    with _hush():
        import mlflow
        from mlflow.exceptions import MlflowException
        from mlflow.telemetry import client as telemetry

        telemetry._set_telemetry_client(None)  # Whoever works here has not agreed to report it to anybody.
        before: Any = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
        try:
            # Some of mlflow's own steps ask for the process-wide URI, whatever the client was given.
            mlflow.set_tracking_uri(uri)
            yield mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
        except MlflowException as error:
            raise Unreachable(f"mlflow at {shown(uri)}: {error.message}") from error
        except Exception as error:
            # What the database itself complains of reaches us as it is; only `reviews` may know SQLAlchemy by name.
            if not type(error).__module__.startswith("sqlalchemy."):
                raise
            raise Unreachable(
                f"The database of mlflow at {shown(uri)} cannot be used: {str(error).splitlines()[0]}. If another "
                "command makes it this moment, run this one again; else restore it, or move it away and train again."
            ) from error
        finally:
            mlflow.set_tracking_uri(before)


def is_new(uri: str) -> bool:
    """Whether it is a database that nobody has written to yet."""
    return uri.startswith(_SQLITE) and not Path(uri.removeprefix(_SQLITE)).exists()


def shown(uri: str) -> str:
    """Return a URI without the password that it may hold."""
    return re.sub(r"//[^@/]*@", "//***@", uri)


def _knock(uri: str) -> None:
    """Find out within seconds whether a server answers, since mlflow itself tries for minutes."""
    if not uri.startswith(("http://", "https://")):
        return
    address = f"{uri.rstrip('/')}/health"
    try:
        urllib.request.urlopen(address, timeout=_PATIENCE_SECONDS).close()  # noqa: S310 - of these two schemes only
    except (OSError, ValueError) as error:
        if isinstance(error, urllib.error.HTTPError) and error.code < _BROKEN:
            return  # somebody answers, if only to ask for a password, which mlflow has and this question has not
        raise Unreachable(
            f"mlflow does not answer at {shown(uri)} ({error}). Start it, or name another place with --tracking."
        ) from error


@contextmanager
def _hush() -> Iterator[None]:
    """Keep mlflow's and its migrations' chatter, and warnings about code that is not ours, from the screen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import mlflow  # noqa: F401 - it sets the levels of its loggers when it is imported
        except ModuleNotFoundError as error:
            raise Unreachable(f"{error.name} is not installed here: pip install 'rapport[train]'.") from error
        levels = {name: logging.getLogger(name).level for name in _TALKERS}
        for name in _TALKERS:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
