"""Every population and every extract that they read, by name."""

from collections.abc import Mapping
from typing import Final

from assets.transforms.populations.customers import CHURN_POPULATION, REACTIVATION_POPULATION
from assets.transforms.populations.extract import Extract
from assets.transforms.populations.extract_contracts import CONTRACT
from assets.transforms.populations.extract_people import EMPLOYEE, TRAINING
from assets.transforms.populations.extract_sales import PURCHASE, SALE
from assets.transforms.populations.extract_support import CONTACT, OPINION, SUPPORT_COST
from assets.transforms.populations.lifetime import LIFETIME
from assets.transforms.populations.people import PEOPLE
from assets.transforms.populations.population import Population
from assets.transforms.populations.recurring import RECURRING
from assets.transforms.populations.renewals import RENEWALS
from assets.transforms.populations.sales import (
    BUYER_POPULATION,
    BUYER_TO_DATE_POPULATION,
    CROSS_BUYER_POPULATION,
)
from assets.transforms.populations.signings import SIGNINGS
from assets.transforms.populations.support import SUPPORT

_POPULATIONS: Final[tuple[Population, ...]] = (
    CHURN_POPULATION,
    REACTIVATION_POPULATION,
    BUYER_POPULATION,
    BUYER_TO_DATE_POPULATION,
    CROSS_BUYER_POPULATION,
    RECURRING,
    RENEWALS,
    SIGNINGS,
    PEOPLE,
    LIFETIME,
    SUPPORT,
)
_EXTRACTS: Final[tuple[Extract, ...]] = (
    SALE,
    PURCHASE,
    CONTRACT,
    EMPLOYEE,
    TRAINING,
    CONTACT,
    SUPPORT_COST,
    OPINION,
)

POPULATIONS: Final[Mapping[str, Population]] = {one.name: one for one in _POPULATIONS}

EXTRACTS: Final[Mapping[str, Extract]] = {one.name: one for one in _EXTRACTS}
