"""Great Expectations' execution engine on Polars.

Belongs here: :class:`PolarsExecutionEngine`, which resolves a bundle of metrics in one pass.
Does not belong here: how a metric is computed (``metrics/``), when a row is unexpected
(``conditions.py``). Importing this module imports Great Expectations, which takes seconds.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn

import polars as pl
import polars.selectors as cs

from assets.gx_polars.great_expectations_api import (
    BatchData,
    BatchMarkers,
    ExecutionEngine,
    MetricConfiguration,
)
from assets.gx_polars.metrics.metric import Extent, Metric, Request
from assets.gx_polars.metrics.registry import METRICS, SCHEMA_METRICS, register_metrics
from assets.gx_polars.passes import Asked, answer
from assets.gx_polars.row_conditions import rows_selected

BATCH_ID: Final = "polars-frame"
MAX_ROWS_HELD: Final = 5_000_000
"""The rows whose values one pass may hold: some 300 MB of hashes, a gigabyte of long texts."""


class PolarsBatchData(BatchData):
    """A lazy frame as a batch of Great Expectations."""

    def __init__(self, execution_engine: "PolarsExecutionEngine", frame: pl.LazyFrame) -> None:
        super().__init__(execution_engine=execution_engine)
        self.frame = frame
        self.row_count: int | None = None
        self.schema = frame.collect_schema()


class PolarsExecutionEngine(ExecutionEngine[NoReturn]):
    """Computes the metrics of a suite from a ``LazyFrame``.

    All metrics are computed by one ``select``, in one pass over the data. Another query is made
    only where unexpected rows were found of which the result is to show a sample, or duplicates
    that must be counted, which serves all metrics that need it. On a table too large for its values
    to be held at once, metrics that must see values together get queries of their own, which read
    their columns only.

    Attributes:
        pass_count: How many queries have been made of the data, the number of rows not counted.
    """

    def __init__(
        self,
        frame: pl.LazyFrame | pl.DataFrame | None = None,
        *,
        tables: Mapping[str, pl.LazyFrame | pl.DataFrame] | None = None,
        is_nan_missing: bool = False,
        max_rows_held: int | None = MAX_ROWS_HELD,
        **kwargs: Any,
    ) -> None:
        """Create an engine.

        Args:
            frame: The data to validate.
            tables: Other tables by name, for ``expect_table_row_count_to_equal_other_table``.
            is_nan_missing: Whether NaN counts as missing, as it does in pandas, rather than as a
                value that meets no expectation.
            max_rows_held: The rows up to which a pass holds all values that uniqueness, quantiles
                and the like are about; of larger tables it takes more passes. ``None`` to hold
                them whatever the size.
            **kwargs: What Great Expectations passes to any engine.
        """
        register_metrics(type(self))
        super().__init__(**kwargs)
        self.pass_count = 0
        self._is_nan_missing = is_nan_missing
        self._max_rows_held = max_rows_held
        self._tables = {name: self._batch_data(table) for name, table in (tables or {}).items()}
        if frame is not None:
            self.load_batch_data(BATCH_ID, frame)

    def load_batch_data(
        self, batch_id: str, batch_data: BatchData | pl.LazyFrame | pl.DataFrame
    ) -> None:
        """Make a frame the active batch."""
        if not isinstance(batch_data, BatchData):
            batch_data = self._batch_data(batch_data)
        super().load_batch_data(batch_id, batch_data)

    def get_batch_data_and_markers(self, batch_spec: object) -> tuple[BatchData, BatchMarkers]:
        """Refuse: frames are given to the engine, which reads no sources of its own."""
        raise NotImplementedError(
            f"PolarsExecutionEngine reads no batch specification ({batch_spec!r}); give the frame"
            " to its constructor."
        )

    def request(self, domain_kwargs: Mapping[str, Any], value_kwargs: Mapping[str, Any]) -> Request:
        """What a metric is asked, on the batch that it is asked of."""
        return Request({**domain_kwargs, **value_kwargs}, self.schema(domain_kwargs))

    def schema(self, domain_kwargs: Mapping[str, Any]) -> pl.Schema:
        """The schema of the table that a domain names."""
        return self._data(domain_kwargs).schema

    def get_domain_records(self, domain_kwargs: dict[str, Any]) -> pl.LazyFrame:
        """The rows that a domain describes."""
        frame = self._data(domain_kwargs).frame
        rows = rows_selected(domain_kwargs)
        return frame if rows is None else frame.filter(rows)

    def resolve_metric_bundle(self, metric_fn_bundle: Sequence[Any]) -> dict[Any, Any]:
        """Compute all metrics of the bundle, in as few passes a table as possible."""
        return self.resolve(computation.metric_configuration for computation in metric_fn_bundle)

    def resolve(self, metric_configurations: Iterable[MetricConfiguration]) -> dict[Any, Any]:
        """Compute metrics, in as few passes a table as possible.

        Args:
            metric_configurations: What Great Expectations asks; what the schema answers included.

        Returns:
            The value of each, by its id.

        Raises:
            KeyError: If a metric or a table is unknown.
        """
        resolved: dict[Any, Any] = {}
        by_table: dict[Any, dict[Any, Asked]] = defaultdict(dict)
        for configuration in metric_configurations:
            domain, name = configuration.metric_domain_kwargs, configuration.metric_name
            if name in SCHEMA_METRICS:
                resolved[configuration.id] = SCHEMA_METRICS[name].value(self.schema(domain))
                continue
            request = self.request(domain, configuration.metric_value_kwargs)
            asked = by_table[domain.get("table"), domain.get("batch_id")]
            asked[configuration.id] = METRICS[name], request
        for (table, batch_id), by_id in by_table.items():
            data = self._data({"table": table, "batch_id": batch_id})
            extent = self._extent(data, [metric for metric, _ in by_id.values()])
            values, pass_count = answer(data.frame, list(by_id.values()), extent)
            self.pass_count += pass_count
            resolved.update(zip(by_id, values, strict=True))
        return resolved

    def _extent(self, data: PolarsBatchData, metrics: Iterable[Metric]) -> Extent:
        """The size of a table, which is asked only where a metric would hold its values."""
        limit = self._max_rows_held
        if limit is None or not any(metric.stands_apart for metric in metrics):
            return Extent()
        if data.row_count is None:
            # metadata tell it of a Parquet file; what is filtered or parsed must be read for it
            data.row_count = data.frame.select(pl.len()).collect(engine="streaming").item()
        return Extent(row_count=data.row_count, max_rows_held=limit)

    def _batch_data(self, table: pl.LazyFrame | pl.DataFrame) -> PolarsBatchData:
        frame = table.lazy()
        if self._is_nan_missing:
            frame = frame.with_columns(cs.float().fill_nan(None))
        data = PolarsBatchData(self, frame)
        data.row_count = table.height if isinstance(table, pl.DataFrame) else None
        return data

    def _data(self, domain_kwargs: Mapping[str, Any]) -> PolarsBatchData:
        table = domain_kwargs.get("table")
        if table is not None:
            if table not in self._tables:
                raise KeyError(
                    f"table {table!r} is unknown; known are {sorted(self._tables)}. Pass it in"
                    " `tables`."
                )
            return self._tables[table]
        batch_id = domain_kwargs.get("batch_id")
        cache = self.batch_manager.batch_data_cache
        data: Any = cache[batch_id] if batch_id else self.batch_manager.active_batch_data
        if not isinstance(data, PolarsBatchData):
            raise ValueError("no frame is loaded; give one to the engine's constructor.")  # noqa: TRY004 - a step is missing, no type is wrong
        return data

    def _comparison_condition_to_filter_clause(self, condition: object) -> NoReturn:
        raise NotImplementedError(f"row conditions are read by row_conditions.py: {condition!r}")

    _nullity_condition_to_filter_clause = _comparison_condition_to_filter_clause
    _and_condition_to_filter_clause = _comparison_condition_to_filter_clause
    _or_condition_to_filter_clause = _comparison_condition_to_filter_clause
