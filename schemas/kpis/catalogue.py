"""The KPI catalogue: every entry by its code, and which of them a company publishes."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.config.kpis import KpiConfig
from schemas.config.project import Project
from schemas.errors import ConfigError
from schemas.kpis import experience, loyalty, service, value
from schemas.kpis.kpi import Kpi

CATALOGUE: Mapping[str, Kpi] = {
    kpi.code: kpi for kpi in (*experience.KPIS, *loyalty.KPIS, *value.KPIS, *service.KPIS)
}


@dataclass(frozen=True, slots=True)
class Published:
    """A KPI under the code that it is published by.

    Attributes:
        code: Published code; the catalogue's, or a variant's.
        kpi: Its entry in the catalogue.
        weights: `none`, or `response` for the response's weight.
        name: Name of a variant, if it has one of its own.
    """

    code: str
    kpi: Kpi
    weights: str
    name: str | None = None

    @property
    def state(self) -> str:
        """Code of the state it is read from: KPIs of the same measure and weights share it."""
        return self.kpi.measure if self.weights == "none" else f"{self.kpi.measure}:weighted"


def published_kpis(project: Project) -> tuple[Published, ...]:
    """KPIs and variants that the configuration asks for and whose input tables it feeds.

    Those in business time are left out where `kpis.business_time` is not configured.

    Raises:
        ConfigError: The configuration names a KPI that the catalogue does not have, or one in
            business time without business hours, weighs one that has no weights, or gives a
            variant a code that is taken.
    """
    config = project.kpis
    _refuse_unknown(config)
    fed = set(project.fed_tables())
    asked = [
        Published(kpi.code, kpi, config.weights if kpi.fact == "answer" else "none")
        for kpi in CATALOGUE.values()
        if config.codes is None or kpi.code in config.codes
    ]
    asked += [
        Published(code, CATALOGUE[variant.of], variant.weights, variant.name)
        for code, variant in config.variants.items()
    ]
    return tuple(
        one
        for one in asked
        if set(input_tables(one.kpi, config)) <= fed
        and (config.business_time is not None or not one.kpi.needs_business_time)
    )


def input_columns(kpi: Kpi, config: KpiConfig) -> tuple[str, ...]:
    """Inputs of a KPI under this configuration, as `table.column`."""
    return loyalty.CUSTOMER_BASES[config.churn.basis] if kpi.has_customer_basis else kpi.inputs


def input_tables(kpi: Kpi, config: KpiConfig) -> tuple[str, ...]:
    """Canonical tables that a KPI cannot do without under this configuration."""
    columns = input_columns(kpi, config)
    return tuple(dict.fromkeys(name.partition(".")[0] for name in columns))


def _refuse_unknown(config: KpiConfig) -> None:
    asked = {f"kpis.codes: {code}": code for code in config.codes or ()}
    asked |= {f"kpis.variants.{name}.of": variant.of for name, variant in config.variants.items()}
    for where, code in asked.items():
        if code not in CATALOGUE:
            raise ConfigError(
                "no such KPI in the catalogue",
                where=where,
                found=code,
                allowed=", ".join(sorted(CATALOGUE)),
                mend="correct the code, or add an entry under schemas/kpis/",
            )
        if CATALOGUE[code].needs_business_time and config.business_time is None:
            raise ConfigError(
                "the KPI is in business time, and there are no business hours",
                where=where,
                found=code,
                mend="configure `kpis.business_time`, or remove the code",
            )
    for name, variant in config.variants.items():
        if name in CATALOGUE:
            raise ConfigError(
                "the code is the catalogue's own",
                where=f"kpis.variants.{name}",
                found=name,
                mend="give the variant a code of its own",
            )
        if variant.weights == "response" and CATALOGUE[variant.of].fact != "answer":
            raise ConfigError(
                "only survey KPIs can be weighted by the response",
                where=f"kpis.variants.{name}.weights",
                found=variant.of,
                allowed=", ".join(c for c, kpi in CATALOGUE.items() if kpi.fact == "answer"),
                mend="remove `weights`",
            )
