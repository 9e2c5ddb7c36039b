"""The bundle: one ZIP in the format that Superset exports and imports dashboards in.

The same configuration gives the same bytes, and assets keep their UUIDs: importing a bundle again
updates what is there.
"""

import io
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from pipelines.outputs import FILE, writing
from pipelines.superset.chart import chart_document
from pipelines.superset.contents import tabs
from pipelines.superset.dashboard import dashboard_document, defaults
from pipelines.superset.database import database_document
from pipelines.superset.datasets import dataset_documents
from pipelines.superset.naming import Names, file_name
from pipelines.superset.texts import Words
from schemas.config.project import Project
from schemas.open_data_contract import to_yaml

ROOT: Final = "cx_barometer"
"""Folder within the ZIP that everything stands in."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_STAMP = "2026-01-01T00:00:00+00:00"


def bundle_documents(
    project: Project, uri: str, with_values: Collection[str] | None = None
) -> dict[str, dict[str, Any]]:
    """Path within the bundle → document.

    Args:
        project: Company whose KPIs, names and segments are told.
        uri: SQLAlchemy's address of the published tables, without a password.
        with_values: KPIs that charts are made of; all that the company publishes by default. There
            is a metric of every one either way.
    """
    words = Words(project.report.language, project.company.currency)
    names = Names(project.company.name)
    pages, begun = tabs(project, words, with_values), defaults(project, words, with_values)
    charts = {chart.key: chart for page in pages for chart in page.charts}
    database = file_name(project.company.name)
    return {
        "metadata.yaml": {"version": "1.0.0", "type": "Dashboard", "timestamp": _STAMP},
        f"databases/{database}.yaml": database_document(names, words, uri),
        **{
            f"datasets/{database}/{name}.yaml": document
            for name, document in dataset_documents(project, names, words).items()
        },
        **{
            f"charts/{key}.yaml": chart_document(chart, names, begun)
            for key, chart in charts.items()
        },
        "dashboards/cx.yaml": dashboard_document(project, pages, names, words, begun=begun),
    }


def bundle_bytes(documents: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The documents as a ZIP that says nothing of when and where it was made."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, document in documents.items():
            entry = zipfile.ZipInfo(f"{ROOT}/{path}", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, to_yaml(document))
    return made.getvalue()


def write_bundle(documents: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Write the bundle, wholly or not at all.

    Raises:
        BarometerError: It cannot be written there.
    """
    from assets.lake.atomic import atomic_path

    with (
        writing("the Superset bundle", path, allowed=FILE),
        atomic_path(path) as temporary,
    ):
        temporary.write_bytes(bundle_bytes(documents))
