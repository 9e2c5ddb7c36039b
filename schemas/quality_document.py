"""The checks as a document: what each compares, its limits, what breaking them means."""

from collections.abc import Iterator

from schemas.config.base import Model
from schemas.config.quality import Checks
from schemas.quality import CHECKS, Check

_INTRODUCTION = """\
# Checks

Generated from `schemas/quality.py` and `schemas/config/quality.py` by `make format`; do not edit.

Rows that do not meet a contract are refused one by one: they go to quarantine with every reason
(`barometer quarantine`). The checks here look at extracts and tables as a whole. Every run makes
them, keeps the results in the lake, shows them on the assets in Dagster and publishes them as
`data_quality_result`.

- **warn**: shown and published.
- **error**: blocks publish, in this run and in every later one however it is started, until the
  cause is mended or the result is waived. Before a publish the stored results are read again; if
  data or limits changed since they were made, publish asks for new ones.
- **waived**: an error that someone let pass: `barometer waive RESULT --reason … --author …
  --until DATE`. The waiver is on record (`data_quality_waiver`), ends by itself, and can be taken
  back (`barometer unwaive`).
- **skipped**: too little data for a judgement; the message says what is lacking.

`barometer checks` lists what is amiss, with what to do. Limits stand under
`quality.checks.<check>` and, where they differ, under `quality.tables.<table>.<check>` and
`quality.sources.<source>.<check>`, the source's coming first. A limit that is `null` is none.

| Check | On | A result each | Compares |
|---|---|---|---|"""

_OWN = """\
## Expectations of your own

`quality.tables.<table>.expectations` takes any expectation that `assets/gx_polars` supports, in
Great Expectations' vocabulary, on the records of one event month:

```yaml
quality:
  tables:
    erp_order:
      expectations:
        - type: expect_column_mean_to_be_between
          kwargs: {column: net_amount, min_value: 20, max_value: 400}
          severity: warn
          mend: "ask the shop whether prices were imported in cents"
```

One that names an unknown column, has impossible bounds or is not supported is refused when the
configuration is loaded, with its key."""


def markdown() -> str:
    """Every check with its limits, as Markdown."""
    rows = [
        f"| `{check.name}` | {check.layer} | {_PERIODS[check.period]} | {check.description} |"
        for check in CHECKS
    ]
    parts = ["\n".join([_INTRODUCTION, *rows]), *_limits(), _OWN]
    return "\n\n".join(parts) + "\n"


_PERIODS = {"day": "logical date", "month": "event month", "all": "state of the lake"}


def _limits() -> Iterator[str]:
    for check in CHECKS:
        if check.name in Checks.model_fields:
            yield _limits_of(check, type(getattr(Checks(), check.name)))


def _limits_of(check: Check, model: type[Model]) -> str:
    lines = [f"## `{check.name}`", "", (model.__doc__ or "").strip().replace("\n    ", "\n"), ""]
    lines += ["| Limit | Default | Meaning |", "|---|---:|---|"]
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        shown = "none" if default is None else f"`{default}`"
        lines.append(f"| `{name}` | {shown} | {field.description} |")
    return "\n".join(lines)
