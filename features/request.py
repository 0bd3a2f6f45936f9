"""From accounts as requests bring them, names and values, to the event log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final

import numpy as np

from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, KINDS, BadInput, Column, Problem
from features.iso_times import is_time, micros_of, read_times
from features.log import NEVER, AccountFacts, EventLog, IntColumn
from features.request_columns import Events, Texts, known, numbered, numbers, repeated, slots, texts

__all__ = ["EVENT_FIELDS", "Logged", "check_time", "log_of_many", "log_of_one"]

Account = Mapping[str, Any]

EVENT_FIELDS: Final = tuple(column for column in EVENT_COLUMNS if column.name != "account_id")
"""What an event of a request may say; whose it is, the request says once."""

_COLUMNS = {column.name: column for column in EVENT_FIELDS}
_OWNER_SINCE = next(column for column in ACCOUNT_COLUMNS if column.name == "owner_since")
_PARTIES = {"organisation": 1.0, "person": 0.0}


@dataclass(frozen=True, slots=True)
class Logged:
    """The log of the accounts that fit, and what is wrong with the others.

    Attributes
    ----------
    log : EventLog
        Its accounts stand in the order in which they were given; an id may stand twice.
    fitting : list of int
        Which accounts those are, counted among all that were given.
    refused : dict of int to BadInput
        By account: a kind is not among `records`, a time cannot be read or is out of bounds, a subtype is not its
        kind's, or an end comes before its event. In its problems `file` is "account" or "events" and rows count from 0.
    """

    log: EventLog
    fitting: list[int]
    refused: dict[int, BadInput]


def log_of_many(accounts: Sequence[Account], events: Sequence[Events], records: frozenset[str]) -> Logged:
    """Build one log of many accounts.

    Parameters
    ----------
    accounts : sequence of mappings, length n
        `account_id`, and what else is known of `ACCOUNT_COLUMNS`. Where `owner_id` is missing owners are not on file;
        where it is None the account has none.
    events : sequence of sequences of mappings, length n
        Each account's events, with names of `EVENT_FIELDS` as keys: texts, among them times in ISO 8601, and numbers
        within their column's bounds. What is left out or None is missing.
    records : frozenset of str
        The kinds that the source records.

    Returns
    -------
    Logged
        An account gives the signals, or is refused in the words, that it would alone.
    """
    everybody = list(range(len(accounts)))
    try:
        return Logged(_log(accounts, events, records), everybody, {})
    except _Unfit:
        refused = dict(_refused(everybody, accounts, events, records))
    fitting = [place for place in everybody if place not in refused]
    log = _log([accounts[place] for place in fitting], [events[place] for place in fitting], records)
    return Logged(log, fitting, refused)


def log_of_one(account: Account, events: Events, records: frozenset[str]) -> EventLog:
    """Build the log of one account, as :func:`log_of_many` does.

    Returns
    -------
    EventLog
        Equal to that of the same rows in an export.

    Raises
    ------
    BadInput
        As in :attr:`Logged.refused`.
    """
    logged = log_of_many([account], [events], records)
    for error in logged.refused.values():
        raise error
    return logged.log


def check_time(text: str, column: Column, file: str = "") -> int:
    """Return one time as microseconds since 1970 UTC; without a zone it is UTC.

    Raises
    ------
    BadInput
        It cannot be read or is out of the bounds of all times.
    """
    if not is_time(text):
        raise _bad_input([Problem(file, None, column.name, text, column.expected)])
    return micros_of(text)


class _Unfit(Exception):
    """Somewhere something does not fit; what `find` returns says where, if the account is alone."""

    def __init__(self, find: Callable[[], list[Problem]]) -> None:
        self.find = find


def _refused(
    places: Sequence[int], accounts: Sequence[Account], events: Sequence[Events], records: frozenset[str]
) -> Iterator[tuple[int, BadInput]]:
    """Find those that do not fit, by halves: they are few, and then most of the others are passed by together."""
    try:
        _log([accounts[place] for place in places], [events[place] for place in places], records)
    except _Unfit as unfit:
        if len(places) == 1:
            yield places[0], _bad_input(unfit.find())
            return
        middle = len(places) // 2
        yield from _refused(places[:middle], accounts, events, records)
        yield from _refused(places[middle:], accounts, events, records)


def _log(accounts: Sequence[Account], events: Sequence[Events], records: frozenset[str]) -> EventLog:
    """Build the log, or raise _Unfit."""
    rows = [*chain.from_iterable(events)]
    account = np.repeat(np.arange(len(events)), np.array([len(each) for each in events], dtype=np.int64))
    kind, subtype = [row["kind"] for row in rows], texts(rows, "subtype")
    if not records.issuperset(kind):
        raise _Unfit(partial(_kind_problems, kind, records))
    slot = slots(kind, subtype)
    began = [row["occurred_at"] for row in rows]
    occurred_at, ends_at = _times(began, range(len(rows)), "occurred_at"), _optional_times(rows, "ends_at")
    if -1 in slot or (ends_at is not None and ((ends_at < occurred_at) & (ends_at != NEVER)).any()):
        raise _Unfit(partial(_row_problems, kind, subtype, occurred_at, ends_at))
    recorded_at = _optional_times(rows, "recorded_at")
    if recorded_at is not None:
        recorded_at = np.where(recorded_at == NEVER, occurred_at, recorded_at)
    event_id = repeated(texts(rows, "event_id"), account)
    log = EventLog(
        account_ids=np.array([each["account_id"] for each in accounts], dtype=object),
        account=account,
        slot=np.array(slot, dtype=np.int64),
        occurred_at=occurred_at,
        amount=numbers(rows, "amount"),
        score=numbers(rows, "score"),
        # Where rows compete, contacts are numbered in an order of their own, not in that in which they come.
        contact=numbered(texts(rows, "contact_id"), ranked=event_id is not None),
        ends_at=ends_at,
        recorded_at=recorded_at,
        event_id=event_id,
        facts=_facts(accounts),
        records=records,
    )
    apart = (occurred_at[:-1] < occurred_at[1:]) | (account[:-1] < account[1:])
    return log if apart.all() else log.sort()


def _facts(accounts: Sequence[Account]) -> AccountFacts:
    return AccountFacts(
        is_organisation=np.array([_PARTIES.get(account.get("party") or "", np.nan) for account in accounts]),
        has_owner=np.array([_has_owner(account) for account in accounts]),
        owner_since=np.array([_owner_since(account) for account in accounts], dtype=np.int64),
    )


def _has_owner(account: Account) -> float:
    if "owner_id" not in account:
        return np.nan
    owner = account["owner_id"]
    return float(owner is not None and bool(owner.strip()))


def _owner_since(account: Account) -> int:
    since = account.get("owner_since")
    if since is None:
        return NEVER
    if not is_time(since):
        problem = Problem("account", None, "owner_since", since, _OWNER_SINCE.expected)
        raise _Unfit(lambda: [problem])
    return micros_of(since)


def _optional_times(rows: Events, name: str) -> IntColumn | None:
    """Return a column of times in microseconds, `NEVER` where there is none; None where the whole of it is missing."""
    places, told = known(rows, name)
    if not places:
        return None
    micros = np.full(len(rows), NEVER)
    micros[places] = _times(told, places, name)
    return micros


def _times(told: Sequence[str], places: Sequence[int], name: str) -> IntColumn:
    """Read the times of a column, which stand in these rows."""
    micros = read_times(told)
    if micros is None:
        raise _Unfit(partial(_time_problems, told, places, name))
    return micros


def _time_problems(told: Sequence[str], places: Sequence[int], name: str) -> list[Problem]:
    expected = _COLUMNS[name].expected
    return [
        Problem("events", row, name, text, expected)
        for row, text in zip(places, told, strict=True)
        if not is_time(text)
    ]


def _kind_problems(kinds: Sequence[str], records: frozenset[str]) -> list[Problem]:
    """Name events of kinds that the source is said not to record: they would not count, and nobody would know."""
    named = ", ".join(kind for kind in KINDS if kind in records)
    expected = f"one of {named}, the kinds in records"
    return [Problem("events", row, "kind", kind, expected) for row, kind in enumerate(kinds) if kind not in records]


def _row_problems(
    kinds: Sequence[str], subtypes: Texts | None, occurred_at: IntColumn, ends_at: IntColumn | None
) -> list[Problem]:
    """Name the rows that do not fit in themselves, in the words that files are refused with."""
    import pyarrow as pa  # noqa: PLC0415 - what fits needs neither

    from features.validate import TIME, check_table  # noqa: PLC0415

    table = {"kind": pa.array(kinds)}
    if subtypes is not None:
        table["subtype"] = pa.array(subtypes, pa.string())
    for name, micros in (("occurred_at", occurred_at), ("ends_at", ends_at)):
        if micros is not None:
            table[name] = pa.array(micros, mask=micros == NEVER).cast(TIME)
    checked = check_table(pa.table(table), [_COLUMNS[name] for name in table], "events", first_row=0)
    return list(checked.problems)


def _bad_input(problems: list[Problem]) -> BadInput:
    return BadInput("What the request says of the account does not fit.", problems)
