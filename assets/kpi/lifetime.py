"""Reading `clv_assumption`: the checks of the predicted lifetime value, as its slots hold them."""

import polars as pl

from assets.kpi.populations import population_slots
from assets.lake.layout import Lake
from schemas.lifetime_tables import CLV_ASSUMPTION


def scan_assumptions(lake: Lake) -> pl.LazyFrame:
    """Rows of `clv_assumption`; none where no predicted value is published."""
    name = f"{CLV_ASSUMPTION.name}.parquet"
    paths = [path for slot in population_slots(lake) if (path := slot.path(name)) is not None]
    if not paths:
        return CLV_ASSUMPTION.polars_schema().to_frame().lazy()
    return pl.scan_parquet(paths)
