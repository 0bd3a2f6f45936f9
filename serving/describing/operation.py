"""What is said of a route that FastAPI does not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from serving.parameters import Parameter

__all__ = ["Operation", "in_path", "link", "query_of"]


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of one route.

    Attributes
    ----------
    path, method : str
        The route's template, and what is asked of it.
    tag, name, summary, description : str
    answer : str
        Name of the schema of its answer.
    answered : str
        What that answer is.
    request : str or None
        Name of the schema of its body.
    parameters : sequence of dict
        As OpenAPI writes them.
    headers, links : dict
        Headers of its answer, and where that leads, as OpenAPI writes them.
    """

    path: str
    method: str
    tag: str
    name: str
    summary: str
    description: str
    answer: str
    answered: str
    request: str | None = None
    parameters: Sequence[dict[str, Any]] = ()
    headers: dict[str, Any] = field(default_factory=dict)
    links: dict[str, Any] = field(default_factory=dict)


def query_of(parameters: Sequence[Parameter]) -> list[dict[str, Any]]:
    """Describe a query."""
    return [parameter.describe() for parameter in parameters]


def link(operation: str, parameter: str, place: str) -> dict[str, Any]:
    """Say that a place in an answer is the parameter of another call."""
    return {operation: {"operationId": operation, "parameters": {parameter: f"$response.body#/{place}"}}}


def in_path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a part of a path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}
