"""Signals of buying: how often, how much, how regularly, and what."""

from __future__ import annotations

from features.catalogue import signal
from features.events import KINDS
from features.expressions import Log, Ratio, Sum


@signal("purchases", "G01 G02")
def purchases(log: Log) -> Sum | Ratio:
    """Purchases on file."""
    return log.of("purchase").count()


@signal("purchases", "G01", window_days=365)
def purchases_365d(log: Log) -> Sum | Ratio:
    """Purchases in the last 365 days."""
    return log.of("purchase").within(days=365).count()


@signal("purchases", "G01", window_days=90)
def purchases_90d(log: Log) -> Sum | Ratio:
    """Purchases in the last 90 days."""
    return log.of("purchase").within(days=90).count()


@signal("days", "G01")
def purchase_days(log: Log) -> Sum | Ratio:
    """Distinct days with a purchase."""
    return log.of("purchase").days()


@signal("ratio", "G01")
def purchases_per_day(log: Log) -> Sum | Ratio:
    """Purchases on a day that has any; high where many are booked at once."""
    return log.of("purchase").count() / log.of("purchase").days()


@signal("days", "G29")
def days_since_purchase(log: Log) -> Sum | Ratio:
    """Days since the latest purchase."""
    return log.of("purchase").days_since_latest()


@signal("days", "G29")
def purchase_gap_days(log: Log) -> Sum | Ratio:
    """Mean gap between days with a purchase."""
    return log.of("purchase").mean_gap()


@signal("ratio", "G29")
def purchase_gap_variation(log: Log) -> Sum | Ratio:
    """Standard deviation of the gaps between purchases over their mean; 0 is clockwork, 1 is chance."""
    return log.of("purchase").gap_variation()


@signal("money", "G03")
def spend(log: Log) -> Sum | Ratio:
    """Amount of all purchases, in the account's currency."""
    return log.of("purchase").total()


@signal("money", "G03", window_days=365)
def spend_365d(log: Log) -> Sum | Ratio:
    """Amount of the purchases of the last 365 days."""
    return log.of("purchase").within(days=365).total()


@signal("money", "G03")
def purchase_mean(log: Log) -> Sum | Ratio:
    """Mean amount of a purchase whose amount is known."""
    return log.of("purchase").mean()


@signal("share", "G03")
def purchase_largest_share(log: Log) -> Sum | Ratio:
    """The largest purchase's share of all spend; 1 where there was but one."""
    return log.of("purchase").largest() / log.of("purchase").total()


@signal("share", "G02")
def refund_share(log: Log) -> Sum | Ratio:
    """Refunds among purchases and refunds."""
    return log.of("refund").count() / (log.of("refund").count() + log.of("purchase").count())


def _share_of_purchases(log: Log, subtype: str) -> Ratio:
    known = sum((log.of("purchase", each).count() for each in KINDS["purchase"].subtypes), Sum(()))
    return log.of("purchase", subtype).count() / known


@signal("share", "G04 R05", direction="customer")
def product_share(log: Log) -> Sum | Ratio:
    """Products among the purchases of which it is known what they were."""
    return _share_of_purchases(log, "product")


@signal("share", "G04")
def service_share(log: Log) -> Sum | Ratio:
    """Services among the purchases of which it is known what they were."""
    return _share_of_purchases(log, "service")


@signal("share", "G04 R05", direction="client")
def advice_share(log: Log) -> Sum | Ratio:
    """Advice among the purchases of which it is known what they were."""
    return _share_of_purchases(log, "advice")
