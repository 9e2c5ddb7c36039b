"""Great Expectations' execution engine on Polars.

Belongs here: :class:`PolarsExecutionEngine`, which resolves a bundle of metrics in one pass.
Does not belong here: how a metric is computed (``metrics/``), when a row is unexpected
(``conditions.py``). Importing this module imports Great Expectations, which takes seconds.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import polars as pl
import polars.selectors as cs

from assets.gx_polars.great_expectations_api import BatchData, BatchMarkers, ExecutionEngine
from assets.gx_polars.metrics.metric import Metric, Request
from assets.gx_polars.metrics.registry import METRICS, register_metrics
from assets.gx_polars.row_conditions import rows_selected

BATCH_ID = "polars-frame"


class PolarsBatchData(BatchData):
    """A lazy frame as a batch of Great Expectations."""

    def __init__(self, execution_engine: "PolarsExecutionEngine", frame: pl.LazyFrame) -> None:
        super().__init__(execution_engine=execution_engine)
        self.frame = frame
        self.schema = frame.collect_schema()


class PolarsExecutionEngine(ExecutionEngine[NoReturn]):
    """Computes the metrics of a suite from a ``LazyFrame``.

    All metrics are computed by one ``select``, in one pass over the data. A second query is made
    only where the first one found unexpected rows of which the result is to show a sample, or
    duplicates that must be counted; it, too, serves all metrics that need it.

    Attributes:
        pass_count: How many queries have been made of the data.
    """

    def __init__(
        self,
        frame: pl.LazyFrame | pl.DataFrame | None = None,
        *,
        tables: Mapping[str, pl.LazyFrame | pl.DataFrame] | None = None,
        is_nan_missing: bool = False,
        **kwargs: Any,
    ) -> None:
        """Create an engine.

        Args:
            frame: The data to validate.
            tables: Other tables by name, for ``expect_table_row_count_to_equal_other_table``.
            is_nan_missing: Whether NaN counts as missing, as it does in pandas, rather than as a
                value that meets no expectation.
            **kwargs: What Great Expectations passes to any engine.
        """
        register_metrics(type(self))
        super().__init__(**kwargs)
        self.pass_count = 0
        self._is_nan_missing = is_nan_missing
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
        """Compute all metrics of the bundle, in one pass a table (or two, see the class)."""
        resolved: dict[Any, Any] = {}
        by_table = defaultdict(list)
        for computation in metric_fn_bundle:
            domain = computation.compute_domain_kwargs
            by_table[domain.get("table"), domain.get("batch_id")].append(computation)
        for computations in by_table.values():
            data = self._data(computations[0].compute_domain_kwargs)
            resolved.update(self._resolve(computations, data))
        return resolved

    def _resolve(self, computations: Sequence[Any], data: PolarsBatchData) -> dict[Any, Any]:
        metrics: list[Metric] = []
        requests: list[Request] = []
        for computation in computations:
            metrics.append(METRICS[computation.metric_configuration.metric_name])
            asked = {**computation.compute_domain_kwargs, **computation.accessor_domain_kwargs}
            requests.append(Request(asked, data.schema))
        values = self._first_pass(computations, metrics, requests, frame=data.frame)
        follow_ups = {
            index: plan
            for index, (metric, request) in enumerate(zip(metrics, requests, strict=True))
            if metric.follow_up is not None
            and (plan := metric.follow_up(values[index], request, data.frame)) is not None
        }
        if follow_ups:
            self.pass_count += 1
            # each plan reads only the columns it needs and stops once its sample is full
            found = pl.collect_all(list(follow_ups.values()), engine="streaming")
            for index, frame in zip(follow_ups, found, strict=True):
                values[index] = frame.to_series().to_list()
        return {
            computation.metric_configuration.id: metric.finish(value, request)
            for computation, metric, request, value in zip(
                computations, metrics, requests, values, strict=True
            )
        }

    def _first_pass(
        self,
        computations: Sequence[Any],
        metrics: Sequence[Metric],
        requests: Sequence[Request],
        *,
        frame: pl.LazyFrame,
    ) -> list[Any]:
        """One value a computation; what several ask alike is computed once."""
        keys = [metric.key(request) for metric, request in zip(metrics, requests, strict=True)]
        expressions = {
            key: computation.metric_fn for key, computation in zip(keys, computations, strict=True)
        }
        values = self._collect(frame, list(expressions.values()))
        by_key = dict(zip(expressions, values, strict=True))
        return [by_key[key] for key in keys]

    def _collect(self, frame: pl.LazyFrame, expressions: Sequence[pl.Expr]) -> list[Any]:
        self.pass_count += 1
        query = frame.select(
            expression.alias(str(index)) for index, expression in enumerate(expressions)
        )
        return list(query.collect(engine="streaming").row(0))

    def _batch_data(self, table: pl.LazyFrame | pl.DataFrame) -> PolarsBatchData:
        frame = table.lazy()
        if self._is_nan_missing:
            frame = frame.with_columns(cs.float().fill_nan(None))
        return PolarsBatchData(self, frame)

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
