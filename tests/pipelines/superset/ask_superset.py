"""Run by Superset's own Python: ask a Superset that is set up for the data of a company's charts.

`ask_superset.py QUESTIONS ANSWERS`: QUESTIONS has the `company`, `rollups` (queries on a dataset
by name), perhaps `import` (a bundle to upload first) and perhaps `replace` (a
file, what takes its place, and the roll-up to ask again then). ANSWERS gets what Superset said.
"""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

PAGE = "(page_size:200)"


def main(questions: dict[str, Any]) -> dict[str, Any]:
    """Everything that the tests want to know."""
    logging.disable(logging.ERROR)
    from superset.app import create_app

    asking = Asking(create_app().test_client(), questions["company"])
    answers: dict[str, Any] = {}
    if "import" in questions:
        answers["imported"] = asking.upload(Path(questions["import"]))
    answers |= asking.everything()
    sets = {one["table_name"]: one["id"] for one in asking.listed("dataset")}
    rollups = questions["rollups"]
    answers["rollups"] = {name: asking.rolled(sets, one) for name, one in rollups.items()}
    if "replace" in questions:
        file, by, name = questions["replace"]
        Path(by).replace(file)
        answers["after"] = asking.rolled(sets, rollups[name])
    return answers


class Asking:
    """A user of the API, who sees the assets of one company."""

    def __init__(self, client: Any, company: str) -> None:
        password = (Path(os.environ["SUPERSET_HOME"]) / "password").read_text(encoding="utf-8")
        login = {"username": "admin", "password": password, "provider": "db"}
        token = client.post("/api/v1/security/login", json=login).get_json()["access_token"]
        self.client, self.company = client, company
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        """Answer to a request."""
        return self.client.get(path, headers=self.headers)

    def upload(self, bundle: Path) -> int:
        """Import a bundle the way that the dialogue does; tell the status."""
        csrf = self.get("/api/v1/security/csrf_token/").get_json()["result"]
        with bundle.open("rb") as file:
            return self.client.post(
                "/api/v1/dashboard/import/",
                data={"formData": (file, bundle.name), "overwrite": "true"},
                headers={**self.headers, "X-CSRFToken": csrf},
                content_type="multipart/form-data",
            ).status_code

    def listed(self, kind: str) -> list[dict[str, Any]]:
        """All assets of a kind."""
        found: list[dict[str, Any]] = self.get(f"/api/v1/{kind}/?q={PAGE}").get_json()["result"]
        return found

    def everything(self) -> dict[str, Any]:
        """The company's dashboard, and the data of each of its charts."""
        dashboards = [
            one for one in self.listed("dashboard") if self.company in one["dashboard_title"]
        ]
        placed = self.get(f"/api/v1/dashboard/{dashboards[0]['id']}/charts").get_json()["result"]
        sets = [one["table_name"] for one in self.listed("dataset")]
        return {
            "dashboards": [one["slug"] for one in dashboards],
            "placed": len(placed),
            "datasets": [name for name in sets if self.company in name],
            "charts": {
                one["slice_name"]: _told(self.get(f"/api/v1/chart/{one['id']}/data/"))
                for one in self.listed("chart")
                if self.company in one["datasource_name_text"]
            },
        }

    def rolled(self, sets: dict[str, int], asked: dict[str, Any]) -> dict[str, Any]:
        """Answer to a query on a dataset."""
        context = {
            "datasource": {"id": sets[asked["dataset"]], "type": "table"},
            "queries": [asked["query"]],
            "result_type": "full",
            "result_format": "json",
        }
        path = "/api/v1/chart/data"
        return _told(self.client.post(path, json=context, headers=self.headers))


def _told(response: Any) -> dict[str, Any]:
    """What an answer says: its status, rows, SQL and error."""
    said = response.get_json()
    if response.status_code != 200:
        return {"status": response.status_code, "error": said, "rows": [], "sql": ""}
    (result,) = said["result"]
    return {
        "status": response.status_code,
        "error": result["error"],
        "rows": result["data"],
        "sql": result["query"],
        "rejected": result["rejected_filters"],
    }


if __name__ == "__main__":
    asked, answered = sys.argv[1:]
    told = main(json.loads(Path(asked).read_text(encoding="utf-8")))
    Path(answered).write_text(json.dumps(told), encoding="utf-8")
