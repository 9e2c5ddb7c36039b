"""Which parameters of `kpis:` change what: a change rebuilds, and explains, no more than that.

A parameter that is not named here changes everything: slow is better than stale.
"""

from collections.abc import Mapping
from typing import Final

_NAMES: Final = frozenset(
    {"codes", "confidence", "declared", "min_n", "names", "targets", "variants"}
)
"""What is published and how it is shown; the KPIs' own definitions are looked at one by one."""

NOT_IN_STATES: Final = _NAMES | {
    "churn", "contracts", "cross_sell", "dedupe_days", "exchange", "known_from", "lifetime",
    "periods", "survey_kinds", "survey_options", "weights",
}  # fmt: skip
"""Parameters that do not change what is summed, or do so by way of other measures."""

NOT_IN_POPULATIONS: Final = _NAMES | {
    "csat_top_boxes", "dedupe_days", "survey_kinds", "survey_options", "weights",
}  # fmt: skip
"""Parameters that do not change what is counted, or do so by way of the published KPIs."""

NOT_IN_VALUES: Final = _NAMES | {"periods", "weights"}
"""Parameters that do not change the value of one KPI, or are looked at on their own."""

ONLY_OF: Final[Mapping[str, frozenset[str]]] = {
    "csat_top_boxes": frozenset({"answer"}),
    "first_contact_resolution": frozenset({"interaction", "population"}),
    "business_time": frozenset({"interaction", "population"}),
    "dedupe_days": frozenset({"answer"}),
    "survey_kinds": frozenset({"answer"}),
    "survey_options": frozenset({"answer"}),
    "response_window_days": frozenset({"invitation"}),
    "churn": frozenset({"population"}),
    "known_from": frozenset({"population"}),
    "cancelled_statuses": frozenset({"order", "population"}),
}
"""Parameter → facts whose values it changes; any other may change every value."""
