"""The service."""

from __future__ import annotations

import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from features.events import BadInput
from features.request import log_of_one
from features.table import signals_matrix
from models.rules import RuleBook
from reviews.database import Database, DatabaseDown, open_database
from reviews.schema import prepare
from serving.answering.aside import Aside
from serving.answering.batch import Batches
from serving.answering.bench import Bench
from serving.answering.keeping import Keeping
from serving.answering.predictions import Predictions
from serving.answering.shortcut import Shortcut
from serving.clock import Clock, now
from serving.describing.catalogue import catalogue_routes
from serving.describing.openapi import DESCRIPTION, describe
from serving.describing.reference import reference_routes
from serving.desk.entrance.troubles import Troubles
from serving.desk.front import Front, open_desk
from serving.doors.capacity import Capacity
from serving.doors.guard import Guard
from serving.doors.head import HeadAsGet
from serving.doors.keyring import Keyring
from serving.doors.last_resort import LastResort
from serving.doors.snapshot import KeySnapshot
from serving.errors import Refusal, answer_problem, refusal_of
from serving.incumbent import Incumbent
from serving.reading.addresses import AccountsAsSent
from serving.reading.archive import Archive
from serving.reading.routes import reading_routes
from serving.recording.records import Records
from serving.settings import Settings, shared_metrics
from serving.watching.exposition import metrics_routes
from serving.watching.health import health_routes
from serving.watching.lines import settle_log
from serving.watching.lookout import Lookout
from serving.watching.rounds import going_round
from serving.watching.visits import Visits

__all__ = ["create_app"]

_VERSION: Final = version("rapport")

_ROUND: Final = 1.0
"""Seconds between looks at the parts of the service."""

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
        An ASGI application. Rules and model are loaded, and the database's tables are right if it could be asked.

    Raises
    ------
    BadInput
        The rules file does not hold, a model was asked for by a name that nothing has, or the database has the tables
        of another version. A model that is absent or broken is no error: the rules answer, and the service says so. Nor
        is a database that does not answer.
    """
    parts = _assemble(settings or Settings.read(), clock)
    # FastAPI itself, with the files of its description page on board: many a CRM stands where no network reaches.
    app: FastAPI = FastAPIOffline(
        title="Rapport",
        version=_VERSION,
        description=DESCRIPTION,
        lifespan=lambda _: _living(parts),
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    _add_routes(app, parts)
    app.openapi = describe(app, parts.settings, parts.rules)  # type: ignore[method-assign] # as FastAPI documents it
    for kind in _REFUSED:
        app.add_exception_handler(kind, _refuse)
    _add_doors(app, parts)
    app.state.lookout, app.state.front = parts.lookout, parts.front
    return app


@dataclass(frozen=True)
class _Parts:
    """What the service is made of; each knows those before it alone."""

    settings: Settings
    clock: Clock
    rules: RuleBook
    incumbent: Incumbent
    database: Database
    records: Records
    keyring: Keyring | None
    lookout: Lookout
    archive: Archive
    front: Front


def _assemble(settings: Settings, clock: Clock) -> _Parts:
    rules = RuleBook.default() if settings.rules is None else RuleBook.load(settings.rules)
    incumbent = Incumbent(settings.model, settings.store)
    database = _open_database(settings)
    records = Records(database, settings, clock)
    keyring = Keyring(records, KeySnapshot(settings.spool, settings.database), clock) if settings.auth else None
    lookout = Lookout(incumbent, records, keyring, _VERSION, clock)
    archive = Archive(settings.store, rules, incumbent)
    front = open_desk(settings, database, records, keyring, archive, rules, clock)
    return _Parts(settings, clock, rules, incumbent, database, records, keyring, lookout, archive, front)


def _open_database(settings: Settings) -> Database:
    # Where it is down, predictions are given all the same; /readyz and the log will say so.
    with suppress(DatabaseDown), open_database(settings.database, seconds=settings.database_seconds) as first:
        prepare(first)
    # Another one, since connections belong to the event loop's life: one that was closed keeps none open.
    return open_database(settings.database, seconds=settings.database_seconds)


@asynccontextmanager
async def _living(parts: _Parts) -> AsyncIterator[None]:
    """Begin what goes on beside the requests, and end it in the opposite order."""
    settings, lookout = parts.settings, parts.lookout
    _warm()
    async with AsyncExitStack() as stack:
        stack.callback(settle_log)
        stack.callback(parts.database.close)
        _start(parts.records)
        _keep_rules(parts.records, parts.rules)
        stack.push_async_callback(parts.records.stop)
        rounds = [
            (settings.champion_seconds, parts.incumbent.look),
            (_ROUND, lookout.pulse.look),
            (_ROUND, lookout.gauges.look),
            *parts.front.rounds,
        ]
        if parts.keyring is not None:
            await parts.keyring.open()
            stack.push_async_callback(parts.keyring.close)
            rounds.append((settings.key_seconds, parts.keyring.look))
        await parts.front.verdicts.open()
        if (parent := parent_process()) is not None:
            rounds.append((_ROUND, partial(_end_without, parent)))
        await stack.enter_async_context(going_round(*rounds))
        yield
        lookout.ending.begun = True


def _start(records: Records) -> None:
    """Start to keep; where that cannot be, say in the log why, which of an exception tells the kind alone."""
    try:
        records.start()
    except BadInput as error:
        _log.error("%s", error)
        raise


async def _end_without(parent: BaseProcess) -> None:
    """End where the process is gone that would replace and end this one: as one of several it is nobody's any more."""
    if not parent.is_alive():
        signal.raise_signal(signal.SIGTERM)


def _keep_rules(records: Records, rules: RuleBook) -> None:
    """Have the rules in use kept, so that what they decide stays explicable when they are others."""
    text = rules.text
    if text is not None:
        records.later(lambda ledger: ledger.keep_rules(rules.digest, text))


def _add_routes(app: FastAPI, parts: _Parts) -> None:
    settings, count = parts.settings, parts.lookout.metrics.count_decision
    verdicts = parts.front.verdicts.by_account
    bench = Bench(settings, parts.rules, parts.incumbent, parts.clock, parts.records, count, verdicts)
    aside = Aside()
    keeping = Keeping(parts.records, aside)
    predictions, batches = Predictions(bench, aside, keeping), Batches(settings, bench, aside, keeping)
    # Plain routes, where FastAPI's own would read the body into objects and the answer through a model. They come
    # first, since routes are tried in turn.
    app.router.routes[:0] = [
        Route("/v1/predictions", predictions.respond, methods=["POST"], include_in_schema=False),
        Route("/v1/predictions/batch", batches.respond, methods=["POST"], include_in_schema=False),
        *reading_routes(parts.records, parts.archive, parts.clock),
        *parts.front.routes(),
    ]
    app.add_middleware(
        Shortcut, routes={"/v1/predictions": predictions.respond, "/v1/predictions/batch": batches.respond}
    )
    lookout = parts.lookout
    app.include_router(catalogue_routes(parts.rules, parts.incumbent))
    app.include_router(health_routes(parts.incumbent, lookout.watch, lookout.ending))
    app.include_router(metrics_routes(lookout.metrics, lookout.gauges, shared_metrics()))
    app.include_router(reference_routes())


def _add_doors(app: FastAPI, parts: _Parts) -> None:
    """Put the doors in front of the routes; the last one added is the first that a request comes through."""
    settings, lookout = parts.settings, parts.lookout
    app.add_middleware(HeadAsGet)
    app.add_middleware(Capacity, load=lookout.load, most=settings.max_waiting)
    app.add_middleware(Guard, keyring=parts.keyring, reception=parts.front.reception)
    app.add_middleware(LastResort)
    app.add_middleware(Troubles, reception=parts.front.reception)
    app.add_middleware(Visits, metrics=lookout.metrics)
    app.add_middleware(AccountsAsSent)


async def _refuse(request: Request, error: Exception) -> Response:
    return answer_problem(refusal_of(error), request.scope)


def _warm() -> None:
    """Compile what is compiled on first use, so that nobody's request waits for it."""
    signals_matrix(log_of_one({"account_id": "nobody"}, [], frozenset()).at(0))
