"""Make the report from what is published, unless it is there already."""

from dataclasses import dataclass
from pathlib import Path

from assets.lake.atomic import atomic_path
from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from assets.report.edition import Edition
from assets.report.page import page
from assets.report.published import read_published
from assets.report.reading import asking
from schemas.config.project import Project

CODE_VERSION = 2
"""Raise it when the same tables would be told differently."""

_HEAD_BYTES = 400
"""The generator's name stands within the first so many bytes of the file."""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """The report as it stands.

    Attributes:
        path: The file.
        is_new: Whether it was written; otherwise the same had been made before.
        size_bytes: Its size.
        publish_id: Publish that it tells; None where nothing was published.
        headlines: KPI codes of its first screen.
    """

    path: Path
    is_new: bool
    size_bytes: int
    publish_id: str | None
    headlines: tuple[str, ...]


def make_report(lake: Lake, project: Project) -> ReportFile:
    """Write the report of the latest publish.

    Args:
        lake: Where the warehouse and the report stand.
        project: The company's configuration.

    Raises:
        PublishError: The warehouse cannot be read.
    """
    config = project.report
    with asking(lake, project) as ask:
        published = read_published(ask, config.period, config.periods)
    edition = Edition(project, published)
    publish_id = str(published.run["publish_id"]) if published.run else None
    company = project.company
    told = (company.name, company.currency, project.kpis.confidence, list(project.segment_sets))
    made_from = fingerprint(CODE_VERSION, publish_id, config.model_dump(mode="json"), told)
    generator = f"CX Barometer, report {made_from}"
    is_new = not _is_made(lake.report, generator)
    if is_new:
        with atomic_path(lake.report) as temporary:
            temporary.write_text(page(edition, generator=generator), encoding="utf-8")
    headlines = tuple(one.code for one in edition.headlines)
    return ReportFile(lake.report, is_new, lake.report.stat().st_size, publish_id, headlines)


def _is_made(path: Path, generator: str) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return False
    return f'content="{generator}"'.encode() in head
