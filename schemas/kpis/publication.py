"""What a configuration asks of the publication of KPIs, where it names them: refused if unknown.

Which values are withheld, and how they stand against targets, is computed in `assets`.
"""

from collections.abc import Collection

from schemas.config.kpis import KpiConfig
from schemas.errors import ConfigError


def refuse_unknown_codes(config: KpiConfig, codes: Collection[str]) -> None:
    """Refuse targets and least numbers of KPIs that there are not.

    Args:
        config: The `kpis` part of the configuration.
        codes: Codes of the catalogue and those declared; variants are added here.

    Raises:
        ConfigError: One names a KPI that there is not.
    """
    known = {*codes, *config.variants}
    for key, named in (("targets", config.targets), ("min_n.kpis", config.min_n.kpis)):
        for code in named:
            if code not in known:
                raise ConfigError(
                    "no such KPI",
                    where=f"kpis.{key}.{code}",
                    found=code,
                    allowed=", ".join(sorted(known)),
                    mend="correct the code, or declare the KPI or the variant that it is meant for",
                )
