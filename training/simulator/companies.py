"""Companies that keep a CRM: whom they serve, and what they write down about it."""

from __future__ import annotations

from dataclasses import dataclass

from features.events import KINDS, BadInput
from training.simulator.archetypes import ARCHETYPES

__all__ = ["COMPANIES", "FULL_CRM", "Company", "find_company"]

_EVERYBODY = dict.fromkeys(ARCHETYPES, 1.0) | dict.fromkeys(
    (
        "young account",
        "payroll and HR service",
        "car with a service contract",
        "house buyer",
        "dormant client",
    ),
    0.75,
)
_TRADE = dict.fromkeys(("online buyer", "one-off software", "price-driven buyer", "supermarket shopper"), 1.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Whose export it is.

    Attributes
    ----------
    name : str
        Short; account ids begin with it.
    sentence : str
        What it does and records.
    records : frozenset of str
        The kinds on file; of any other there is no row.
    mixture : dict of str to float
        Weight of each archetype among its accounts; 0 where left out.
    base_rate : float or None
        Share of clients among its buyers; None = as the mixture has it.
    span_years : float
        How far back its file goes; what happened before is not in it, save contracts still in force then.
    late_share : float
        Share of events recorded days or weeks after they happened.
    corrected_share : float
        Share of events that a later row with the same `event_id` corrects.
    missing : float
        Share of subtypes, amounts and contacts left empty, besides the archetype's own.
    turned_share : float
        Share of accounts that began as another archetype, where theirs says which.
    prospect_share : float
        Share of accounts that bought nothing yet.
    day_only : bool
        Times are dates at midnight.
    contacts, subtypes, parties, owners : bool
        Whether each is on file at all.
    """

    name: str
    sentence: str
    records: frozenset[str]
    mixture: dict[str, float]
    base_rate: float | None = None
    span_years: float = 4.0
    late_share: float = 0.05
    corrected_share: float = 0.01
    missing: float = 0.02
    turned_share: float = 0.1
    prospect_share: float = 0.03
    day_only: bool = False
    contacts: bool = True
    subtypes: bool = True
    parties: bool = True
    owners: bool = True

    def __post_init__(self) -> None:
        """Refuse kinds and archetypes that do not exist.

        Raises
        ------
        BadInput
            With their names.
        """
        strange = sorted((self.records - KINDS.keys()) | (self.mixture.keys() - ARCHETYPES.keys()))
        if strange:
            raise BadInput(f"Company {self.name}: {', '.join(strange)} is neither a kind nor an archetype.")


_ALL = (
    Company(
        name="crm",
        sentence="A full CRM: a group that sells, serves and advises, and records every kind.",
        records=frozenset(KINDS),
        mixture=_EVERYBODY,
        span_years=3.0,
    ),
    Company(
        name="shop",
        sentence="A retailer with a planning desk: orders, returns and support, no meeting on file.",
        records=frozenset({"purchase", "refund", "ticket", "email", "feedback"}),
        mixture=_TRADE
        | {"wholesale repeat buyer": 1.0, "management consultancy project": 0.6, "agency retainer": 0.6}
        | {"young account": 0.4, "dormant client": 0.3},
        base_rate=0.2,
        span_years=3.0,
        contacts=False,
        owners=False,
    ),
    Company(
        name="agency",
        sentence="A marketing agency: contracts, meetings and reports, no order lines.",
        records=frozenset({"contract", "meeting", "call", "email", "delivery", "deal"}),
        mixture={"agency retainer": 3.0, "management consultancy project": 2.0, "dormant client": 1.0}
        | {"self-service SaaS subscriber": 1.5, "one-off software": 1.0, "short rental": 0.7}
        | {"wholesale repeat buyer": 1.0, "young account": 0.6, "car with a service contract": 0.4},
        base_rate=0.65,
        late_share=0.12,
    ),
    Company(
        name="saas",
        sentence="A software house: card payments, subscriptions, logins and tickets, some meetings.",
        records=frozenset({"purchase", "contract", "ticket", "usage", "email", "feedback", "meeting"}),
        mixture={"self-service SaaS subscriber": 4.0, "one-off software": 2.0, "payroll and HR service": 3.0}
        | {"agency retainer": 0.7, "management consultancy project": 0.7, "young account": 0.6}
        | {"dormant client": 0.3, "online buyer": 0.5},
        base_rate=0.35,
        span_years=5.0,
        late_share=0.01,
    ),
    Company(
        name="practice",
        sentence="A law and accounting practice: invoices for advice, matters, meetings, dates without hours.",
        records=frozenset({"purchase", "deal", "meeting", "call", "email"}),
        mixture={"law firm matter": 3.0, "accountant": 3.0, "dormant client": 1.0, "house buyer": 0.6}
        | {"one-off software": 1.0, "short rental": 1.0, "price-driven buyer": 0.6, "young account": 0.6}
        | {"payroll and HR service": 1.0},
        base_rate=0.7,
        span_years=7.0,
        late_share=0.15,
        day_only=True,
    ),
    Company(
        name="wholesaler",
        sentence="A wholesaler: order lines and cancellations, nothing else.",
        records=frozenset({"purchase", "refund"}),
        mixture={"wholesale repeat buyer": 3.0, "online buyer": 1.5, "price-driven buyer": 1.0}
        | {"agency retainer": 0.8, "accountant": 0.8, "young account": 0.4, "supermarket shopper": 0.5},
        base_rate=0.2,
        span_years=1.5,
        contacts=False,
        subtypes=False,
        parties=False,
        owners=False,
    ),
    Company(
        name="procurement",
        sentence="A city's procurement office: engagements opened and quarterly payments, by department.",
        records=frozenset({"deal", "purchase"}),
        mixture={"law firm matter": 2.0, "management consultancy project": 2.5, "accountant": 1.0}
        | {"short rental": 2.0, "one-off software": 2.0, "price-driven buyer": 0.8, "young account": 0.5}
        | {"wholesale repeat buyer": 1.0, "dormant client": 0.8},
        base_rate=0.6,
        span_years=6.0,
        day_only=True,
        subtypes=False,
        parties=False,
        owners=False,
    ),
    Company(
        name="hotel",
        sentence="A booking house: bookings, stays, cancellations and complaints.",
        records=frozenset({"deal", "purchase", "refund", "ticket"}),
        mixture={"short rental": 4.0, "agency retainer": 1.0, "management consultancy project": 1.5}
        | {"law firm matter": 1.0, "wholesale repeat buyer": 1.0, "young account": 0.5, "house buyer": 0.5},
        base_rate=0.35,
        span_years=2.2,
        day_only=True,
        contacts=False,
        subtypes=False,
        owners=False,
    ),
    Company(
        name="estate",
        sentence="An estate agency: enquiries, viewings, negotiations and rentals.",
        records=frozenset({"deal", "visit", "meeting", "call", "email", "purchase"}),
        mixture={"house buyer": 4.0, "short rental": 4.0, "law firm matter": 0.7, "young account": 0.8}
        | {"price-driven buyer": 0.7, "dormant client": 0.6},
        base_rate=0.45,
        span_years=3.0,
    ),
    Company(
        name="garage",
        sentence="A car dealer with a workshop: cars, service contracts, visits and calls.",
        records=frozenset({"purchase", "contract", "visit", "call", "email", "ticket", "feedback"}),
        mixture={"car with a service contract": 5.0, "price-driven buyer": 1.5, "wholesale repeat buyer": 0.7}
        | {"accountant": 0.8, "agency retainer": 0.6, "online buyer": 1.0, "young account": 0.5},
        base_rate=0.3,
        span_years=8.0,
    ),
)

COMPANIES: dict[str, Company] = {company.name: company for company in _ALL}
"""Every company by its name."""

FULL_CRM: Company = COMPANIES["crm"]
"""The company that records every kind."""


def find_company(company: Company | str | None) -> Company:
    """Return a company, by its name or as it is; the full CRM where none is named.

    Raises
    ------
    BadInput
        No company has that name.
    """
    if company is None:
        return FULL_CRM
    if isinstance(company, Company):
        return company
    if company not in COMPANIES:
        raise BadInput(f"No simulated company is called {company!r}: expected one of {', '.join(COMPANIES)}.")
    return COMPANIES[company]
