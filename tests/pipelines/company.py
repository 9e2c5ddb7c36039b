"""A tiny company: three CSV extracts a day, written by the tests themselves."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.lake.layout import Lake

DAYS = ("2025-01-30", "2025-01-31", "2025-02-01")
"""Logical dates of the finished company; two months."""

CONFIG = """\
version: 1

company: {name: Tiny Company, time_zone: Europe/Paris, currency: EUR}
start_date: 2025-01-30

sources:

  accounts:
    system: crm
    files:
      root: extracts
      path: accounts_{date:%Y%m%d}.csv
      format: csv
    mode: snapshot
    tables:
      crm_account:
        columns:
          account_id: id
          kind: {from: kind, values: {B2C: consumer, B2B: business}}
          region: region

  orders:
    system: erp
    files:
      root: extracts
      path: orders_{date}.csv
      format: csv
    mode: incremental
    tables:
      erp_order:
        columns:
          order_id: id
          account_id: account
          ordered_at: at
          status: status
          currency: {value: EUR}
          net_amount: amount

  answers:
    system: survey
    files:
      root: extracts
      path: answers_{date}.csv
      format: csv
    mode: incremental
    on_missing: skip
    tables:
      survey_response:
        columns: {response_id: id, survey_id: {value: REL}, account_id: account, responded_at: at}
      survey_answer:
        columns: {response_id: id}
        unpivot: {scores: {nps: nps}}

surveys:
  REL:
    kind: relational
    questions:
      nps: {metric: nps, scale: [0, 10]}

segment_sets:
  region: [region]
"""

ACCOUNTS = """\
id,kind,region
001,B2C,North
002,B2C,South
003,B2B,North
"""


@dataclass(frozen=True)
class Company:
    """Folders and files of one tiny company."""

    folder: Path

    @property
    def extracts(self) -> Path:
        return self.folder / "extracts"

    @property
    def config(self) -> Path:
        return self.folder / "barometer.yaml"

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to run on this company."""
        return os.environ | {
            "BAROMETER_CONFIG": str(self.config),
            "BAROMETER_DATA_DIR": str(self.folder / "lake"),
            "DAGSTER_HOME": str(self.folder / "dagster"),
        }

    def configure(self, *changes: tuple[str, str]) -> None:
        """Write the configuration, with texts replaced."""
        text = CONFIG
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.config.write_text(text, encoding="utf-8")

    def deliver(self, day: str) -> None:
        """Write the three extracts of a day."""
        self.extracts.mkdir(exist_ok=True)
        self.deliver_accounts(day)
        self.deliver_orders(day)
        self.deliver_answers(day)

    def deliver_accounts(self, day: str, text: str = ACCOUNTS) -> None:
        self._write(f"accounts_{day.replace('-', '')}.csv", text)

    def deliver_orders(self, day: str, *, amount: str = "10.00") -> None:
        """Three orders of the day, one of them without a date: refused."""
        rows = [
            f"{day}-1,001,{day} 09:00:00,delivered,{amount}",
            f"{day}-2,002,{day} 10:00:00,delivered,25.50",
            f"{day}-3,003,,delivered,5.00",
        ]
        self._write(f"orders_{day}.csv", "\n".join(["id,account,at,status,amount", *rows, ""]))

    def deliver_answers(self, day: str) -> None:
        rows = [
            f"{day}-{score}-{account},{account},{day} 12:00:00,{score}"
            for score, account in ((10, "001"), (9, "002"), (3, "003"))
        ]
        self._write(f"answers_{day}.csv", "\n".join(["id,account,at,nps", *rows, ""]))

    def withdraw(self, name: str) -> None:
        (self.extracts / name).unlink()

    def _write(self, name: str, text: str) -> None:
        (self.extracts / name).write_text(text, encoding="utf-8")

    def table(self, name: str) -> pl.DataFrame:
        """A published table, as a BI tool reads it."""
        import duckdb

        with duckdb.connect(str(self.lake.warehouse), read_only=True) as connection:
            return connection.sql(f'select * from "{name}" order by all').pl()  # noqa: S608

    def values(self) -> pl.DataFrame:
        """Published KPI values, less what names the run."""
        return self.table("kpi_value").drop("run_id", "known_at", "publish_id")


def new_company(folder: Path, *, days: tuple[str, ...] = DAYS) -> Company:
    """A company with its configuration and the extracts of some days."""
    company = Company(folder)
    company.extracts.mkdir(parents=True)
    company.configure()
    for day in days:
        company.deliver(day)
    return company


def no_order_above(amount: float) -> str:
    """The `quality:` part of a company that expects no greater order, and publishes none."""
    return f"""\
quality:
  tables:
    erp_order:
      expectations:
        - type: expect_column_max_to_be_between
          kwargs: {{column: net_amount, max_value: {amount}}}
          severity: error
          mend: ask the shop
"""


def hash_tree(folder: Path) -> dict[str, str]:
    """Path → SHA-256 of every file below a folder, the lock left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
