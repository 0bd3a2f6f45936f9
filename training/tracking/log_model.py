"""Putting a scorecard into mlflow as a model that its tools can load, run and serve."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pandas as pd

import features
import models
from features.fingerprint import fingerprint
from features.signals import SIGNAL_NAMES
from models.bundle import SCORECARD, Bundle

__all__ = ["log_model"]

_SCRIPT: Final = Path(__file__).with_name("logged_model.py")
_PACKAGES: Final = (features, models)
_REQUIREMENTS: Final = ("mlflow", "numba", "numpy", "pandas")


def log_model(client: Any, experiment_id: str, run_id: str, bundle: Bundle) -> str:
    """Log a bundle's scorecard as an mlflow model.

    Parameters
    ----------
    client : mlflow.MlflowClient
    experiment_id, run_id : str
    bundle : Bundle

    Returns
    -------
    str
        mlflow's id of the logged model.
    """
    logged = client.create_logged_model(experiment_id, name=bundle.version, source_run_id=run_id)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        _save(folder, bundle, Path(scratch), logged.model_id, run_id)
        client.log_model_artifacts(logged.model_id, str(folder))
    client.finalize_logged_model(logged.model_id, "READY")
    return str(logged.model_id)


def _save(folder: Path, bundle: Bundle, scratch: Path, model_id: str, run_id: str) -> None:
    from mlflow.models import Model, ModelSignature
    from mlflow.pyfunc import save_model
    from mlflow.types import ColSpec, Schema

    inputs = Schema([ColSpec("double", name, required=False) for name in SIGNAL_NAMES])
    save_model(
        path=str(folder),
        python_model=str(_SCRIPT),
        artifacts={"scorecard": str(bundle.path / SCORECARD)},
        code_paths=[_stage(package, scratch) for package in _PACKAGES],
        signature=ModelSignature(inputs, Schema([ColSpec("double", "probability_client")])),
        input_example=_example(),
        pip_requirements=[f"{name}=={metadata.version(name)}" for name in _REQUIREMENTS],
        mlflow_model=Model(model_id=model_id, run_id=run_id),
    )


def _stage(package: Any, scratch: Path) -> str:
    """Copy a package's modules alone: a store of models may lie within its folder."""
    source = Path(package.__file__).parent
    for module in _modules(source):
        copy = scratch / source.name / module.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, copy)
    return str(scratch / source.name)


def _modules(package: Path) -> Iterator[Path]:
    yield from package.glob("*.py")
    for inner in package.glob("*/__init__.py"):
        yield from _modules(inner.parent)


def _example() -> pd.DataFrame:
    """Return the known signals of the first account of the reference log."""
    first = {name: values[0] for name, values in fingerprint().items()}
    return pd.DataFrame([{name: value for name, value in first.items() if value is not None}])
