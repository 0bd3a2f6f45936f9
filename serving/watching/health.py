"""Whether the service runs, and whether it answers as it should."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from serving.incumbent import Incumbent

__all__ = ["health_routes"]


class Health(BaseModel):
    """It runs."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """It answers; `degraded` says that not everything that should have a part in answers has one."""

    status: Literal["ok", "degraded"]
    model: Annotated[str | None, Field(description="Version of the model that answers; null where the rules do.")]
    note: Annotated[str, Field(description="Which model answers and, where it is not the champion, why.")]


def health_routes(incumbent: Incumbent) -> APIRouter:
    """Make the routes for whoever watches over the service."""
    routes = APIRouter(tags=["Health"])

    @routes.get("/healthz", summary="Does it run?")
    async def healthz() -> Health:
        return Health()

    @routes.get("/readyz", summary="Does it answer as it should?")
    async def readyz() -> Readiness:
        choice = incumbent.office.choice
        version = None if choice.bundle is None else choice.bundle.version
        return Readiness(status="degraded" if choice.degraded else "ok", model=version, note=choice.note)

    return routes
