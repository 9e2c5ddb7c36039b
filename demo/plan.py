"""What is planted: the true values that a right pipeline must find again.

Constants of the company's behaviour and the days on which something changes. The manifest
repeats them under `truths`; nothing here draws random numbers.
"""

import datetime as dt
from dataclasses import dataclass
from statistics import NormalDist

from demo.settings import Settings

ZONE = "Europe/Paris"
CURRENCY = "EUR"

REGIONS = ("Île-de-France", "Bretagne", "Occitanie", "Grand Est", "Nouvelle-Aquitaine")
REGION_SHARES = (0.26, 0.30, 0.16, 0.14, 0.14)
FALLING_REGION = "Bretagne"

# Relational 0-10 score = round(mean + spread · latent), latent standard normal over customers.
NPS_MEAN = 8.3
NPS_SPREAD = 1.9
NPS_FALL = 1.4

# Transactional 1-5 score = round(mean + spread · latent + effect of initiatives).
CSAT_MEAN = 3.9
CSAT_SPREAD = 0.95
CSAT_EFFECT = 0.5

BASKET_EFFECT = 0.20

COMPLAINT_TERM = "hotline"
TERM_SHARE_BEFORE = 0.04
TERM_SHARE_AFTER = 0.50

LOST_CHANNEL = "marketplace"
LOST_SHARE = 0.60

LEAD_WIN_RATES = {"website": 0.12, "referral": 0.38, "trade_fair": 0.22, "partner": 0.27}
LEAD_SHARES = (0.45, 0.2, 0.15, 0.2)

PRICE_RISE_FAMILY = "home"
PRICE_RISE = 0.08

ONE_CONTACT_SHARE = 0.72
REOPEN_SHARE = 0.06
FIRST_RESPONSE_MEDIAN_MINUTES = {"phone": 3.0, "chat": 5.0, "email": 190.0, "visit": 1.0}

RENEWAL_SHARE = 0.80
UPGRADE_SHARE = 0.15

KANO_FIDELITY = 0.75
"""Share of respondents who answer as the feature's class says."""
KANO_CLASSES = {
    "one_click_order": "A",
    "delivery_tracking": "O",
    "secure_payment": "M",
    "gift_wrapping": "I",
    "daily_newsletter": "R",
}

IMPORTANCE = {"delivery": 0.40, "price": 0.30, "support": 0.20, "website": 0.10}
"""Criterion → weight in overall satisfaction, the derived importance to be found."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Days, counted from 0, on which something planted begins.

    Attributes:
        initiative: Initiatives start and members are assigned.
        lost: The cohort of the lost channel stops ordering.
        price_rise: Prices of one family rise.
        term: The complaint term begins to rise.
        fall: NPS of the falling region falls.
        no_leads: Day without a lead file; its rows come a day later.
        last: Last day.
    """

    initiative: int
    lost: int
    price_rise: int
    term: int
    fall: int
    no_leads: int
    last: int

    @classmethod
    def of(cls, settings: Settings) -> "Plan":
        """Place the changes inside the simulated period."""
        days = settings.days
        fall = round(days * 0.65)
        return cls(
            initiative=round(days * 0.4),
            lost=round(days * 0.4),
            price_rise=round(days * 0.5),
            term=max(fall - max(days // 6, 1), 0),
            fall=fall,
            no_leads=days // 3 if days >= MIN_DAYS_WITH_GAP else -1,
            last=days - 1,
        )


MIN_DAYS_WITH_GAP = 6
"""Shorter runs have no missing day."""


def nps_expected(shift: float = 0.0) -> dict[str, float]:
    """True shares and NPS of the relational survey for a shift of the mean score."""
    score = NormalDist(NPS_MEAN + shift, NPS_SPREAD)
    promoters = 1 - score.cdf(8.5)
    detractors = score.cdf(6.5)
    return {
        "promoter_share": promoters,
        "detractor_share": detractors,
        "nps": 100 * (promoters - detractors),
    }


def csat_expected(effect: float = 0.0) -> float:
    """True share of 4 and 5 in the transactional surveys, percent."""
    return 100 * (1 - NormalDist(CSAT_MEAN + effect, CSAT_SPREAD).cdf(3.5))


def skipped_hour(date: dt.date) -> bool:
    """Whether the company's clocks skip 02:30 local time on that day."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(ZONE)
    local = dt.datetime.combine(date, dt.time(2, 30), zone)
    back = local.astimezone(dt.UTC).astimezone(zone)
    return back.time() != local.time()
