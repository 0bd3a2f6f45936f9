"""Signals of standing: how long the account is known, how steadily, and what it is."""

from __future__ import annotations

from features.catalogue import signal
from features.events import KINDS
from features.expressions import Log, Ratio, Sum


@signal("events", "G22")
def events(log: Log) -> Sum | Ratio:
    """Events on file, of any kind."""
    return log.touchpoints(*KINDS)


@signal("days", "G07")
def tenure_days(log: Log) -> Sum | Ratio:
    """Days since the first event on file."""
    return log.fact("first_days")


@signal("days", "G07 G29")
def days_since_activity(log: Log) -> Sum | Ratio:
    """Days since the latest event of any kind."""
    return log.fact("last_days")


@signal("months", "G07 G22")
def active_months(log: Log) -> Sum | Ratio:
    """Months of 30 days, counted back, that have an event."""
    return log.fact("active_months")


@signal("share", "G07 G22 R01")
def active_month_share(log: Log) -> Sum | Ratio:
    """Months that have an event among the months since the first."""
    return log.fact("active_months") / log.fact("months_known")


@signal("yes/no", "C07")
def is_organisation(log: Log) -> Sum | Ratio:
    """The account is an organisation, not a person."""
    return log.fact("is_organisation")


@signal("yes/no", "G15", treatment=True)
def has_owner(log: Log) -> Sum | Ratio:
    """The account has a dedicated owner on our side; one without a date counts from the start."""
    return log.fact("has_owner")


@signal("days", "G15", treatment=True)
def owner_days(log: Log) -> Sum | Ratio:
    """Days since the account has its dedicated owner."""
    return log.fact("owner_days")
