"""Commands that serve: the service itself, and the demonstration that ends in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from models import DEFAULT_STORE
from rapport.options import DatabaseUrl, RulesFile, Seed, Store
from reviews import DEFAULT_DATABASE

__all__ = ["add_to"]

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")]


def _setting(name: str, default: str, meaning: str, *names: str, **limits: Any) -> Any:
    """Describe a setting of the service, which the environment may say too."""
    return typer.Option(*names, envvar=f"RAPPORT_{name}", show_default=default, help=meaning, **limits)


Host = Annotated[str | None, _setting("HOST", "127.0.0.1", "The address to listen on.")]
ServicePort = Annotated[int | None, _setting("PORT", "8000", "0 takes any free one.", min=0, max=65535)]
Workers = Annotated[int | None, _setting("WORKERS", "1", "Processes that answer.", min=1)]
Spool = Annotated[
    Path | None,
    _setting(
        "SPOOL",
        "rapport-spool",
        "Where predictions are kept while the database is away, and what is known of the keys.",
        metavar="DIR",
    ),
]
Auth = Annotated[
    bool | None,
    _setting(
        "AUTH",
        "auth",
        "Whether callers show a key, see rapport keys create. Without keys it listens on this machine alone.",
        "--auth/--no-auth",
    ),
]
LogLevel = Annotated[
    str | None,
    _setting(
        "LOG_LEVEL",
        "info",
        "What is worth a line on standard error: debug, info (each request), warning or error.",
        metavar="LEVEL",
    ),
]


def serve(  # noqa: PLR0913, PLR0917 - each option is an argument
    host: Host = None,
    port: ServicePort = None,
    workers: Workers = None,
    store: Store = DEFAULT_STORE,
    rules: RulesFile = None,
    database: DatabaseUrl = DEFAULT_DATABASE,
    spool: Spool = None,
    auth: Auth = None,
    log_level: LogLevel = None,
) -> None:
    """Answer over HTTP: POST /v1/predictions and more, described at /docs.

    The store's champion answers; where none is named, the starter model that ships; where no model can be trusted,
    the rules, and every answer says which. Each answer is kept before it is given. Callers show a key.

    Every setting is a variable of the environment too; docs/settings.md describes these and more.

    **Examples**

        rapport keys create --role predict --name my-crm
        rapport serve
        rapport serve --host 0.0.0.0 --port 9000 --workers 2 --store models/acme
        RAPPORT_DATABASE=postgresql://rapport:secret@db.acme.com/rapport rapport serve
        rapport serve --no-auth                              # to try it out, on this machine alone
    """
    from rapport.service import serve as run

    run(
        host=host,
        port=port,
        workers=workers,
        store=store,
        rules=rules,
        database=database,
        spool=spool,
        auth=auth,
        log_level=log_level,
    )


def demo(
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where it keeps its export, models and decisions.")
    ] = Path("demo"),
    accounts: Annotated[int, typer.Option(min=200, help="How many accounts to simulate.")] = 5_000,
    seed: Seed = 0,
    port: Port = 8000,
    serve_after: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve at the end, or stop.")] = True,
) -> None:
    """Show the whole round on a simulated CRM: train, judge, classify, explain, serve, review.

    It takes about half a minute, then serves until it is stopped: the API, and a desk at which what the model was
    unsure of waits for a reviewer.

    **Examples**

        rapport demo
        rapport demo --no-serve
    """
    from rapport.demo import make_demo_key, show_round
    from rapport.service import serve as run

    folder.mkdir(parents=True, exist_ok=True)
    database = f"sqlite:///{(folder / 'rapport.db').resolve()}"
    store = show_round(folder, accounts, seed, database)
    if serve_after:
        run(
            key=make_demo_key(database, "admin", "demo"),
            reviewer=make_demo_key(database, "review", "reviewer"),
            host="127.0.0.1",
            port=port,
            store=store,
            database=database,
            spool=folder / "spool",
            log_level="warning",
        )


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)
    app.command("demo")(demo)
