"""What the answers are made of: `GET /v1/signals`, `/v1/rules` and `/v1/model`."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from features.signals import CATALOGUE
from models.manifest import Estimate
from models.policy import Thresholds
from models.rule import Property, Rule
from models.rules import RuleBook
from serving.incumbent import Incumbent, Source

__all__ = ["catalogue_routes"]


class SignalListed(BaseModel):
    """One signal of the catalogue."""

    name: str
    unit: str
    low: Annotated[float, Field(description="Least possible value.")]
    high: Annotated[float | None, Field(description="Greatest possible value; null where there is none.")]
    meaning: str
    window_days: Annotated[int | None, Field(description="It looks back so many days; null = over all that is known.")]
    criteria: Annotated[list[str], Field(description="Criteria of the domain that it answers to.")]
    treatment: Annotated[bool, Field(description="A consequence of being treated as a client.")]
    direction: Annotated[str | None, Field(description="The only side that more of it can speak for.")]


class SignalCatalogue(BaseModel):
    """The catalogue, in the order of the model's columns."""

    signals: list[SignalListed]


class Rules(BaseModel):
    """The rules in use."""

    digest: Annotated[str, Field(description="As in each answer's versions.")]
    prior_log_odds: Annotated[float, Field(description="Log-odds of client before any vote.")]
    rules: list[Rule]
    engagement_models: Annotated[list[Property], Field(description="The first that holds is the account's.")]
    strategic_services: Property | None
    hybrid: Property | None
    prospect: Property | None


class ModelInUse(BaseModel):
    """Who answers."""

    version: Annotated[str | None, Field(description="Null where the rules answer.")]
    source: Source
    note: Annotated[str, Field(description="Which model answers and, where it is not the champion, why.")]
    degraded: Annotated[bool, Field(description="A model should answer and cannot, so the rules do.")]
    created_at: Annotated[str | None, Field(description="When it was trained, where known.")]
    estimator: Annotated[str | None, Field(description="What was trained.")]
    taught_by: Annotated[
        Literal["labels", "rules"] | None, Field(description="rules: no label of a person; distilled from the rules.")
    ]
    thresholds: Annotated[Thresholds | None, Field(description="Certified on accounts that it never saw.")]
    metrics: Annotated[
        dict[str, dict[str, Estimate]] | None,
        Field(description="Of model, rules, base rate, and decisions of the first two, on accounts it never saw."),
    ]
    card: Annotated[str | None, Field(description="The model's card, Markdown.")]


def catalogue_routes(rules: RuleBook, incumbent: Incumbent) -> APIRouter:
    """Make the routes that say what answers are made of."""
    routes = APIRouter(prefix="/v1", tags=["What answers are made of"])
    listed = SignalCatalogue(signals=[_list_signal(signal) for signal in CATALOGUE])
    book = Rules.model_validate(rules, from_attributes=True)

    @routes.get("/signals", summary="The catalogue of signals")
    async def list_signals() -> SignalCatalogue:
        return listed

    @routes.get("/rules", summary="The rules in use")
    async def read_rules() -> Rules:
        return book

    @routes.get("/model", summary="The model in use")
    async def read_model() -> ModelInUse:
        return _describe(incumbent)

    return routes


def _list_signal(signal: Any) -> SignalListed:
    unit = signal.unit
    return SignalListed(
        name=signal.name,
        unit=unit.name,
        low=unit.low,
        high=unit.high if math.isfinite(unit.high) else None,
        meaning=signal.meaning,
        window_days=signal.window_days,
        criteria=list(signal.criteria),
        treatment=signal.treatment,
        direction=signal.direction,
    )


def _describe(incumbent: Incumbent) -> ModelInUse:
    office = incumbent.office
    bundle = office.choice.bundle
    manifest = None if bundle is None else bundle.manifest
    return ModelInUse(
        version=manifest and manifest.version,
        source=office.source,
        note=office.choice.note,
        degraded=office.choice.degraded,
        created_at=manifest and manifest.created_at,
        estimator=manifest and manifest.estimator,
        taught_by=manifest and manifest.taught_by,
        thresholds=manifest and manifest.thresholds,
        metrics=manifest and manifest.metrics,
        card=office.card,
    )
