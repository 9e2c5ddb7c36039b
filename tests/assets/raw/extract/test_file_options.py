"""The description of a source's files is checked before anything is read."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.config.files import FileOptions


def options(**given: object) -> FileOptions:
    return FileOptions.model_validate({"root": ".", "path": "a.csv", "format": "csv"} | given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"path": "../a.csv"}, "must stay below `root`"),
        ({"path": "x/../../a.csv"}, "must stay below `root`"),
        ({"path": "/etc/passwd"}, "must stay below `root`"),
        ({"path": "s3://other/a.csv"}, "must stay below `root`"),
        ({"path": "..\\a.csv"}, "must stay below `root`"),
        ({"path": "{dat}.csv"}, "only `{date}`"),
        ({"path": "{date.csv"}, "only `{date}`"),
        ({"path": "a**.csv"}, "`**` stands for whole folders"),
        ({"encoding": "utf-9"}, "knows no text encoding 'utf-9'"),
        ({"encoding": "base64"}, "knows no text encoding"),
        ({"delimiter": "§"}, "plain ASCII"),
        ({"delimiter": "\n"}, "plain ASCII"),
        ({"delimiter": "||"}, "at most 1 character"),
        ({"delimiter": '"'}, "`quote` and `delimiter` must differ"),
        ({"has_header": False}, "needs `header`"),
        ({"header": ["a", "a"]}, "is empty or there twice"),
        ({"header": ["a", " "]}, "is empty or there twice"),
        ({"header": ["_row_number"]}, "reserved for lineage"),
        ({"member": "a.csv", "compression": "gzip"}, "needs `compression: zip`"),
        ({"sheet": "Data"}, "`sheet` means nothing for `format: csv`"),
        ({"format": "excel", "sheet": 0}, "greater than or equal to 1"),
        ({"format": "parquet", "delimiter": ";"}, "`delimiter` means nothing"),
        ({"format": "jsonl", "records_path": "a"}, "`records_path` means nothing"),
        ({"skip_rows": -1}, "greater than or equal to 0"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_refused(given: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        options(**given)
    assert expected in str(caught.value)


def test_defaults_by_format() -> None:
    assert options().delimiter_or_default == ","
    assert options(format="tsv").delimiter_or_default == "\t"
    assert options(format="tsv", delimiter=";").delimiter_or_default == ";"
    assert options(encoding="UTF8").encoding == "utf-8"


def test_a_byte_order_mark_is_no_encoding_of_its_own() -> None:
    assert options(encoding="utf-8-sig").encoding == "utf-8"


def test_secrets_are_shown_nowhere() -> None:
    given = options(storage_options={"key": "open-sesame", "anon": False, "port": 9000})
    assert "open-sesame" not in repr(given) + str(given) + given.model_dump_json()
    assert given.storage_options["anon"].get_secret_value() == "false"
    assert given.storage_options["port"].get_secret_value() == "9000"


def test_secrets_are_not_in_validation_errors() -> None:
    with pytest.raises(ValidationError) as caught:
        options(storage_options={"key": {"nested": "open-sesame"}})
    assert "open-sesame" not in str(caught.value)


def test_every_field_is_described() -> None:
    undescribed = [n for n, field in FileOptions.model_fields.items() if not field.description]
    assert undescribed == []
