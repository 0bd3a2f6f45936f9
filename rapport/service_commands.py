"""Commands that serve: the service itself, and the demonstration that ends in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models import DEFAULT_STORE
from rapport.options import RulesFile, Seed, Store

__all__ = ["add_to"]

Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")]


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    store: Store = DEFAULT_STORE,
    rules: RulesFile = None,
) -> None:
    """Answer over HTTP: POST /v1/predictions, described at /docs.

    The store's champion answers; where none is named, the starter model that ships; where no model can be trusted,
    the rules, and every answer says which.

    **Examples**

        rapport serve
        rapport serve --host 0.0.0.0 --port 9000 --workers 2 --store models/acme
    """
    from rapport.service import serve as run

    run(host, port, workers, store, rules)


def demo(
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where it keeps its export, models and decisions.")
    ] = Path("demo"),
    accounts: Annotated[int, typer.Option(min=200, help="How many accounts to simulate.")] = 5_000,
    seed: Seed = 0,
    port: Port = 8000,
    serve_after: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve at the end, or stop.")] = True,
) -> None:
    """Show the whole round on a simulated CRM: train, judge, classify, explain, serve.

    It takes about half a minute, then serves until it is stopped.

    **Examples**

        rapport demo
        rapport demo --no-serve
    """
    from rapport.demo import show_round
    from rapport.service import serve as run

    store = show_round(folder, accounts, seed)
    if serve_after:
        run("127.0.0.1", port, 1, store, None)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)
    app.command("demo")(demo)
