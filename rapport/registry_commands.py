"""Commands on which model answers: models, promote, rollback."""

from __future__ import annotations

from typing import Annotated

import typer

from models import DEFAULT_STORE
from rapport.options import Json, Store, Tracking

__all__ = ["add_to"]

Reason = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Why; it is kept with the change.", show_default=False)
]
Version = Annotated[
    str,
    typer.Argument(metavar="VERSION", help="A model's name, or 'challenger': the newest trained.", show_default=False),
]
Tolerance = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        metavar="NATS",
        help="By how much log loss may be worse on a part of the accounts. Default: 0.02.",
        show_default=False,
    ),
]


def models(store: Store = DEFAULT_STORE, tracking: Tracking = None, json: Json = None) -> None:
    """List the models, the newest first: which answers, which is the newest trained, and how good each is.

    The champion is the model that the store's pointer names, and that answers. A model's figures are on the accounts of
    its own training, so those of two models need not be comparable: `rapport promote` compares on the same accounts.

    **Examples**

        rapport models
        rapport models --tracking https://mlflow.example.com --json models.json
    """
    from models.shelf import Shelf
    from rapport.show_models import print_models, survey, write_models
    from rapport.tracking import store_tracking

    found = survey(Shelf(store), store_tracking(store, tracking))
    print_models(found)
    write_models(found, json)


def promote(
    version: Version,
    store: Store = DEFAULT_STORE,
    tracking: Tracking = None,
    force: Annotated[bool, typer.Option("--force", help="Promote in spite of what stands against it.")] = False,
    reason: Reason = None,
    tolerance: Tolerance = None,
) -> None:
    """Make a model the champion, if it is surely better than the present one.

    Both are judged on the same accounts, none of which the judged model learned from. The 95 % interval of the
    difference of their log losses must lie below 0; on no part of the accounts (industry, party, size, age; 50 accounts
    at least) may the model be surely worse by more than the tolerance; and its signals must be those that this code
    measures. Otherwise every obstacle is listed and nothing changes. A store without a champion takes the model as
    it is.

    --force goes on all the same: the reason, who gave it, when, and what was overridden stay in mlflow and in the
    store's history. A running `rapport serve` on this store takes the new champion over without a restart.

    **Examples**

        rapport promote challenger
        rapport promote lusab-babad --tracking https://mlflow.example.com
        rapport promote lusab-babad --force --reason "The old one was taught wrong labels"
    """
    from models.shelf import Shelf
    from rapport.show import now
    from rapport.show_models import print_move, user
    from rapport.tracking import store_tracking
    from training.tracking.merit import SLICE_TOLERANCE
    from training.tracking.promote import promote as make_champion

    moved = make_champion(
        version,
        Shelf(store),
        store_tracking(store, tracking),
        at=now(),
        by=user(),
        reason=reason,
        force=force,
        tolerance=SLICE_TOLERANCE.value if tolerance is None else tolerance,
    )
    print_move(moved, store)


def rollback(
    store: Store = DEFAULT_STORE,
    tracking: Tracking = None,
    reason: Reason = None,
    no_tracking: Annotated[
        bool, typer.Option("--no-tracking", help="Do not ask mlflow at all, as when it is known to be down.")
    ] = False,
) -> None:
    """Bring back the champion before the present one.

    Doing it twice goes back twice, along the store's history. It works while mlflow is down: the store, from which
    the service answers, comes first, and what mlflow could not be told is said with how to put it right.

    **Examples**

        rapport rollback --reason "Reviewers disagree with it"
        rapport rollback --no-tracking
    """
    from models.shelf import Shelf
    from rapport.show import now
    from rapport.show_models import print_move, user
    from rapport.tracking import store_tracking
    from training.tracking.rollback import rollback as bring_back

    uri = None if no_tracking else store_tracking(store, tracking)
    print_move(bring_back(Shelf(store), uri, at=now(), by=user(), reason=reason), store)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("models")(models)
    app.command("promote")(promote)
    app.command("rollback")(rollback)
