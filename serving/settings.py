"""What whoever runs the service may choose: `RAPPORT_*` variables of the environment, or arguments."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.events import BadInput
from reviews import DEFAULT_DATABASE
from reviews.terms import SECOND

__all__ = ["LogLevel", "Settings", "share_metrics", "shared_metrics"]

LogLevel = Literal["debug", "info", "warning", "error"]

_PREFIX: Final = "RAPPORT_"
_NEARLY: Final = 0.9
_SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=3600, json_schema_extra={"unit": "seconds"})]
Bytes = Annotated[int, Field(ge=1, json_schema_extra={"unit": "bytes"})]
Share = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseSettings):
    """Settings of the service; each is an argument here and the variable `RAPPORT_` plus its name in capitals.

    docs/settings.md is made of this class.

    Examples
    --------
    >>> Settings(port=8001).port
    8001
    >>> Settings.variable("max_body_bytes")
    'RAPPORT_MAX_BODY_BYTES'
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid")

    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    workers: Annotated[Count, Field(description="Processes that answer.")] = 1

    store: Annotated[Path, Field(description="Folder of the trained models and the pointer to the champion.")] = Path(
        "models/store"
    )
    model: Annotated[
        str | None,
        Field(description="A version in the store, the path of a bundle, `starter` or `rules`; default the champion."),
    ] = None
    rules: Annotated[Path | None, Field(description="A rules file; default the rules that ship.")] = None
    champion_seconds: Annotated[Seconds, Field(description="Between looks at the pointer to the champion.")] = 1.0

    database: Annotated[
        # It may hold a password, so it is never printed with the others.
        str,
        Field(
            repr=False,
            description="Where predictions, keys and verdicts are kept: `sqlite:///PATH` (four slashes begin an "
            "absolute path) or `postgresql://USER:PASSWORD@HOST:PORT/NAME`.",
        ),
    ] = DEFAULT_DATABASE
    database_seconds: Annotated[
        Seconds, Field(description="What one statement, or connecting, may take before the database counts as down.")
    ] = 5.0
    record_seconds: Annotated[
        Seconds,
        Field(
            description="How long a prediction waits to be kept; after that it is spooled and answered with "
            "`recorded: false`."
        ),
    ] = 1.0
    queue: Annotated[
        Count, Field(description="Predictions that may wait to be kept in one process; beyond it callers get 503.")
    ] = 2_000
    spool: Annotated[
        Path,
        Field(
            description="Folder of a process's own files: predictions that the database could not take yet, and what "
            "is known of the keys. On a disk that outlives the process."
        ),
    ] = Path("rapport-spool")
    spool_bytes: Annotated[
        Bytes, Field(description="Size of one process's spool, at most; once it is full, callers get 503.")
    ] = 268_435_456
    audit_share: Annotated[
        Share, Field(description="Share of the automatic answers that is drawn for a reviewer to look at.")
    ] = 0.02
    repeat_hours: Annotated[
        float,
        Field(
            gt=0,
            le=720,
            description="How long an `Idempotency-Key` is remembered.",
            json_schema_extra={"unit": "hours"},
        ),
    ] = 24.0

    auth: Annotated[
        bool,
        Field(
            description="Whether callers have to show a key; without, it listens on this machine alone, "
            "and answers only who calls it `127.0.0.1`, `[::1]` or `localhost`."
        ),
    ] = True
    key_seconds: Annotated[
        Seconds, Field(description="Between looks at the keys: so long a revoked one may still be let in.")
    ] = 1.0

    second_share: Annotated[
        Share,
        Field(
            description="Share of the cases that a second reviewer answers, too, without seeing what the first said; 0 "
            "where there is but one reviewer."
        ),
    ] = SECOND.value
    verdict_seconds: Annotated[
        Seconds, Field(description="Between looks at the verdicts: so long a new one may not decide yet.")
    ] = 1.0
    session_hours: Annotated[
        float,
        Field(
            gt=0,
            le=168,
            description="How long a reviewer stays signed in at the desk.",
            json_schema_extra={"unit": "hours"},
        ),
    ] = 12.0
    proxy_header: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9-]+$",
            description="Name of a header, such as `X-Remote-User`, in which a proxy that signs people in names the "
            "reviewer by the name of their key. **Danger**: whoever can send this header past the proxy is any "
            "reviewer they like. Have the proxy remove it from what it is sent, and let nobody else reach the service.",
        ),
    ] = None
    proxy_addresses: Annotated[
        str,
        Field(description="From which addresses `RAPPORT_PROXY_HEADER` is believed, with commas in between."),
    ] = "127.0.0.1,::1"

    max_body_bytes: Annotated[Bytes, Field(description="Of a request for one account, at most.")] = 1_048_576
    max_events: Annotated[Count, Field(description="Events of one account, at most.")] = 10_000
    max_batch: Annotated[Count, Field(description="Accounts of a batch, at most.")] = 1_000
    max_batch_bytes: Annotated[Bytes, Field(description="Of a batch, at most.")] = 16_777_216
    max_waiting: Annotated[
        Count, Field(description="Requests that one process has in hand, at most; beyond it callers get 503.")
    ] = 512
    arrival_seconds: Annotated[
        Seconds, Field(description="In which a request's line and headers have to arrive, and then again its body.")
    ] = 30.0
    keep_alive_seconds: Annotated[
        Seconds, Field(description="How long a connection may be idle; a proxy in front should give up earlier.")
    ] = 75.0
    drain_seconds: Annotated[
        Seconds, Field(description="What requests in hand are given to finish when the service is told to stop.")
    ] = 20.0

    log_level: Annotated[LogLevel, Field(description="What is worth a line; `info` logs each request.")] = "info"

    @classmethod
    def variable(cls, name: str) -> str:
        """Return the name of a setting's variable."""
        return f"{_PREFIX}{name.upper()}"

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Take what is given, else what the environment says, else the default.

        Raises
        ------
        BadInput
            A setting does not fit, or a variable is nearly called as one is; it is named, and what was expected.
        """
        known = [cls.variable(name) for name in cls.model_fields]
        for name in sorted(os.environ.keys() - set(known)):
            meant = difflib.get_close_matches(name.upper(), known, 1, _NEARLY) if name.startswith(_PREFIX) else []
            if meant and meant[0] != name.upper():
                raise BadInput(f"There is no setting {name}: did you mean {meant[0]}? docs/settings.md lists them all.")
        try:
            return cls(**given)
        except ValidationError as error:
            places = "; ".join(f"{cls.variable(str(each['loc'][0]))}: {each['msg']}" for each in error.errors())
            raise BadInput(f"A setting does not fit: {places}. docs/settings.md describes them all.") from None


def share_metrics(folder: Path) -> None:
    """Have processes that start from here on write down their metrics in a folder, where each finds all.

    The library of the metrics looks for it in the environment while it is imported.
    """
    os.environ[_SHARED] = str(folder)


def shared_metrics() -> Path | None:
    """Return the folder of the metrics of all processes; None where there is one process alone."""
    folder = os.environ.get(_SHARED)
    return Path(folder) if folder else None
