"""The OpenAPI description: FastAPI's, and by hand the route that it does not see, since that reads bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from serving.answering.schemas import Prediction, request_form
from serving.describing.examples import REFUSED, REQUESTS, answer_example
from serving.errors import PROBLEM_JSON, ProblemDocument
from serving.outcomes import OUTCOMES

__all__ = ["DESCRIPTION", "describe"]

DESCRIPTION: Final = (
    "Tells a CRM which of its accounts are **clients** and which are **customers**, how sure it is, and why. Customers "
    "buy products; clients buy advice and solutions."
)

_SCHEMAS: Final = "#/components/schemas/"
_PREDICTING: Final = ("invalid-json", "body-too-large", "unsupported-media-type", "invalid-request", "internal-error")


def describe(app: FastAPI, max_events: int) -> Callable[[], dict[str, Any]]:
    """Return the function that gives the app's description, made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
            described, schemas = _schemas(max_events)
            document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
            _add_default_problem(document)
            document["paths"] = {"/v1/predictions": {"post": _predict(*described)}} | document["paths"]
            app.openapi_schema = document
        return app.openapi_schema

    return openapi


def _schemas(max_events: int) -> tuple[tuple[Any, Any], dict[str, Any]]:
    """Return the schemas of request and answer, and all that they refer to."""
    request = request_form(max_events).adapter
    answer, problem = TypeAdapter(Prediction), TypeAdapter(ProblemDocument)
    described, shared = TypeAdapter.json_schemas(
        [
            ("request", "validation", request),
            ("answer", "serialization", answer),
            ("problem", "serialization", problem),
        ],
        ref_template=_SCHEMAS + "{model}",
    )
    return (described["request", "validation"], described["answer", "serialization"]), shared["$defs"]


def _predict(request: Any, answer: Any) -> dict[str, Any]:
    return {
        "tags": ["Predictions"],
        "summary": "Decide what one account is",
        "description": "Judges an account by its events, or by ready signals. The answer says how sure it is, why, and "
        "whether a reviewer should look.",
        "operationId": "predict",
        "parameters": [
            {
                "name": "reasons",
                "in": "query",
                "description": "So many of the strongest reasons, or all of them and the base.",
                "schema": {
                    "default": 5,
                    "anyOf": [{"type": "integer", "minimum": 0, "maximum": 999}, {"const": "all"}],
                },
            },
            {
                "name": "signals",
                "in": "query",
                "description": "Return the signals that were judged, too.",
                "schema": {"type": "boolean", "default": False},
            },
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": request, "examples": REQUESTS}},
        },
        "responses": {
            "200": {
                "description": "The decision.",
                "content": {"application/json": {"schema": answer, "example": answer_example()}},
            },
            **{str(OUTCOMES[name].status): _problem(OUTCOMES[name].title) for name in _PREDICTING},
        },
    }


def _problem(title: str) -> dict[str, Any]:
    schema = {"$ref": f"{_SCHEMAS}ProblemDocument"}
    return {"description": title, "content": {PROBLEM_JSON: {"schema": schema, "example": REFUSED}}}


def _add_default_problem(document: dict[str, Any]) -> None:
    """Say of every other route that what is not its answer is problem details."""
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"]["default"] = _problem("Problem details.")
