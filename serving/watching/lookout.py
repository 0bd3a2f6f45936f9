"""From where the whole service can be seen: what is put together for health, metrics and log."""

from __future__ import annotations

from serving.clock import Clock
from serving.doors.capacity import Load
from serving.doors.keyring import Keyring
from serving.incumbent import Incumbent
from serving.recording.records import Records
from serving.watching.gauges import Gauges
from serving.watching.health import Ending
from serving.watching.metrics import Metrics
from serving.watching.pulse import Pulse
from serving.watching.watch import Watch

__all__ = ["Lookout"]


class Lookout:
    """Looks after model, database, spool and keys.

    Parameters
    ----------
    incumbent : Incumbent
    records : Records
    keyring : Keyring or None
        None where nobody has to show a key.
    version : str
        Of Rapport.
    clock : callable
        Returns the present moment.

    Attributes
    ----------
    metrics : Metrics
    load : Load
    pulse : Pulse
    watch : Watch
    gauges : Gauges
    ending : Ending
    """

    def __init__(
        self, incumbent: Incumbent, records: Records, keyring: Keyring | None, version: str, clock: Clock
    ) -> None:
        self.metrics = Metrics(version)
        self.load = Load()
        self.ending = Ending()
        self.pulse = Pulse(records)
        parts = {
            "model": lambda: incumbent.wrong,
            "database": lambda: self.pulse.wrong,
            "spool": lambda: _spooling(records),
        }
        if keyring is not None:
            parts["keys"] = lambda: keyring.wrong
        self.watch = Watch(parts, clock)
        self.gauges = Gauges(self.metrics, self.watch, incumbent, records, self.load, keyring)


def _spooling(records: Records) -> str | None:
    """Say that predictions are spooled; why, only the log says, since whoever asks here shows no key."""
    state = records.state
    if state.mode == "direct":
        return None
    return f"Predictions are kept in the spool until the database takes them: {state.spooled:,} wait; the log says why."
