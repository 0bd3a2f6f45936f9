"""What is counted and measured, for Prometheus. No metric carries an account, a key's name or a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

__all__ = ["DEPTH", "Metrics"]

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

DEPTH: Final[Mapping[str, str]] = {
    "rapport_requests_in_hand": "Requests that are being answered.",
    "rapport_records_waiting": "Predictions that wait to be kept.",
    "rapport_spool_records": "Predictions that wait in spools for the database.",
    "rapport_spool_bytes": "Size of the spools.",
    "rapport_spool_limit_bytes": "Size that the spools may have.",
}
"""Gauges that add up over the processes of the service, with their meaning."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The metrics of one process, in a registry of their own.

    Parameters
    ----------
    version : str
        Of Rapport.
    registry : CollectorRegistry, optional
    """

    def __init__(self, version: str, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "rapport_requests",
            "Requests, by route, method and status.",
            ["path", "method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "rapport_request_seconds",
            "Time from a request's head to its answer's end.",
            ["path", "method"],
            buckets=SECONDS,
            registry=registry,
        )
        self._decisions = Counter(
            "rapport_decisions",
            "Decisions that were given, kept or not.",
            ["decided_by", "relationship", "route"],
            registry=registry,
        )
        self._records = Counter(
            "rapport_records",
            "Predictions that were kept: at once, put into the spool, moved from it to the database, or refused by it.",
            ["fate"],
            registry=registry,
        )
        self._depths = {
            name: Gauge(name, meaning, multiprocess_mode="livesum", registry=registry)
            for name, meaning in DEPTH.items()
        }
        self._degraded = Gauge(
            "rapport_degraded",
            "1 where a part is not as it should be, as /readyz says.",
            ["part"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        self._database = Gauge(
            "rapport_database_up", "1 while the database answers.", multiprocess_mode="livemin", registry=registry
        )
        self._keys = Gauge(
            "rapport_keys", "Keys that stand, by role.", ["role"], multiprocess_mode="livemax", registry=registry
        )
        self._model = Gauge(
            "rapport_model_processes",
            "Processes in which a model answers; empty version: the rules do.",
            ["version", "source"],
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._created = Gauge(
            "rapport_model_created_timestamp_seconds",
            "When the model that answers was trained; NaN where that is not known.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        build = Gauge("rapport_build_info", "Always 1.", ["version"], multiprocess_mode="livemax", registry=registry)
        build.labels(version).set(1)
        self._served: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._given: dict[tuple[str, str, str], Counter] = {}
        self._fates: dict[str, int] = {}
        self._in_office = ("", "")

    def count_request(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count a request that was answered; `path` is a route's template."""
        kind = path, method, status
        served = self._served.get(kind)
        if served is None:
            # A method is whatever a caller writes; metrics must not grow with that.
            known = method if method in _METHODS else "OTHER"
            served = self._requests.labels(path, known, status), self._seconds.labels(path, known)
            if known == method:
                self._served[kind] = served
        served[0].inc()
        served[1].observe(seconds)

    def count_decision(self, decided_by: str, relationship: str, route: str, count: int = 1) -> None:
        """Count decisions that were given."""
        kind = decided_by, relationship, route
        counter = self._given.get(kind)
        if counter is None:
            counter = self._given[kind] = self._decisions.labels(*kind)
        counter.inc(count)

    def count_records(self, fates: Mapping[str, int]) -> None:
        """Take over what has become of predictions since the start, by their fate."""
        for fate, count in fates.items():
            self._records.labels(fate).inc(max(count - self._fates.get(fate, 0), 0))
        self._fates = dict(fates)

    def set_depths(self, depths: Mapping[str, float]) -> None:
        """Take over how much waits where, by the names in `DEPTH`."""
        for name, depth in depths.items():
            self._depths[name].set(depth)

    def set_parts(self, degraded: Mapping[str, bool]) -> None:
        """Take over what is not as it should be."""
        for part, wrong in degraded.items():
            self._degraded.labels(part).set(wrong)
        self._database.set(not degraded.get("database", False))

    def set_keys(self, roles: Mapping[str, int]) -> None:
        """Take over how many keys of each role stand."""
        for role, count in roles.items():
            self._keys.labels(role).set(count)

    def set_model(self, version: str, source: str, created: float) -> None:
        """Take over who answers, and when that model was trained, in seconds since 1970."""
        if self._in_office != (version, source):
            if any(self._in_office):
                self._model.labels(*self._in_office).set(0)
            self._in_office = version, source
        self._model.labels(version, source).set(1)
        self._created.set(created)
