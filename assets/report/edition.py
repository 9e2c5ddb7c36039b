"""One edition of the report: what was published, and how it is told."""

from dataclasses import dataclass
from functools import cached_property

from assets.report import choices
from assets.report.choices import Series
from assets.report.numbers import Numbers
from assets.report.published import Published, Row
from assets.report.texts import NONE, Words
from schemas.config.project import Project


@dataclass(frozen=True)
class Edition:
    """What every part of the report is made from.

    Attributes:
        project: The company's configuration.
        published: What the warehouse holds.
    """

    project: Project
    published: Published

    @cached_property
    def words(self) -> Words:
        """Texts of the report's language."""
        return Words(self.project.report.language)

    @cached_property
    def numbers(self) -> Numbers:
        """Figures in the report's language."""
        return Numbers(self.words, self.project.company.currency)

    @cached_property
    def level(self) -> str:
        """Confidence level of the intervals."""
        return self.numbers.level(self.project.kpis.confidence)

    @cached_property
    def period(self) -> Row | None:
        """The period that it leads with."""
        return choices.leading_period(self.published.totals)

    @cached_property
    def period_label(self) -> str:
        """Label of that period; says so where it is still running."""
        if self.period is None:
            return NONE
        label = str(self.period["label"])
        return label if self.period["is_complete"] else f"{label} ({self.words('to_date')})"

    @cached_property
    def series(self) -> dict[str, Series]:
        """All KPIs of the whole company by code."""
        return choices.all_series(self.published, self.words.language)

    @cached_property
    def headlines(self) -> list[Series]:
        """KPIs of the first screen."""
        return choices.headlines(self.series, self.project.report)

    @cached_property
    def absent_headlines(self) -> list[str]:
        """Headline KPIs that the configuration names and that have no row, by name where known."""
        names = {row["kpi_code"]: row for row in self.published.kpis.to_dicts()}
        key = f"name_{self.words.language}"
        absent = [code for code in self.project.report.headline if code not in self.series]
        return [str(names[code][key]) if code in names else code for code in absent]

    @cached_property
    def segment_sets(self) -> tuple[str, ...]:
        """Segment sets that are ranked, in order."""
        return self.project.report.segment_sets or tuple(self.project.segment_sets)

    def pair(self, key: str, value: str) -> str:
        """Two texts with the colon of the language between them."""
        return self.words("pair", name=key, value=value)

    def value(self, row: Row | None, one: Series) -> str:
        """A value with its unit; where it is withheld or missing, that it is."""
        if row is None:
            return self.words("no_value")
        if row["suppression"] == "min_n":
            return f"n < {self.numbers.count(one.kpi['min_n'])}"
        if row["suppression"]:
            return self.words("complementary")
        if row["value"] is None:
            is_mixed = row["method_id"] and "scale=mixed" in row["method_id"]
            return self.words("mixed_scales" if is_mixed else "no_value")
        return self.numbers.value(row["value"], one.unit)

    def n(self, row: Row | None) -> str:
        """What a value rests on; a dash where it is withheld."""
        return NONE if row is None or row["n"] is None else self.numbers.count(row["n"])

    def change(self, row: Row | None, one: Series) -> str:
        """Arrow, change, and whether it is for the better."""
        if row is None or row["change"] is None:
            return NONE
        shown = self.numbers.signed(row["change"], one.unit)
        if not self.numbers.is_told(row["change"], one.unit):
            return f"= {shown.removeprefix('+')}, {self.words('unchanged')}"
        arrow = "▲" if row["change"] > 0 else "▼"
        return f"{arrow}\N{NO-BREAK SPACE}{shown}, {self.words(self.verdict(row, one))}"

    def verdict(self, row: Row, one: Series) -> str:
        """`better`, `worse` or `unchanged`: a change in the light of the KPI's direction."""
        if not row["change"]:
            return "unchanged"
        is_better = (row["change"] > 0) == (one.kpi["direction"] == "higher_is_better")
        return "better" if is_better else "worse"

    def significance(self, row: Row | None) -> str:
        """Whether a change is significant, or was not tested."""
        if row is None or row["change"] is None:
            return NONE
        if row["is_significant"] is None:
            return self.words("not_tested")
        return self.words("moved" if row["is_significant"] else "not_significant")

    def target(self, row: Row | None, one: Series) -> str:
        """The target and whether it is met."""
        if row is None or row["target"] is None:
            return self.words("no_target")
        shown = self.numbers.value(row["target"], one.unit)
        if row["value"] is None:
            return shown
        if row["status"] == "on_target":
            return self.pair(shown, f"✓ {self.words('met')}")
        gap = self.numbers.gap(row["value"] - row["target"], one.unit)
        return self.pair(shown, f"✗ {self.words('missed', gap=gap)}")

    def benchmark(self, row: Row | None, one: Series) -> str:
        """The benchmark and the distance to it."""
        if row is None or row["benchmark"] is None:
            return self.words("no_benchmark")
        shown = self.numbers.value(row["benchmark"], one.unit)
        gap = row["gap_to_benchmark"]
        if gap is None:
            return shown
        if gap == 0:
            return self.pair(shown, self.words("at_benchmark"))
        is_better = (gap > 0) == (one.kpi["direction"] == "higher_is_better")
        key = "above_benchmark" if is_better else "below_benchmark"
        return self.pair(shown, self.words(key, gap=self.numbers.gap(gap, one.unit)))
