"""The service."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from features.events import BadInput
from features.request import log_of_one
from features.table import signals_matrix
from models.rules import RuleBook
from serving.answering.predictions import Predictions
from serving.clock import Clock, now
from serving.describing.catalogue import catalogue_routes
from serving.describing.openapi import DESCRIPTION, describe
from serving.describing.reference import reference_routes
from serving.doors.head import HeadAsGet
from serving.errors import Refusal, answer_problem, refusal_of
from serving.incumbent import Incumbent
from serving.settings import Settings
from serving.watching.health import health_routes

__all__ = ["create_app"]

_REFUSED: Final = (HTTPException, RequestValidationError, Refusal, BadInput)

_log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None, clock: Clock = now) -> FastAPI:
    """Make the service.

    Parameters
    ----------
    settings : Settings, optional
        Default: what the environment says.
    clock : callable, optional
        Returns the present moment; a test passes its own.

    Returns
    -------
    FastAPI
        An ASGI application. Rules and model are loaded.

    Raises
    ------
    BadInput
        The rules file does not hold, or a model was asked for by a name that nothing has. A model that is absent or
        broken is no error: the rules answer, and the service says so.
    """
    settings = settings or Settings()
    rules = RuleBook.default() if settings.rules is None else RuleBook.load(settings.rules)
    incumbent = Incumbent(settings.model, settings.store)
    predictions = Predictions(settings, rules, incumbent, clock)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _warm()
        looking = asyncio.create_task(incumbent.look_after(settings.champion_seconds))
        yield
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking

    # FastAPI itself, with the files of its description page on board: many a CRM stands where no network reaches.
    app: FastAPI = FastAPIOffline(
        title="Rapport", version=version("rapport"), description=DESCRIPTION, lifespan=lifespan, redirect_slashes=False
    )
    # A plain route: FastAPI's own would read the body into objects, and the answer through a model. It comes first,
    # since routes are tried in turn.
    app.router.routes.insert(
        0, Route("/v1/predictions", predictions.respond, methods=["POST"], include_in_schema=False)
    )
    app.include_router(catalogue_routes(rules, incumbent))
    app.include_router(health_routes(incumbent))
    app.include_router(reference_routes())
    app.openapi = describe(app, settings.max_events)  # type: ignore[method-assign] # as FastAPI documents it
    for kind in _REFUSED:
        app.add_exception_handler(kind, _refuse)
    app.add_middleware(_LastResort)
    app.add_middleware(HeadAsGet)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    del request
    return answer_problem(refusal_of(error))


def _warm() -> None:
    """Compile what is compiled on first use, so that nobody's request waits for it."""
    signals_matrix(log_of_one({"account_id": "nobody"}, [], frozenset()).at(0))


class _LastResort:
    """Answers what nobody foresaw in the one shape, and logs where it happened.

    The message of such an error is not logged: it may quote an account's data.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            # No failure of the service, and nobody is left to answer.
            _log.info("A client went away before all of its body had arrived.")
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            _log.error("%s at %s", type(error).__name__, _place(error))
            await answer_problem(refusal_of(error))(scope, receive, send)


def _place(error: Exception) -> str:
    """Return file and line of each step that led to an error, the outermost first."""
    steps, trace = [], error.__traceback__
    while trace is not None:
        steps.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(steps)
