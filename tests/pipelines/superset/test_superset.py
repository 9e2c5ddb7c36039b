"""A real Superset imports the bundle, draws every chart, and its SQL gives the pipeline's figures.

`make superset-setup` installs it; elsewhere BAROMETER_SUPERSET_PYTHON names the Python of one.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.config import load_project
from pipelines.superset.bundle import bundle_documents, write_bundle
from pipelines.superset.database import checked_uri
from pipelines.superset.datasets import METRICS
from schemas.config.project import Project
from schemas.config.warehouse import WarehouseConfig
from tests.pipelines.company import Company
from tests.pipelines.superset.warehouses import SCHEMA, dataset, documents_of, served

ROOT = Path(__file__).parents[3]
PYTHON = Path(os.environ.get("BAROMETER_SUPERSET_PYTHON", ROOT / ".superset" / "bin" / "python"))
PERIODS = {"month": "P1M", "quarter": "P3M", "year": "P1Y"}

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="no Superset here: make superset-setup, or set "
    "BAROMETER_SUPERSET_PYTHON",
)  # fmt: skip

Answers = dict[str, Any]


class Superset:
    """One that is set up in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._environment = {
            "PATH": os.environ["PATH"],
            "SUPERSET_HOME": str(home),
            "SUPERSET_CONFIG_PATH": str(ROOT / "deploy" / "superset" / "superset_config.py"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def load(self, bundle: Path) -> None:
        """Set it up, if it is not, and import a bundle, as `make superset` does."""
        self._run(ROOT / "deploy" / "superset" / "load.py", bundle, "http://127.0.0.1")

    def answer(self, questions: Mapping[str, Any]) -> Answers:
        """Ask it."""
        asked, answered = self.home / "questions.json", self.home / "answers.json"
        asked.write_text(json.dumps(questions), encoding="utf-8")
        self._run(Path(__file__).with_name("ask_superset.py"), asked, answered)
        found: Answers = json.loads(answered.read_text(encoding="utf-8"))
        return found

    def _run(self, script: Path, *arguments: str | Path) -> None:
        done = subprocess.run(
            [PYTHON, script, *arguments],
            env=self._environment, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Superset:
    return Superset(tmp_path_factory.mktemp("superset"))


@pytest.fixture(scope="module")
def answers(
    published: Company, superset: Superset, tmp_path_factory: pytest.TempPathFactory
) -> Answers:
    """What it says on the DuckDB file; a copy, for another takes its place at the end."""
    folder = tmp_path_factory.mktemp("published")
    warehouse, after = folder / "cx barometer.duckdb", folder / "next.duckdb"
    for copy in (warehouse, after):
        shutil.copyfile(published.lake.warehouse, copy)
    with duckdb.connect(after) as connection:
        connection.execute("UPDATE kpi_value SET numerator = denominator WHERE kpi_code = 'nps'")
    project = load_project(published.config, published.environment)
    documents = documents_of(project, warehouse)
    write_bundle(documents, folder / "bundle.zip")
    for _ in range(2):  # the second import updates what the first one made
        superset.load(folder / "bundle.zip")
    replace = (str(warehouse), str(after), "days to month")
    return superset.answer({**_questions(project, documents), "replace": replace})


@pytest.fixture(scope="module")
def answers_of_postgres(
    answers: Answers,
    published: Company,
    superset: Superset,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Answers]:
    """What it says on PostgreSQL, for a role that may only read, once the bundle is uploaded."""
    folder = tmp_path_factory.mktemp("postgres")
    with served(published) as connection:
        connection.execute(b"CREATE ROLE bi_reader LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO bi_reader".encode())
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO bi_reader".encode())
        given = {"kind": "postgres", "dsn": connection.info.dsn, "schema": SCHEMA}
        project = load_project(published.config, published.environment)
        company = project.company.model_copy(update={"name": "Served Company"})
        config = WarehouseConfig.model_validate(given)
        project = project.model_copy(update={"company": company, "warehouse": config})
        uri = f"postgresql+psycopg2://bi_reader@/postgres?host={connection.info.host}"
        documents = bundle_documents(project, checked_uri(uri))
        write_bundle(documents, folder / "bundle.zip")
        questions = {**_questions(project, documents), "import": str(folder / "bundle.zip")}
        yield superset.answer(questions)


def _questions(project: Project, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Roll-ups by Superset's own means: its time grains over days, no grouping over segments."""
    metrics = dataset(documents, METRICS)
    codes = [one["metric_name"] for one in metrics["metrics"]]

    def asked(step: str, grain: str, segment_set: str) -> dict[str, Any]:
        query = {
            "columns": [_axis(step)],
            "metrics": codes,
            "filters": _filters(grain, segment_set),
            "row_limit": 1000,
        }
        return {"dataset": metrics["table_name"], "query": query}

    rollups = {f"days to {name}": asked(step, "day", "total") for name, step in PERIODS.items()}
    rollups["segments"] = asked("P1M", "month", "by_tier")
    return {"company": project.company.name, "rollups": rollups}


def _axis(step: str) -> dict[str, Any]:
    return {
        "columnType": "BASE_AXIS", "expressionType": "SQL", "label": "at",
        "sqlExpression": "period_start", "timeGrain": step,
    }  # fmt: skip


def _filters(grain: str, segment_set: str) -> list[dict[str, Any]]:
    return [
        {"col": "period_grain", "op": "==", "val": grain},
        {"col": "segment_set", "op": "==", "val": segment_set},
    ]


@pytest.fixture(scope="module")
def published_values(published: Company) -> dict[str, dict[tuple[str, str], float]]:
    """Length of period → KPI and first day → value of the whole company."""
    found: dict[str, dict[tuple[str, str], float]] = {}
    with duckdb.connect(published.lake.warehouse, read_only=True) as connection:
        rows = connection.execute(
            "SELECT period_grain, kpi_code, CAST(period_start AS VARCHAR), value FROM kpi_value "
            "WHERE segment_set = 'total' AND value IS NOT NULL"
        ).fetchall()
    for grain, code, start, value in rows:
        found.setdefault(grain, {})[code, start] = value
    return found


def test_importing_twice_leaves_one_of_each(published: Company, answers: Answers) -> None:
    project = load_project(published.config, published.environment)
    documents = documents_of(project, published.lake.warehouse)
    charts = [path for path in documents if path.startswith("charts/")]
    assert len(answers["charts"]) == answers["placed"] == len(charts)
    assert len(answers["datasets"]) == sum(path.startswith("datasets/") for path in documents)
    assert answers["dashboards"] == ["cx-cookbook_company"]


def test_every_chart_has_its_data(answers: Answers) -> None:
    for title, told in answers["charts"].items():
        assert told["status"] == 200, (title, told["error"])
        assert told["error"] is None, title
        assert told["rejected"] == [], title
        # nothing fails a check here
        assert told["rows"] or title == "Checks that failed or warn", title


def test_an_uploaded_bundle_draws_the_same_from_postgres(
    answers: Answers, answers_of_postgres: Answers
) -> None:
    assert answers_of_postgres["imported"] == 200
    assert answers_of_postgres["dashboards"] == ["cx-served_company"]
    assert set(answers_of_postgres["charts"]) == set(answers["charts"])
    for title, told in answers_of_postgres["charts"].items():
        assert told["status"] == 200, (title, told["error"])
        assert len(told["rows"]) == len(answers["charts"][title]["rows"]), title
    for name, told in answers_of_postgres["rollups"].items():
        assert '"cx_barometer".kpi_value' in told["sql"]
        rows = [_by_time(each["rows"]) for each in (told, answers["rollups"][name])]
        for row, like in zip(*rows, strict=True):
            has = {code for code, value in row.items() if value is not None}
            assert has == {code for code, value in like.items() if value is not None}
            for code in has:
                assert row[code] == pytest.approx(like[code], rel=1e-9), (name, code)


def _by_time(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: row["at"])


def test_every_kpi_chart_says_something(answers: Answers) -> None:
    told = answers["charts"]
    for title in ("Net Promoter Score (points)", "Churn rate (%)", "By segment and period"):
        figures = [value for row in told[title]["rows"] for value in row.values()]
        assert sum(isinstance(value, float) for value in figures) >= 3, title


@pytest.mark.parametrize("rollup", [f"days to {grain}" for grain in PERIODS] + ["segments"])
def test_what_superset_rolls_up_is_what_is_published(
    answers: Answers,
    published: Company,
    published_values: dict[str, dict[tuple[str, str], float]],
    rollup: str,
) -> None:
    grain = "month" if rollup == "segments" else rollup.removeprefix("days to ")
    told = answers["rollups"][rollup]
    assert told["status"] == 200, told["error"]
    with duckdb.connect(published.lake.warehouse, read_only=True) as connection:
        asked = connection.execute(told["sql"])  # Superset's own SQL
        names = [column[0] for column in asked.description]
        rows = [dict(zip(names, row, strict=True)) for row in asked.fetchall()]
    assert len(rows) == len(told["rows"])
    seen = 0
    for row in rows:
        start = f"{row.pop('at'):%Y-%m-%d}"
        for code, rolled in row.items():
            value = published_values[grain].get((code, start))
            if rolled is not None and value is not None:
                assert rolled == pytest.approx(value, rel=1e-9, abs=1e-9), (code, start)
                seen += 1
    assert seen >= 12


def test_the_next_publish_is_seen_at_once(answers: Answers) -> None:
    before, after = answers["rollups"]["days to month"], answers["after"]
    assert after["status"] == 200
    assert {row["nps"] for row in after["rows"] if row["nps"] is not None} == {100.0}
    assert {row["nps"] for row in before["rows"]} != {100.0}
