"""A world whose truth is known: accounts of companies, what they did, and P(client) of each.

    company + seed → population (latent) → streams (what happened) → filing (what is on file) → World

One latent number of an account, its advisory intensity, drives both P(client) and the events: how often people
meet, what the contracts are, how much of the money buys advice. Labels are drawn from P(client) and from nothing
else, so no model can beat the truth, and a good one comes close to it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from features.events import BadInput
from features.export import TABLES, find_file, write_description
from features.log import IntColumn
from training.simulator.companies import COMPANIES, Company, find_company
from training.simulator.filing import DAY, Filed, file_rows, stamp
from training.simulator.frames import frame_accounts, frame_events, frame_labels, frame_truth, number
from training.simulator.population import Population, draw_population
from training.simulator.streams import draw_rows, draw_tenant

__all__ = ["AS_OF", "World", "simulate", "simulate_mix", "write_export"]

AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
"""When a simulated export is made unless one says otherwise."""

TRUTH = "truth.parquet"
"""The file that only a simulated export has."""

_ROUNDS = 3
_MANY = 200  # accounts below which a mix does not split a company into several tenants


@dataclass(frozen=True, slots=True)
class World:
    """A simulated export with its truth.

    Attributes
    ----------
    events, accounts, labels : pandas.DataFrame
        With the columns of an export. The labels are the states at `labelled_at`.
    truth : pandas.DataFrame
        `account_id`, `archetype`, and twice the state: `p_client` and `relationship` at `labelled_at`, as the label
        has it, and `p_client_now` and `relationship_now` at `as_of`. They differ only for accounts that turned from
        customer into client in between. `relationship` is a draw from `p_client`; P(client) of a prospect is nan.
    records : frozenset of str
        The kinds that the company records.
    as_of : datetime
        No event occurred or was recorded at or after it.
    """

    events: pd.DataFrame
    accounts: pd.DataFrame
    labels: pd.DataFrame
    truth: pd.DataFrame
    records: frozenset[str]
    as_of: datetime


def simulate(
    n_accounts: int,
    seed: int,
    *,
    company: Company | str | None = None,
    base_rate: float | None = None,
    as_of: datetime | str | None = None,
) -> World:
    """Simulate the export of one company.

    Parameters
    ----------
    n_accounts : int
        At least 1.
    seed : int
        Same arguments and seed, same world.
    company : Company or str, optional
        Or its name in `COMPANIES`; the full CRM by default.
    base_rate : float, optional
        Share of clients among those who bought, in (0, 1); the company's own by default. P(client) stays
        calibrated: it is moved by label shift.
    as_of : datetime or str, optional
        When the export is made; without a zone it is UTC.

    Returns
    -------
    World

    Raises
    ------
    BadInput
        An argument is out of its range or names no company.

    Examples
    --------
    >>> world = simulate(100, seed=1, company="shop")
    >>> sorted(world.events["kind"].unique())
    ['email', 'feedback', 'purchase', 'refund', 'ticket']
    >>> len(world.truth), bool(world.truth["p_client"].dropna().between(0, 1).all())
    (100, True)
    """
    tenant_of = find_company(company)
    rate = tenant_of.base_rate if base_rate is None else base_rate
    _check(n_accounts, rate)
    end = _utc(AS_OF if as_of is None else as_of)
    now = int(end.value // 1000)
    for_people, for_tenant, for_rows, for_file, for_frames = np.random.SeedSequence(seed).spawn(5)
    people = draw_population(np.random.default_rng(for_people), n_accounts, tenant_of, rate, now / DAY)
    tenant = draw_tenant(np.random.default_rng(for_tenant), tenant_of)
    rows = draw_rows(for_rows, people, tenant)
    filed = file_rows(np.random.default_rng(for_file), rows, people.n_contacts, tenant_of, now)
    ids = number(tenant_of.name, np.arange(n_accounts), 7)
    rng = np.random.default_rng(for_frames)
    labelled_at = _label_times(people, filed)
    truth = frame_truth(rng, people, ids, labelled_at, now)
    return World(
        events=frame_events(filed, ids, people.n_contacts),
        accounts=frame_accounts(rng, people, ids, tenant_of, now),
        labels=frame_labels(rng, truth, labelled_at),
        truth=truth,
        records=tenant_of.records,
        as_of=end.to_pydatetime(),
    )


def simulate_mix(n_accounts: int, seed: int) -> list[World]:
    """Simulate a mix of companies, to learn from it what holds at each of them.

    Parameters
    ----------
    n_accounts : int
        Of all companies together, at least one a company.
    seed : int

    Returns
    -------
    list of World
        Every company, several times where there are accounts enough, each time with habits, people and a currency of
        its own; account ids are unique across the worlds.

    Raises
    ------
    BadInput
        There are fewer accounts than companies.
    """
    if n_accounts < len(COMPANIES):
        raise BadInput(f"A mix of {n_accounts} accounts: expected one for each of {len(COMPANIES)} companies.")
    rounds = min(_ROUNDS, max(1, n_accounts // (_MANY * len(COMPANIES))))
    tenants = [
        dataclasses.replace(company, name=f"{company.name}{turn + 1}")
        for turn in range(rounds)
        for company in COMPANIES.values()
    ]
    sizes = np.full(len(tenants), n_accounts // len(tenants))
    sizes[: n_accounts % len(tenants)] += 1
    seeds = np.random.SeedSequence(seed).generate_state(len(tenants), dtype=np.uint64)
    return [
        simulate(int(size), int(own), company=tenant) for size, own, tenant in zip(sizes, seeds, tenants, strict=True)
    ]


def write_export(world: World, folder: Path | str, suffix: str = "parquet") -> None:
    """Write a world as an export, sorted, with `truth.parquet` beside it.

    Parameters
    ----------
    world : World
    folder : path
        Made where it is missing.
    suffix : {"parquet", "csv"}
        Of events, accounts and labels.

    Raises
    ------
    BadInput
        The suffix is another, the folder cannot be made, or it holds what no earlier world left there, or a world in
        the other format.
    """
    if suffix not in ("parquet", "csv"):
        raise BadInput(f"An export cannot be written as {suffix!r}: expected parquet or csv.")
    folder = Path(folder)
    _prepare(folder, suffix)
    for name in TABLES:
        frame: pd.DataFrame = getattr(world, name)
        path = folder / f"{name}.{suffix}"
        if suffix == "parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%S.%fZ")
    world.truth.to_parquet(folder / TRUTH, index=False)
    write_description(folder, world.records, in_order=True)


def _prepare(folder: Path, suffix: str) -> None:
    """Make the folder, or refuse one in which something would be lost: only a world has its truth beside it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise BadInput(f"{folder} is a file; name a folder to write to.") from error
    except OSError as error:
        raise BadInput(f"The folder {folder} cannot be made ({error.strerror}); name another one.") from error
    if any(folder.iterdir()) and not (folder / TRUTH).is_file():
        raise BadInput(f"{folder} holds something else than a simulated export, which would be lost; name another one.")
    for name in TABLES:
        if find_file(folder, name) not in (None, folder / f"{name}.{suffix}"):
            raise BadInput(f"{folder} holds {name} in another format; remove it or write elsewhere.")


def _check(n_accounts: int, rate: float | None) -> None:
    if n_accounts < 1:
        raise BadInput(f"A world of {n_accounts} accounts cannot be simulated: expected at least 1.")
    if rate is not None and not 0.0 < rate < 1.0:
        raise BadInput(f"base_rate is {rate}: expected a share between 0 and 1, both excluded.")


def _label_times(people: Population, filed: Filed) -> IntColumn:
    """No label is later than the moment after the last row: a later one would be learned from at no `as_of`."""
    labelled_at = stamp(people.labelled)
    if len(filed.account) == 0:
        return labelled_at
    last = max(filed.occurred_at.max(), filed.recorded_at.max())
    return np.asarray(np.minimum(labelled_at, last + 1))


def _utc(time: datetime | str) -> pd.Timestamp:
    try:
        parsed = pd.Timestamp(time).as_unit("ns")
    except ValueError as error:
        raise BadInput(f"as_of is {time!r}: expected a time such as 2026-07-01T00:00:00Z.") from error
    return parsed.tz_localize(UTC) if parsed.tzinfo is None else parsed.tz_convert(UTC)
