"""Refuse a configuration whose report leads with KPIs that there are not."""

from schemas.config.project import Project
from schemas.errors import ConfigError
from schemas.kpis.catalogue import entries


def refuse_unknown_headlines(project: Project) -> None:
    """Check `report.headline` against the catalogue, the variants and the company's own KPIs.

    Raises:
        ConfigError: One is not among them.
    """
    known = {*entries(project.kpis), *project.kpis.variants}
    for place, code in enumerate(project.report.headline):
        if code not in known:
            raise ConfigError(
                "no such KPI",
                where=f"report.headline.{place}",
                found=code,
                allowed=", ".join(sorted(known)),
                mend="correct the code, or declare the KPI or the variant that it is meant for",
            )
