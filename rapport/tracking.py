"""Where models are tracked, and how mlflow is to behave in this process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["store_tracking"]

DATABASE: Final = "mlflow.db"

_MANNERS: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nobody is told what is trained here
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # seconds, not minutes, until a server counts as down
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}


def store_tracking(store: Path, tracking: str | None) -> str:
    """Return the place where the models of a store are tracked, as mlflow writes it.

    It must be called before anything imports mlflow, which reads its settings from the environment then; settings that
    the user has made there stay as they are.

    Parameters
    ----------
    store : Path
    tracking : str or None
        `--tracking`, or what the environment says in its place; None is a database in the store.
    """
    for name, value in _MANNERS.items():
        os.environ.setdefault(name, value)
    if tracking:
        return tracking
    return f"sqlite:///{(store / DATABASE).resolve()}"
