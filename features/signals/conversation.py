"""Signals of conversation: meetings, channels, people, and work made to measure."""

from __future__ import annotations

from features.catalogue import signal
from features.expressions import Log, Ratio, Sum

SPOKEN = ("meeting", "call", "visit")
"""Channels in which both sides speak at once."""


@signal("meetings", "G10 G11 G22", window_days=90)
def meetings_90d(log: Log) -> Sum | Ratio:
    """Meetings held in the last 90 days."""
    return log.of("meeting").within(days=90).count()


@signal("meetings", "G10 G11 G22", window_days=365)
def meetings_365d(log: Log) -> Sum | Ratio:
    """Meetings held in the last 365 days."""
    return log.of("meeting").within(days=365).count()


@signal("meetings", "G10 R02", window_days=365, treatment=True, direction="client")
def strategic_meetings_365d(log: Log) -> Sum | Ratio:
    """Strategic reviews and planning sessions in the last 365 days."""
    return log.of("meeting", "strategic").within(days=365).count()


@signal("meetings", "G26", treatment=True)
def onboarding_meetings(log: Log) -> Sum | Ratio:
    """Kick-offs and other onboarding meetings."""
    return log.of("meeting", "onboarding").count()


@signal("days", "G10")
def days_since_meeting(log: Log) -> Sum | Ratio:
    """Days since the latest meeting."""
    return log.of("meeting").days_since_latest()


@signal("calls", "G11 G14", window_days=365)
def calls_365d(log: Log) -> Sum | Ratio:
    """Calls in the last 365 days."""
    return log.of("call").within(days=365).count()


@signal("emails", "G14 G17", window_days=365)
def emails_365d(log: Log) -> Sum | Ratio:
    """Personal e-mails in the last 365 days."""
    return log.of("email").within(days=365).count()


@signal("visits", "G14 G21", window_days=365)
def visits_365d(log: Log) -> Sum | Ratio:
    """Visits and viewings in the last 365 days."""
    return log.of("visit").within(days=365).count()


@signal("share", "G14 G22")
def spoken_share(log: Log) -> Sum | Ratio:
    """Meetings, calls and visits among all touchpoints, e-mails and tickets included."""
    return log.touchpoints(*SPOKEN) / log.touchpoints(*SPOKEN, "email", "ticket")


@signal("ratio", "G21 R09")
def touchpoints_per_purchase(log: Log) -> Sum | Ratio:
    """Meetings, calls, visits, e-mails and tickets to each purchase."""
    return log.touchpoints(*SPOKEN, "email", "ticket") / log.of("purchase").count()


@signal("contacts", "G09")
def contacts(log: Log) -> Sum | Ratio:
    """People on the account's side who ever appeared."""
    return log.fact("contacts").unless_none(log.fact("contacts"))


@signal("contacts", "G09", window_days=365)
def contacts_365d(log: Log) -> Sum | Ratio:
    """People on the account's side who appeared in the last 365 days."""
    return log.fact("contacts_365d").unless_none(log.fact("contacts"))


@signal("deliveries", "G12 G16 G20 R07", window_days=365, direction="client")
def deliveries_365d(log: Log) -> Sum | Ratio:
    """Reports, roadmaps and other tailored work handed over in the last 365 days."""
    return log.of("delivery").within(days=365).count()


@signal("tickets", "G13", window_days=365)
def tickets_365d(log: Log) -> Sum | Ratio:
    """Requests for support in the last 365 days."""
    return log.of("ticket").within(days=365).count()


@signal("share", "G13 G20 R07")
def custom_ticket_share(log: Log) -> Sum | Ratio:
    """Custom requests among the tickets of which it is known what they were."""
    return log.of("ticket", "custom").count() / (log.of("ticket", "custom").count() + log.of("ticket", "basic").count())


@signal("ratio", "G13 R08")
def tickets_per_purchase(log: Log) -> Sum | Ratio:
    """Requests for support to each purchase."""
    return log.of("ticket").count() / log.of("purchase").count()


@signal("answers", "G24 G25")
def feedback(log: Log) -> Sum | Ratio:
    """Pieces of feedback received."""
    return log.of("feedback").count()


@signal("points", "G24")
def feedback_score(log: Log) -> Sum | Ratio:
    """Mean score of the feedback that carries one."""
    return log.of("feedback").mean_score()


@signal("uses", "G18 G25", window_days=90)
def usage_90d(log: Log) -> Sum | Ratio:
    """Uses of the product or portal in the last 90 days."""
    return log.of("usage").within(days=90).count()


@signal("referrals", "G27")
def referrals(log: Log) -> Sum | Ratio:
    """Others whom the account referred."""
    return log.of("referral").count()
