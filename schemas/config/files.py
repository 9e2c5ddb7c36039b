"""How a source's files are found and read: the `files:` part of a source in barometer.yaml.

Only the description; the reading is in `assets.raw.extract`. What the text in the columns means
(dates, decimal marks, codes) belongs to the mapping: the raw layer keeps text.
"""

import codecs
import re
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from schemas.config.base import Model

FileFormat = Literal["csv", "tsv", "json", "jsonl", "excel", "parquet"]
Compression = Literal["infer", "none", "gzip", "zip"]

LINEAGE_COLUMNS = ("_source_file", "_row_number", "_logical_date")
"""Names that extraction adds, last; a source's own column may not have them."""

DATE_PLACEHOLDER = re.compile(r"\{date(?::([^{}]+))?\}")
_WITH_HEADER: frozenset[FileFormat] = frozenset({"csv", "tsv", "excel"})
_DELIMITED: frozenset[FileFormat] = frozenset({"csv", "tsv"})
_GIB = 1024**3

OneCharacter = Annotated[str, Field(min_length=1, max_length=1)]


class FileOptions(Model):
    """Where one source's files are and how they are read."""

    # The storage options hold passwords; a validation error must not print them.
    model_config = ConfigDict(hide_input_in_errors=True)

    root: str = Field(
        min_length=1,
        description="Folder the files are under: a local one, or a URL such as "
        "`s3://bucket/prefix` or `https://host/folder`.",
    )
    path: str = Field(
        min_length=1,
        description="File below `root`. `{date}` stands for the logical date (2024-03-31), "
        "`{date:%Y%m%d}` for another form of it; `*`, `?` and `**` match any names.",
    )
    storage_options: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Access to a remote `root`, as the fsspec library names it (`key`, `secret`, "
        "`endpoint_url`, …). `true` and `false` are read as such, and a value that begins with a "
        "brace as JSON. Never shown.",
    )
    format: FileFormat = Field(description="What the file is once it is decompressed.")
    compression: Compression = Field(
        default="infer", description="`infer` goes by the endings .gz and .zip."
    )
    member: str | None = Field(
        default=None,
        description="File inside the zip archive, with `*` and `?`; exactly one must match. "
        "Needed where the archive holds several.",
    )

    delimiter: OneCharacter | None = Field(
        default=None, description="Between fields: a comma for csv, a tab for tsv by default."
    )
    quote: OneCharacter | None = Field(
        default='"',
        description="Around fields that hold delimiters or line ends, doubled inside them; null "
        "where the file quotes nothing.",
    )
    encoding: str = Field(
        default="utf-8",
        description="Of csv, tsv, json and jsonl: any name Python knows, such as cp1252. A "
        "byte-order mark is removed.",
    )
    comment: str | None = Field(
        default=None,
        min_length=1,
        description="Lines of csv and tsv that begin with it are left out; slower.",
    )

    skip_rows: int = Field(
        default=0, ge=0, description="Lines (rows of a sheet) above the header to leave out."
    )
    has_header: bool = Field(default=True, description="Whether the first row names the columns.")
    header: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="Names for all columns in order: where the file has no header, or to rename "
        "them.",
    )
    duplicate_headers: Literal["error", "number"] = Field(
        default="error",
        description="`number` renames the second `category` to `category_2`, and so on.",
    )

    records_path: str | None = Field(
        default=None,
        min_length=1,
        description="Dotted path to the array of records in a json document: `data.items`. "
        "Without it the document itself is the array.",
    )
    sheet: str | Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Name of the Excel sheet, or its place counted from 1; the first."
    )

    expected_columns: tuple[str, ...] | None = Field(
        default=None,
        description="Columns that must be there; others are reported, not refused.",
    )
    max_uncompressed_bytes: int = Field(
        default=20 * _GIB, gt=0, description="Largest file accepted, counted as it is unpacked."
    )
    max_compression_ratio: float = Field(
        default=400.0,
        gt=1,
        description="Most that one compressed byte may unpack to, looked at once 64 MiB have come "
        "out; repetitive CSV reaches 100.",
    )

    @property
    def is_dated(self) -> bool:
        """Whether each logical date has files of its own."""
        return DATE_PLACEHOLDER.search(self.path) is not None

    @field_validator("storage_options", mode="before")
    @classmethod
    def _as_text(cls, given: object) -> object:
        """Take YAML's own booleans and numbers for the text they were written as."""
        if not isinstance(given, dict):
            return given
        return {key: _text_of(value) for key, value in given.items()}

    @field_validator("path")
    @classmethod
    def _stays_below_root(cls, path: str) -> str:
        parts = re.split(r"[/\\]", path)
        if ".." in parts or path.startswith(("/", "\\")) or "://" in path:
            msg = "must stay below `root`: no `..`, no leading slash, no URL"
            raise ValueError(msg)
        if any("**" in part and part != "**" for part in parts):
            msg = "`**` stands for whole folders: write `**/*.csv`"
            raise ValueError(msg)
        if re.search(r"[{}]", DATE_PLACEHOLDER.sub("", path)):
            msg = "only `{date}` and `{date:%Y%m%d}` may stand in braces"
            raise ValueError(msg)
        return path

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
            # The byte-order mark is dealt with apart, whether there is one or not.
            return codecs.lookup(encoding).name.removesuffix("-sig")
        except LookupError:
            msg = f"Python knows no text encoding {encoding!r}; utf-8, cp1252, utf-16 are some"
            raise ValueError(msg) from None

    @field_validator("delimiter", "quote", "comment")
    @classmethod
    def _is_plain_ascii(cls, mark: str | None) -> str | None:
        if mark is not None and not (mark.isascii() and not set(mark) & {"\n", "\r", "\0"}):
            msg = "must be plain ASCII and no line end"
            raise ValueError(msg)
        return mark

    @field_validator("header", "expected_columns")
    @classmethod
    def _are_distinct_names(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for name in names or ():
            if not name.strip() or names is None or names.count(name) > 1:
                msg = f"every column needs a name of its own; {name!r} is empty or there twice"
                raise ValueError(msg)
            if name in LINEAGE_COLUMNS:
                msg = f"{name!r} is reserved for lineage"
                raise ValueError(msg)
        return names

    @model_validator(mode="after")
    def _options_fit_together(self) -> Self:
        if not self.has_header and self.header is None and self.format in _WITH_HEADER:
            msg = "`has_header: false` needs `header` with the names of the columns"
            raise ValueError(msg)
        if self.quote is not None and self.quote == self.delimiter_or_default:
            msg = "`quote` and `delimiter` must differ"
            raise ValueError(msg)
        if self.member is not None and self.compression in {"none", "gzip"}:
            msg = "`member` needs `compression: zip`"
            raise ValueError(msg)
        for name, formats in _ONLY_FOR.items():
            if name in self.model_fields_set and self.format not in formats:
                msg = f"`{name}` means nothing for `format: {self.format}`"
                raise ValueError(msg)
        return self

    @property
    def delimiter_or_default(self) -> str:
        """The delimiter as configured, or the format's own."""
        return self.delimiter or ("\t" if self.format == "tsv" else ",")


_ONLY_FOR: dict[str, frozenset[FileFormat]] = {
    "delimiter": _DELIMITED,
    "quote": _DELIMITED,
    "comment": _DELIMITED,
    "encoding": _DELIMITED | {"json", "jsonl"},
    "skip_rows": _WITH_HEADER,
    "has_header": _WITH_HEADER,
    "header": _WITH_HEADER,
    "duplicate_headers": _WITH_HEADER,
    "records_path": frozenset({"json"}),
    "sheet": frozenset({"excel"}),
}


def _text_of(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
