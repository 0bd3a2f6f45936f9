"""The OpenAPI description: FastAPI's of the routes that it sees, and the same of those that it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from models.rules import RuleBook
from serving.answering.schemas import BatchAnswer, Prediction, batch_form, request_form
from serving.describing.answer_examples import answer_examples
from serving.describing.examples import ANSWERS, BATCHES, REQUESTS
from serving.describing.operation import Operation
from serving.describing.operations import OPERATIONS
from serving.describing.problems import describe_response, name_response, problems_of, security_of
from serving.describing.request import refine
from serving.desk.api.bodies import answer_form, engagement_names
from serving.desk.api.schemas import LabelsGiven, Revealed, Review, ReviewClaimed, Reviews
from serving.errors import ProblemDocument
from serving.reading.schemas import AccountErased, Changes, History, PredictionKept
from serving.settings import Settings

__all__ = ["DESCRIPTION", "describe"]

DESCRIPTION: Final = (
    "Tells a CRM which of its accounts are **clients** and which are **customers**, how sure it is, and why. Customers "
    "buy products; clients buy advice and solutions.\n\n"
    "Every answer that is not a success is `application/problem+json`, described at [/errors](/errors)."
)

_SCHEMAS: Final = "#/components/schemas/"
_KEY: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key as `rapport keys create` shows it once, `rpt_…`. Beside each route stand the roles that may "
    "call it; one of them is enough.",
}
_REQUEST_ID: Final = {
    "X-Request-ID": {
        "description": "Of this request, as the log has it; the caller's own, where it sent one.",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
    }
}


_EXAMPLES: Final = {"PredictionRequest": REQUESTS, "BatchRequest": BATCHES, "AnswerGiven": ANSWERS}


def describe(app: FastAPI, settings: Settings, rules: RuleBook) -> Callable[[], dict[str, Any]]:
    """Return the function that gives the app's description, made once."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, settings, rules)
        return app.openapi_schema

    return openapi


def _document(app: FastAPI, settings: Settings, rules: RuleBook) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    components = document.setdefault("components", {})
    components.setdefault("schemas", {}).update(_schemas(settings, rules))
    by_hand: dict[str, Any] = {}
    examples = answer_examples()
    for operation in OPERATIONS:
        about = _operation(operation, examples[operation.name])
        by_hand.setdefault(operation.path, {})[operation.method.lower()] = about
    document["paths"] = by_hand | document["paths"]
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            _add_what_all_have(about, path, method.upper(), document, keys=settings.auth)
    if settings.auth:
        components["securitySchemes"] = {"key": _KEY}
    _drop_titles(components["schemas"])
    return document


def _schemas(settings: Settings, rules: RuleBook) -> dict[str, Any]:
    """Return the schemas of requests and answers, and all that they refer to."""
    asked = [
        ("PredictionRequest", request_form(settings.max_events).adapter),
        ("BatchRequest", batch_form(settings.max_batch, settings.max_events).adapter),
        ("AnswerGiven", answer_form(engagement_names(rules)).adapter),
    ]
    told = (
        *(Prediction, BatchAnswer, PredictionKept, History, Changes, AccountErased, ProblemDocument),
        *(Reviews, ReviewClaimed, Review, Revealed, LabelsGiven),
    )
    _, shared = TypeAdapter.json_schemas(
        [
            *((name, "validation", adapter) for name, adapter in asked),
            *((model.__name__, "serialization", TypeAdapter(model)) for model in told),
        ],
        ref_template=_SCHEMAS + "{model}",
    )
    schemas: dict[str, Any] = shared["$defs"]
    refine(schemas)
    return schemas


def _operation(operation: Operation, example: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "operationId": operation.name,
        "parameters": list(operation.parameters),
    }
    if operation.request is not None:
        schema = {"$ref": f"{_SCHEMAS}{operation.request}"}
        content = {"application/json": {"schema": schema, "examples": _EXAMPLES[operation.request]}}
        about["requestBody"] = {"required": True, "content": content}
    schema = {"$ref": f"{_SCHEMAS}{operation.answer}"}
    content = {"application/json": {"schema": schema, "example": example}}
    about["responses"] = {
        "200": {
            "description": operation.answered,
            "headers": dict(operation.headers),
            "content": content,
            **({"links": operation.links} if operation.links else {}),
        }
    }
    return about


def _add_what_all_have(about: dict[str, Any], path: str, method: str, document: dict[str, Any], *, keys: bool) -> None:
    """Add the ways to fail, who may call it, and the headers of every answer."""
    shared = document["components"].setdefault("responses", {})
    responses = about["responses"]
    for response in responses.values():
        response["headers"] = _REQUEST_ID | response.get("headers", {})
    for status, outcomes in problems_of(path, method, keys=keys).items():
        if status not in responses:
            name = name_response(outcomes)
            shared[name] = describe_response(outcomes, _REQUEST_ID)
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    about["responses"] = dict(sorted(responses.items()))
    if keys:
        about["security"] = security_of(path, method)


def _drop_titles(schemas: dict[str, Any]) -> None:
    """Drop the titles that only say the name of a field once more."""
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            field.pop("title", None)
