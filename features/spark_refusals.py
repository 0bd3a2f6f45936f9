"""What Spark says when a task failed, in one sentence of ours."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from features.events import BadInput

__all__ = ["RefusedByTask", "plain_errors", "said_by_task", "without_pandas"]

_REFUSAL = f"{BadInput.__module__}.{BadInput.__qualname__}: "


class RefusedByTask(BadInput):
    """What a task refused; it has seen a part of the rows."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn Spark's exceptions in the block into a `BadInput` of one sentence; what a task refused, in its own words.

    Raises
    ------
    RefusedByTask
        A row did not fit.
    BadInput
        A file could not be read, or whatever else Spark stopped at.
    """
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        said = said_by_task(str(error))
        if said is not None:
            raise RefusedByTask(said) from error
        raise BadInput(f"Spark stopped: {_reason(str(error))}") from error


@contextmanager
def without_pandas() -> Iterator[None]:
    """Silence Spark's warning of pandas' version: it looks for pandas whether or not it will use it, and here never."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        yield


def said_by_task(text: str) -> str | None:
    """Return the refusal in the text of an exception, None where it is no refusal of ours.

    Parameters
    ----------
    text : str
        With the traceback of a Python worker in it; the lines of a refusal after its first are set in by two blanks.
    """
    _, found, rest = text.rpartition(_REFUSAL)
    if not found:
        return None
    first, *others = rest.splitlines()
    lines = [first]
    for line in others:
        if not line.startswith("  "):
            break
        lines.append(line.rstrip())
    return "\n".join(lines)


def _reason(text: str) -> str:
    """Return the first line of an exception's text, and what is at the bottom of it."""
    lines = [line for line in text.strip().splitlines() if not line.startswith("An error occurred while calling")]
    first = (lines or ["it did not say why"])[0]
    deepest = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")][-1:]
    return " ".join(dict.fromkeys(map(_sentence, (first, *deepest))))


def _sentence(line: str) -> str:
    """Take from a line what speaks to programs: the exception's class and the code after the message."""
    line = re.sub(r"^(: )?([a-z]\w*\.)+\w+(Exception|Error): ", "", line)
    return re.sub(r"\s*SQLSTATE: \w+", "", line).rstrip(" .:") + "."
