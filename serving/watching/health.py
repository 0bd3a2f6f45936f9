"""Whether the service runs, and whether it answers as it should."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field

from serving.incumbent import Incumbent
from serving.watching.watch import Watch

__all__ = ["Ending", "health_routes"]


class Ending:
    """Whether the service was told to stop.

    Attributes
    ----------
    begun : bool
    """

    def __init__(self) -> None:
        self.begun = False


class Health(BaseModel):
    """It runs."""

    status: Literal["ok"] = "ok"


class Part(BaseModel):
    """How one part of the service is."""

    status: Literal["ok", "degraded"]
    detail: Annotated[str | None, Field(description="What is wrong, and what to do; null where all is well.")]
    since: Annotated[AwareDatetime, Field(description="Since when; where all is well, since the start or its mending.")]


class Readiness(BaseModel):
    """It answers; `degraded` says that not everything that should have a part in answers has one."""

    status: Annotated[
        Literal["ok", "degraded", "stopping"],
        Field(
            description="degraded: it answers all the same. stopping: send nothing more here; the HTTP status is 503."
        ),
    ]
    model: Annotated[str | None, Field(description="Version of the model that answers; null where the rules do.")]
    note: Annotated[str, Field(description="Which model answers and, where it is not the champion, why.")]
    parts: Annotated[dict[str, Part], Field(description="By name: model, database, spool, keys.")]


def health_routes(incumbent: Incumbent, watch: Watch, ending: Ending) -> APIRouter:
    """Make the routes for whoever watches over the service."""
    routes = APIRouter(tags=["Health"])

    @routes.get("/healthz", summary="Does it run?")
    async def healthz() -> Health:
        return Health()

    @routes.get(
        "/readyz",
        summary="Does it answer as it should?",
        responses={503: {"description": "It is stopping.", "model": Readiness}},
    )
    async def readyz(response: Response) -> Readiness:
        ready = _readiness(incumbent, watch)
        if ending.begun:
            response.status_code = 503
            return ready.model_copy(update={"status": "stopping"})
        return ready

    return routes


def _readiness(incumbent: Incumbent, watch: Watch) -> Readiness:
    choice = incumbent.office.choice
    parts = {
        name: Part(status="ok" if found.wrong is None else "degraded", detail=found.wrong, since=found.since)
        for name, found in watch.look().items()
    }
    wrong = any(part.status == "degraded" for part in parts.values())
    return Readiness(
        status="degraded" if wrong else "ok",
        model=None if choice.bundle is None else choice.bundle.version,
        note=choice.note,
        parts=parts,
    )
