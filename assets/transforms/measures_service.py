"""Measures on the fact `interaction`: response and resolution times, first contact.

Expressions only.
"""

from collections.abc import Iterator

import narwhals as nw

from assets.transforms.measures import Measure
from schemas.config.kpis import KpiConfig


def service_measures(config: KpiConfig) -> Iterator[Measure]:
    """Every measure on interactions."""
    response = nw.col("first_response_seconds")
    yield Measure(
        code="first_response_time",
        fact="interaction",
        shape="mean",
        day="opened_on",
        concerns=None,
        reasons={"no_first_response": response.is_null(), "negative_duration": response < 0},
        x=response,
        is_fixed=True,
        has_histogram=True,
    )
    resolution, is_resolved = nw.col("resolution_seconds"), ~nw.col("resolved_on").is_null()
    yield Measure(
        code="resolution_time",
        fact="interaction",
        shape="mean",
        day="resolved_on",
        concerns=is_resolved,
        reasons={"negative_duration": resolution < 0},
        x=resolution,
        is_fixed=True,
        has_histogram=True,
    )
    contacts = nw.col("contact_count")
    flag = nw.col("resolved_on_first_contact")
    by_flag = config.first_contact_resolution.variant == "flag"
    yield Measure(
        code="first_contact_resolution",
        fact="interaction",
        shape="share",
        day="resolved_on",
        concerns=is_resolved,
        reasons={"no_flag": flag.is_null()} if by_flag else {"no_contacts": contacts.is_null()},
        x=flag if by_flag else (contacts == 1) & (nw.col("reopen_count").fill_null(0) == 0),
    )
