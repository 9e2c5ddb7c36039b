"""A company with KPIs of every unit and every length of period, on both warehouses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pipelines.superset.bundle import bundle_documents
from schemas.config.project import Project
from tests.pipelines import cookbook
from tests.pipelines.company import Company
from tests.pipelines.republished import republish
from tests.postgres import postgres_server

SCHEMA = "cx_barometer"
_CODES = (
    "nps", "csat", "csat_mean", "nps_promoter_share", "churn_rate", "support_cost_per_contact",
    "support_cost_total", "first_contact_resolution", "resolution_time_mean",
    "resolution_time_median", "average_transaction_value",
)  # fmt: skip
_CHANGES = (
    (
        "periods: {calendar: [day, month], rolling: []}",
        "periods: {calendar: [day, week, month, quarter, year], rolling: [rolling_28d]}",
    ),
    (
        "codes: [nps, csat, churn_rate, support_cost_per_contact, first_contact_resolution]",
        f"codes: [{', '.join(_CODES)}]",
    ),
)


def published_company(folder: Path) -> Company:
    """The company of the cookbook, with more lengths of period and more KPIs."""
    config = cookbook.CONFIG
    for old, new in _CHANGES:
        assert old in config
        config = config.replace(old, new)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cookbook, "CONFIG", config)
        return cookbook.publish_twice(folder)


def documents_of(project: Project, warehouse: Path) -> dict[str, dict[str, Any]]:
    """The bundle of a company on its DuckDB file."""
    return bundle_documents(project, f"duckdb:///{warehouse}?access_mode=read_only")


def dataset(documents: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """A dataset of a bundle by its name."""
    return next(
        document
        for path, document in documents.items()
        if path.startswith("datasets/") and path.endswith(f"/{name}.yaml")
    )


@contextmanager
def served(company: Company) -> Iterator[psycopg.Connection[Any]]:
    """A PostgreSQL of its own that shows the publish of a company's DuckDB file."""
    with postgres_server() as dsn:
        republish(company, dsn)
        with psycopg.connect(dsn, autocommit=True) as server:
            yield server
