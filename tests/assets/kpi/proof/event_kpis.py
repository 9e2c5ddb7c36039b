"""Every KPI on events as its numerator, denominator and n in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class InSql:
    """A KPI in SQL.

    Attributes:
        table: Table of `sql_events`.
        day: Column that dates a row.
        concerns: Rows that belong to the KPI.
        counts: Those of them that count.
        numerator: Aggregate.
        denominator: Aggregate.
        n: Aggregate.
        factor: Unit of the value in units of the ratio.
        value: Aggregate in place of the ratio.
        also_excluded: Aggregate of the rows that count: those that are left out even so.
    """

    table: str
    day: str
    concerns: str
    counts: str
    numerator: str
    denominator: str = "count(*)"
    n: str = "count(*)"
    factor: float = 1.0
    value: str = ""
    also_excluded: str = "0"


_CUSTOMER, _EMPLOYEE = "audience = 'customer'", "audience = 'employee'"
_SOUND = "v IS NOT NULL AND NOT isnan(v) AND NOT is_na AND v BETWEEN lo AND hi"
_WHOLE = f"{_SOUND} AND v = floor(v)"
_WEIGHED = "isfinite(w) AND w >= 0"
_BOXES = "CASE points WHEN 3 THEN 1 WHEN 10 THEN 3 WHEN 11 THEN 3 ELSE 2 END"
_TOP = f"(good > hi - {_BOXES})::INT"
_CATEGORY = "(CASE WHEN v >= 9 THEN 1 WHEN v <= 6 THEN -1 ELSE 0 END)"
_RESCALED = "(100 * (good - lo) / (hi - lo))"
_NET = """(CASE WHEN good > hi - 2 THEN 1
    WHEN good < lo + CASE points WHEN 7 THEN 3 ELSE 2 END THEN -1 ELSE 0 END)"""
_CXI = ("cxi_effectiveness", "cxi_ease", "cxi_emotion")


def _asked(metric: str) -> str:
    return f"(metric = '{metric}' OR metric IS NULL)"


def _answer(
    metric: str, counts: str, x: str, *, who: str = _CUSTOMER, factor: float = 100
) -> InSql:
    known = f"metric = '{metric}' AND {counts}"
    return InSql("answer", "day", f"{who} AND {_asked(metric)}", known, f"sum({x})", factor=factor)


def _weighted(one: InSql, x: str) -> InSql:
    return replace(
        one, counts=f"{one.counts} AND {_WEIGHED}", numerator=f"sum(w * {x})", denominator="sum(w)"
    )


_NPS = f"lo = 0 AND hi = 10 AND up AND {_WHOLE}"
_CSAT = f"points IN (3, 4, 5, 6, 7, 10, 11) AND {_WHOLE}"
_LIKERT = f"points IN (5, 7) AND {_WHOLE}"
_RANGE = f"hi > lo AND {_SOUND}"
_CHOICES = ("below", "as", "above", "fan")
_MOMENT = "choice IN ('below', 'as', 'above', 'fan')"
_SENTIMENT = "choice IN ('positive', 'neutral', 'negative')"
_SCALE = "count(DISTINCT lo || '-' || hi || up)"


def _experience_index() -> InSql:
    metrics = ", ".join(f"'{metric}'" for metric in _CXI)
    nets = [f"avg({_NET}) FILTER (metric = '{metric}')" for metric in _CXI]
    counts = [f"count(*) FILTER (metric = '{metric}')" for metric in _CXI]
    whole = "count(DISTINCT metric) = 3"
    return InSql(
        "answer", "day", f"{_CUSTOMER} AND (metric IN ({metrics}) OR metric IS NULL)",
        f"metric IN ({metrics}) AND {_LIKERT}",
        numerator=f"CASE WHEN {whole} THEN {' + '.join(nets)} END",
        denominator=f"CASE WHEN {whole} THEN 3 END",
        n=f"CASE WHEN {whole} THEN least({', '.join(counts)}) ELSE 0 END", factor=100,
        also_excluded=f"CASE WHEN {whole} THEN 0 ELSE count(*) END",
    )  # fmt: skip


SURVEY: Mapping[str, InSql] = {
    "nps": _answer("nps", _NPS, _CATEGORY),
    "nps_weighted": _weighted(_answer("nps", _NPS, _CATEGORY), _CATEGORY),
    "nps_latest": replace(
        _answer("nps", _NPS, _CATEGORY), table="latest",
        counts=f"metric = 'nps' AND {_NPS} AND (again_on IS NULL OR again_on > p.last)",
    ),
    "nps_promoter_share": _answer("nps", _NPS, "(v >= 9)::INT"),
    "nps_passive_share": _answer("nps", _NPS, "(v IN (7, 8))::INT"),
    "nps_detractor_share": _answer("nps", _NPS, "(v <= 6)::INT"),
    "enps": _answer("nps", _NPS, _CATEGORY, who=_EMPLOYEE),
    "csat": _answer("csat", _CSAT, _TOP),
    "csat_weighted": _weighted(_answer("csat", _CSAT, _TOP), _TOP),
    "csat_mean": _answer("csat", _RANGE, _RESCALED, factor=1),
    "ces_mean": replace(
        _answer("ces", _RANGE, "v", factor=1),
        numerator=f"CASE WHEN {_SCALE} = 1 THEN sum(v) END",
        denominator=f"CASE WHEN {_SCALE} = 1 THEN count(*) END",
        also_excluded=f"CASE WHEN {_SCALE} = 1 THEN 0 ELSE count(*) END",
    ),
    "ces_top_share": _answer(
        "ces", _LIKERT, "(good > hi - CASE points WHEN 7 THEN 3 ELSE 2 END)::INT"
    ),
    "ces_net": _answer("ces", _LIKERT, _NET),
    **{metric: _answer(metric, _LIKERT, _NET) for metric in _CXI},
    "cxi": _experience_index(),
    **{
        f"moment_of_truth_{name}": _answer(
            "moment_of_truth", _MOMENT, f"(choice = '{choice}')::INT"
        )
        for name, choice in zip(("below", "as_expected", "above", "fan"), _CHOICES, strict=True)
    },
    "net_sentiment": _answer(
        "sentiment", _SENTIMENT,
        "CASE choice WHEN 'positive' THEN 1 WHEN 'negative' THEN -1 ELSE 0 END",
    ),
    "sentiment_coverage": InSql(
        "answer", "day",
        f"{_CUSTOMER} AND classified AND (metric IN ('comment', 'sentiment') OR metric IS NULL)",
        "metric IS NOT NULL", f"count(*) FILTER (metric = 'sentiment' AND {_SENTIMENT})",
        "count(*) FILTER (metric = 'comment')", "count(*) FILTER (metric = 'comment')", factor=100,
    ),
    "employee_engagement": _answer("engagement", _RANGE, _RESCALED, who=_EMPLOYEE, factor=1),
    "repurchase_intent": _answer(
        "repurchase_intent", f"points BETWEEN 2 AND 11 AND {_WHOLE}", "(good >= hi)::INT"
    ),
}  # fmt: skip

_MONEY = "(CASE WHEN back THEN -abs(net) ELSE net END)"
_MARGIN = "(CASE WHEN back THEN abs(cost) - abs(net) ELSE net - cost END)"
_SALES = "count(*) FILTER (NOT back)"
_VALUED = "NOT cancelled AND net IS NOT NULL"
_COSTED = f"{_VALUED} AND has_lines AND cost IS NOT NULL"
_RETURNED = "count(*) FILTER (back)"

SALES: Mapping[str, InSql] = {
    "average_transaction_value": InSql(
        "orders", "day", "true", _VALUED, f"sum({_MONEY})", _SALES, _SALES,
    ),
    "margin_per_transaction": InSql(
        "orders", "day", "true", _COSTED, f"sum({_MARGIN})", _SALES, _SALES,
    ),
    "margin_rate": InSql(
        "orders", "day", "true", _COSTED, f"sum({_MARGIN})", f"sum({_MONEY})", factor=100,
    ),
    "return_rate": InSql(
        "orders", "day", "true", "NOT cancelled AND back_known", _RETURNED, _SALES, factor=100,
    ),
    "web_share": InSql(
        "orders", "day", "back_known AND NOT back", "true",
        "count(*) FILTER (coalesce(via = 'web', false))",
        factor=100,
    ),
    "on_time_delivery_rate": InSql(
        "orders", "delivered_day", "delivered_day IS NOT NULL AND NOT back",
        "NOT cancelled AND promised_day IS NOT NULL AND delivered_day >= day",
        "count(*) FILTER (delivered_day <= promised_day)", factor=100,
    ),
    "conversion_rate": InSql(
        "leads", "day", "true", "true", "count(*) FILTER (outcome = 'won')", factor=100,
    ),
    "conversion_rate_closed": InSql(
        "leads", "either_day", "outcome IN ('won', 'lost')", "closed_at IS NOT NULL",
        "count(*) FILTER (outcome = 'won')", factor=100,
    ),
}  # fmt: skip

_RESOLVED = "resolved_at IS NOT NULL"


def _time(column: str, day: str, concerns: str, timed: str) -> InSql:
    return InSql("interactions", day, concerns, f"{timed} >= 0", f"sum({column})")


_TIMES: Mapping[str, InSql] = {
    "first_response_time": _time("response", "day", "true", "response"),
    "first_response_business_time": _time("business_response", "day", "true", "response"),
    "resolution_time": _time("resolution", "resolved_day", _RESOLVED, "resolution"),
    "resolution_business_time": _time(
        "business_resolution", "resolved_day", _RESOLVED, "resolution"
    ),
}
FIRST_CONTACT: Mapping[str, tuple[str, str]] = {
    "contact_count": (
        "contact_count IS NOT NULL", "contact_count = 1 AND coalesce(reopen_count, 0) = 0",
    ),
    "flag": ("resolved_on_first_contact IS NOT NULL", "resolved_on_first_contact"),
}  # fmt: skip
"""Variant → resolutions that count, and those at first contact."""

SERVICE: Mapping[str, InSql] = {
    **{f"{name}_mean": one for name, one in _TIMES.items()},
    "average_handle_time": InSql(
        "interactions", "day", "true", "handling > 0", "sum(handling) / 60.0"
    ),
    "reopen_rate": InSql(
        "interactions", "resolved_day", _RESOLVED, "reopen_count IS NOT NULL",
        "count(*) FILTER (reopen_count > 0)", factor=100,
    ),
    "support_cost_per_contact_direct": InSql(
        "interactions", "resolved_day", _RESOLVED, "cost IS NOT NULL", "sum(cost)",
    ),
    "survey_response_rate": InSql(
        "invitations", "day", _CUSTOMER, "delivered_day IS NOT NULL AND closed",
        "count(*) FILTER (answered)", factor=100,
    ),
    "support_cost_total": InSql(
        "support", "day", "true", "cost IS NOT NULL", "sum(cost)", "NULL", value="sum(cost)",
    ),
    "support_cost_per_contact": InSql(
        "support", "day", "true", "cost IS NOT NULL OR contacts = 1", "sum(coalesce(cost, 0))",
        "sum(contacts)", "sum(contacts)",
    ),
}  # fmt: skip

QUANTILES: Mapping[str, InSql] = {
    f"{name}_{label}": replace(
        one, value=f"quantile_cont({one.numerator[4:-1]}, {share})", numerator="NULL",
        denominator="NULL",
    )
    for name, one in _TIMES.items()
    for label, share in (("median", 0.5), ("p90", 0.9))
}  # fmt: skip


def event_kpis(variant: str) -> dict[str, InSql]:
    """Every KPI on events but quantiles, with a variant of first-contact resolution."""
    counts, first = FIRST_CONTACT[variant]
    resolved = InSql(
        "interactions", "resolved_day", _RESOLVED, counts, f"count(*) FILTER ({first})", factor=100
    )
    return {**SURVEY, **SALES, **SERVICE, "first_contact_resolution": resolved}
