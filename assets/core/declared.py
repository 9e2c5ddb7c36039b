"""Surveys declared in barometer.yaml as rows of `survey` and `survey_question`."""

import datetime as dt
from typing import Any

import polars as pl

from assets.lake.layout import Lake
from assets.lake.slot import fingerprint
from schemas.config.project import DECLARED_SOURCE, Project
from schemas.registry import canonical
from schemas.table import Table

SOURCE = DECLARED_SOURCE
"""Name of the source of declared rows."""

CODE_VERSION = 1
"""Raise it when the same declarations would make other rows."""


def declared_rows(project: Project, table_name: str) -> pl.DataFrame:
    """Rows that the configuration itself gives a table; empty for all but the two above."""
    table = canonical(table_name)
    rows: list[dict[str, object]] = []
    for survey_id, survey in project.surveys.items():
        if table_name == "survey":
            fields = survey.model_dump(exclude={"questions"})
            rows.append({"survey_id": survey_id, **fields, "name": survey.name or survey_id})
        if table_name == "survey_question":
            for question_id, question in survey.questions.items():
                low, high = question.scale or (None, None)
                rows.append(
                    {
                        "survey_id": survey_id,
                        "question_id": question_id,
                        "metric": question.metric,
                        "attribute": question.attribute,
                        "scale_min": low,
                        "scale_max": high,
                        "higher_is_better": question.higher_is_better,
                        "na_codes": "|".join(map(_code, question.na_codes)) or None,
                        "text": question.text,
                    }
                )
    lineage = {
        "_source": SOURCE,
        "_source_file": "barometer.yaml",
        "_logical_date": project.start_date,
    }
    numbered = [{**row, **lineage, "_row_number": i} for i, row in enumerate(rows, start=1)]
    return pl.DataFrame(numbered, schema=table.polars_schema())


def _code(code: float) -> str:
    """A score as text: 99 and not 99.0, and no rounding to six digits."""
    return str(int(code)) if code.is_integer() else str(code)


def build_declared(lake: Lake, project: Project, table: Table) -> dict[dt.date, dict[str, Any]]:
    """Bring the core partition of declared rows up to date; its counts if it was built."""
    rows = declared_rows(project, table.name)
    slot = lake.core(table.name, SOURCE, project.start_date)
    inputs = fingerprint(CODE_VERSION, rows.write_ndjson(), table.row_contract)
    if slot.is_current(inputs):
        return {}
    every = dict.fromkeys(("rows_raw", "rows_mapped", "accepted"), rows.height)
    none = dict.fromkeys(("filtered", "quarantined", "superseded"), 0)
    facts = {**every, **none, "reasons": {}, "mode": "snapshot"}
    with slot.replace(inputs) as draft:
        rows.write_parquet(draft.path("accepted.parquet"))
        draft.facts.update(facts)
    return {project.start_date: facts}
