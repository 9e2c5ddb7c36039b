"""What the report shows of what is published, and in which order: pure rules on frames.

A report that shows everything shows nothing, and a company of many segments must not make a file
that no telephone opens. Each rule tells how much there is besides what it lets through.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.report.published import Published, Row
from schemas.config.report import Language, ReportConfig

FAMILIES = ("experience", "service", "loyalty", "value", "people")
"""Pages of the report, in order."""

KNOWN = (
    "nps", "csat", "ces_net", "ces_top_share", "cxi", "first_contact_resolution",
    "resolution_time_median", "on_time_delivery_rate", "churn_rate", "nrr", "repeat_purchase_rate",
    "revenue_per_customer", "average_transaction_value", "margin_rate", "enps",
    "employee_engagement", "employee_turnover", "clv_predicted",
)  # fmt: skip
"""KPIs that a reader looks for first, in order."""

HEADLINES = 8
"""KPIs of the first screen, where the configuration names none."""
MOVERS = 20
CHARTS_PER_FAMILY = 6


@dataclass(frozen=True, slots=True)
class Series:
    """One KPI over the periods of the report, of the whole company.

    Attributes:
        kpi: Its row of `dim_kpi`.
        name: Its name in the report's language.
        points: Rows of `kpi_value` by period, ascending.
        current: Row of the leading period; None where it has none.
    """

    kpi: Row
    name: str
    points: tuple[Row, ...]
    current: Row | None

    @property
    def code(self) -> str:
        """KPI code."""
        return str(self.kpi["kpi_code"])

    @property
    def unit(self) -> str:
        """Unit of its values."""
        return str(self.kpi["unit"])

    @property
    def has_moved(self) -> bool:
        """Whether it moved significantly in the leading period."""
        return bool(self.current and self.current["is_significant"])

    @property
    def has_trend(self) -> bool:
        """Whether it has values of two periods or more."""
        return sum(row["value"] is not None for row in self.points) > 1

    @property
    def has_target(self) -> bool:
        """Whether it has a target in the leading period."""
        return bool(self.current and self.current["target"] is not None)


def leading_period(totals: pl.DataFrame) -> Row | None:
    """The period that the report leads with: the latest complete one, else the latest.

    Returns:
        period_start, label, is_complete; None without values.
    """
    if totals.is_empty():
        return None
    periods = totals.select("period_start", "label", "is_complete").unique()
    order = periods.sort("is_complete", "period_start")
    return order.row(-1, named=True)


def all_series(published: Published, language: Language) -> dict[str, Series]:
    """Every published KPI that has a row of the whole company: code → its series."""
    leading = leading_period(published.totals)
    names = {row["kpi_code"]: row for row in published.kpis.to_dicts()}
    found = {}
    for (code,), rows in published.totals.group_by("kpi_code", maintain_order=True):
        points = tuple(rows.to_dicts())
        start = leading["period_start"] if leading else None
        current = next((row for row in points if row["period_start"] == start), None)
        kpi = names[code]
        found[str(code)] = Series(kpi, kpi[f"name_{language}"], points, current)
    return found


def headlines(series: Mapping[str, Series], config: ReportConfig) -> list[Series]:
    """KPIs of the first screen.

    Those that the configuration names; otherwise those with a target and two of each family, the
    best known ones first, at most `HEADLINES`, in the order of `KNOWN`.
    """
    if config.headline:
        return [series[code] for code in config.headline if code in series]
    families = {code: str(one.kpi["family"]) for code, one in series.items()}
    with_target = [code for code, one in series.items() if one.has_target]
    return [series[code] for code in first_screen(families, with_target)]


def first_screen(families: Mapping[str, str], with_target: Iterable[str]) -> list[str]:
    """Codes of the KPIs that lead where the configuration names none; see `headlines`.

    Args:
        families: KPI code → its family, of those to choose from.
        with_target: KPI codes that lead in any case, as far as there is room.
    """
    per_family = [code for family in FAMILIES for code in _best_known(families, family)]
    chosen = list(dict.fromkeys((*by_renown(with_target), *per_family)))[:HEADLINES]
    return by_renown(chosen)


def _best_known(families: Mapping[str, str], family: str) -> list[str]:
    """Two KPIs of a family; where none of them is widely known, its first ones."""
    of_family = by_renown(code for code, its in families.items() if its == family)
    return [code for code in of_family if code in KNOWN][:2] or of_family[:2]


def by_renown(codes: Iterable[str]) -> list[str]:
    """KPI codes, those of `KNOWN` first and the others by name."""
    known = {code: place for place, code in enumerate(KNOWN)}
    return sorted(codes, key=lambda code: (known.get(code, len(known)), code))


def charted(family: Sequence[Series], shown: Iterable[str]) -> list[Series]:
    """KPIs of a page that get a chart besides those that have one already.

    Args:
        family: All KPIs of the page.
        shown: Codes that have a chart elsewhere.

    Returns:
        At most `CHARTS_PER_FAMILY`: with two values or more, first those that moved, then those
        with a target.
    """
    taken = set(shown)
    open_ = [one for one in family if one.code not in taken and one.has_trend]
    order = {code: place for place, code in enumerate(by_renown(one.code for one in open_))}
    ranked = sorted(open_, key=lambda one: (not one.has_moved, not one.has_target, order[one.code]))
    return ranked[:CHARTS_PER_FAMILY]


def movers(segments: pl.DataFrame, codes: Sequence[str]) -> tuple[list[Row], int]:
    """Segments whose change in the leading period is significant.

    Args:
        segments: Values of segments.
        codes: KPIs that count.

    Returns:
        At most `MOVERS`, the surest first, and how many there are. A segment that is alone in its
        set only repeats the whole company: it does not count.
    """
    has_others = pl.len().over("kpi_code", "segment_set") > 1
    segments = segments.filter(has_others)
    moved = segments.filter(pl.col("kpi_code").is_in(list(codes)) & pl.col("is_significant"))
    ranked = moved.sort("change_p_value", "kpi_code", "segment_set", "segment_key", nulls_last=True)
    return ranked.head(MOVERS).to_dicts(), moved.height


def ranking(segments: pl.DataFrame, direction: str, most: int) -> tuple[list[Row], int]:
    """Segments of one KPI and set from best to worst, the withheld ones last.

    Args:
        segments: Values of the segments of one KPI and set.
        direction: Which way is good.
        most: How many are shown: significant movers first, then the largest n, then the withheld.

    Returns:
        Rows in order, each with its place among all of the set in `rank` (equal values share one),
        and how many there are.
    """
    ranked = segments.sort(
        "value", "segment_key", descending=[direction == "higher_is_better", False], nulls_last=True
    ).with_columns(
        pl.col("value").rank("min", descending=direction == "higher_is_better").alias("rank")
    )
    importance = (
        pl.struct(
            pl.col("value").is_null(),
            ~pl.col("is_significant").fill_null(value=False),
            -pl.col("n").fill_null(0),
            "segment_key",
        )
        .rank("ordinal")
        .alias("importance")
    )
    kept = ranked.with_columns(importance).filter(pl.col("importance") <= most)
    return kept.drop("importance").to_dicts(), segments.height
