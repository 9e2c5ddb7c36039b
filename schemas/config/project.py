"""The whole of barometer.yaml as one model; reading the file is `pipelines.config`'s work."""

import datetime as dt
import re
import zoneinfo
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from schemas.config.alerts import AlertConfig
from schemas.config.base import Model, Zone
from schemas.config.calendar import FiscalCalendar
from schemas.config.files import FileOptions
from schemas.config.kpis import KpiConfig
from schemas.config.mapping import TableMap
from schemas.config.quality import QualityConfig
from schemas.config.report import ReportConfig
from schemas.config.warehouse import WarehouseConfig
from schemas.dimensions import known_dimension
from schemas.registry import TABLES
from schemas.survey import METRICS

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def _snake_case(name: str) -> str:
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is not a name of lower-case letters, digits and underscores"
        raise ValueError(msg)
    return name


Name = Annotated[str, AfterValidator(_snake_case)]

DECLARED_SOURCE = "configuration"
"""Source of the rows that barometer.yaml itself declares; no extract may have its name."""


class Company(Model):
    """What holds for the whole company."""

    name: str = Field(description="Name shown to readers.")
    time_zone: Zone = Field(description="Zone in which days, weeks and months are cut.")
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="Reporting currency, ISO 4217.")
    industry: str | None = Field(default=None, description="Industry, as benchmarks name it.")
    country: str | None = Field(default=None, description="Country, as benchmarks name it.")
    fiscal: FiscalCalendar = Field(
        default_factory=FiscalCalendar,
        description="Fiscal months, quarters and years, those of the calendar by default; "
        "`{kind: months, first_month: 4}` begins them in April, `{kind: weeks, pattern: [4, 4, 5], "
        "ends_on: sunday, month: 12}` makes them of 52 or 53 whole weeks.",
    )

    def today(self, now: dt.datetime) -> dt.date:
        """The day that an instant falls on in the company's zone."""
        return now.astimezone(zoneinfo.ZoneInfo(self.time_zone)).date()


class Source(Model):
    """One extract: where it is, how it is read, which canonical tables it feeds."""

    system: Literal["crm", "erp", "survey"] = Field(description="System it comes from.")
    files: FileOptions = Field(description="Where the files are and how they are read.")
    mode: Literal["snapshot", "incremental"] = Field(
        description="The whole table each time, or new and changed rows."
    )
    on_missing: Literal["fail", "skip"] = Field(
        default="fail", description="What to do when there is no file for the day."
    )
    stale_after_days: int = Field(
        default=0,
        ge=0,
        description="Days without a file after which KPIs that need this source are stale.",
    )
    description: str = Field(default="", description="Shown on the Dagster asset.")
    tables: dict[str, TableMap] = Field(
        default_factory=dict, description="Canonical table → mapping; none for a lookup source."
    )

    @field_validator("tables")
    @classmethod
    def _known_tables(cls, tables: dict[str, TableMap]) -> dict[str, TableMap]:
        for name, mapping in tables.items():
            if name not in TABLES:
                msg = f"no canonical table {name!r}; allowed: {', '.join(sorted(TABLES))}"
                raise ValueError(msg)
            table = TABLES[name]
            unknown = set(mapping.columns) - {column.name for column in table.columns}
            if unknown:
                allowed = ", ".join(column.name for column in table.columns)
                msg = f"{name} has no column {', '.join(sorted(unknown))}; allowed: {allowed}"
                raise ValueError(msg)
            if mapping.unpivot and name != "survey_answer":
                msg = f"{name}: only survey_answer can be unpivoted"
                raise ValueError(msg)
            if mapping.custom and name != "crm_account":
                msg = f"{name}: only crm_account has custom attributes"
                raise ValueError(msg)
            filled = {"question_id"} if mapping.unpivot else set()
            lacking = [
                column.name
                for column in table.columns
                if not column.nullable and column.name not in {*mapping.columns, *filled}
            ]
            if lacking:
                msg = f"{name}: mapping lacks the mandatory column {', '.join(lacking)}"
                raise ValueError(msg)
        return tables


class Question(Model):
    """One question of a survey declared in the configuration."""

    metric: str = Field(description="What it measures.")
    scale: tuple[float, float] | None = Field(default=None, description="Least and greatest score.")
    higher_is_better: bool = Field(default=True, description="Direction of the scale.")
    attribute: str | None = Field(default=None, description="What it is about.")
    na_codes: tuple[float, ...] = Field(default=(), description="Scores that mean no answer.")
    text: str | None = Field(default=None, description="Wording.")

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, metric: str) -> str:
        if metric not in METRICS:
            msg = f"no metric {metric!r}; allowed: {', '.join(METRICS)}"
            raise ValueError(msg)
        return metric

    @field_validator("scale")
    @classmethod
    def _ascending(cls, scale: tuple[float, float] | None) -> tuple[float, float] | None:
        if scale and scale[0] >= scale[1]:
            msg = f"a scale ascends; found {list(scale)}"
            raise ValueError(msg)
        return scale


class Survey(Model):
    """A survey whose definition no extract holds."""

    name: str | None = Field(default=None, description="Name shown to readers.")
    kind: Literal["relational", "transactional", "in_the_moment"] = Field(
        description="What makes it go out."
    )
    audience: Literal["customer", "employee"] = Field(
        default="customer", description="Who is asked."
    )
    touchpoint: str | None = Field(default=None, description="Touchpoint it is about.")
    journey_cycle: str | None = Field(default=None, description="Cycle of the journey.")
    channel: str | None = Field(default=None, description="Channel it goes out by.")
    questions: dict[str, Question] = Field(description="question_id → question.")


class Privacy(Model):
    """How personal data is treated."""

    pii_key: SecretStr | None = Field(
        default=None,
        description="Key of the pseudonyms, from the environment; without it PII is blanked.",
    )

    @property
    def key(self) -> str | None:
        """The key itself; it goes into pseudonyms and nowhere else."""
        return self.pii_key.get_secret_value() if self.pii_key else None


class Schedule(Model):
    """When the daily run starts."""

    cron: str = Field(default="0 6 * * *", description="Cron expression in the company's zone.")
    deadline: str = Field(
        default="0 8 * * *",
        description="Cron expression of the time by which tables are to be fresh.",
    )
    max_runtime_minutes: int = Field(
        default=240, ge=1, description="After which run monitoring fails a run."
    )


class Project(Model):
    """One company: everything that barometer.yaml says."""

    version: Literal[1] = Field(description="Version of this file's grammar.")
    company: Company = Field(description="What holds for the whole company.")
    start_date: dt.date = Field(description="First logical date.")
    owner: str = Field(
        default="team:customer-experience",
        pattern=r"^(team:[\w-]+|[^@\s]+@[^@\s]+)$",
        description="Owner shown on the assets: `team:name` or an e-mail address.",
    )
    schedule: Schedule = Field(default_factory=Schedule, description="When runs start.")
    privacy: Privacy = Field(default_factory=Privacy, description="Personal data.")
    sources: dict[Name, Source] = Field(min_length=1, description="Extracts by name.")
    surveys: dict[str, Survey] = Field(
        default_factory=dict, description="Surveys that no extract defines."
    )
    segment_sets: dict[Name, tuple[str, ...]] = Field(
        default_factory=dict, description="Name → dimensions that KPIs are cut by together."
    )
    kpis: KpiConfig = Field(default_factory=KpiConfig, description="KPI parameters.")
    quality: QualityConfig = Field(
        default_factory=QualityConfig, description="What is expected of the data."
    )
    warehouse: WarehouseConfig = Field(
        default_factory=WarehouseConfig, description="Where the tables are published."
    )

    report: ReportConfig = Field(
        default_factory=ReportConfig, description="The report of every publish."
    )
    alerts: AlertConfig = Field(
        default_factory=AlertConfig, description="Who is told when a run fails."
    )

    @field_validator("sources")
    @classmethod
    def _not_reserved(cls, sources: dict[str, Source]) -> dict[str, Source]:
        if DECLARED_SOURCE in sources:
            msg = f"{DECLARED_SOURCE!r} is the source of declared surveys; give it another name"
            raise ValueError(msg)
        return sources

    @field_validator("segment_sets")
    @classmethod
    def _known_dimensions(cls, sets: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, dimensions in sets.items():
            if name == "total":
                msg = "`total` is always there; give the set another name"
                raise ValueError(msg)
            if not dimensions or len(set(dimensions)) != len(dimensions):
                msg = f"{name}: a set names one dimension or more, each once"
                raise ValueError(msg)
            for dimension in dimensions:
                known_dimension(dimension)
        return sets

    @model_validator(mode="after")
    def _limits_are_of_something(self) -> Any:
        for key, names, known in (
            ("sources", self.quality.sources, self.sources),
            ("tables", self.quality.tables, TABLES),
        ):
            unknown = sorted(set(names) - set(known))
            if unknown:
                msg = f"quality.{key}: no {unknown[0]!r}; allowed: {', '.join(sorted(known))}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _sets_are_known(self) -> Any:
        ranked = set(self.segment_sets)
        known = {"total", *ranked}
        for key, names, allowed in (
            ("kpis.min_n.segment_sets", self.kpis.min_n.segment_sets, known),
            ("kpis.periods.rolling_28d_sets", self.kpis.periods.rolling_28d_sets, known),
            ("report.segment_sets", self.report.segment_sets, ranked),
        ):
            unknown = sorted(set(names) - allowed)
            if unknown:
                shown = ", ".join(sorted(allowed)) or "none is declared"
                msg = f"{key}: no segment set {unknown[0]!r}; allowed: {shown}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _lookups_exist(self) -> Any:
        for name, source in self.sources.items():
            for table, mapping in source.tables.items():
                for column, spec in {**mapping.columns, **mapping.custom}.items():
                    if spec.lookup and spec.lookup.source not in self.sources:
                        msg = (
                            f"sources.{name}.tables.{table}.columns.{column}.lookup.source: "
                            f"no source {spec.lookup.source!r}; "
                            f"allowed: {', '.join(sorted(self.sources))}"
                        )
                        raise ValueError(msg)
        return self

    def feeds(self, table: str) -> dict[str, TableMap]:
        """Sources that feed a canonical table: source name → its mapping."""
        return {
            name: source.tables[table]
            for name, source in self.sources.items()
            if table in source.tables
        }

    def fed_tables(self) -> tuple[str, ...]:
        """Canonical tables that some source or the configuration feeds, in registry order."""
        declared = {"survey", "survey_question"} if self.surveys else set()
        return tuple(name for name in TABLES if self.feeds(name) or name in declared)
