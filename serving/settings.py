"""What whoever runs the service may choose: `RAPPORT_*` variables of the environment, or arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Settings"]


class Settings(BaseSettings):
    """Settings of the service; each is an argument here and the variable `RAPPORT_` plus its name in capitals.

    Examples
    --------
    >>> Settings(port=8001).port
    8001
    """

    model_config = SettingsConfigDict(env_prefix="RAPPORT_", frozen=True, extra="forbid")

    host: Annotated[str, Field(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8000
    workers: Annotated[int, Field(ge=1, description="Processes that answer.")] = 1
    store: Annotated[Path, Field(description="Folder of the trained models and the pointer to the champion.")] = Path(
        "models/store"
    )
    model: Annotated[
        str | None,
        Field(description="A version in the store, the path of a bundle, `starter` or `rules`; default the champion."),
    ] = None
    rules: Annotated[Path | None, Field(description="A rules file; default the rules that ship.")] = None
    champion_seconds: Annotated[
        float, Field(gt=0, description="Seconds between looks at the pointer to the champion.")
    ] = 1.0
    max_body_bytes: Annotated[int, Field(ge=1, description="Bytes of a request's body, at most.")] = 1_048_576
    max_events: Annotated[int, Field(ge=1, description="Events of one account, at most.")] = 10_000
