"""The contracts as files of the Open Data Contract Standard, for catalogues and other tools.

What a file says is `schemas.open_data_contract`'s work; which tables there are, and writing them,
is done here.
"""

from pathlib import Path

from pipelines.outputs import FOLDER, writing
from schemas.config.project import Project
from schemas.history_tables import TABLES as HISTORY
from schemas.history_tables import history_tables
from schemas.open_data_contract import contract_document, file_name, to_yaml
from schemas.operations import TABLES as OPERATIONS
from schemas.publish_stamp import stamped
from schemas.quality import TABLES as QUALITY
from schemas.registry import TABLES
from schemas.table import Table
from schemas.warehouse import TABLES as WAREHOUSE
from schemas.warehouse import warehouse_tables


def contracted_tables(project: Project | None = None) -> tuple[Table, ...]:
    """Every canonical and published table, as a company's configuration shapes it."""
    if project is None:
        published = (*WAREHOUSE, *HISTORY)
    else:
        published = (*warehouse_tables(project), *history_tables(project))
    return (*TABLES.values(), *(stamped(table) for table in (*published, *OPERATIONS, *QUALITY)))


def contract_files(project: Project | None = None) -> dict[str, str]:
    """File name → text of the contract of every table."""
    return {
        file_name(table.name): to_yaml(contract_document(table, project))
        for table in contracted_tables(project)
    }


def export(project: Project | None, folder: Path) -> list[Path]:
    """Write the contract of every table; files of the same names are replaced.

    Args:
        project: Company whose name, owner, dimensions, schedule and own expectations are told;
            without one, the contracts as they hold for every company.
        folder: Where to; made if it is not there.

    Returns:
        The files, canonical tables first.

    Raises:
        BarometerError: The folder cannot be made, or a file in it cannot be written.
    """
    texts = {folder / name: text for name, text in contract_files(project).items()}
    with writing("the contracts", folder, allowed=FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    return list(texts)
