"""The KPI catalogue: every entry by its code, and which of them a company publishes."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.config.kpis import KpiConfig, SurveyOptions, Variant
from schemas.config.project import Project
from schemas.errors import ConfigError
from schemas.kpis import (
    contracts,
    customers,
    experience,
    journey,
    lifetime,
    loyalty,
    people,
    response,
    service,
    value,
)
from schemas.kpis.declared import declared_kpi
from schemas.kpis.kpi import Kpi
from schemas.kpis.method import method_options
from schemas.kpis.publication import refuse_unknown_codes

CATALOGUE: Mapping[str, Kpi] = {
    kpi.code: kpi
    for kpi in (
        *experience.KPIS,
        *journey.KPIS,
        *response.KPIS,
        *loyalty.KPIS,
        *contracts.KPIS,
        *value.KPIS,
        *lifetime.KPIS,
        *customers.KPIS,
        *service.KPIS,
        *people.KPIS,
    )
}

_OF_SURVEYS: Final = {
    "dedupe_days": "only survey KPIs have answers that a later one takes the place of",
    "survey_kinds": "only survey KPIs have kinds of survey",
    "weights": "only survey KPIs can be weighted by the response",
}


def entries(config: KpiConfig) -> dict[str, Kpi]:
    """Every entry by its code: the catalogue's, by the names of the company, and its own."""
    own = {code: declared_kpi(code, one) for code, one in config.declared.items()}
    found = {**CATALOGUE, **own}
    for code, names in config.names.items():
        if code in found:
            kpi = found[code]
            found[code] = dataclasses.replace(
                kpi, name_en=names.en or kpi.name_en, name_fr=names.fr or kpi.name_fr
            )
    return found


@dataclass(frozen=True, slots=True)
class Published:
    """A KPI under the code that it is published by.

    Attributes:
        code: Published code; the catalogue's, or a variant's.
        kpi: Its entry in the catalogue.
        weights: `none`, or `response` for the response's weight.
        name: Name of a variant, if it has one of its own.
        dedupe_days: Days in which a person's next answer takes the place of an answer; 0 for all
            answers.
        survey_kinds: Kinds of survey whose answers count; none for all.
        method: Rules of the configuration that `method_id` names.
    """

    code: str
    kpi: Kpi
    weights: str
    name: str | None = None
    dedupe_days: int = 0
    survey_kinds: tuple[str, ...] = ()
    method: str = ""

    @property
    def state(self) -> str:
        """Code of the state it is read from: KPIs of the same measure and options share it."""
        weighted = "" if self.weights == "none" else ":weighted"
        state = of_kinds(f"{self.kpi.measure}{weighted}", self.survey_kinds)
        return deduplicated(state, self.dedupe_days)


def of_kinds(state: str, survey_kinds: Sequence[str]) -> str:
    """Code of a state on the answers to some kinds of survey."""
    return f"{state}:kinds={'+'.join(survey_kinds)}" if survey_kinds else state


def deduplicated(state: str, dedupe_days: int) -> str:
    """Code of a state in which a person's next answer takes the place of an answer."""
    return f"{state}:dedupe={dedupe_days}" if dedupe_days else state


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
    known = entries(config)
    fed = set(project.fed_tables())
    asked = [
        _published(kpi.code, kpi, config, options=_survey_options(kpi, config))
        for kpi in known.values()
        if config.codes is None or kpi.code in config.codes
    ]
    asked += [
        _published(code, known[variant.of], config, options=variant, name=variant.name)
        for code, variant in config.variants.items()
    ]
    return tuple(
        one
        for one in asked
        if set(input_tables(one.kpi, config)) <= fed
        and _maps(project, one.kpi.mapped)
        and (config.business_time is not None or not one.kpi.needs_business_time)
    )


def _published(
    code: str,
    kpi: Kpi,
    config: KpiConfig,
    *,
    options: Variant | SurveyOptions,
    name: str | None = None,
) -> Published:
    days, kinds = options.dedupe_days or 0, tuple(sorted(set(options.survey_kinds or ())))
    method = method_options(kpi, config, dedupe_days=days, survey_kinds=kinds)
    return Published(code, kpi, options.weights or "none", name, days, kinds, method)


def _survey_options(kpi: Kpi, config: KpiConfig) -> SurveyOptions:
    """How the answers of a KPI of the catalogue count: its own options, else those of all."""
    own = config.survey_options.get(kpi.code, SurveyOptions())
    weights = own.weights or config.weights
    days = config.dedupe_days if own.dedupe_days is None else own.dedupe_days
    kinds = config.survey_kinds if own.survey_kinds is None else own.survey_kinds
    return SurveyOptions(
        weights=weights if kpi.can_be_weighted else "none",
        dedupe_days=days if kpi.can_be_weighted else 0,
        survey_kinds=kinds if kpi.can_be_weighted else (),
    )


def _maps(project: Project, columns: Iterable[str]) -> bool:
    """Whether some source maps each of these columns."""
    named = [name.partition(".")[::2] for name in columns]
    return all(
        any(column in mapping.columns for mapping in project.feeds(table).values())
        for table, column in named
    )


def input_columns(kpi: Kpi, config: KpiConfig) -> tuple[str, ...]:
    """Inputs of a KPI under this configuration, as `table.column`."""
    if not kpi.has_customer_basis:
        return kpi.inputs
    others = [name for name in kpi.inputs if name not in loyalty.CUSTOMER_BASES["orders"]]
    return (*loyalty.CUSTOMER_BASES[config.churn.basis], *others)


def input_tables(kpi: Kpi, config: KpiConfig) -> tuple[str, ...]:
    """Canonical tables that a KPI cannot do without under this configuration."""
    columns = input_columns(kpi, config)
    return tuple(dict.fromkeys(name.partition(".")[0] for name in columns))


def _refuse_unknown(config: KpiConfig) -> None:
    """Refuse codes that nothing has, and new ones that something has."""
    known = entries(config)
    asked = {f"kpis.names: {code}": code for code in config.names}
    asked |= {f"kpis.codes: {code}": code for code in config.codes or ()}
    asked |= {f"kpis.survey_options: {code}": code for code in config.survey_options}
    asked |= {f"kpis.variants.{name}.of": variant.of for name, variant in config.variants.items()}
    for where, code in asked.items():
        if code not in known:
            raise ConfigError(
                "no such KPI in the catalogue",
                where=where,
                found=code,
                allowed=", ".join(sorted(known)),
                mend="correct the code, or declare the KPI under `kpis.declared`",
            )
        if known[code].needs_business_time and config.business_time is None:
            raise ConfigError(
                "the KPI is in business time, and there are no business hours",
                where=where,
                found=code,
                mend="configure `kpis.business_time`, or remove the code",
            )
    _refuse_options(config, known)
    refuse_unknown_codes(config, known)
    variants = {f"kpis.variants.{name}": (name, name in known) for name in config.variants}
    own = {f"kpis.declared.{code}": (code, code in CATALOGUE) for code in config.declared}
    for where, (code, is_taken) in {**variants, **own}.items():
        if is_taken:
            raise ConfigError(
                "the code is taken",
                where=where,
                found=code,
                mend="give it a code of its own",
            )


def _refuse_options(config: KpiConfig, known: Mapping[str, Kpi]) -> None:
    """Refuse survey options of KPIs that have none."""
    named: dict[str, tuple[str, Variant | SurveyOptions]] = {
        f"kpis.survey_options.{code}": (code, options)
        for code, options in config.survey_options.items()
    }
    named |= {f"kpis.variants.{name}": (one.of, one) for name, one in config.variants.items()}
    allowed = ", ".join(code for code, kpi in known.items() if kpi.can_be_weighted)
    for where, (code, options) in named.items():
        if known[code].can_be_weighted:
            continue
        given = {
            "dedupe_days": bool(options.dedupe_days),
            "survey_kinds": bool(options.survey_kinds),
            "weights": options.weights == "response",
        }
        for key in (name for name, is_given in given.items() if is_given):
            raise ConfigError(
                _OF_SURVEYS[key],
                where=f"{where}.{key}",
                found=code,
                allowed=allowed,
                mend=f"remove `{key}`",
            )
