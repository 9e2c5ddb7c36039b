"""The dimensions that KPIs can be cut by, and where each comes from.

A dimension is looked for on the event itself first, then on the account as of the event, the
survey and the product; the origin below says which one carries it.
"""

import re
from collections.abc import Mapping
from typing import Literal

Origin = Literal["account", "event", "survey", "product"]

DIMENSIONS: Mapping[str, tuple[Origin, str]] = {
    "account_kind": ("account", "kind"),
    "region": ("account", "region"),
    "country": ("account", "country"),
    "city": ("account", "city"),
    "industry": ("account", "industry"),
    "plan": ("account", "plan"),
    "tier": ("account", "tier"),
    "gender": ("account", "gender"),
    "age_band": ("account", "age_band"),
    "acquisition_channel": ("account", "acquisition_channel"),
    "touchpoint": ("event", "touchpoint"),
    "journey_cycle": ("event", "journey_cycle"),
    "channel": ("event", "channel"),
    "language": ("event", "language"),
    "department": ("event", "department"),
    "category": ("event", "category"),
    "lead_source": ("event", "source"),
    "survey": ("survey", "survey_id"),
    "survey_kind": ("survey", "kind"),
    "attribute": ("survey", "attribute"),
    "product_category": ("product", "category"),
    "product_family": ("product", "family"),
}
"""Dimension → (origin, column there)."""

UNKNOWN = "(unknown)"
"""Segment of rows whose dimension has no value: a segment of its own, never lost."""

_CUSTOM = re.compile(r"custom\.[a-z][a-z0-9_]*")


def known_dimension(name: str) -> tuple[Origin, str]:
    """Origin and column of a dimension; `custom.<name>` is an account's own attribute.

    Raises:
        ValueError: There is no such dimension.
    """
    if _CUSTOM.fullmatch(name):
        return ("account", name)
    if name not in DIMENSIONS:
        allowed = ", ".join(sorted(DIMENSIONS))
        msg = f"no dimension {name!r}; allowed: {allowed}, custom.<attribute>"
        raise ValueError(msg)
    return DIMENSIONS[name]
