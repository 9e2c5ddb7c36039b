"""Every published table names the publish that is being read."""

from schemas.history_tables import KPI_VALUE_HISTORY
from schemas.operations import RUN_LOG
from schemas.publish_stamp import stamp_name, stamped
from schemas.warehouse import KPI_VALUE


def test_the_column_comes_last_and_hides_none() -> None:
    for table, name in (
        (KPI_VALUE, "publish_id"),
        (KPI_VALUE_HISTORY, "current_publish_id"),
        (RUN_LOG, "current_publish_id"),
    ):
        assert stamp_name(table) == name
        assert stamped(table).columns[:-1] == table.columns
        assert (stamped(table).columns[-1].name, stamped(table).key) == (name, table.key)
