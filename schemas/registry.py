"""The canonical tables by name, in an order in which parents come before their children."""

from collections.abc import Mapping

from schemas import crm, erp, survey
from schemas.errors import ContractError
from schemas.table import Table

TABLES: Mapping[str, Table] = {
    table.name: table for table in (*crm.TABLES, *erp.TABLES, *survey.TABLES)
}


def canonical(name: str) -> Table:
    """The canonical table of that name.

    Raises:
        ContractError: There is no such table.
    """
    if name not in TABLES:
        raise ContractError(f"no canonical table {name!r}", allowed=sorted(TABLES))
    return TABLES[name]


def children_of(name: str) -> tuple[Table, ...]:
    """Tables whose event lives in the named table."""
    return tuple(table for table in TABLES.values() if table.parent and table.parent[0] == name)
