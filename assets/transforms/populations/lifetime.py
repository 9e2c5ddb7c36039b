"""The population `lifetime`: what customers are worth, as of the end of each period.

Every period looks at the whole history to its end. Models are fitted anew for each one, from
starting points that depend on nothing but the model, so that a period's figures do not depend on
which others were computed with it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from assets.transforms.facts import FactSource
from assets.transforms.populations.lifetime_contracts import (
    active_customers,
    predicted_of_contracts,
    relationships,
)
from assets.transforms.populations.lifetime_customers import (
    YEAR_DAYS,
    buyers,
    purchase_summary,
    share_left,
)
from assets.transforms.populations.lifetime_predicted import PREDICTED, Prediction, predicted
from assets.transforms.populations.lifetime_sums import Valued, summed, with_segments
from assets.transforms.populations.lifetime_values import (
    BASKET,
    HISTORICAL,
    HISTORICAL_MARGIN,
    SIMPLE,
    valued,
)
from assets.transforms.populations.population import Asked, Population, PopulationStates
from schemas.config.project import Project
from schemas.kpis.catalogue import published_kpis
from schemas.lifetime_tables import CLV_ASSUMPTION

_MEASURES: Final = (HISTORICAL, HISTORICAL_MARGIN, SIMPLE, BASKET, PREDICTED)
_REPORT: Final = CLV_ASSUMPTION.polars_schema()
_SALE, _CONTRACT = "sale", "contract"


def _extracts(project: Project) -> tuple[str, ...]:
    return (_SALE, _CONTRACT) if project.kpis.churn.basis == "contracts" else (_SALE,)


def lifetime_states(extracts: Mapping[str, pl.LazyFrame], asked: Asked) -> PopulationStates:
    """States of the lifetime values that are published, and `clv_assumption`.

    Args:
        extracts: `sale`, and `contract` on churn basis `contracts`.
        asked: What they are wanted for.
    """
    published = {one.state for one in published_kpis(asked.project)}
    wanted = tuple(one.code for one in _MEASURES if one.code in published)
    states, exclusions, reports = [], [], []
    for start, end in asked.periods.frame().iter_rows():
        for one, report in _period(extracts, asked, end, wanted):
            found = summed(one, asked.sets, start)
            states.append(found.state)
            exclusions.append(found.exclusion)
            if report is not None:
                reports.append(report.with_columns(pl.lit(start).alias("period_start")))
    return PopulationStates(
        pl.concat(states, how="diagonal"),
        pl.concat(exclusions, how="diagonal"),
        {CLV_ASSUMPTION.name: _reported(reports)},
    )


def _period(
    extracts: Mapping[str, pl.LazyFrame], asked: Asked, end: dt.date, wanted: tuple[str, ...]
) -> Iterator[tuple[Valued, pl.DataFrame | None]]:
    """Customers valued for each measure as of a day, with the report of a prediction."""
    config = asked.project.kpis
    is_contractual = config.churn.basis == "contracts"
    from_sales = [code for code in wanted if code != PREDICTED.code or not is_contractual]
    if from_sales:
        found = buyers(extracts[_SALE], end, inactivity_days=config.churn.inactivity_days)
        customers = _placed(found.customers, asked, end)
        look_back = dt.timedelta(days=YEAR_DAYS - 1 + config.churn.inactivity_days)
        for one in valued(
            customers,
            found.nameless,
            lifespan=config.lifetime.lifespan,
            has_look_back=found.since is not None and found.since <= end - look_back,
            wanted=from_sales,
        ):
            yield one, None
        if PREDICTED.code in from_sales:
            made = predicted(
                customers, purchase_summary(extracts[_SALE], end), config.lifetime,
                nameless=found.nameless, share_left=share_left(found.customers),
            )  # fmt: skip
            yield made.valued, made.report
    if PREDICTED.code in wanted and is_contractual:
        made = _of_contracts(extracts[_CONTRACT], asked, end)
        yield made.valued, made.report


def _of_contracts(contracts: pl.LazyFrame, asked: Asked, end: dt.date) -> Prediction:
    kpis = asked.project.kpis
    customers, nameless = active_customers(contracts, end)
    runs = relationships(contracts, end, renewal_months=kpis.lifetime.renewal_months)
    placed = _placed(customers, asked, end)
    return predicted_of_contracts(placed, runs, kpis, end=end, nameless=nameless)


def _placed(customers: pl.DataFrame, asked: Asked, end: dt.date) -> pl.DataFrame:
    columns = list(dict.fromkeys(name for one in asked.sets for name in one.columns))
    return with_segments(customers, asked.versions, columns, end)


def _reported(reports: list[pl.DataFrame]) -> pl.DataFrame:
    """Rows of `clv_assumption`, the grain still null."""
    frames = [
        report.with_columns(pl.lit(PREDICTED.code).alias("kpi_code")).select(
            (pl.col(name) if name in (*report.columns, "kpi_code") else pl.lit(None))
            .cast(kind)
            .alias(name)
            for name, kind in _REPORT.items()
        )
        for report in reports
    ]
    return pl.concat([_REPORT.to_frame(), *frames])


LIFETIME: Final = Population(
    name="lifetime",
    version=1,
    measures=_MEASURES,
    extracts=_extracts,
    source=FactSource(("crm_account",), ("account",)),
    look_back_days=lambda _: None,
    states=lifetime_states,
    extra=(CLV_ASSUMPTION,),
)
