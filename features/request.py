"""From one account as a request brings it, names and values, to the event log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final, NoReturn, cast

import numpy as np

from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, FIRST_TIME, KINDS, LAST_TIME, BadInput, Column, Problem
from features.log import NEVER, AccountFacts, EventLog, FloatColumn, IntColumn
from features.slots import slot_of

__all__ = ["EVENT_FIELDS", "check_time", "log_of_one"]

Event = Mapping[str, Any]
Texts = Sequence[str | None]

EVENT_FIELDS: Final = tuple(column for column in EVENT_COLUMNS if column.name != "account_id")
"""What an event of a request may say; whose it is, the request says once."""

_ORDER = ("kind", "subtype", "occurred_at", "amount", "score", "contact_id", "ends_at", "recorded_at", "event_id")
_ROW = itemgetter(*_ORDER)
_COLUMNS = {column.name: column for column in EVENT_FIELDS}
_OWNER_SINCE = next(column for column in ACCOUNT_COLUMNS if column.name == "owner_since")
_USUAL: Final = len("2026-03-02T09:00:00Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARTIES = {"organisation": 1.0, "person": 0.0}
_SLOTS = {(kind.name, word): slot_of(kind.name, word) for kind in KINDS.values() for word in (None, *kind.subtypes)}
# A kind that lists no subtype takes any as it comes; one that does has no place for another.
_PLAIN = {kind.name: -1 if kind.subtypes else slot_of(kind.name) for kind in KINDS.values()}


def log_of_one(account: Mapping[str, Any], events: Sequence[Event], records: frozenset[str]) -> EventLog:
    """Build the log of one account.

    Parameters
    ----------
    account : mapping
        `account_id`, and what else is known of `ACCOUNT_COLUMNS`. Where `owner_id` is missing owners are not on file;
        where it is None the account has none.
    events : sequence of mappings
        Each with every name of `EVENT_FIELDS` as a key: texts, among them times in ISO 8601, and numbers within their
        column's bounds; None where nothing is said.
    records : frozenset of str
        The kinds that the source records.

    Returns
    -------
    EventLog
        Equal to that of the same rows in an export.

    Raises
    ------
    BadInput
        A kind is not among `records`, a time cannot be read or is out of bounds, a subtype is not its kind's, or an end
        comes before its event. In its problems `file` is "account" or "events" and rows count from 0.
    """
    kind, subtype, *rest = _columns(events)
    occurred, amount, score, contact, ends, recorded, event_id = rest
    if not records.issuperset(kind):
        _refuse_kinds(kind, records)
    slots = _slots(kind, subtype)
    occurred_at, ends_at = _times("occurred_at", occurred), _optional_times("ends_at", ends)
    if -1 in slots or (ends_at is not None and ((ends_at < occurred_at) & (ends_at != NEVER)).any()):
        _refuse_rows(kind, subtype, occurred_at, ends_at)
    recorded_at = _optional_times("recorded_at", recorded)
    if recorded_at is not None:
        recorded_at = np.where(recorded_at == NEVER, occurred_at, recorded_at)
    log = EventLog(
        account_ids=np.array([account["account_id"]], dtype=object),
        account=np.zeros(len(events), dtype=np.int64),
        slot=np.array(slots, dtype=np.int64),
        occurred_at=occurred_at,
        amount=_numbers(amount),
        score=_numbers(score),
        contact=_numbered(contact),
        ends_at=ends_at,
        recorded_at=recorded_at,
        event_id=_repeated(event_id),
        facts=_facts(account),
        records=records,
    )
    return log if (occurred_at[:-1] < occurred_at[1:]).all() else log.sort()


def check_time(text: str, column: Column, file: str = "") -> int:
    """Return one time as microseconds since 1970 UTC; without a zone it is UTC.

    Raises
    ------
    BadInput
        It cannot be read or is out of the bounds of all times.
    """
    if not _is_time(text):
        _refuse([Problem(file, None, column.name, text, column.expected)])
    return _micros(text)


def _columns(events: Sequence[Event]) -> Sequence[Sequence[Any]]:
    return list(zip(*map(_ROW, events), strict=True)) if events else [()] * len(_ORDER)


def _slots(kinds: Sequence[str], subtypes: Texts) -> list[int]:
    """Return the events' slots, -1 for a subtype that is not its kind's."""
    slots = list(map(_SLOTS.get, zip(kinds, subtypes, strict=True)))
    if None not in slots:
        return slots  # type: ignore[return-value] # as was just found
    # An empty text is a missing one, as in a file. Kinds that list no subtypes take any as it comes.
    words = [None if word is None or word.isspace() or not word else word for word in subtypes]
    return [_SLOTS.get(pair, _PLAIN[pair[0]]) for pair in zip(kinds, words, strict=True)]


def _numbers(numbers: Sequence[float | None]) -> FloatColumn | None:
    return None if numbers.count(None) == len(numbers) else np.array(numbers, dtype=np.float64)


def _numbered(texts: Texts) -> IntColumn | None:
    """Return texts as numbers, one a distinct text, -1 where it is missing or empty."""
    if texts.count(None) == len(texts):
        return None
    distinct = enumerate(dict.fromkeys(texts))
    numbers = {text: -1 if text is None or not text.strip() else number for number, text in distinct}
    return np.array([numbers[text] for text in texts], dtype=np.int64)


def _repeated(texts: Texts) -> IntColumn | None:
    """Return the event ids as numbers, or None where none stands twice, so that nobody need look for repeats."""
    return None if texts.count(None) + len({*texts} - {None}) == len(texts) else _numbered(texts)


def _facts(account: Mapping[str, Any]) -> AccountFacts:
    owner = account.get("owner_id")
    owned = float(owner is not None and bool(owner.strip())) if "owner_id" in account else np.nan
    since = account.get("owner_since")
    return AccountFacts(
        is_organisation=np.array([_PARTIES.get(account.get("party") or "", np.nan)]),
        has_owner=np.array([owned]),
        owner_since=np.array([NEVER if since is None else check_time(since, _OWNER_SINCE, "account")]),
    )


def _optional_times(name: str, texts: Texts) -> IntColumn | None:
    return None if texts.count(None) == len(texts) else _times(name, texts)


def _times(name: str, texts: Texts) -> IntColumn:
    """Return a column of times in microseconds, `NEVER` where there is none."""
    try:
        micros = _read_times(texts)
    except ValueError:
        micros = None
    if micros is None or ((micros < _FIRST) & (micros != NEVER)).any() or (micros >= _LAST).any():
        bad = [row for row, text in enumerate(texts) if text is not None and not _is_time(text)]
        _refuse([Problem("events", row, name, texts[row], _COLUMNS[name].expected) for row in bad])
    return micros


def _read_times(texts: Texts) -> IntColumn:
    if None not in texts:
        known = cast("Sequence[str]", texts)
        zones = "".join(known)[_USUAL - 1 :: _USUAL]
        if set(map(len, known)) == {_USUAL} and zones == "Z" * len(known):
            # As most CRMs write times; numpy reads such a column as a whole, but knows no zones.
            return np.array(known, dtype=f"S{_USUAL - 1}").astype("datetime64[us]").view(np.int64)
    return np.array([NEVER if text is None else _micros(text) for text in texts], dtype=np.int64)


def _micros(text: str) -> int:
    time = datetime.fromisoformat(text)
    gap = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def _is_time(text: str) -> bool:
    try:
        return _FIRST <= _micros(text) < _LAST
    except ValueError:
        return False


def _refuse_kinds(kinds: Sequence[str], records: frozenset[str]) -> NoReturn:
    """Refuse events of kinds that the source is said not to record: they would not count, and nobody would know."""
    named = ", ".join(kind for kind in KINDS if kind in records)
    expected = f"one of {named}, the kinds in records"
    _refuse(
        [Problem("events", row, "kind", kind, expected) for row, kind in enumerate(kinds) if kind not in records],
    )


def _refuse_rows(kinds: Sequence[str], subtypes: Texts, occurred_at: IntColumn, ends_at: IntColumn | None) -> NoReturn:
    """Refuse the rows that do not fit in themselves, in the words that files are refused with."""
    import pyarrow as pa  # noqa: PLC0415 - what fits needs neither

    from features.validate import TIME, check_table  # noqa: PLC0415

    table = {"kind": pa.array(kinds), "subtype": pa.array(subtypes, pa.string())}
    for name, micros in (("occurred_at", occurred_at), ("ends_at", ends_at)):
        if micros is not None:
            table[name] = pa.array(micros, mask=micros == NEVER).cast(TIME)
    checked = check_table(pa.table(table), [_COLUMNS[name] for name in table], "events", first_row=0)
    _refuse(checked.problems)


def _refuse(problems: list[Problem]) -> NoReturn:
    raise BadInput("What the request says of the account does not fit.", problems)


_FIRST, _LAST = _micros(FIRST_TIME), _micros(LAST_TIME)
