"""Keeping predictions: few statements for any number of entries, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from features.signals import SIGNAL_NAMES
from reviews.record import CATALOGUE, Entry, Record, Repeat, pack
from reviews.sql.bulk import Bulk
from reviews.sql.erasure import latest_erasures
from reviews.sql.insert import insert_new
from reviews.sql.journal import Turn, take_turn
from reviews.sql.library import find_secret
from reviews.sql.openings import open_for
from reviews.sql.repeats import Use, find_repeats, keep_repeats
from reviews.sql.rows import row_of
from reviews.sql.standing import update_standing
from reviews.tables import catalogues, evidence, predictions

__all__ = ["write"]

_PREDICTIONS: Final = Bulk(predictions, lambda insert: insert.on_conflict_do_nothing(index_elements=["id"]))
_EVIDENCE: Final = Bulk(evidence, lambda insert: insert.on_conflict_do_nothing(index_elements=["prediction_id"]))


def write(connection: Connection, entries: Sequence[Entry], opened_at: int | None = None) -> list[Repeat | None]:
    """Keep entries; see :meth:`reviews.ledger.Ledger.write`."""
    # For each what holds of its account, and the end of a verdict that stood on it.
    turn = take_turn(connection, 2 * sum(len(entry.records) for entry in entries))
    repeats = [entry.repeat for entry in entries if entry.repeat is not None]
    firsts = find_repeats(connection, [_use(repeat) for repeat in repeats])
    fresh: dict[Use, Repeat] = {}
    answers: list[Repeat | None] = []
    new: list[Entry] = []
    for entry in entries:
        first = _first(entry.repeat, firsts, fresh)
        answers.append(first)
        if first is None:
            new.append(entry)
            if entry.repeat is not None:
                fresh[_use(entry.repeat)] = entry.repeat
    records = [record for entry in new for record in entry.records]
    lasting = _not_erased(connection, records, turn)
    erased = set() if lasting is records else {each.id for each in records} - {each.id for each in lasting}
    keep_repeats(connection, [each.repeat for each in new if each.repeat and not _names_erased(each, erased, turn)])
    _keep(connection, lasting, turn, opened_at)
    return answers


def _use(repeat: Repeat) -> Use:
    return repeat.key_id, repeat.key


def _first(repeat: Repeat | None, firsts: dict[Use, Repeat], fresh: dict[Use, Repeat]) -> Repeat | None:
    """Return what was answered first under the key; None where that is this answer, which is written once more."""
    if repeat is None:
        return None
    use = _use(repeat)
    first = firsts.get(use) or fresh.get(use)
    return None if first == repeat else first


def _names_erased(entry: Entry, erased: set[UUID], turn: Turn) -> bool:
    """Whether an entry's answer may name an account that was erased since: it must not come back with it."""
    if entry.records:
        return any(record.id in erased for record in entry.records)
    # Whom it names nobody can say, so any erasure counts. Who asks again is answered anew.
    return entry.repeat is not None and turn.erased_at is not None and entry.repeat.at <= turn.erased_at


def _not_erased(connection: Connection, records: list[Record], turn: Turn) -> list[Record]:
    """Leave out what was decided before its account was erased, such as what came late from a spool."""
    erased_at = turn.erased_at
    doubtful = () if erased_at is None else {each.account_id for each in records if each.decided_at <= erased_at}
    secret = find_secret(connection, "tombstones") if doubtful else None
    if secret is None:
        return records
    last = latest_erasures(connection, doubtful, secret)
    return [each for each in records if each.decided_at > last.get(each.account_id, -1)]


def _keep(connection: Connection, records: list[Record], turn: Turn, opened_at: int | None) -> None:
    if not turn.catalogue:
        insert_new(connection, catalogues, [{"digest": CATALOGUE, "names": "\n".join(SIGNAL_NAMES)}])
    _PREDICTIONS.run(connection, [row_of(record) for record in records])
    _EVIDENCE.run(connection, [(each.id, pack(each.evidence)) for each in records if each.evidence is not None])
    update_standing(connection, open_for(connection, records, turn, opened_at), turn)
