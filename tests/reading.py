"""A running service whose ledger a test writes to directly, and addresses of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from reviews.database import open_database
from reviews.ledger import Ledger
from reviews.record import Entry, Record
from serving.times import micros_of
from tests.service import NOW, Service, new_database, running

MICROS = micros_of(NOW)
"""When the service believes it is."""


class Kept(NamedTuple):
    """The service, and what it reads from."""

    service: Service
    ledger: Ledger

    def keep(self, *records: Record) -> None:
        self.ledger.write([Entry((record,)) for record in records])

    def read(self, path: str) -> dict[str, Any]:
        answer = self.service.get(path)
        assert answer.status_code == 200, answer.text
        content: dict[str, Any] = answer.json()
        return content

    def flaw(self, path: str, method: str = "GET") -> dict[str, str]:
        """The one parameter that is refused."""
        answer = self.service.request(method, path)
        assert answer.status_code == 422, answer.text
        assert answer.json()["type"] == "/errors#invalid-parameter"
        (flaw,) = answer.json()["errors"]
        return {flaw["parameter"]: flaw["detail"]}


@contextmanager
def keeping(folder: Path, **settings: Any) -> Iterator[Kept]:
    """Run the service in a folder, on the database that is there or a new one."""
    place = folder / "rapport.db"
    url = f"sqlite:///{place}" if place.exists() else new_database(folder)
    # A machine that is busy with other tests is no outage.
    patience = {"database_seconds": 60.0, "record_seconds": 60.0}
    given: dict[str, Any] = {"store": folder, "model": "rules"} | patience | settings
    with running(database=url, **given) as service, open_database(url) as database:
        yield Kept(service, database.ledger)


def quoted(account_id: str) -> str:
    """An account's id in an address, each byte of it quoted: clients resolve dots even where they are quoted not."""
    return "".join(f"%{byte:02X}" for byte in account_id.encode())
