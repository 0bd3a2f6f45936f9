"""Signals of agreement: contracts and deals."""

from __future__ import annotations

from features.catalogue import signal
from features.expressions import Log, Ratio, Sum


@signal("contracts", "G05 R03")
def contracts(log: Log) -> Sum | Ratio:
    """Contracts ever signed."""
    return log.of("contract").count()


@signal("yes/no", "G05 R03", direction="client")
def retainer_active(log: Log) -> Sum | Ratio:
    """A retainer is in force."""
    return log.of("contract", "retainer").in_force()


@signal("yes/no", "G05 R03")
def project_active(log: Log) -> Sum | Ratio:
    """A project contract is in force."""
    return log.of("contract", "project").in_force()


@signal("yes/no", "G06 R01")
def subscription_active(log: Log) -> Sum | Ratio:
    """A subscription is in force."""
    return log.of("contract", "subscription").in_force()


@signal("yes/no", "G05 G06")
def maintenance_active(log: Log) -> Sum | Ratio:
    """A maintenance or service contract is in force."""
    return log.of("contract", "maintenance").in_force()


@signal("money", "G03 G05")
def contract_value_active(log: Log) -> Sum | Ratio:
    """Value of the whole term of the contracts in force, where known."""
    return log.of("contract").value_in_force()


@signal("days", "G06")
def contract_term_days(log: Log) -> Sum | Ratio:
    """Mean planned term of the contracts that have an end."""
    return log.of("contract").mean_duration()


@signal("contracts", "G05 R01")
def contract_renewals(log: Log) -> Sum | Ratio:
    """Contracts that followed an earlier one of the same kind."""
    return log.of("contract").renewals()


@signal("deals", "G08")
def deals(log: Log) -> Sum | Ratio:
    """Deals or engagements ever opened."""
    return log.of("deal").count()


@signal("deals", "G08", window_days=365)
def deals_365d(log: Log) -> Sum | Ratio:
    """Deals or engagements opened in the last 365 days."""
    return log.of("deal").within(days=365).count()


@signal("deals", "G08")
def deals_open(log: Log) -> Sum | Ratio:
    """Deals that have not closed."""
    return log.of("deal").open()


@signal("days", "G08")
def deal_cycle_days(log: Log) -> Sum | Ratio:
    """Mean time from opening to closing of the deals that closed."""
    return log.of("deal").mean_duration()


@signal("ratio", "G08")
def deals_per_day(log: Log) -> Sum | Ratio:
    """Deals opened on a day that has any; high where many are opened at once."""
    return log.of("deal").count() / log.of("deal").days()


@signal("days", "G08 G29")
def days_since_deal(log: Log) -> Sum | Ratio:
    """Days since the latest deal or engagement was opened."""
    return log.of("deal").days_since_latest()


@signal("days", "G08 G29 R01")
def deal_gap_days(log: Log) -> Sum | Ratio:
    """Mean gap between days on which deals were opened."""
    return log.of("deal").mean_gap()


@signal("ratio", "G08 G29 R01")
def deal_gap_variation(log: Log) -> Sum | Ratio:
    """Standard deviation of the gaps between deals over their mean; 0 is clockwork, 1 is chance."""
    return log.of("deal").gap_variation()


@signal("days", "G08 G29 R01")
def deal_gap_longest_days(log: Log) -> Sum | Ratio:
    """Longest gap between days on which deals were opened; how long the account once stayed away."""
    return log.of("deal").longest_gap()


@signal("days", "G08")
def deal_cycle_longest_days(log: Log) -> Sum | Ratio:
    """Time from opening to closing of the longest of the deals that closed."""
    return log.of("deal").longest_duration()


@signal("share", "G05 G29 R01")
def deal_yearly_share(log: Log) -> Sum | Ratio:
    """Days with a new deal that lie a year, give or take 15 days, from another; high where deals are renewed."""
    return log.of("deal").yearly_days() / log.of("deal").days()


@signal("ratio", "G01 G08 R01")
def purchases_per_deal(log: Log) -> Sum | Ratio:
    """Purchases to each deal; high where one agreement is paid for again and again."""
    return log.of("purchase").count() / log.of("deal").count()


@signal("money", "G03 G08")
def spend_per_deal(log: Log) -> Sum | Ratio:
    """Amount of all purchases to each deal."""
    return log.of("purchase").total() / log.of("deal").count()
