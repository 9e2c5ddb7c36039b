"""What a company expects of its data: the `quality:` part of barometer.yaml.

A check has limits: breaking a `warn_…` limit is shown and published, breaking an `error_…` limit
blocks publish until it is mended or waived. A limit that is null is none. How a check is computed
is in `assets.transforms.quality` (extracts) and `assets.quality` (records).
"""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from schemas.config.base import Model

Severity = Literal["warn", "error"]
Share = float


class Limits(Model):
    """Base of the checks that compare one figure with upper limits."""

    warn_above: float | None = Field(default=None, ge=0, description="Shown above this.")
    error_above: float | None = Field(default=None, ge=0, description="Blocks publish above this.")

    @model_validator(mode="after")
    def _error_is_beyond_warning(self) -> Self:
        if None not in (self.warn_above, self.error_above) and self.warn_above > self.error_above:  # type: ignore[operator]  # neither is None
            msg = f"warn_above {self.warn_above} is beyond error_above {self.error_above}"
            raise ValueError(msg)
        return self


class Volume(Limits):
    """Rows of an extract as a multiple of the median on the same weekday of past weeks."""

    warn_below: float | None = Field(default=0.5, ge=0, description="Shown below this.")
    error_below: float | None = Field(
        default=0.05, ge=0, description="Blocks publish below this: a nearly empty extract."
    )
    warn_above: float | None = Field(default=2.0, ge=0, description="Shown above this.")
    weeks: int = Field(default=8, ge=1, description="Past weeks that are compared with.")
    least_weeks: int = Field(default=3, ge=1, description="Fewer extracts there, no judgement.")
    least_rows: int = Field(
        default=20, ge=1, description="No judgement where fewer rows are usual."
    )

    @model_validator(mode="after")
    def _limits_ascend(self) -> Self:
        order = [self.error_below, self.warn_below, self.warn_above, self.error_above]
        given = [limit for limit in order if limit is not None]
        if given != sorted(given):
            msg = f"error_below, warn_below, warn_above and error_above must ascend; found {given}"
            raise ValueError(msg)
        if self.least_weeks > self.weeks:
            msg = f"least_weeks {self.least_weeks} is more than weeks {self.weeks}"
            raise ValueError(msg)
        return self


class Freshness(Limits):
    """Days that the latest extract lies behind the latest logical date of any source.

    Without `warn_above` the source's own `stale_after_days` is the limit.
    """


class Columns(Model):
    """Columns of an extract against those of the extract before it."""

    new: Severity | None = Field(default="warn", description="A column that was not there.")
    gone: Severity | None = Field(
        default="warn", description="A column that no mapping asks for is no longer there."
    )
    retyped: Severity | None = Field(
        default="error", description="A column of a typed file has another type."
    )


class Refused(Limits):
    """Share of an extract's rows that its contract sent to quarantine."""

    warn_above: float | None = Field(default=0.05, ge=0, description="Shown above this share.")
    error_above: float | None = Field(
        default=0.5, ge=0, description="Blocks publish above this share."
    )
    least_rows: int = Field(default=20, ge=1, description="No judgement on fewer rows.")


class Drift(Limits):
    """Base of the checks that compare recent days with the time before them."""

    recent_days: int = Field(
        default=7, ge=1, description="Days up to the logical date that are looked at together."
    )
    reference_days: int = Field(
        default=56, ge=1, description="Days before those that they are compared with."
    )
    least_rows: int = Field(
        default=50, ge=1, description="No judgement on fewer rows, on either side."
    )
    significance: float = Field(
        default=0.001, gt=0, lt=1, description="Differences that chance explains do not count."
    )


class NullRate(Drift):
    """Share of rows without a value, less the share in the time before."""

    warn_above: float | None = Field(default=0.1, ge=0, description="Shown above this rise.")
    error_above: float | None = Field(
        default=0.5, ge=0, description="Blocks publish above this rise."
    )


class Categories(Drift):
    """Total variation distance of a column's values (0: same shares, 1: no value in common)."""

    warn_above: float | None = Field(default=0.2, ge=0, description="Shown above this distance.")
    new_above: float | None = Field(
        default=0.02, ge=0, description="Shown where values never seen before exceed this share."
    )


class Scores(Drift):
    """Kolmogorov-Smirnov distance of a question's scores from those in the time before.

    Scores outside of the range met before are looked at apart, for they show on the first day
    that a scale was changed.
    """

    warn_above: float | None = Field(default=0.2, ge=0, description="Shown above this distance.")
    error_above: float | None = Field(
        default=0.5, ge=0, description="Blocks publish above this distance."
    )
    outside_above: float | None = Field(
        default=0.05,
        ge=0,
        description="Blocks publish where more of a day's scores lie outside of the range before.",
    )
    least_rows: int = Field(default=30, ge=1, description="No judgement on fewer scores.")


class Redelivered(Limits):
    """Share of an incremental extract's rows that an earlier extract brought unchanged."""

    warn_above: float | None = Field(default=0.5, ge=0, description="Shown above this share.")
    error_above: float | None = Field(
        default=0.95,
        ge=0,
        description="Blocks publish above this share: an old file under a new name.",
    )
    days: int = Field(default=7, ge=1, description="Days back that are compared with.")
    least_rows: int = Field(default=20, ge=1, description="No judgement on fewer rows.")


class References(Limits):
    """Share of records whose reference points at nothing, by month of the event."""

    warn_above: float | None = Field(default=0.01, ge=0, description="Shown above this share.")
    grace_days: int = Field(
        default=3, ge=0, description="Parents may come this late: younger records do not count."
    )


class Totals(Limits):
    """Share of orders whose amount is not the sum of their lines, by month."""

    warn_above: float | None = Field(default=0.01, ge=0, description="Shown above this share.")
    tolerance_amount: float = Field(
        default=0.01, ge=0, description="Difference that rounding explains, in currency."
    )


class Checks(Model):
    """Limits of every check."""

    volume: Volume = Field(default_factory=Volume, description="Rows against past weeks.")
    freshness: Freshness = Field(default_factory=Freshness, description="Age of the extract.")
    columns: Columns = Field(default_factory=Columns, description="New, lost, retyped columns.")
    refused: Refused = Field(default_factory=Refused, description="Share in quarantine.")
    null_rate: NullRate = Field(default_factory=NullRate, description="Rise of missing values.")
    categories: Categories = Field(default_factory=Categories, description="Drift of categories.")
    scores: Scores = Field(default_factory=Scores, description="Shift of survey scores.")
    redelivered: Redelivered = Field(
        default_factory=Redelivered, description="Rows that came before."
    )
    references: References = Field(default_factory=References, description="Orphans.")
    totals: Totals = Field(default_factory=Totals, description="Order = Σ lines.")

    def under(self, override: "Checks | None") -> "Checks":
        """These limits with those that an override sets in their place."""
        return self if override is None else _merged(self, override, Checks.model_fields)


class OwnExpectation(Model):
    """An expectation of the company's own, on the records of one event month."""

    type: str = Field(pattern=r"^expect_[a-z0-9_]+$", description="Great Expectations' name of it.")
    kwargs: dict[str, Any] = Field(default_factory=dict, description="Its arguments.")
    severity: Severity = Field(default="warn", description="What it means not to meet it.")
    mend: str | None = Field(default=None, description="What to do where it is not met.")


class TableQuality(Checks):
    """Limits and expectations of one canonical table."""

    expectations: tuple[OwnExpectation, ...] = Field(
        default=(), description="Further expectations, in Great Expectations' vocabulary."
    )


class QualityConfig(Model):
    """Limits of the checks, where they differ by table or source, and expectations."""

    checks: Checks = Field(default_factory=Checks, description="Limits that hold everywhere.")
    tables: dict[str, TableQuality] = Field(
        default_factory=dict, description="Canonical table → limits and expectations of its own."
    )
    sources: dict[str, Checks] = Field(
        default_factory=dict, description="Source → limits of its own; they come before the rest."
    )
    keep_days: int = Field(
        default=90, ge=1, description="Days that results of checks which passed stay published."
    )

    def limits(self, *, table: str | None = None, source: str | None = None) -> Checks:
        """Limits that hold for a table, for a source, or for what a source feeds a table."""
        found = self.checks.under(self.tables.get(table or ""))
        return found.under(self.sources.get(source or ""))


def _merged(base: Any, override: Any, names: Any) -> Any:
    """The base with every field that the override sets, models field by field."""
    update = {}
    for name in names:
        if name not in override.model_fields_set:
            continue
        value = getattr(override, name)
        if isinstance(value, Model):
            value = _merged(getattr(base, name), value, type(value).model_fields)
        update[name] = value
    return base.model_copy(update=update)
