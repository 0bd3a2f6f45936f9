"""The model as mlflow runs it: signals in, probabilities out, from the scorecard alone.

mlflow keeps this file beside the scorecard and runs it whenever the model is loaded, so that nothing is ever unpickled.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.scorecard import Scorecard

__all__: list[str] = []


def _offer() -> None:
    """Hand the model to mlflow."""
    from mlflow.models import set_model
    from mlflow.pyfunc.model import PythonModel

    class SignalsToProbability(PythonModel):
        """P(client) of a table of signals; a column that is missing is unknown."""

        def load_context(self, context: Any) -> None:
            self.scorecard = Scorecard.load(Path(context.artifacts["scorecard"]))

        def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002 - mlflow's own
            table = model_input.reindex(columns=list(self.scorecard.signal_names))
            log_odds = self.scorecard.score(table.to_numpy(dtype=np.float64, na_value=np.nan))
            return pd.DataFrame({"probability_client": np.exp(-np.logaddexp(0.0, -log_odds))}, index=table.index)

    set_model(SignalsToProbability())


if __name__ != "training.tracking.logged_model":  # mlflow runs the file under a name of its own
    _offer()
