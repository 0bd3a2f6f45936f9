"""What the metrics say of the moment: read when they are asked for, and once a second for the other processes."""

from __future__ import annotations

import math
from datetime import datetime

from serving.doors.capacity import Load
from serving.doors.keyring import Keyring
from serving.incumbent import Incumbent
from serving.recording.records import Records
from serving.watching.metrics import Metrics
from serving.watching.watch import Watch

__all__ = ["Gauges"]


class Gauges:
    """Reads off the parts of the service how they are.

    Parameters
    ----------
    metrics : Metrics
        Where it is written down.
    watch : Watch
    incumbent : Incumbent
    records : Records
    load : Load
    keyring : Keyring or None
    """

    def __init__(
        self,
        metrics: Metrics,
        watch: Watch,
        incumbent: Incumbent,
        records: Records,
        load: Load,
        keyring: Keyring | None,
    ) -> None:
        self._metrics = metrics
        self._watch = watch
        self._incumbent = incumbent
        self._records = records
        self._load = load
        self._keyring = keyring

    async def look(self) -> None:
        """Look at every part, and write down how it is."""
        conditions = self._watch.look()
        self._metrics.set_parts({name: found.wrong is not None for name, found in conditions.items()})
        self._read_records()
        self._read_model()
        if self._keyring is not None:
            self._metrics.set_keys(self._keyring.count())

    def _read_records(self) -> None:
        state = self._records.state
        self._metrics.set_depths(
            {
                "rapport_requests_in_hand": self._load.in_hand,
                "rapport_records_waiting": state.queued,
                "rapport_spool_records": state.spooled,
                "rapport_spool_bytes": state.spool_bytes,
                "rapport_spool_limit_bytes": state.spool_limit,
            }
        )
        self._metrics.count_records(
            {
                "kept": state.kept,
                "spooled": state.diverted,
                "drained": state.drained,
                "set_aside": state.set_aside,
            }
        )

    def _read_model(self) -> None:
        office = self._incumbent.office
        bundle = office.choice.bundle
        version = "" if bundle is None else bundle.version
        created = None if bundle is None else bundle.manifest.created_at
        seconds = math.nan if created is None else datetime.fromisoformat(created).timestamp()
        self._metrics.set_model(version, office.source, seconds)
