"""What is published of small groups, and that a reader cannot work out what is not."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.kpi.states import build_states
from assets.kpi.tables import scan_exclusions, scan_published, scan_values
from assets.kpi.values import build_values
from assets.kpi.withheld import protected_kpis
from assets.lake.layout import Lake
from assets.transforms.segments import segment_sets
from assets.transforms.withholding import LOST, PLACE
from schemas.config.project import Project
from tests.assets.kpi.histories import UTC, project, write_dimension, write_month
from tests.assets.transforms.suppression.publications import Attacker

D = dt.date
LAST = D(2026, 3, 8)
CODES = [
    "nps", "nps_promoter_share", "nps_passive_share", "nps_detractor_share", "csat", "csat_mean",
]  # fmt: skip
SETS = {
    "country": ["country"], "touchpoint": ["touchpoint"], "pair": ["country", "touchpoint"],
}  # fmt: skip
KEY = ["kpi_code", *PLACE]
FIGURES = [name for name in LOST if name not in {"centre", "variance", "df"}]
_FEW = 40
"""Withheld cells up to which all their small groups are tried."""

Answer = tuple[D, str, str, float | None, float | None]
"""Day, country, touchpoint, score of the NPS and of the CSAT question."""


def asked(**min_n: Any) -> Project:
    return project(
        segment_sets=SETS,
        kpis={"codes": CODES, "min_n": min_n or {"default": 4}, "targets": {"nps": 10}},
    )


def filled(lake: Lake, answers: list[Answer], config: Project, *, as_of: D = LAST) -> None:
    """A lake with the values of some answers."""
    write_dimension(
        lake, "crm_account", [{"account_id": name, "country": name} for name in ("DE", "FR", "IT")]
    )
    write_dimension(
        lake, "survey", [{"survey_id": "s", "kind": "relational", "audience": "customer"}]
    )
    questions = [("nps", 0.0, 10.0), ("csat", 1.0, 5.0)]
    write_dimension(
        lake,
        "survey_question",
        [
            {"survey_id": "s", "question_id": name, "metric": name, "scale_min": least,
             "scale_max": greatest, "higher_is_better": True}
            for name, least, greatest in questions
        ],
    )  # fmt: skip
    for month in sorted({day.strftime("%Y-%m") for day, *_ in answers}):
        own = [(i, one) for i, one in enumerate(answers) if one[0].strftime("%Y-%m") == month]
        responses = [
            {"response_id": f"{i}", "survey_id": "s", "account_id": country, "touchpoint": touch,
             "responded_at": dt.datetime(day.year, day.month, day.day, 12, tzinfo=UTC)}
            for i, (day, country, touch, *_) in own
        ]  # fmt: skip
        scores = [
            {"response_id": f"{i}", "question_id": name, "score": score}
            for i, (*_, nps, csat) in own
            for name, score in (("nps", nps), ("csat", csat))
        ]
        write_month(lake, "survey_response", month, responses)
        write_month(lake, "survey_answer", month, scores)
    build_states(lake, config, as_of=as_of)
    build_values(lake, config, as_of=as_of)


def published(lake: Lake, config: Project) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values and exclusions as readers get them."""
    tables = scan_published(lake, config)
    return tables["kpi_value"][1].collect(), tables["kpi_exclusion"][1].collect()


def many(day: D, country: str, touch: str, number: int) -> list[Answer]:
    return [(day, country, touch, 9.0, 5.0)] * number


def test_a_small_segment_has_no_figures_and_takes_another_with_it(tmp_path: Path) -> None:
    lake, config = Lake(tmp_path), asked()
    days = [*many(LAST, "DE", "web", 3), *many(LAST, "FR", "web", 20), *many(LAST, "IT", "web", 9)]
    filled(lake, [*days, (LAST, "DE", "web", None, None)], config)
    values, exclusions = published(lake, config)
    of_month = pl.col("period_grain") == "month", pl.col("segment_set") == "country"
    rows = values.filter(*of_month, pl.col("kpi_code") == "nps").sort("segment_key")
    assert rows.select("segment_key", "suppression", "n", "status").rows() == [
        ("DE", "min_n", None, None),
        ("FR", None, 20, "on_target"),
        ("IT", "complementary", None, None),
    ]
    hidden = values.filter(pl.col("suppression").is_not_null())
    assert set(hidden["kpi_code"]) == set(CODES)
    for name in FIGURES:
        assert hidden[name].null_count() == hidden.height, name
    assert exclusions.filter(*of_month).is_empty()
    assert exclusions.filter(pl.col("segment_set") == "total").height > 0


def test_no_answers_are_no_small_group(tmp_path: Path) -> None:
    lake, config = Lake(tmp_path), asked()
    rows = [
        *many(LAST, "DE", "web", 9),
        *many(LAST, "FR", "web", 9),
        (LAST, "IT", "web", None, 5.0),
    ]
    filled(lake, rows, config)
    values, exclusions = published(lake, config)
    italy = pl.col("segment_key") == "IT", pl.col("period_grain") == "day"
    csat = values.filter(*italy, pl.col("kpi_code") == "csat")
    assert csat["suppression"].to_list() == ["min_n"]
    assert values.filter(*italy, pl.col("kpi_code") == "nps").is_empty()
    assert set(exclusions.filter(*italy)["kpi_code"]) == {code for code in CODES if "nps" in code}


def test_one_more_for_a_set_and_for_a_kpi(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    config = asked(kpis={"csat": 6}, segment_sets={"touchpoint": 10})
    rows = [*many(LAST, "DE", "web", 5), *many(LAST, "FR", "shop", 15)]
    filled(lake, rows, config)
    values, _ = published(lake, config)
    assert values.filter(pl.col("kpi_code").str.starts_with("nps"))["suppression"].null_count() == (
        values.filter(pl.col("kpi_code").str.starts_with("nps")).height
    )
    csat = values.filter(pl.col("kpi_code") == "csat_mean", pl.col("period_grain") == "day")
    found = dict(csat.select("segment_key", "suppression").rows())
    assert found["DE"] == "min_n"
    assert found["web"] == "min_n"
    assert found["shop"] == "complementary"


def test_with_a_least_number_of_one_nothing_changes(tmp_path: Path) -> None:
    lake, config = Lake(tmp_path), asked(default=1)
    filled(lake, many(LAST, "DE", "web", 1), config)
    assert protected_kpis(config) == ()
    values, exclusions = published(lake, config)
    assert values["suppression"].null_count() == values.height
    assert_frame_equal(exclusions, scan_exclusions(lake).collect())
    assert lake.kpi_names("withheld") == []


def test_employees_are_protected_without_being_asked(tmp_path: Path) -> None:
    (found,) = protected_kpis(project(kpis={"codes": ["nps", "enps"]}))
    assert (found.codes, found.min_n) == (("enps",), 5)


def test_no_period_is_compared_with_a_withheld_one(tmp_path: Path) -> None:
    lake, config = Lake(tmp_path), asked()
    rows = [
        *many(LAST - dt.timedelta(days=2), "DE", "web", 2),
        *many(LAST - dt.timedelta(days=1), "DE", "web", 30),
        *many(LAST, "DE", "web", 40),
    ]
    filled(lake, rows, config)
    values, _ = published(lake, config)
    days = values.filter(
        pl.col("period_grain") == "day", pl.col("kpi_code") == "nps",
        pl.col("segment_set") == "total",
    ).sort("period_start")  # fmt: skip
    assert days["suppression"].to_list() == ["min_n", "complementary", None]
    assert days["previous_value"].to_list() == [None, None, None]
    # the month runs: what it would be compared with may be a part of a withheld period
    running = values.filter(~pl.col("is_complete"), pl.col("suppression").is_null())
    assert running["previous_value"].null_count() == running.height > 0


def test_what_was_withheld_with_a_small_group_stays_so_until_it_changes(tmp_path: Path) -> None:
    lake, config = Lake(tmp_path), asked()
    first = [
        *many(LAST, "DE", "web", 3), *many(LAST, "FR", "web", 20), *many(LAST, "IT", "web", 9),
    ]  # fmt: skip
    filled(lake, first, config)
    published(lake, config)
    filled(lake, [*first, *many(LAST, "DE", "web", 5)], config)
    of_day = pl.col("period_grain") == "day", pl.col("segment_set") == "country"
    values, _ = published(lake, config)
    rows = values.filter(*of_day, pl.col("kpi_code") == "nps").sort("segment_key")
    # with Italy's nine and yesterday's total, yesterday's three of Germany would follow
    assert rows.filter(segment_key="IT")["suppression"].to_list() == ["complementary"]
    assert rows["suppression"].null_count() == 1
    again, _ = published(lake, config)
    assert_frame_equal(values, again)
    filled(lake, [*first, *many(LAST, "DE", "web", 6), *many(LAST, "IT", "web", 5)], config)
    values, _ = published(lake, config)
    assert values.filter(*of_day)["suppression"].null_count() == values.filter(*of_day).height


@st.composite
def surveys(draw: st.DrawFn) -> list[Answer]:
    """Answers of a few days about the end of a month, and of one day a month before."""
    days = [D(2026, 1, 31), *[D(2026, 2, 27) + dt.timedelta(days=i) for i in range(4)]]
    rows: list[Answer] = []
    for day in draw(st.lists(st.sampled_from(days), min_size=1, max_size=3, unique=True)):
        for country in ("DE", "FR", "IT")[: draw(st.integers(1, 3))]:
            for touch in ("web", "shop")[: draw(st.integers(1, 2))]:
                number = draw(st.sampled_from([0, 1, 2, 3, 4, 6, 9]))
                for i in range(number):
                    nps = (None, 10.0, 8.0, 2.0, 9.0)[(i + draw(st.integers(0, 4))) % 5]
                    rows.append((day, country, touch, nps, float(1 + i % 5)))
    return rows


@given(surveys())
@settings(max_examples=10, deadline=None)
def test_nothing_withheld_follows_from_what_is_published(answers: list[Answer]) -> None:
    config = asked()
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        filled(lake, answers, config)
        values, exclusions = published(lake, config)
        raw = scan_values(lake).select(*KEY, pl.col("n").alias("true_n")).collect()
    hidden = values.filter(pl.col("suppression").is_not_null())
    assert all(hidden[name].null_count() == hidden.height for name in FIGURES)
    assert exclusions.join(hidden, on=KEY, how="semi").is_empty()
    both = values.join(raw, on=KEY)
    small = both.filter(pl.col("true_n").is_between(1, 3))
    assert small.filter(pl.col("suppression") != "min_n").is_empty()
    assert small["suppression"].null_count() == 0
    for family in ("nps", "csat"):
        _attack(both.filter(pl.col("kpi_code").str.starts_with(family), pl.col("true_n") > 0))


def _attack(values: pl.DataFrame) -> None:
    """Attack all KPIs on the same answers.

    They are withheld at the same places and nowhere else, so that whatever sum a reader looks for
    (answers, promoters, passives, excluded rows of a reason) he knows it of the same places: what
    does not follow for one does not follow for any.
    """
    patterns = [
        part.select(*PLACE, pl.col("suppression").is_null()).sort(PLACE)
        for part in values.partition_by("kpi_code")
    ]
    for other in patterns[1:]:
        assert_frame_equal(patterns[0], other)
    if not patterns:
        return
    sets = segment_sets(SETS)
    cells = values.filter(pl.col("kpi_code") == values["kpi_code"][0])
    attacker = Attacker.of(cells.with_columns(pl.col("true_n").alias("n")), sets)
    assert attacker.derived() == []
    if len(attacker.hidden) <= _FEW:
        assert attacker.undersized(4) == []
