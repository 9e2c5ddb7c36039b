"""The column by which every published table says which publish it is of.

A table whose rows name a publish of their own (`run_log`, `kpi_value_history`) says it under
another name. The value is put in by the warehouse; no frame has it.
"""

import dataclasses

from schemas.table import Column, Table

_NAMES = ("publish_id", "current_publish_id")


def stamp_name(table: Table) -> str:
    """`publish_id`, or `current_publish_id` where rows name a publish of their own."""
    own = {column.name for column in table.columns}
    return next(name for name in _NAMES if name not in own)


def stamped(table: Table) -> Table:
    """The contract as readers meet it: with the column that names the publish, at its end."""
    column = Column(
        stamp_name(table),
        "text",
        "Publish being read, the same in every table; see run_log.",
        nullable=False,
    )
    return dataclasses.replace(table, columns=(*table.columns, column))
