"""Telling mlflow what was trained: settings, figures, files, the model itself."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.bundle import Bundle
from training.tracking.connection import connect
from training.tracking.held_out import HELD_OUT, HeldOut
from training.tracking.log_model import log_model
from training.tracking.registry import BUNDLE, LISTED, NAME, VERSION_TAG, Registered, find, named, point

if TYPE_CHECKING:
    from training.train import Trained

__all__ = ["ARTIFACTS", "track"]

ARTIFACTS: Final = "mlruns"
"""The folder of a store in which the files of its runs lie where no server keeps them."""

_SERVERS: Final = ("http://", "https://", "databricks")
_DIGEST: Final = 36  # mlflow keeps no longer one with a data set


def track(
    trained: Trained,
    bundle: Bundle,
    held_out: HeldOut,
    uri: str,
    *,
    artifacts: Mapping[str, bytes] | None = None,
    crowned: bool = False,
) -> Registered:
    """Keep a training as a run, and register its model as the challenger; the same model is registered once.

    Parameters
    ----------
    trained : Trained
    bundle : Bundle
        As it stands on the shelf. Where no server keeps the run's files, they lie beside it, in `ARTIFACTS`.
    held_out : HeldOut
    uri : str
        See :func:`training.tracking.registry.connect`.
    artifacts : mapping of str to bytes, optional
        More files of the run by their names, such as `report.html` or `plots/reliability.svg`.
    crowned : bool
        The model is the first of its store and became its champion; then it bears that alias too, unless another does.

    Returns
    -------
    Registered

    Raises
    ------
    Unreachable
        mlflow does not answer. The model stays on the shelf.
    """
    kept = {f"{HELD_OUT}/{name}": content for name, content in held_out.to_files().items()}
    with connect(uri, create=True) as client:
        known = find(client, bundle.version)
        model = known or _register(client, uri, trained, bundle, {**kept, **(artifacts or {})})
        point(client, "challenger", model)
        if crowned and named(client, "champion") is None:
            point(client, "champion", model)
        found = find(client, bundle.version) or model
    return Registered(found.version, found.mlflow_version, found.run_id, found.tags, found.aliases, fresh=known is None)


def _register(client: Any, uri: str, trained: Trained, bundle: Bundle, files: Mapping[str, bytes]) -> Registered:
    experiment_id = _experiment(client, uri, bundle.path.parent)
    run_id = str(client.create_run(experiment_id, run_name=bundle.version, tags=_tags(bundle)).info.run_id)
    try:
        _describe(client, run_id, trained, bundle)
        summary = json.dumps(trained.summary, indent=2, allow_nan=False).encode()
        _keep(client, run_id, {**files, "summary.json": summary}, bundle)
        model_id = log_model(client, experiment_id, run_id, bundle)
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id)
    return _create_version(client, run_id, model_id, bundle)


def _experiment(client: Any, uri: str, store: Path) -> str:
    """Return the id of the experiment, which is made where there is none.

    A database that no server stands before knows no place for files, and mlflow would take the working directory.
    """
    found = client.get_experiment_by_name(NAME)
    if found is not None:
        return str(found.experiment_id)
    served = uri.startswith(_SERVERS)
    return str(client.create_experiment(NAME, None if served else (store / ARTIFACTS).resolve().as_uri()))


def _create_version(client: Any, run_id: str, model_id: str, bundle: Bundle) -> Registered:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(NAME, description="Which accounts are clients and which are customers.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = _tags(bundle)
    made = client.create_model_version(NAME, source=f"models:/{model_id}", run_id=run_id, model_id=model_id, tags=tags)
    return Registered(bundle.version, str(made.version), run_id, tags, ())


def _tags(bundle: Bundle) -> dict[str, str]:
    """Say of a model what a list of models shows, so that the list is one question to mlflow."""
    manifest = bundle.manifest
    figures = {**manifest.metrics.get("model", {}), **manifest.metrics.get("decisions", {})}
    return {
        **{name: str(figures[name].value) for name in LISTED if name in figures and figures[name].value is not None},
        VERSION_TAG: bundle.version,
        "data_digest": manifest.data_digest,
        "taught_by": manifest.taught_by,
        "split": manifest.split,
        "estimator": manifest.estimator,
        "rules": manifest.rules,
        "clients": str(manifest.labels.of_class("client")),
        "customers": str(manifest.labels.of_class("customer")),
        "created_at": manifest.created_at or "",
    }


def _describe(client: Any, run_id: str, trained: Trained, bundle: Bundle) -> None:
    from mlflow.entities import Metric, Param

    moment = _milliseconds(bundle.manifest.created_at)
    metrics = [Metric(name, value, moment, 0) for name, value in _metrics(trained)]
    params = [Param(name, str(value)) for name, value in _params(trained).items()]
    client.log_batch(run_id, metrics=metrics, params=params)
    client.log_inputs(run_id, datasets=[_dataset(trained)])


def _params(trained: Trained) -> dict[str, Any]:
    facts, limits = trained.facts, trained.cross_fitted.limits
    return {
        "seed": facts.seed,
        "accounts": len(trained.dataset),
        "clients": facts.labels.of_class("client"),
        "customers": facts.labels.of_class("customer"),
        "taught_by": facts.taught_by,
        "split": facts.split,
        "estimator": facts.estimator,
        "starter": facts.starter,
        "records": " ".join(facts.records),
        "rules": facts.rules,
        "alpha": limits.alpha,
        "beta": limits.beta,
        "delta": limits.delta,
        "threshold_client": facts.thresholds.client,
        "threshold_customer": facts.thresholds.customer,
        "calibration_slope": facts.calibration.slope,
        "calibration_intercept": facts.calibration.intercept,
        **{f"library_{name}": version for name, version in facts.libraries.items()},
    }


def _metrics(trained: Trained) -> Iterator[tuple[str, float]]:
    """Yield every figure and the ends of its interval, those that are undefined left out."""
    facts = trained.facts
    for side, figures in [*facts.metrics.items(), *facts.yardsticks.items()]:
        for name, figure in figures.items():
            parts = {"": figure.value, "_low": figure.low, "_high": figure.high}
            for end, value in parts.items():
                if value is not None:
                    yield f"{side.replace(' ', '_')}.{name}{end}", value


def _dataset(trained: Trained) -> Any:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    digest = trained.facts.data_digest
    profile = json.dumps({"num_rows": len(trained.dataset), "sha256": digest})
    dataset = Dataset("labelled accounts", digest[:_DIGEST], "local", "{}", profile=profile)
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _keep(client: Any, run_id: str, files: Mapping[str, bytes], bundle: Bundle) -> None:
    client.log_artifacts(run_id, str(bundle.path), BUNDLE)
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in files.items():
            path = Path(scratch) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(run_id, scratch)


def _milliseconds(created_at: str | None) -> int:
    return 0 if created_at is None else int(datetime.fromisoformat(created_at).timestamp() * 1000)
